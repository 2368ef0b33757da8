"""The end of an instrument: last trading time, orders, settlement price."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outtrade_mocks.core import (
    Exchange,
    FinalSettlement,
    FlowConfig,
    NewList,
    NewOrder,
    OrderChange,
    Practice,
    Reject,
    StateChange,
    TradingState,
    Trigger,
)
from outtrade_mocks.core.expiry import average
from outtrade_mocks.core.invariants import check
from outtrade_mocks.core.orders import Malformed
from outtrade_mocks.core.state import State, restore, snapshot

SYMBOL = "ABC/USD"
Bench = Any  # conftest.Bench
MINUTE = 60_000_000_000


def publish(x: Bench, *prices: tuple[int, int]) -> None:
    for minute, price in prices:
        x.at(minute * MINUTE).exchange.publish(SYMBOL, index=price)


def settled(x: Bench) -> list[FinalSettlement]:
    return [event for event in x.events if isinstance(event, FinalSettlement)]


def test_orders_end_and_the_market_with_them(bench: Callable[..., Bench]) -> None:
    x = bench()
    x.exchange.plan_end(SYMBOL, 60 * MINUTE)
    assert x.exchange.next_time() == 60 * MINUTE
    x.limit(x.b, "sell", 100, 3)
    x.limit(x.a, "buy", 100, 1)
    x.limit(x.a, "buy", 90, 5, visible=2)
    sell: dict[str, Any] = {"symbol": SYMBOL, "side": "sell", "lots": 4}
    entry = NewOrder(symbol=SYMBOL, side="buy", price=80, lots=4)
    stop = NewOrder(type="market", trigger=Trigger(price=70), **sell)
    x.exchange.place_list(x.a, NewList(kind="bracket", orders=(entry, NewOrder(price=110, **sell), stop)))
    publish(x, (10, 95))
    x.events.clear()
    x.at(70 * MINUTE)
    check(x.exchange, "the end")
    ended = [event.order for event in x.events if isinstance(event, OrderChange)]
    assert {order.status for order in ended} == {"expired"} and len(ended) == 5
    assert {order.expired_by for order in ended} <= {"expiry", "list"} and {o.updated for o in ended} == {60 * MINUTE}
    assert [e for e in x.events if isinstance(e, (StateChange, FinalSettlement))] == [
        StateChange(SYMBOL, TradingState.OPEN, TradingState.EXPIRED, 60 * MINUTE, "time"),
        FinalSettlement(SYMBOL, 95, 60 * MINUTE),
    ]
    assert x.balances(x.a) == {"ABC": (1_001, 0), "USD": (99_900, 0)}, "a spot position stays what it is"
    with pytest.raises(Reject, match="MARKET_CLOSED"):
        x.limit(x.a, "buy", 90, 1)
    for state in TradingState:
        with pytest.raises(Reject):
            x.exchange.set_state(SYMBOL, state)
    assert x.exchange.next_time() is None


def test_an_end_during_a_call_or_a_halt(bench: Callable[..., Bench]) -> None:
    for state in (TradingState.AUCTION, TradingState.HALTED):
        x = bench()
        x.limit(x.a, "buy", 100, 1)
        x.exchange.set_state(SYMBOL, state)
        if state is TradingState.AUCTION:
            x.limit(x.b, "sell", 90, 1)
        x.exchange.plan_end(SYMBOL, 10)
        x.exchange.plan_state(SYMBOL, TradingState.OPEN, 20)
        x.at(30)
        check(x.exchange, "the end")
        assert x.exchange.state(SYMBOL) is TradingState.EXPIRED and x.exchange.depth(SYMBOL) == ([], [])
        assert not x.exchange.view(x.a).trades()


def test_the_seeded_market_ends_too(bench: Callable[..., Bench]) -> None:
    config = FlowConfig(mid=Decimal(100), depth=Decimal(50), levels=3, taker_size=Decimal(5), maker_rate=1.0)
    exchange = Exchange([bench().exchange.instruments[SYMBOL]], now=0, seed=3, flows={SYMBOL: config})
    exchange.plan_end(SYMBOL, MINUTE)
    assert exchange.depth(SYMBOL) != ([], [])
    exchange.advance(2 * MINUTE)
    assert exchange.depth(SYMBOL) == ([], [])
    check(exchange, "the end")


def test_an_order_that_ends_at_the_same_instant_ends_for_its_own_reason(bench: Callable[..., Bench]) -> None:
    x = bench()
    x.exchange.plan_end(SYMBOL, 50)
    x.limit(x.a, "buy", 90, 1, tif="GTD", expires=50)
    x.at(50)
    assert x.exchange.view(x.a).all_orders()[0].expired_by == "gtd"


@pytest.mark.parametrize(
    ("published", "price"),
    [
        ([(10, 100)], 100),
        # the last 30 minutes are 30 to 60: 15 of them at 100, 15 at 110
        ([(10, 100), (45, 110)], 105),
        # what was published before the window counts from its beginning, and only the last of it
        ([(1, 500), (2, 700), (20, 100), (40, 103)], 102),
        # an index that begins within the window counts from there
        ([(50, 200), (55, 201)], 201),  # 200.5, rounded up
        # what is published at the end itself comes too late
        ([(10, 100), (60, 900)], 100),
    ],
)
def test_the_settlement_price_is_the_average_of_the_index(
    bench: Callable[..., Bench], published: list[tuple[int, int]], price: int
) -> None:
    x = bench()
    x.exchange.plan_end(SYMBOL, 60 * MINUTE)
    publish(x, *(one for one in published if one[0] < 60))
    assert len(x.exchange._markets[SYMBOL].index_log) <= 4
    publish(x, *(one for one in published if one[0] >= 60))
    x.at(61 * MINUTE)
    assert settled(x) == [FinalSettlement(SYMBOL, price, 60 * MINUTE)]


def test_without_an_index_the_mark_decides_then_the_last_trade(bench: Callable[..., Bench]) -> None:
    for mark, trade, price in [(105, True, 105), (None, True, 100), (None, False, None)]:
        x = bench()
        x.exchange.plan_end(SYMBOL, 50)
        if trade:
            x.limit(x.b, "sell", 100, 1)
            x.limit(x.a, "buy", 100, 1)
        if mark is not None:
            x.exchange.publish(SYMBOL, mark=mark)
        x.at(50)
        assert settled(x) == [FinalSettlement(SYMBOL, price, 50)]


def test_the_window_is_the_venues(bench: Callable[..., Bench]) -> None:
    x = bench()
    x.exchange.practice = Practice(settlement_window=60 * MINUTE)
    x.exchange.plan_end(SYMBOL, 60 * MINUTE)
    publish(x, (0, 100), (30, 110))
    x.at(60 * MINUTE)
    assert settled(x)[0].price == 105


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 200)), max_size=8, unique_by=lambda one: one[0]),
    st.integers(0, 30),
)
def test_the_average_is_that_of_every_moment(published: list[tuple[int, int]], start: int) -> None:
    published.sort()
    shown = [[price for time, price in published if time <= moment][-1:] for moment in range(start, 60)]
    prices = [price for now in shown for price in now]
    expected = (2 * sum(prices) + len(prices)) // (2 * len(prices)) if prices else None
    assert average(published, start, 60) == expected


def test_a_branch_ends_like_the_first(bench: Callable[..., Bench]) -> None:
    x = bench()
    x.exchange.plan_end(SYMBOL, 60 * MINUTE)
    publish(x, (5, 100), (40, 110))
    x.limit(x.a, "buy", 90, 1)
    other = restore(State.from_json(snapshot(x.exchange).to_json()))
    heard: list[Any] = []
    other.on_change(heard.append)
    x.events.clear()
    x.at(90 * MINUTE)
    other.advance(90 * MINUTE)
    assert heard == x.events and settled(x)[0].price == 107
    assert snapshot(restore(snapshot(other))).to_json() == snapshot(x.exchange).to_json()


def test_an_end_that_is_none_is_refused(bench: Callable[..., Bench]) -> None:
    x = bench().at(10)
    for at in (10, "20", True, None):
        with pytest.raises(Malformed):
            x.exchange.plan_end(SYMBOL, at)
    x.exchange.plan_end(SYMBOL, 20)
    with pytest.raises(Malformed, match="set already"):
        x.exchange.plan_end(SYMBOL, 30)
