"""The seeded market: the same whatever accounts do, whenever somebody looks; and it really trades."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outtrade_mocks.core import Account, Exchange, FlowConfig, Instrument, NewOrder, Order, OrderChange
from outtrade_mocks.core.flow import NEVER, Flow, Quote, Take

D = Decimal
NS = 1_000_000_000
BTC = Instrument(
    symbol="BTC/USDT", base="BTC", quote="USDT", tick=D("0.01"), step=D("0.00001"), taker_fee=D("0.001"),
    maker_fee=D("0.001"),
)  # fmt: skip
ETH = Instrument(symbol="ETH/USDT", base="ETH", quote="USDT", tick=D("0.01"), step=D("0.0001"))
BTC_FLOW = FlowConfig(mid=D(50_000), depth=D("0.5"), taker_size=D("0.4"))
ETH_FLOW = FlowConfig(mid=D(3_000), depth=D(5), taker_size=D(3), volatility_bps=20)


def make(seed: int = 1, **changes: Any) -> tuple[Exchange, Account]:
    flows = {"BTC/USDT": BTC_FLOW, "ETH/USDT": ETH_FLOW} | changes
    exchange = Exchange([BTC, ETH], now=0, seed=seed, flows=flows)
    money = {asset: exchange.atoms(asset, D(1_000_000)) for asset in ("BTC", "ETH", "USDT")}
    return exchange, exchange.open_account("a", money)


def order(exchange: Exchange, account: Account, side: Any, lots: int, offset: int | None, **more: Any) -> Order:
    """A market order, or a limit order ``offset`` ticks above the best bid (below the best ask, for a sale)."""
    bids, asks = exchange.depth("BTC/USDT", 1)
    price = None
    if offset is not None:
        price = bids[0][0] + offset if side == "buy" else asks[0][0] - offset
    kind: Any = "market" if offset is None else "limit"
    return exchange.place(account, NewOrder(symbol="BTC/USDT", side=side, type=kind, price=price, lots=lots, **more))


def test_a_market_opens_with_makers_on_both_sides() -> None:
    exchange, _ = make()
    bids, asks = exchange.depth("BTC/USDT")
    assert len(bids) == len(asks) == 10
    assert bids[0][0] == 4_999_000 and asks[0][0] == 5_001_000  # 4 bps around 50,000
    assert all(25_000 <= lots < 75_000 for _, lots in bids + asks)  # 0.25 .. 0.75 BTC
    assert exchange.mid("BTC/USDT") == 50_000


def test_a_large_order_walks_through_several_levels() -> None:
    exchange, account = make()
    filled = order(exchange, account, "buy", 150_000, None)
    prices = [fill.price for fill in exchange.view(account).trades(order_id=filled.order_id)]
    assert filled.status == "filled" and len(set(prices)) >= 3 and prices == sorted(prices)


def test_makers_come_back() -> None:
    exchange, account = make()
    order(exchange, account, "buy", 150_000, None)
    assert len(exchange.depth("BTC/USDT")[1]) < 10
    exchange.advance(300 * NS)
    assert len(exchange.depth("BTC/USDT")[1]) == 10


def test_resting_orders_are_filled_in_parts_and_later() -> None:
    """Over 30 seeds: an order one tick inside the spread is filled after a delay, now and then in parts."""
    partial = delayed = 0
    for seed in range(30):
        exchange, account = make(seed)
        changes: list[OrderChange] = []
        exchange.on_change(lambda change, to=changes: to.append(change) if isinstance(change, OrderChange) else None)
        placed = order(exchange, account, "buy", 60_000, 1)
        assert placed.status == "open"
        while (at := exchange.next_time()) is not None and at < 3_600 * NS:
            exchange.advance(at)
        fills = [change for change in changes if change.why == "fill"]
        assert all(change.cause == "market" and change.time > 0 for change in fills)
        partial += any(change.order.status == "partially_filled" for change in fills)
        delayed += any(change.time > 5 * NS for change in fills)
    assert partial >= 10
    assert delayed >= 25


def test_the_walk_of_the_mid_fills_orders_too() -> None:
    """Without takers, a quote that crosses a resting order trades with it at the resting price."""
    flow = FlowConfig(mid=D(50_000), depth=D("0.5"), taker_size=D(1), taker_rate=0, volatility_bps=30)
    exchange, account = make(**{"BTC/USDT": flow})
    placed = order(exchange, account, "buy", 1_000, -2_000)
    exchange.advance(3_600 * NS)
    fills = exchange.view(account).trades(order_id=placed.order_id)
    assert [(fill.price, fill.maker) for fill in fills] == [(placed.price, True)]


# -------------------------------------------------------------- independence
def actions(seed: int, count: int, config: FlowConfig = BTC_FLOW) -> list[Quote | Take]:
    flow = Flow(config, BTC, seed=seed, now=0)
    return [flow.pop() for _ in range(count)]


def test_actions_come_in_order_and_about_as_often_as_asked() -> None:
    drawn = actions(1, 4_000)
    times = [action.time for action in drawn]
    assert times == sorted(times)
    takes = [action for action in drawn if isinstance(action, Take)]
    assert 0.05 * 0.9 < len(takes) / (times[-1] / NS) < 0.05 * 1.1
    assert 0.45 < sum(take.buy for take in takes) / len(takes) < 0.55
    assert 36_000 < sum(take.lots for take in takes) / len(takes) < 44_000
    assert actions(1, 100) == drawn[:100]
    assert actions(2, 100) != drawn[:100]


def test_rates_of_zero_never_come() -> None:
    config = FlowConfig(mid=D(1), depth=D(1), taker_size=D(1), maker_rate=0, taker_rate=0)
    flow = Flow(config, BTC, seed=1, now=7)
    assert isinstance(flow.pop(), Quote)
    assert flow.next_time == NEVER


@given(st.floats(1, 1e7), st.floats(0, 500), st.integers(1, 30), st.integers(0, 2**64))
def test_house_quotes_never_cross_and_stay_on_the_grid(mid: float, spread: float, levels: int, noise: int) -> None:
    config = FlowConfig(mid=D(50_000), depth=D("0.00001"), taker_size=D(1), spread_bps=spread, levels=levels)
    bids, asks = Flow(config, BTC, seed=1, now=0).levels(Quote(0, mid, noise))
    prices = [price for price, _ in reversed(bids)] + [price for price, _ in asks]
    assert prices == sorted(set(prices)) and prices[0] >= 1
    assert all(lots >= 1 for _, lots in bids + asks)


def test_the_flow_is_the_same_whatever_accounts_do() -> None:
    quiet, _ = make()
    busy, account = make()
    for second in range(0, 2_000, 50):
        quiet.advance(second * NS)
        busy.advance(second * NS)
        order(busy, account, "buy" if second % 100 else "sell", 30_000, None if second % 3 else 500)
        assert busy.reference_price("BTC/USDT") == quiet.reference_price("BTC/USDT")
    if account.working:
        busy.cancel_all(account, "BTC/USDT")
    # The next quote replaces what the orders left behind: the books are the same again.
    market = quiet._markets["BTC/USDT"]
    assert market.flow is not None
    at = market.flow.next_quote
    quiet.advance(at)
    busy.advance(at)
    assert quiet.depth("BTC/USDT") == busy.depth("BTC/USDT")


def play(seed: int, looks: list[int]) -> list[Any]:
    """The same orders at the same times; ``looks``: further times at which somebody lets time pass and looks."""
    exchange, account = make(seed)
    told: list[Any] = []
    exchange.on_change(told.append)
    plan: dict[int, list[str]] = {}
    for look in looks:
        plan.setdefault(look * NS // 3, []).append("look")
    deeds = (
        (100, "buy"), (150, "sell"), (155, "deep"), (400, "market"), (700, "deep"), (900, "cancel"), (1_000, "deep"),
        (1_400, "buy"), (1_500, "end"),
    )  # fmt: skip
    for second, what in deeds:
        plan.setdefault(second * NS, []).append(what)
    for at in sorted(plan):
        exchange.advance(at)
        for what in plan[at]:
            if what == "look":
                exchange.depth("BTC/USDT")
                exchange.last_price("ETH/USDT")
            elif what in ("buy", "sell"):
                order(exchange, account, what, 40_000, 300)
            elif what == "deep":
                order(exchange, account, "buy", 40_000, -1_500)
                order(exchange, account, "sell", 40_000, -2_500)
            elif what == "market":
                order(exchange, account, "buy", 90_000, None)
            elif what == "cancel" and account.working:
                exchange.cancel_all(account, "BTC/USDT")
    view = exchange.view(account)
    books = [(exchange.depth(s), exchange.last_price(s), exchange.mid(s)) for s in ("BTC/USDT", "ETH/USDT")]
    return [told, view.all_orders(), view.trades(), view.balances(), books]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 50), st.lists(st.integers(0, 4_500), max_size=30))
def test_it_does_not_matter_when_and_how_often_somebody_looks(seed: int, looks: list[int]) -> None:
    assert play(seed, looks) == play(seed, [])


@pytest.mark.parametrize("seed", range(6))
def test_nor_does_looking_all_the_time(seed: int) -> None:
    """What is put off while nobody looks is what would have been done at its time."""
    every_third_of_a_second = list(range(300, 4_500))
    assert play(seed, every_third_of_a_second) == play(seed, [])


def test_trade_ids_leave_gaps_where_others_trade() -> None:
    exchange, account = make()
    order(exchange, account, "buy", 100, None)
    exchange.advance(600 * NS)
    order(exchange, account, "buy", 100, None)
    first, second = (fill.trade_id for fill in exchange.view(account).trades())
    assert second > first + 10


def test_events_of_several_symbols_come_in_order_of_time() -> None:
    exchange, account = make()
    times: list[int] = []
    exchange.on_change(lambda change: times.append(change.time))
    order(exchange, account, "buy", 200_000, 1)
    bids, _ = exchange.depth("ETH/USDT", 1)
    exchange.place(account, NewOrder(symbol="ETH/USDT", side="buy", price=bids[0][0] + 1, lots=2_000_000))
    del times[:]
    exchange.advance(7_200 * NS)
    symbols = {fill.symbol for fill in exchange.view(account).trades()}
    assert symbols == {"BTC/USDT", "ETH/USDT"}
    assert times == sorted(times)


# ------------------------------------------------------------------ next time
def test_next_time_is_none_while_nothing_can_happen_to_an_account() -> None:
    exchange, account = make()
    assert exchange.next_time() is None
    placed = order(exchange, account, "buy", 1_000, 1)
    at = exchange.next_time()
    assert at is not None and at > exchange.now
    exchange.set_open("BTC/USDT", False)
    assert exchange.next_time() is None
    exchange.set_open("BTC/USDT", True)
    exchange.cancel(account, "BTC/USDT", order_id=placed.order_id)
    assert exchange.next_time() is None


def test_nothing_happens_before_next_time() -> None:
    exchange, account = make()
    told: list[Any] = []
    order(exchange, account, "buy", 30_000, 1)
    exchange.on_change(told.append)
    while not told:
        at = exchange.next_time()
        assert at is not None
        exchange.advance(at - 1)
        assert told == []
        exchange.advance(at)
    assert all(change.time == exchange.now for change in told)


def test_a_halted_market_rests_and_goes_on_elsewhere() -> None:
    exchange, account = make()
    order(exchange, account, "buy", 30_000, 1)
    exchange.set_open("BTC/USDT", False)
    before = exchange.depth("BTC/USDT")
    exchange.advance(3_600 * NS)
    assert exchange.view(account).trades() == []
    assert exchange.depth("BTC/USDT") == before
    exchange.set_open("BTC/USDT", True)
    assert exchange.depth("BTC/USDT") != before


# ------------------------------------------------------- scripted liquidity
def test_a_sweep_fills_that_much_of_that_order() -> None:
    exchange, account = make()
    far = order(exchange, account, "buy", 1_000, -500_000)
    near = order(exchange, account, "buy", 200, -100)
    causes = []
    exchange.on_change(lambda change: causes.append(change.cause) if isinstance(change, OrderChange) else None)
    assert exchange.sweep(far.order_id, 400) == 400
    view = exchange.view(account)
    assert view.order("BTC/USDT", order_id=far.order_id).filled == 400
    assert view.order("BTC/USDT", order_id=near.order_id).status == "filled"  # better priority goes first
    assert set(causes) == {"script"}
    assert exchange.sweep(far.order_id, 10**9) == 600
    assert exchange.sweep(far.order_id, 1) == 0
    bids, asks = exchange.depth("BTC/USDT")
    assert len(bids) == len(asks) == 10  # makers are back at once


def test_a_sweep_of_an_order_far_from_the_market_crosses_nothing_afterwards() -> None:
    exchange, account = make()
    high = order(exchange, account, "buy", 300_000, 50_000)  # above all house asks it has bought, the rest rests
    assert high.status in ("filled", "partially_filled", "open")
    if high.working:
        exchange.sweep(high.order_id, 1)
    bids, asks = exchange.depth("BTC/USDT", 1)
    assert not bids or not asks or bids[0][0] < asks[0][0]


@pytest.mark.parametrize("lots", [0, 1, 30_000, 123_456])
def test_thin_leaves_that_much_to_a_taker(lots: int) -> None:
    exchange, account = make()
    limit = exchange.depth("BTC/USDT")[1][4][0]
    outside = exchange.depth("BTC/USDT")[1][5:]
    assert exchange.thin("BTC/USDT", "buy", lots, limit) == lots
    assert exchange.depth("BTC/USDT")[1][-5:] == outside
    taken = exchange.place(account, NewOrder(symbol="BTC/USDT", side="buy", price=limit, lots=200_000, tif="IOC"))
    assert (taken.filled, taken.status) == (lots, "expired")


def test_thin_for_a_market_order_leaves_the_rest_to_expire() -> None:
    exchange, account = make()
    assert exchange.thin("BTC/USDT", "sell", 12_345) == 12_345
    taken = order(exchange, account, "sell", 20_000, None)
    assert (taken.filled, taken.status, taken.expired_by) == (12_345, "expired", "liquidity")


# --------------------------------------------------------------- determinism
SCRIPT = """
import sys
sys.path[:0] = [{mocks!r}, {tests!r}]
from test_flow import digest
print(digest())
"""


def digest() -> str:
    """Everything that happens in one busy hour, hashed."""
    return hashlib.sha256(repr([play(seed, list(range(0, 4_500, 7))) for seed in range(3)]).encode()).hexdigest()


def test_two_processes_agree_under_different_hash_seeds() -> None:
    here = Path(__file__).resolve()
    script = SCRIPT.format(mocks=str(here.parents[2] / "mocks"), tests=str(here.parent))
    seen = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout.strip()
        for seed in ("0", "4242")
    }  # fmt: skip
    assert seen == {digest()}
