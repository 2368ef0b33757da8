"""Profiles, paths, events and recordings: what they do to a market, when, and that nothing else changes with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from decimal import Decimal
from itertools import pairwise
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outtrade_mocks.core import Account, Exchange, FlowConfig, Instrument, NewOrder, OffGrid, Order, Trigger
from outtrade_mocks.core.feed import config_of, open_feed
from outtrade_mocks.core.flow import NEVER, Flow, Quote, Take
from outtrade_mocks.core.profiles import PROFILES, market_fields
from outtrade_mocks.core.recording import Tape
from outtrade_mocks.core.script import FlashCrash, Gap, MarketEvent, OneSided, Path, TradeThrough, Widening
from outtrade_mocks.core.scripted import ScriptedFlow
from outtrade_mocks.core.state import State, restore, snapshot

D = Decimal
NS = 1_000_000_000
PAIR = "BTC/USDT"
BTC = Instrument(symbol=PAIR, base="BTC", quote="USDT", tick=D("0.01"), step=D("0.00001"))
STILL = FlowConfig(
    mid=D(50_000), depth=D("0.5"), taker_size=D("0.4"), spread_bps=4.0, maker_rate=0, taker_rate=0, volatility_bps=0
)
LIVELY = replace(STILL, maker_rate=0.1, taker_rate=0.1, volatility_bps=30)


def make(*events: MarketEvent, base: FlowConfig = STILL, seed: int = 1, **more: Any) -> tuple[Exchange, Account]:
    exchange = Exchange([BTC], now=0, seed=seed, flows={PAIR: replace(base, events=events, **more)})
    money = {asset: exchange.atoms(asset, D(200_000_000)) for asset in ("BTC", "USDT")}
    return exchange, exchange.open_account("a", money)


def at(exchange: Exchange, seconds: float) -> Exchange:
    exchange.advance(round(seconds * NS))
    return exchange


def mid(exchange: Exchange, seconds: float) -> float:
    return float(at(exchange, seconds).mid(PAIR) or 0)


def limit(exchange: Exchange, account: Account, side: Any, price: str, quantity: str = "3", **more: Any) -> Order:
    new = NewOrder(symbol=PAIR, side=side, price=BTC.ticks(D(price)), lots=BTC.lots(D(quantity)), **more)
    return exchange.place(account, new)


def now(exchange: Exchange, order: Order) -> Order:
    return exchange.view(exchange.accounts["a"]).order(PAIR, order_id=order.order_id)


# ---------------------------------------------------------------------- paths
def test_at_twelve_seconds_the_price_is_five_percent_lower() -> None:
    exchange, _ = make(path=Path(points=((0, D(50_000)), (12, D(47_500)))))
    seen = [mid(exchange, second) for second in (0, 3, 6, 9, 12, 1_000)]
    assert seen == pytest.approx([50_000, 49_375, 48_750, 48_125, 47_500, 47_500], rel=0.0003)
    assert abs(seen[4] - 47_500) <= 0.01


def test_a_linear_path_leaves_from_the_mid_and_a_stepped_one_waits() -> None:
    points = ((10, D(52_000)), (20, D(51_000)))
    even, _ = make(path=Path(points=points))
    steps, _ = make(path=Path(points=points, shape="stepped"))
    assert [mid(even, second) for second in (5, 10, 15)] == pytest.approx([51_000, 52_000, 51_500], rel=0.0003)
    assert [mid(steps, second) for second in (5, 9.999, 10, 19.999, 20)] == pytest.approx(
        [50_000, 50_000, 52_000, 52_000, 51_000], abs=0.01
    )


def test_quotes_follow_a_path_within_half_a_spread() -> None:
    exchange, _ = make(path=Path(points=((0, D(50_000)), (7, D(51_000)), (9, D(50_500)))))
    for tenth in range(90):
        wanted = 50_000 + tenth / 70 * 1_000 if tenth <= 70 else 51_000 - (tenth - 70) / 20 * 500
        assert abs(mid(exchange, tenth / 10) - wanted) <= 51_000 * 4 / 20_000


def test_the_seeded_walk_goes_on_around_a_path() -> None:
    """The script draws nothing: walk, sizes and takes are those of the same seed without it."""
    plain = Flow(LIVELY, BTC, seed=7, now=0)
    path = Path(points=((100, D(55_000)), (900, D(45_000))))
    scripted = open_feed(replace(LIVELY, path=path, events=(Gap(at=50, percent=1),)), BTC, seed=7, now=0)
    assert isinstance(scripted, ScriptedFlow)
    renewals = len(scripted._timeline.renewals)
    drawn = [plain.pop() for _ in range(400)]
    played = [scripted.pop() for _ in range(400 + renewals)]
    assert [a.time for a in played] == sorted(a.time for a in played)
    takes = [action for action in played if isinstance(action, Take)]
    assert takes == [action for action in drawn if isinstance(action, Take)] and len(takes) > 150
    walk = {action.time: action for action in played if isinstance(action, Quote)}
    for action in drawn:
        if isinstance(action, Quote):
            found = walk.pop(action.time)
            assert (found.noise, found.through) == (action.noise, 0)
            assert found.mid == pytest.approx(action.mid * scripted._timeline.factor(action.time))
    assert len(walk) == renewals and renewals > 300


# --------------------------------------------------------------------- events
def test_a_gap_jumps_without_a_trade_in_between() -> None:
    exchange, account = make(Gap(at=12, percent=-5))
    stop = exchange.place(
        account,
        NewOrder(
            symbol=PAIR, side="sell", type="market", lots=1_000, trigger=Trigger(kind="stop", price=4_900_000)
        ),
    )  # fmt: skip
    near, far = limit(exchange, account, "buy", "48000", "0.1"), limit(exchange, account, "buy", "47000")
    assert mid(exchange, 11.999) == 50_000
    trade_id = exchange._markets[PAIR].trade_id
    assert mid(exchange, 12) == pytest.approx(47_500, abs=0.01)
    fills = exchange.view(account).trades()
    assert {fill.price for fill in fills if fill.order_id == near.order_id} == {4_800_000}, "at its own price"
    sold = [fill for fill in fills if fill.order_id == stop.order_id]
    assert sold[0].price < 4_810_000 and sold[0].time == 12 * NS, "a stop at 49,000 finds no price near 49,000"
    assert now(exchange, far).status == "open"
    assert exchange._markets[PAIR].trade_id == trade_id + len(fills), "nobody else traded"


def test_a_flash_crash_falls_stays_and_comes_back() -> None:
    exchange, account = make(FlashCrash(at=60, percent=-20, fall=3, hold=2, recover=30))
    caught = limit(exchange, account, "buy", "45000", "0.2")
    seen = [mid(exchange, second) for second in (60, 61.5, 63, 65, 80, 95, 500)]
    assert seen == pytest.approx([50_000, 45_000, 40_000, 40_000, 45_000, 50_000, 50_000], rel=0.0003)
    assert now(exchange, caught).status == "filled"


def test_a_spike_is_a_crash_upwards() -> None:
    exchange, _ = make(FlashCrash(at=60, percent=20, fall=3, recover=30))
    assert mid(exchange, 63) == pytest.approx(60_000, abs=0.01)


@pytest.mark.parametrize(("missing", "side"), [("bids", "sell"), ("asks", "buy")])
def test_a_one_sided_book(missing: Any, side: Any) -> None:
    exchange, account = make(OneSided(at=30, lasts=10, missing=missing))
    which = ("bids", "asks").index(missing)
    assert len(at(exchange, 29.999).depth(PAIR)[which]) == 10
    book = at(exchange, 30).depth(PAIR)
    assert book[which] == [] and len(book[1 - which]) == 10
    assert exchange.last_price(PAIR) == book[1 - which][0][0], "the side that is there shows the price"
    order = exchange.place(account, NewOrder(symbol=PAIR, side=side, type="market", lots=1_000))
    assert (order.status, order.filled, order.expired_by) == ("expired", 0, "liquidity")
    assert len(at(exchange, 39.999).depth(PAIR)[which]) == 0
    assert len(at(exchange, 40).depth(PAIR)[which]) == 10


def test_a_book_can_be_empty() -> None:
    exchange, account = make(OneSided(at=30, lasts=10, missing="asks"), OneSided(at=35, lasts=10, missing="bids"))
    last = at(exchange, 34).last_price(PAIR)
    assert at(exchange, 36).depth(PAIR) == ([], []) and exchange.last_price(PAIR) == last
    resting = limit(exchange, account, "buy", "51000")
    assert resting.status == "open"
    at(exchange, 41)
    filled = now(exchange, resting)
    assert filled.filled > 0 and {fill.price for fill in exchange.view(account).trades()} == {5_100_000}
    assert all(side for side in at(exchange, 46).depth(PAIR))


def test_an_empty_book_keeps_the_price_of_the_last_trade_seen_or_not() -> None:
    """What the takers did before the makers left decides, also where nobody looked."""
    away = tuple(OneSided(at=30, lasts=10, missing=side) for side in ("asks", "bids"))  # type: ignore[arg-type]
    shown = set()
    for seed in range(8):
        markets = []
        for _ in range(2):
            config = replace(LIVELY, events=away, taker_rate=0.5, maker_rate=0.05)
            markets.append(Exchange([BTC], now=0, seed=seed, flows={PAIR: config}))
        unseen, seen = markets
        for tenth in range(350):
            at(seen, tenth / 10).depth(PAIR)
        assert at(unseen, 35).last_price(PAIR) == seen.last_price(PAIR)
        shown.add(seen.last_price(PAIR))
    assert len(shown) > 4


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_trade_through_fills_all_that_rests_in_full(sign: int) -> None:
    exchange, account = make(TradeThrough(at=40, percent=0.5 * sign))
    side, other = ("buy", "sell") if sign < 0 else ("sell", "buy")
    inside = [limit(exchange, account, side, str(50_000 + sign * offset), "1000") for offset in (100, 249, 250)]
    outside = [limit(exchange, account, side, str(50_000 + sign * 251)), limit(exchange, account, other, "50000")]
    at(exchange, 39.999)
    assert not exchange.view(account).trades()[1:]
    before = exchange.depth(PAIR)
    at(exchange, 40)
    assert [now(exchange, order).status for order in inside] == ["filled"] * 3
    assert [now(exchange, order).filled for order in outside] == [0, 0]
    fills = exchange.view(account).trades()
    assert [fill.price for fill in fills] == [order.price for order in inside] and all(fill.maker for fill in fills)
    assert exchange.last_price(PAIR) == 5_000_000 + sign * 25_000, "the print itself lies beyond"
    house = [level for book in exchange.depth(PAIR) for level in book if level[0] % 1_000 == 0]
    assert house and len(before[0]) > 3, "makers are back at once"


def test_a_widening_takes_spread_and_depth() -> None:
    exchange, _ = make(Widening(at=50, lasts=20, factor=8, depth=0.25))

    def shape(second: float) -> tuple[int, int]:
        bids, asks = at(exchange, second).depth(PAIR)
        return asks[0][0] - bids[0][0], sum(lots for _, lots in bids)

    spread, depth = shape(49.999)
    assert (spread, shape(70)) == (2_000, (spread, depth))
    exchange, _ = make(Widening(at=50, lasts=20, factor=8, depth=0.25))
    wide, thin = shape(50)
    assert wide == 8 * spread and thin == pytest.approx(depth / 4, rel=0.001)


def test_events_overlap_and_multiply() -> None:
    exchange, _ = make(
        Gap(at=10, percent=-10), Gap(at=20, percent=20), Widening(at=30, lasts=20, factor=2), Gap(at=35, percent=-50),
        Widening(at=40, lasts=20, factor=3), path=Path(points=((0, D(50_000)), (5, D(40_000)))),
    )  # fmt: skip
    assert [mid(exchange, second) for second in (5, 10, 20)] == pytest.approx([40_000, 36_000, 43_200], abs=0.02)
    wide = []
    for second in (31, 36, 41, 51, 61):
        bids, asks = at(exchange, second).depth(PAIR)
        wide.append(round((asks[0][0] - bids[0][0]) / (asks[0][0] + bids[0][0]) * 20_000))
    assert wide == [8, 8, 24, 12, 4]
    assert mid(exchange, 61) == pytest.approx(21_600, abs=0.02)


# -------------------------------------------------------------- drawn by seed
def test_a_window_is_drawn_by_the_seed_each_for_itself() -> None:
    window = (100.0, 200.0)

    def times(seed: int, *events: MarketEvent) -> list[Any]:
        feed = open_feed(replace(STILL, events=events), BTC, seed=seed, now=0)
        return [event.at for event in feed.config.events]

    gap, through = Gap(at=window, percent=1), TradeThrough(at=window, percent=1)
    first = times(1, gap, gap, through)
    assert times(1, gap, gap, through) == first and times(2, gap, gap, through) != first
    assert len(set(first)) == 3 and all(100 <= one <= 200 for one in first)
    assert times(1, gap, gap) == first[:2], "one more event changes no other"
    drawn = [times(seed, gap)[0] for seed in range(200)]
    assert min(drawn) < 105 and max(drawn) > 195


EVENTS: tuple[MarketEvent, ...] = (
    Gap(at=(0.0, 400.0), percent=-2),
    FlashCrash(at=(0.0, 900.0), percent=-8, fall=20, hold=5, recover=200),
    OneSided(at=150, lasts=90, missing="asks"),
    OneSided(at=(500.0, 1_000.0), lasts=60, missing="bids"),
    TradeThrough(at=(200.0, 1_200.0), percent=-1.5),
    TradeThrough(at=420, percent=0.7),
    Widening(at=300, lasts=200, factor=6, depth=0.3),
)
TAPE = Tape(
    books=tuple(
        (float(7 * n), tuple((D(50_000 - 10 * (n % 5) - 20 * k), D(1 + k)) for k in range(n % 4)),
         tuple((D(50_010 - 10 * (n % 5) + 20 * k), D(2 + k)) for k in range(1 + n % 6)))
        for n in range(200)
    ),
    trades=tuple(
        (float(5 * n), D(50_000 - 15 * (n % 7) + 30 * (n % 2)), D(1 + n % 3) / 2, "buy" if n % 2 else "sell")
        for n in range(280)
    ),
)  # fmt: skip
WORLDS: dict[str, FlowConfig] = {
    "script": replace(LIVELY, events=EVENTS, path=Path(points=((0, D(50_000)), (600, D(51_000)), (1_300, D(49_000))))),
    "tape": replace(STILL, tape=TAPE),
}


def play(config: FlowConfig, looks: list[int], branch: int = 0) -> list[Any]:
    """The same orders at the same times. ``looks``: thirds of a second at which somebody looks in between; ``branch``:
    a deed before which the exchange is laid down and taken up again."""
    exchange = Exchange([BTC], now=0, seed=3, flows={PAIR: config})
    money = {asset: exchange.atoms(asset, D(1_000_000)) for asset in ("BTC", "USDT")}
    exchange.open_account("a", money)
    told: list[Any] = []
    exchange.on_change(told.append)
    seconds = (10, 160, 170, 220, 310, 330, 430, 480, 520, 700, 990, 1_400)
    plan = sorted({second * NS: number for number, second in enumerate(seconds, 1)} | {n * NS // 3: 0 for n in looks})
    for time in plan:
        number = seconds.index(time // NS) + 1 if time % NS == 0 and time // NS in seconds else 0
        if number == branch and branch:
            exchange.advance(time - 5 * NS)
            exchange = restore(State.from_json(snapshot(exchange).to_json()))
            exchange.on_change(told.append)
        exchange.advance(time)
        account = exchange.accounts["a"]
        if not number:
            exchange.depth(PAIR)
            continue
        reference = exchange.reference_price(PAIR) or 0
        bids, asks = exchange.depth(PAIR, 3)
        told.append((bids, asks, exchange.last_price(PAIR), reference))
        if number % 4 == 3 and account.working:
            exchange.cancel_all(account, PAIR)
        side: Any = "buy" if number % 2 else "sell"
        sign = 1 if side == "buy" else -1
        exchange.place(account, NewOrder(symbol=PAIR, side=side, price=reference - sign * 40_000, lots=70_000))
        exchange.place(account, NewOrder(symbol=PAIR, side=side, price=reference - sign * 2_000, lots=70_000))
        exchange.place(account, NewOrder(symbol=PAIR, side=side, type="market", lots=60_000))
    view = exchange.view(exchange.accounts["a"])
    return [told, view.all_orders(), view.trades(), view.balances(), exchange.depth(PAIR), exchange.last_price(PAIR)]


@pytest.mark.parametrize("world", WORLDS)
@settings(max_examples=12, deadline=None)
@given(looks=st.lists(st.integers(0, 4_200), max_size=30))
def test_it_does_not_matter_when_and_how_often_somebody_looks(world: str, looks: list[int]) -> None:
    assert play(WORLDS[world], looks) == play(WORLDS[world], [])


@pytest.mark.parametrize("world", WORLDS)
def test_nor_does_looking_all_the_time(world: str) -> None:
    whole = play(WORLDS[world], [])
    assert play(WORLDS[world], list(range(4_200))) == whole
    assert sum(fill.maker for fill in whole[2]) > 8, "accounts' orders met the market"


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("branch", [1, 4, 8, 11])
def test_a_snapshot_goes_on_in_the_middle_of_it(world: str, branch: int) -> None:
    assert play(WORLDS[world], [], branch) == play(WORLDS[world], [])


def test_a_halted_market_forgets_what_traded_through_it() -> None:
    exchange, account = make(TradeThrough(at=40, percent=-0.5))
    resting = limit(exchange, account, "buy", "49900")
    at(exchange, 30).set_open(PAIR, False)
    at(exchange, 50).set_open(PAIR, True)
    at(exchange, 100)
    assert now(exchange, resting).filled == 0


@pytest.mark.parametrize("world", WORLDS)
def test_peeking_changes_nothing(world: str) -> None:
    plain, peeked = (open_feed(WORLDS[world], BTC, seed=5, now=0) for _ in range(2))
    for count in range(400):
        assert (plain.next_time, plain.next_quote) == (peeked.next_time, peeked.next_quote)
        seen = peeked.peek(count % 40)
        assert seen is None or seen.time >= peeked.next_time
        assert peeked.peek(0) == peeked.pop() == plain.pop()
        assert (plain.mid, plain.reference) == (peeked.mid, peeked.reference)


# ---------------------------------------------------------------------- tapes
def test_a_tape_is_played_at_its_times() -> None:
    tape = Tape(
        books=(
            (0, ((D(49_990), D(1)),), ((D(50_010), D(2)),)),
            (10, ((D(49_980), D(3)), (D(49_970), D(1))), ((D(50_000), D(1)),)),
            (20, (), ((D(50_100), D(1)),)),
        ),
        trades=((5, D(50_010), D("0.5"), "buy"), (10, D(50_005), D("0.25"), "buy"), (15, D(49_975), D(1), "sell")),
    )
    exchange, account = make(tape=tape)
    assert exchange.depth(PAIR) == ([(4_999_000, 100_000)], [(5_001_000, 200_000)])
    assert exchange.last_price(PAIR) == 4_999_000
    at(exchange, 5)
    assert exchange.depth(PAIR)[1] == [(5_001_000, 150_000)], "a trade takes from the book"
    assert exchange.last_price(PAIR) == 5_001_000
    ask = limit(exchange, account, "sell", "50004", "0.2")
    at(exchange, 10)
    assert now(exchange, ask).filled == 20_000, "a trade at 50,005 fills who rests at 50,004"
    assert exchange.last_price(PAIR) == 5_000_500, "but it was printed at its own price"
    assert exchange.depth(PAIR)[1] == [(5_000_000, 100_000)] and mid(exchange, 10) == 49_990
    bid = limit(exchange, account, "buy", "49976", "5")
    at(exchange, 15)
    assert now(exchange, bid).filled == 0, "3 BTC stand before it, the trade was 1"
    assert exchange.depth(PAIR)[0][0] == (4_998_000, 200_000)
    at(exchange, 20)
    assert exchange.depth(PAIR) == ([(4_997_600, 500_000)], [(5_010_000, 100_000)])
    assert exchange.last_price(PAIR) == 4_997_500 and exchange._markets[PAIR].next_time == NEVER
    assert at(exchange, 10_000).depth(PAIR) == ([(4_997_600, 500_000)], [(5_010_000, 100_000)]), "it is silent after"


def test_fills_of_accounts_do_not_change_the_recording() -> None:
    untouched, _ = make(tape=TAPE)
    busy, account = make(tape=TAPE)
    for second in range(0, 1_400, 35):
        at(untouched, second), at(busy, second)  # a new book comes every seven seconds
        assert busy.depth(PAIR) == untouched.depth(PAIR)
        busy.place(account, NewOrder(symbol=PAIR, side="buy", type="market", lots=150_000))


def test_a_tape_off_the_grid_is_refused() -> None:
    book = (((D("50000.001"), D(1)),), ())
    with pytest.raises(OffGrid, match=r"price 50000\.001 is not a multiple of 0\.01"):
        make(tape=Tape(books=((0, *book),)))


# ------------------------------------------------------------------ profiles
def test_profiles_go_from_deep_to_illiquid() -> None:
    def cost(name: str) -> list[float]:
        """Of buying one and five usual orders: basis points above the mid; spread; events in ten minutes."""
        config = FlowConfig(mid=D(50_000), **market_fields(name, unit=D("0.1")))
        exchange, account = make(base=config)
        bids, asks = exchange.depth(PAIR)
        paid = []
        for quantity in (10_000, 50_000):
            order = exchange.place(account, NewOrder(symbol=PAIR, side="buy", type="market", lots=quantity))
            average = order.quote_filled / 10**8 / (order.filled / 10**5) if order.filled else inf
            paid.append((average / 50_000 - 1) * 10_000 if order.status == "filled" else inf)
            exchange, account = make(base=config)
        feed, count = Flow(config, BTC, seed=1, now=0), 0
        while feed.pop().time < 600 * NS:
            count += 1
        return [*paid, (asks[0][0] - bids[0][0]) / 500, -count]

    costs = [cost(name) for name in PROFILES]
    assert list(PROFILES) == ["deep", "normal", "thin", "illiquid"]
    for better, worse in pairwise(costs):
        assert all(a <= b for a, b in zip(better, worse, strict=True)) and better[2] < worse[2] and better[3] < worse[3]
    assert costs[0][1] < 1 and costs[3][1] == inf, "five usual orders at the touch, and more than there is"


# ----------------------------------------------------------------- bad values
BAD: list[tuple[Callable[[], Any], str]] = [
    (lambda: Gap(at=-1, percent=1), "at is"),
    (lambda: Gap(at=nan, percent=1), "at is"),
    (lambda: Gap(at=(5.0, 4.0), percent=1), "at is"),
    (lambda: Gap(at=1, percent=0), "percent is"),
    (lambda: Gap(at=1, percent=-96), "percent is"),
    (lambda: TradeThrough(at=1, percent=inf), "percent is"),
    (lambda: FlashCrash(at=1, percent=-5, fall=0, recover=1), "fall is"),
    (lambda: FlashCrash(at=1, percent=-5, fall=1, recover=nan), "recover is"),
    (lambda: FlashCrash(at=1, percent=-5, fall=1, hold=-1, recover=1), "hold is"),
    (lambda: OneSided(at=1, lasts=0, missing="bids"), "lasts is"),
    (lambda: OneSided(at=1, lasts=1, missing="both"), "missing is"),  # type: ignore[arg-type]
    (lambda: Widening(at=1, lasts=1, factor=0), "factor is"),
    (lambda: Widening(at=1, lasts=1, factor=2, depth=1e9), "depth is"),
    (lambda: Path(points=()), "1 to 1000 points"),
    (lambda: Path(points=((1, D(1)), (1, D(2)))), "in order of time"),
    (lambda: Path(points=((1, D("NaN")),)), "positive"),
    (lambda: replace(STILL, path=Path(points=((1, D(1)),))), "mid / 20"),
    (lambda: replace(STILL, events=(Gap(at=1, percent=1),) * 201), "at most 200 events"),
    (lambda: replace(STILL, tape=TAPE, events=EVENTS), "no opening, path or events"),
    (lambda: replace(STILL, depth=D("NaN")), "must be positive"),
    (lambda: replace(STILL, spread_bps=inf), "not negative"),
    (lambda: Tape(books=()), "begins with an order book"),
    (lambda: Tape(books=((1, (), ()),)), "begins with an order book"),
    (lambda: Tape(books=((0, (), ()), (2, (), ()), (1, (), ()))), "in order of time"),
    (lambda: Tape(books=((0, ((D(2), D(1)),), ((D(2), D(1)),)),)), "not crossed"),
    (lambda: Tape(books=((0, ((D(2), D(0)),), ()),)), "positive"),
    (lambda: Tape(books=((0, (), ()),), trades=((0, D(1), D(-1), "buy"),)), "positive"),
    (lambda: Tape(books=((0, (), ()),) * 20_001), "at most 20000"),
    (lambda: market_fields("fat", unit=D(1)), "there are deep, normal"),
    (lambda: market_fields("thin", unit=D(0)), "positive quantity"),
    (lambda: config_of({"mid": "1", "depth": "1", "taker_size": "1", "events": [{"kind": "x"}]}), "no market"),
    (lambda: config_of({"mid": "1", "depth": "1", "taker_size": "1", "what": 1}), "no market"),
    (lambda: config_of({"mid": [], "depth": "1", "taker_size": "1"}), "Expected"),
]


@pytest.mark.parametrize(("make_it", "message"), BAD)
def test_what_makes_no_market_is_refused_in_one_line(make_it: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        make_it()
    assert "\n" not in str(caught.value)


def test_plain_data_and_back() -> None:
    for config in (*WORLDS.values(), STILL):
        fields = {name: getattr(config, name) for name in FlowConfig.__slots__}
        fields["events"] = [asdict(event) for event in config.events]
        assert config_of(fields) == config
