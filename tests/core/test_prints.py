"""The public record of trades: what the book did, in order, whoever looks and however time passes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from test_look_ahead import NS, SYMBOLS, deed, each_action, make

from outtrade_mocks.core import Exchange, FlowConfig, Instrument, Malformed, NewOrder, Reject, TradingState
from outtrade_mocks.core.book import BookSide, Entry
from outtrade_mocks.core.market import Market
from outtrade_mocks.core.prints import MOST, Print
from outtrade_mocks.core.recording import Tape
from outtrade_mocks.core.script import OneSided, TradeThrough
from outtrade_mocks.core.state import State, restore, snapshot

D = Decimal
PAIR = "BTC/USDT"
BTC = Instrument(symbol=PAIR, base="BTC", quote="USDT", tick=D("0.01"), step=D("0.001"), quantity_min=D("0.005"))
CONFIG = FlowConfig(
    mid=D(50_000), depth=D(2), taker_size=D(3), levels=5, maker_rate=0.1, taker_rate=0.2, volatility_bps=5
)


def lone(**more: Any) -> Exchange:
    """A market, and one rich account."""
    exchange = Exchange([BTC], now=0, seed=4, flows={PAIR: replace(CONFIG, **more)})
    exchange.open_account("a", {asset: exchange.atoms(asset, D(10_000_000)) for asset in ("BTC", "USDT")})
    return exchange


def order(exchange: Exchange, side: Any, price: int | None, lots: int) -> Any:
    kind: Any = "market" if price is None else "limit"
    return exchange.place(exchange.accounts["a"], NewOrder(symbol=PAIR, side=side, type=kind, price=price, lots=lots))


def play(seed: int, *, scripted: bool, keep: bool = True, steps: int = 0, looks: bool = False) -> Any:
    """The drop copy and all prints of a random run; time passes by the exchange's own wake-ups, or by ``steps`` more
    between two deeds; ``looks``: somebody looks at each of them."""
    rng, other = Random(seed), Random(f"{seed}/steps")
    exchange, account = make(rng, scripted=scripted)
    if keep:
        exchange.keep_prints(100_000)
    told: list[Any] = []
    exchange.on_change(told.append)
    at = 0
    for _ in range(30):
        before, at = at, at + int(rng.expovariate(1 / 90) * NS)
        for stop in sorted(other.randrange(before, at + 1) for _ in range(steps)):
            exchange.advance(stop)
            if looks and other.random() < 0.5:
                what: Any = other.choice((exchange.depth, exchange.prints, exchange.last_price))
                what(other.choice(SYMBOLS))
        exchange.advance(at)
        try:
            told.append(deed(exchange, account, rng))
        except Reject as refused:
            told.append(str(refused))
    exchange.advance(at + 3_000 * NS)
    told.append([exchange.depth(symbol) for symbol in SYMBOLS])
    return (
        told,
        {symbol: exchange.prints(symbol) for symbol in SYMBOLS} if keep else {},
        exchange.view(account).trades(),
    )


@pytest.mark.parametrize("scripted", [False, True])
def test_they_are_the_same_however_time_passes_and_whoever_looks(
    monkeypatch: pytest.MonkeyPatch, *, scripted: bool
) -> None:
    seeds, count = range(12), 0
    once = [play(seed, scripted=scripted) for seed in seeds]
    for seed in seeds:
        assert play(seed, scripted=scripted, steps=7) == once[seed]
        assert play(seed, scripted=scripted, steps=7, looks=True) == once[seed]
        count += sum(map(len, once[seed][1].values()))
    monkeypatch.setattr(Market, "first_touch", each_action)
    assert [play(seed, scripted=scripted) for seed in seeds] == once
    assert count > 2_000


@pytest.mark.parametrize("scripted", [False, True])
def test_keeping_them_changes_nothing_else(*, scripted: bool) -> None:
    for seed in range(20):
        told, _, _ = play(seed, scripted=scripted)
        assert told == play(seed, scripted=scripted, keep=False)[0]


@pytest.mark.parametrize("scripted", [False, True])
def test_each_trade_of_an_account_is_printed_once_and_numbers_have_no_gap(*, scripted: bool) -> None:
    traded = 0
    for seed in range(20):
        _, prints, fills = play(seed, scripted=scripted)
        for symbol, printed in prints.items():
            assert [one.number for one in printed] == list(range(1, len(printed) + 1))
            assert [one.time for one in printed] == sorted(one.time for one in printed)
            own = [(one.trade_id, one.time, one.price, one.lots, one.taker) for one in printed if one.trade_id]
            mine = []
            for fill in (fill for fill in fills if fill.symbol == symbol):
                taker = fill.side if not fill.maker else "sell" if fill.side == "buy" else "buy"
                mine.append((fill.trade_id, fill.time, fill.price, fill.lots, taker))
            assert own == list(dict.fromkeys(mine))
            traded += len(own)
    assert traded > 200


def test_they_are_what_the_book_did(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a spy on the book itself, of which every action is carried out."""
    spied: list[tuple[int, int, str]] = []
    fill = BookSide.fill

    def spy(side: BookSide, entry: Entry, lots: int) -> None:
        spied.append((entry.price, lots, "sell" if side.buy else "buy"))
        fill(side, entry, lots)

    lazy, eager = lone(), lone()
    for exchange in (lazy, eager):
        exchange.keep_prints(10_000)
    lazy.advance(3_600 * NS)
    with monkeypatch.context() as patched:
        patched.setattr(Market, "vigilant", True)
        patched.setattr(BookSide, "fill", spy)
        eager.advance(3_600 * NS)
    printed = lazy.prints(PAIR)
    assert printed == eager.prints(PAIR)
    quotes = [one for one in printed if one.lots == 5]
    trades = [(one.price, one.lots, one.taker) for one in printed if one.lots != 5]
    assert trades == [one for one in spied if one[1] != 5] and len(trades) > 700
    assert {one.taker for one in quotes} == {"buy", "sell"} and len(quotes) > 250


def test_the_last_print_is_the_last_price() -> None:
    exchange = lone()
    exchange.keep_prints(3)
    for second in range(1, 500):
        exchange.advance(second * 7 * NS)
        if printed := exchange.prints(PAIR):
            assert printed[-1].price == exchange.last_price(PAIR)
    assert exchange.prints(PAIR)[-1].number > 500


def test_only_the_last_ones_are_kept_and_one_asks_for_what_is_new() -> None:
    exchange, whole = lone(), lone()
    with pytest.raises(Malformed, match="keep_prints"):
        exchange.prints(PAIR)
    exchange.advance(600 * NS)
    whole.advance(600 * NS)
    exchange.keep_prints(10)
    whole.keep_prints(MOST)
    assert exchange.prints(PAIR) == [], "from now on"
    exchange.advance(1_200 * NS)
    whole.advance(1_200 * NS)
    everything = whole.prints(PAIR)
    assert everything[0].time > 600 * NS and everything[0].number == 1 and len(everything) > 100
    assert exchange.prints(PAIR) == everything[-10:]
    last = everything[-1].number
    assert exchange.prints(PAIR, after=last - 4) == everything[-4:]
    assert exchange.prints(PAIR, last) == [] == exchange.prints(PAIR, last + 5)
    exchange.keep_prints(4)
    assert exchange.prints(PAIR) == everything[-4:], "fewer: the latest"
    exchange.keep_prints(0)
    with pytest.raises(Malformed, match="keep_prints"):
        exchange.prints(PAIR)
    exchange.keep_prints(5)
    exchange.advance(1_300 * NS)
    assert exchange.prints(PAIR)[-1].number < 100, "they begin anew"


@pytest.mark.parametrize("most", [-1, MOST + 1, 1.5, "3", None, True])
def test_a_number_that_is_none_is_refused(most: Any) -> None:
    exchange = lone()
    with pytest.raises(Malformed, match="so many prints"):
        exchange.keep_prints(most)
    exchange.keep_prints(1)
    if most not in (MOST + 1,):
        with pytest.raises(Malformed, match="after a number"):
            exchange.prints(PAIR, most)
    with pytest.raises(Reject, match="is not traded here"):
        exchange.prints("nonsense")


def test_symbols_listed_later_are_printed_too() -> None:
    exchange = lone()
    exchange.keep_prints(5)
    exchange.add_instrument(replace(BTC, symbol="ETH/USDT", base="ETH"))
    assert exchange.prints("ETH/USDT") == []


def test_an_account_that_would_have_been_first_is_not_traded_past() -> None:
    """The small trade of a quote goes to nobody else where an account's order is better."""
    exchange = lone(maker_rate=0.2, taker_rate=0, spread_bps=40.0, volatility_bps=0)
    exchange.keep_prints(1_000)
    order(exchange, "buy", 4_999_900, 100)
    exchange.advance(600 * NS)
    printed = exchange.prints(PAIR)
    assert {one.taker for one in printed} == {"buy"} and len(printed) > 20


def test_a_recorded_trade_is_printed_at_its_own_price_and_size() -> None:
    books = tuple((at, ((D(49_990), D(9)),), ((D(50_010), D(1)), (D(50_020), D(1)))) for at in (0.0, 3.0, 3.5))
    trades = (
        (5.0, D(50_020), D(3), "buy"), (6.0, D(49_980), D(2), "sell"), (7.0, D(50_020), D(1), "buy"),
        (8.0, D(50_020), D("0.3"), "buy"),
    )  # fmt: skip
    exchange = lone(tape=Tape(books=books, trades=trades))  # type: ignore[arg-type]
    exchange.keep_prints(100)
    exchange.advance(4 * NS)
    mine = order(exchange, "sell", 5_001_500, 700)
    exchange.advance(7 * NS)
    order(exchange, "sell", 5_001_500, 300)
    exchange.advance(10 * NS)
    short = [
        (one.time // NS, one.price, one.lots, one.taker, one.trade_id is not None) for one in exchange.prints(PAIR)
    ]
    assert short == [
        (5, 5_001_500, 700, "buy", True),
        (5, 5_002_000, 2_300, "buy", False),
        (6, 4_998_000, 2_000, "sell", False),
        (7, 5_002_000, 1_000, "buy", False),
        (8, 5_001_500, 300, "buy", True),
    ]
    assert exchange.view(exchange.accounts["a"]).order(PAIR, order_id=mine.order_id).filled == 700


def test_a_quote_is_printed_at_the_side_it_shows() -> None:
    exchange = lone(taker_rate=0)
    exchange.keep_prints(1)
    seen = set()
    for second in range(1, 600):
        exchange.advance(second * NS)
        bids, asks = exchange.depth(PAIR, 1)
        for one in exchange.prints(PAIR):
            assert (one.price, one.lots) == ((bids if one.taker == "sell" else asks)[0][0], 5)
            seen.add(one.taker)
    assert seen == {"buy", "sell"}


def test_a_quote_that_shows_nothing_is_not_printed() -> None:
    empty: Any = [OneSided(at=30, lasts=10, missing=side) for side in ("bids", "asks")]
    exchange = lone(events=tuple(empty), maker_rate=1, taker_rate=0)
    exchange.keep_prints(100)
    exchange.advance(60 * NS)
    times = [one.time // NS for one in exchange.prints(PAIR)]
    assert {*range(20, 30), *range(40, 50)} & set(times) and not set(range(30, 40)) & set(times)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("own", [False, True])
def test_a_trade_through_prints_its_way(sign: int, *, own: bool) -> None:
    exchange = lone(events=(TradeThrough(at=40, percent=0.05 * sign),), maker_rate=0, taker_rate=0, volatility_bps=0)
    exchange.keep_prints(100)
    exchange.advance(39 * NS)
    book = exchange.depth(PAIR)[sign > 0]
    within = [level for level in book if (5_000_000 + sign * 2_500 - level[0]) * sign >= 0]
    assert 1 <= len(within) < len(book)
    if own:
        order(exchange, "sell" if sign > 0 else "buy", within[0][0] + sign, 50)
    exchange.advance(60 * NS)
    printed = exchange.prints(PAIR)
    found = [(one.price, one.lots) for one in printed]
    wanted = within[:1] + [(within[0][0] + sign, 50)] * own + within[1:] + [(5_000_000 + sign * 2_500, 5)]
    assert found == wanted and {one.time for one in printed} == {40 * NS}
    assert [one.trade_id is not None for one in printed] == [False] + [True] * own + [False] * len(within)
    assert {one.taker for one in printed} == {"buy" if sign > 0 else "sell"}


def test_an_auction_prints_what_it_paired() -> None:
    exchange = Exchange([replace(BTC, auctions=True)], now=0, seed=1)
    for name in ("a", "b"):
        exchange.open_account(name, {asset: exchange.atoms(asset, D(1_000_000)) for asset in ("BTC", "USDT")})
    exchange.keep_prints(9)
    exchange.set_state(PAIR, TradingState.AUCTION)
    for name, side, price, lots in (("a", "buy", 110, 30), ("b", "sell", 100, 20), ("a", "buy", 105, 9)):
        new = NewOrder(symbol=PAIR, side=side, price=price, lots=lots)  # type: ignore[arg-type]
        exchange.place(exchange.accounts[name], new)
    exchange.advance(NS)
    exchange.set_state(PAIR, TradingState.OPEN)
    (fill,) = exchange.view(exchange.accounts["b"]).trades()
    assert exchange.prints(PAIR) == [Print(1, NS, fill.price, 20, "sell", fill.trade_id)]


def test_nothing_is_printed_while_the_market_is_halted() -> None:
    exchange = lone()
    exchange.keep_prints(1_000)
    exchange.set_open(PAIR, False)
    exchange.advance(600 * NS)
    assert exchange.prints(PAIR) == []
    exchange.set_open(PAIR, True)
    exchange.advance(700 * NS)
    assert exchange.prints(PAIR)[0].time > 600 * NS


@pytest.mark.parametrize("seed", range(6))
def test_a_restored_exchange_goes_on_printing(seed: int) -> None:
    rng = Random(seed)
    first, account = make(rng, scripted=seed % 2 == 1)
    first.keep_prints(40)
    for _ in range(15):
        first.advance(first.now + int(rng.expovariate(1 / 60) * NS))
        try:
            deed(first, account, rng)
        except Reject:
            continue
    second = restore(State.from_json(snapshot(first).to_json()))
    for exchange in (first, second):
        exchange.advance(exchange.now + 900 * NS)
        exchange.add_instrument(replace(BTC, symbol="NEW/USDT", base="NEW"))
    assert [first.prints(symbol) for symbol in SYMBOLS] == [second.prints(symbol) for symbol in SYMBOLS]
    assert second.prints("NEW/USDT") == []
