"""The market is woken only for actions that meet an account's order; nobody can tell that from being woken for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from outtrade.engine.run import run
from outtrade.model.history import Ended
from outtrade.targets import resolve
from outtrade_mocks.core import Account, Exchange, FlowConfig, Instrument, NewOrder, Reject
from outtrade_mocks.core.flow import NEVER, Flow, Quote
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.recording import Tape
from outtrade_mocks.core.script import FlashCrash, Gap, MarketEvent, OneSided, Path, TradeThrough, Widening
from outtrade_mocks.core.state import State, restore, snapshot
from outtrade_suites.spaces import generate

D = Decimal
NS = 1_000_000_000
SYMBOLS = ("BTC/USDT", "ETH/USDT")


def each_action(market: Market) -> int:
    """In place of ``Market.first_touch``: every action of a market with an account's order is carried out."""
    if market.flow is None or not market.own_entries or not market.is_open:
        return NEVER
    return market.flow.next_time


def script(rng: Random, mid: Decimal) -> dict[str, Any]:
    """A path, events, or a recording: anything a market can have beside its seed."""
    if rng.random() < 0.3:
        return {"tape": recording(rng, mid)}
    at = lambda: rng.choice((rng.uniform(0, 3_000), (500.0, 2_500.0), 0.0))  # noqa: E731
    percent = lambda: rng.choice((-1, 1)) * rng.choice((0.02, 0.3, 2, 10))  # noqa: E731
    shape: Any = rng.choice(("linear", "stepped"))
    points = tuple((second, mid * (100 + rng.randrange(-2, 3)) / 100) for second in sorted(rng.sample(range(3_000), 5)))
    events: list[Callable[[], MarketEvent]] = [
        lambda: Gap(at=at(), percent=percent()),
        lambda: FlashCrash(
            at=at(), percent=percent(), fall=rng.uniform(0.01, 90), hold=rng.choice((0, 20)),
            recover=rng.uniform(1, 900),
        ),
        lambda: OneSided(at=at(), lasts=rng.uniform(1, 900), missing=rng.choice(("bids", "asks"))),
        lambda: TradeThrough(at=at(), percent=percent()),
        lambda: Widening(at=at(), lasts=rng.uniform(1, 900), factor=rng.uniform(0.2, 20), depth=rng.uniform(0.1, 3)),
    ]  # fmt: skip
    return {
        "path": Path(points=points, shape=shape) if rng.random() < 0.4 else None,
        "events": tuple(rng.choice(events)() for _ in range(rng.randrange(8))),
    }


def recording(rng: Random, mid: Decimal) -> Tape:
    """Books of which some have one side or none, and trades in and beside them, also at the same times."""
    books, trades, cents = [], [], int(mid * 100)
    for second in (0, *sorted(rng.choices(range(3_000), k=rng.randrange(200)))):
        cents += rng.randrange(-300, 301)
        bids, asks = (
            tuple(
                (D(cents + sign * (1 + 40 * level + rng.randrange(40))) / 100, D(rng.randrange(1, 4_000)) / 1_000)
                for level in range(rng.choice((0, 1, 3, 10, 10)))
            )
            for sign in (-1, 1)
        )
        books.append((float(second), bids, asks))
    for second in sorted(rng.choices(range(3_000), k=rng.randrange(300))):
        price = D(int(mid * 100) + rng.randrange(-3_000, 3_001)) / 100
        trades.append((float(second), price, D(rng.randrange(1, 4_000)) / 1_000, rng.choice(("buy", "sell"))))
    return Tape(books=tuple(books), trades=tuple(trades))


def make(rng: Random, *, scripted: bool = False) -> tuple[Exchange, Account]:
    instruments = [
        Instrument(symbol=symbol, base=symbol[:3], quote="USDT", tick=D("0.01"), step=D("0.001"), price_max=top)
        for symbol, top in zip(SYMBOLS, (None, D(3_001)), strict=True)
    ]
    opening = (((D(2_999), D(4)), (D(2_998), D(9))), ((D(3_000), D(3)), (D(3_001), D(8))))
    flows = {
        symbol: FlowConfig(
            mid=mid, depth=D(2), taker_size=D(rng.choice((1, 3, 12))), levels=rng.choice((1, 3, 10)),
            maker_rate=rng.choice((0, 0.01, 0.05, 0.2)), taker_rate=rng.choice((0, 0.02, 0.1)),
            volatility_bps=rng.choice((0, 3, 30)), opening=opening if mid < 9_999 and rng.random() < 0.5 else None,
        )
        for symbol, mid in zip(SYMBOLS, (D(50_000), D(3_000)), strict=True)
    }  # fmt: skip
    if scripted:
        for symbol, config in flows.items():
            more = script(rng, config.mid)
            flows[symbol] = replace(config, **more | ({"opening": None} if "tape" in more else {}))
    exchange = Exchange(instruments, now=0, seed=rng.randrange(1_000), flows=flows)
    money = {asset: exchange.atoms(asset, D(10_000_000)) for asset in ("BTC", "ETH", "USDT")}
    return exchange, exchange.open_account("a", money)


def deed(exchange: Exchange, account: Account, rng: Random) -> Any:
    """One thing that an account or a script does; returns what it saw."""
    symbol, side, lots = rng.choice(SYMBOLS), rng.choice(("buy", "sell")), rng.randrange(1, 6_000)
    working = sorted(account.working.values())
    what = rng.choice(("limit", "limit", "limit", "market", "cancel", "amend", "look", "mid", "thin", "sweep", "halt"))
    if what == "limit":
        offset = rng.choice((-30_000, -2_000, -300, -1, 0, 1, 300))
        reference = exchange.reference_price(symbol) or 0
        price = reference + offset if side == "buy" else reference - offset
        return exchange.place(account, NewOrder(symbol=symbol, side=side, price=price, lots=lots))  # type: ignore[arg-type]
    if what == "market":
        return exchange.place(account, NewOrder(symbol=symbol, side=side, type="market", lots=lots))  # type: ignore[arg-type]
    if what in ("cancel", "amend", "sweep") and working:
        number = rng.choice(working)
        latest = account.orders[number][-1]
        if what == "cancel":
            return exchange.cancel(account, latest.symbol, order_id=number)
        if what == "amend":
            return exchange.amend(account, latest.symbol, order_id=number, lots=max(1, latest.lots - lots))
        return exchange.sweep(number, lots)
    if what == "thin":
        return exchange.thin(symbol, side, lots)  # type: ignore[arg-type]
    if what == "halt":
        exchange.set_open(symbol, rng.random() < 0.7)
    return exchange.mid(symbol) if what == "mid" else (exchange.depth(symbol), exchange.last_price(symbol))


def play(seed: int, *, scripted: bool = False) -> tuple[list[Any], int]:
    """Everything told and seen, with the time at which it was, and how often the market was woken."""
    rng = Random(seed)
    exchange, account = make(rng, scripted=scripted)
    told: list[Any] = []
    clock = woken = 0
    exchange.on_change(lambda change: told.append((clock, change)))
    at = 0
    for _ in range(40):
        at += int(rng.expovariate(1 / 90) * NS)
        while (due := exchange.next_time()) is not None and due <= at:
            clock, woken = due, woken + 1
            exchange.advance(due)
        clock = at
        exchange.advance(at)
        try:
            told.append((clock, deed(exchange, account, rng)))
        except Reject as refused:
            told.append((clock, str(refused)))
    for symbol in SYMBOLS:
        told.append((exchange.depth(symbol), exchange.last_price(symbol), exchange.reference_price(symbol)))
    return told, woken


def test_what_happens_and_when_is_the_same_as_with_every_action_carried_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ahead = [play(seed) for seed in range(150)]
    monkeypatch.setattr(Market, "first_touch", each_action)
    each = [play(seed) for seed in range(150)]
    assert [told for told, _ in ahead] == [told for told, _ in each]
    assert sum(len(told) for told, _ in ahead) > 150 * 50
    assert sum(woken for _, woken in ahead) < 0.5 * sum(woken for _, woken in each)


def test_nor_can_anybody_tell_under_a_script_or_a_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = [play(seed, scripted=True) for seed in range(60)]
    monkeypatch.setattr(Market, "first_touch", each_action)
    each = [play(seed, scripted=True) for seed in range(60)]
    assert [told for told, _ in ahead] == [told for told, _ in each]
    assert sum(len(told) for told, _ in ahead) > 60 * 45
    assert sum(woken for _, woken in ahead) < 0.5 * sum(woken for _, woken in each)


def histories(count: int) -> list[tuple[str, int]]:
    target = resolve("agent:httpx")
    found = []
    for index in range(count):
        history = run(target, generate("binance_spot", 11, index))
        ended = history.events[-1]
        assert isinstance(ended, Ended)
        events, ended.events = ended.events, 0
        found.append((history.hash(), events))
    return found


def test_whole_runs_are_the_same_but_for_the_number_of_events(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = histories(12)
    monkeypatch.setattr(Market, "first_touch", each_action)
    each = histories(12)
    assert [record for record, _ in ahead] == [record for record, _ in each]
    assert sum(events for _, events in ahead) < sum(events for _, events in each)


@pytest.mark.parametrize("seed", range(20))
def test_peeking_changes_nothing(seed: int) -> None:
    instrument = Instrument(symbol="BTC/USDT", base="BTC", quote="USDT", tick=D("0.01"), step=D("0.001"))
    config = FlowConfig(mid=D(50_000), depth=D(2), taker_size=D(1))
    plain, peeked = (Flow(config, instrument, seed=seed, now=0) for _ in range(2))
    rng = Random(seed)
    for _ in range(200):
        seen = peeked.peek(rng.randrange(30)) if rng.random() < 0.3 else None
        assert seen is None or seen.time >= peeked.next_time
        assert (plain.next_time, plain.next_quote) == (peeked.next_time, peeked.next_quote)
        first = peeked.peek(0)
        action = peeked.pop()
        assert action == first == plain.pop()
        assert (peeked.mid, peeked.reference) == (plain.mid, plain.reference)
        assert plain.reference == round(plain.mid) and (not isinstance(action, Quote) or action.mid == plain.mid)


@pytest.mark.parametrize("seed", range(20))
def test_a_shield_is_what_the_ladder_holds_at_better_prices(seed: int) -> None:
    rng = Random(seed)
    top = D(50_100) if seed % 2 else None
    instrument = Instrument(
        symbol="BTC/USDT", base="BTC", quote="USDT", tick=D("0.01"), step=D("0.001"), price_max=top, price_min=D(49_990)
    )
    opening = (((D(49_999), D(4)), (D(49_995), D(9))), ((D(50_001), D(3)), (D(50_004), D(8))))
    config = FlowConfig(
        mid=D(50_000), depth=D(2), taker_size=D(1), levels=6, volatility_bps=0.1, opening=opening if seed % 3 else None
    )
    flow = Flow(config, instrument, seed=seed, now=0)
    better: Callable[[int, int, bool], bool] = lambda level, price, buy: level < price if buy else level > price  # noqa: E731
    for _ in range(60):
        quote = flow.pop()
        if isinstance(quote, Quote):
            buy, price, lots = (
                rng.random() < 0.5,
                round(quote.mid) + rng.randrange(-12_000, 12_000),
                rng.randrange(9_000),
            )
            held = sum(size for level, size in flow.levels(quote)[buy] if better(level, price, buy))
            assert flow.shields(quote, buy=buy, price=price, lots=lots) == (held >= lots)


@pytest.mark.parametrize("seed", range(8))
def test_a_snapshot_goes_on_with_what_was_read_ahead(seed: int) -> None:
    rng = Random(seed)
    first, account = make(rng)
    for symbol in SYMBOLS:
        price = (first.reference_price(symbol) or 0) - 400
        first.place(account, NewOrder(symbol=symbol, side="buy", price=price, lots=5_000))
    first.next_time()
    second = restore(State.from_json(snapshot(first).to_json()))
    told: tuple[list[Any], list[Any]] = ([], [])
    for exchange, changes in zip((first, second), told, strict=True):
        exchange.on_change(changes.append)
        while (due := exchange.next_time()) is not None and due < 7_200 * NS:
            exchange.advance(due)
        exchange.advance(7_200 * NS)
    assert told[0] == told[1]
    assert all(first.depth(symbol) == second.depth(symbol) for symbol in SYMBOLS)
