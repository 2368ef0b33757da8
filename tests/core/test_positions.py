"""Positions in the engine: modes, margin, leverage, reduce-only and close-position orders, settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from contract_bench import HOUR, SYMBOL, Pit, contract
from msgspec import structs

from outtrade_mocks.core import (
    Account,
    BalanceChange,
    Exchange,
    Fill,
    FlowConfig,
    Instrument,
    Malformed,
    NewList,
    NewOrder,
    Order,
    OrderChange,
    Practice,
    Reject,
    Rejection,
    Status,
    TradingState,
    Trigger,
)
from outtrade_mocks.core.contracts import break_even, entry_price
from outtrade_mocks.core.events import PositionChange, SettingsChange
from outtrade_mocks.core.invariants import check, total
from outtrade_mocks.core.positions import Position
from outtrade_mocks.core.state import snapshot


def refused(call: Callable[[], object], reason: str, pit: Pit) -> None:
    """It is refused for that reason, told as that, and nothing else has changed."""
    before, told = state(pit.exchange), len(pit.events)
    with pytest.raises(Reject) as caught:
        call()
    assert caught.value.reason == reason, caught.value
    last = pit.events[-1]
    assert state(pit.exchange) == before and len(pit.events) == told + 1
    assert isinstance(last, Rejection) and last.reason == reason


def state(exchange: Exchange) -> object:
    """Everything but the number of events told."""
    return structs.replace(snapshot(exchange), event_id=0)


# ------------------------------------------------------------------- one-way
def test_a_trade_makes_two_positions() -> None:
    pit = Pit()
    pit.trade(pit.a, pit.b, 100, 5)
    long, short = pit.held(pit.a), pit.held(pit.b)
    assert long is not None and short is not None
    assert (long.lots, long.carried, short.lots, short.carried) == (5, -500, -5, 500)
    assert pit.wallet(pit.a) == pit.wallet(pit.b) == 100_000, "a position costs nothing; it needs margin"
    margin = pit.exchange.margin(pit.a, "USD")
    assert (margin.positions, margin.maintenance, margin.available) == (25, 5, 99_975)  # 20x, 1 %


def test_the_order_of_events_of_a_trade() -> None:
    pit = Pit()
    pit.trade(pit.a, pit.b, 100, 5)
    one_side = [Fill, OrderChange, PositionChange, BalanceChange]
    assert [type(event) for event in pit.events[-9:]] == [OrderChange, *one_side, *one_side]
    last = pit.events[-1]
    assert isinstance(last, BalanceChange) and last.balances == (("USD", 100_000, 0),), "each asset once"


def test_profit_is_realised_as_the_position_is_closed() -> None:
    pit = Pit(taker_fee=Decimal("0.01"))
    pit.trade(pit.a, pit.b, 100, 10)
    pit.trade(pit.c, pit.a, 130, 4)
    fill = pit.a.fills[-1]
    assert (fill.realised, fill.fee, fill.quote) == (120, 0, 520)
    held = pit.held(pit.a)
    assert held is not None and (held.lots, held.carried, held.realised, held.fees) == (6, -600, 120, 10)
    assert pit.wallet(pit.a) == 100_000 - 10 + 120
    assert pit.exchange.ledger.fees == {"USD": 10 + 5}  # the taker's, rounded down


def test_a_larger_trade_turns_the_position_around() -> None:
    pit = Pit()
    pit.trade(pit.a, pit.b, 100, 3)
    pit.exchange.advance(7)
    pit.trade(pit.c, pit.a, 110, 8)
    held = pit.held(pit.a)
    assert held is not None and (held.lots, held.carried, held.opened) == (-5, 550, 7)
    assert pit.wallet(pit.a) == 100_030


def test_an_order_that_closes_needs_no_margin() -> None:
    """|position - asks| is smaller than the position (Binance USD-M, one-way mode)."""
    pit = Pit(money=1_000)
    pit.trade(pit.a, pit.b, 100, 100)  # 10,000 at 20x: 500
    assert pit.exchange.margin(pit.a, "USD").available == 500
    pit.limit(pit.a, "sell", 101, 100)
    assert pit.exchange.margin(pit.a, "USD").orders == 0
    pit.limit(pit.a, "sell", 102, 100)  # that one would turn it around, to no more than it is
    assert pit.exchange.margin(pit.a, "USD").orders == (20_300 - 10_000 - 10_000 + 19) // 20
    refused(lambda: pit.limit(pit.a, "buy", 100, 101), "INSUFFICIENT_MARGIN", pit)
    pit.limit(pit.a, "buy", 100, 96)


def test_open_loss_counts() -> None:
    """https://www.binance.com/en/support/faq/87fa7ee33b574f7084d42bd2ce2e463b: a short of 1 BTC at 9,253.30 with mark
    9,259.84 and 20x costs 462.66 + 6.54, a long only the 462.66 (462.665 there, rounded)."""
    btc = contract(tick=Decimal("0.01"), quote_precision=2, symbol=SYMBOL)
    for side, cost in (("buy", 462_67), ("sell", 462_67 + 6_54)):
        for money, fits in ((cost, True), (cost - 1, False)):
            exchange = Exchange([btc], now=0, seed=1)
            account = exchange.open_account("a", {"USD": money})
            exchange.publish(SYMBOL, mark=9_259_84)
            new = NewOrder(symbol=SYMBOL, side=side, price=9_253_30, lots=1)  # type: ignore[arg-type]
            if fits:
                exchange.place(account, new)
            else:
                with pytest.raises(Reject, match="INSUFFICIENT_MARGIN"):
                    exchange.place(account, new)


def test_a_market_order_needs_what_it_will_cost() -> None:
    pit = Pit(money=1_000)
    pit.limit(pit.b, "sell", 100, 50)
    pit.limit(pit.b, "sell", 150, 50)
    pit.mark(100)
    refused(lambda: pit.market(pit.a, "buy", 100), "INSUFFICIENT_MARGIN", pit)  # 12,500 / 20, and 2,500 lost at once
    pit.market(pit.a, "buy", 50)
    assert pit.held(pit.a) is not None


def test_position_limits() -> None:
    pit = Pit(max_position=Decimal(20))
    pit.limit(pit.b, "sell", 100, 15)
    pit.limit(pit.a, "buy", 99, 5)
    refused(lambda: pit.limit(pit.a, "buy", 100, 16), "MAX_POSITION", pit)
    pit.limit(pit.a, "buy", 100, 15)
    refused(lambda: pit.limit(pit.a, "buy", 98, 1), "MAX_POSITION", pit)
    pit.limit(pit.a, "sell", 120, 35)
    refused(lambda: pit.limit(pit.a, "sell", 120, 1), "MAX_POSITION", pit)


def test_limits_of_open_orders_hold_for_contracts_too() -> None:
    pit = Pit(max_orders=3, max_algo_orders=1)
    pit.trade(pit.a, pit.b, 100, 5)
    stop = Trigger(price=90)
    pit.market(pit.a, "sell", close_position=True, trigger=stop)
    refused(lambda: pit.market(pit.a, "sell", 5, reduce_only=True, trigger=stop), "MAX_NUM_ALGO_ORDERS", pit)
    for price in (110, 111):
        pit.limit(pit.a, "sell", price, 1, reduce_only=True)
    refused(lambda: pit.limit(pit.a, "sell", 112, 1), "MAX_NUM_ORDERS", pit)


def test_leverage_limits_the_size() -> None:
    pit = Pit()
    pit.exchange.set_leverage(pit.a, SYMBOL, 50)
    refused(lambda: pit.limit(pit.a, "buy", 100, 101), "LEVERAGE", pit)  # 10,000 at most above 20x
    pit.exchange.set_leverage(pit.a, SYMBOL, 20)
    pit.limit(pit.a, "buy", 100, 101)
    refused(lambda: pit.exchange.set_leverage(pit.a, SYMBOL, 21), "LEVERAGE", pit)
    refused(lambda: pit.exchange.set_leverage(pit.a, SYMBOL, 51), "LEVERAGE", pit)
    refused(lambda: pit.exchange.set_leverage(pit.a, SYMBOL, 0), "LEVERAGE", pit)
    refused(lambda: pit.exchange.set_leverage(pit.a, "XYZ/USD", 5), "UNKNOWN_SYMBOL", pit)


def test_less_leverage_needs_more_margin() -> None:
    pit = Pit(money=1_000)
    pit.trade(pit.a, pit.b, 100, 100)
    refused(lambda: pit.exchange.set_leverage(pit.a, SYMBOL, 9), "INSUFFICIENT_MARGIN", pit)
    pit.exchange.set_leverage(pit.a, SYMBOL, 10)
    held = pit.held(pit.a)
    assert held is not None and held.leverage == 10
    assert pit.exchange.margin(pit.a, "USD").available == 0
    assert isinstance(pit.events[-2], PositionChange) and isinstance(pit.events[-1], SettingsChange)


# --------------------------------------------------------------------- hedge
def test_hedge_mode_holds_both_sides() -> None:
    pit = Pit()
    pit.exchange.set_position_mode(pit.a, hedge=True)
    pit.limit(pit.b, "sell", 100, 5)
    pit.limit(pit.a, "buy", 100, 5, position_side="long")
    pit.limit(pit.b, "buy", 100, 7)
    pit.limit(pit.a, "sell", 100, 7, position_side="short")
    long, short = pit.held(pit.a, "long"), pit.held(pit.a, "short")
    assert long is not None and short is not None and (long.lots, short.lots) == (5, -7)
    assert pit.exchange.margin(pit.a, "USD").positions == 25 + 35
    assert [p.side for p in pit.exchange.view(pit.a).positions()] == ["long", "short"]
    pit.limit(pit.b, "buy", 110, 5)
    order = pit.limit(pit.a, "sell", 110, 9, position_side="long")  # closes at most what there is
    assert (order.lots, order.filled, pit.held(pit.a, "long")) == (5, 5, None)
    assert pit.wallet(pit.a) == 100_050


def test_position_sides_fit_the_mode() -> None:
    pit = Pit()
    refused(lambda: pit.limit(pit.a, "buy", 100, 1, position_side="long"), "POSITION_SIDE", pit)
    pit.exchange.set_position_mode(pit.a, hedge=True)
    refused(lambda: pit.limit(pit.a, "buy", 100, 1), "POSITION_SIDE", pit)
    refused(lambda: pit.limit(pit.a, "buy", 100, 1, position_side="both"), "INVALID_ORDER", pit)
    refused(lambda: pit.limit(pit.a, "sell", 100, 1, position_side="long"), "REDUCE_ONLY", pit)
    refused(lambda: pit.limit(pit.a, "buy", 100, 1, position_side="long", reduce_only=True), "REDUCE_ONLY", pit)


def test_modes_change_only_while_nothing_stands() -> None:
    pit = Pit()
    x = pit.exchange
    refused(lambda: x.set_position_mode(pit.a, hedge=False), "NO_CHANGE", pit)
    refused(lambda: x.set_margin_mode(pit.a, SYMBOL, isolated=False), "NO_CHANGE", pit)
    order = pit.limit(pit.a, "buy", 100, 5)
    refused(lambda: x.set_position_mode(pit.a, hedge=True), "POSITION_MODE", pit)
    refused(lambda: x.set_margin_mode(pit.a, SYMBOL, isolated=True), "MARGIN_MODE", pit)
    pit.limit(pit.b, "sell", 100, 5)
    assert order.order_id not in pit.a.working.values()
    refused(lambda: x.set_position_mode(pit.a, hedge=True), "POSITION_MODE", pit)
    refused(lambda: x.set_margin_mode(pit.a, SYMBOL, isolated=True), "MARGIN_MODE", pit)
    pit.trade(pit.b, pit.a, 100, 5)
    x.set_position_mode(pit.a, hedge=True)
    x.set_margin_mode(pit.a, SYMBOL, isolated=True)
    told = [event for event in pit.events if isinstance(event, SettingsChange)]
    assert [(event.symbol, event.hedge, event.isolated) for event in told] == [("", True, False), (SYMBOL, True, True)]


# ------------------------------------------------------------------ isolated
def isolated(pit: Pit, lots: int = 10, leverage: int = 10) -> None:
    pit.exchange.set_margin_mode(pit.a, SYMBOL, isolated=True)
    pit.exchange.set_leverage(pit.a, SYMBOL, leverage)
    pit.trade(pit.a, pit.b, 100, lots)


def test_isolated_margin_leaves_the_wallet_and_comes_back() -> None:
    pit = Pit(money=1_000)
    isolated(pit)
    held = pit.held(pit.a)
    assert held is not None and held.margin == 100 and pit.wallet(pit.a) == 900
    margin = pit.exchange.margin(pit.a, "USD")
    assert (margin.isolated, margin.positions, margin.maintenance, margin.available) == (100, 0, 0, 900)
    pit.mark(95)
    assert pit.exchange.margin(pit.a, "USD").available == 900, "its loss is its own"
    pit.trade(pit.c, pit.a, 96, 3)
    held = pit.held(pit.a)
    assert held is not None and held.margin == 70 and pit.wallet(pit.a) == 900 + 30 - 12


def test_isolated_margin_is_rounded_up() -> None:
    pit = Pit()
    pit.exchange.set_margin_mode(pit.a, SYMBOL, isolated=True)
    pit.trade(pit.a, pit.b, 105, 3)  # 315 / 20
    held = pit.held(pit.a)
    assert held is not None and held.margin == 16


def test_isolated_orders_reserve_margin() -> None:
    pit = Pit(money=200)
    isolated(pit, lots=10)
    pit.limit(pit.a, "buy", 90, 10)  # 900 more: 90
    assert pit.exchange.margin(pit.a, "USD").orders == 90
    refused(lambda: pit.limit(pit.a, "buy", 90, 2), "INSUFFICIENT_MARGIN", pit)
    pit.limit(pit.a, "sell", 110, 10)
    assert pit.exchange.margin(pit.a, "USD").available == 10


def test_margin_is_added_and_taken() -> None:
    pit = Pit(money=1_000)
    refused(lambda: pit.exchange.add_margin(pit.a, SYMBOL, 5), "NO_POSITION", pit)
    isolated(pit)
    before = pit.liquidation(pit.a)
    pit.exchange.add_margin(pit.a, SYMBOL, 50)
    pit.check()
    after = pit.liquidation(pit.a)
    assert before is not None and after is not None and after < before
    # (150 - 1000) / (10 x (0.01 - 1)), Binance's formula
    assert after == Fraction(850, 10) / Fraction(99, 100)
    refused(lambda: pit.exchange.add_margin(pit.a, SYMBOL, 851), "INSUFFICIENT_MARGIN", pit)
    refused(lambda: pit.exchange.add_margin(pit.a, SYMBOL, -51), "INSUFFICIENT_MARGIN", pit)
    pit.mark(97)
    refused(lambda: pit.exchange.add_margin(pit.a, SYMBOL, -50), "INSUFFICIENT_MARGIN", pit)
    pit.exchange.add_margin(pit.a, SYMBOL, -23)
    assert pit.wallet(pit.a) == 900 - 50 + 23
    refused(lambda: pit.exchange.set_leverage(pit.a, SYMBOL, 9), "LEVERAGE", pit)
    pit.trade(pit.c, pit.b, 100, 1)
    refused(lambda: pit.exchange.add_margin(pit.b, SYMBOL, 5), "MARGIN_MODE", pit)


# --------------------------------------------------------------- reduce-only
def test_reduce_only_is_refused_without_a_position() -> None:
    pit = Pit()
    refused(lambda: pit.limit(pit.a, "sell", 100, 1, reduce_only=True), "REDUCE_ONLY", pit)
    pit.trade(pit.a, pit.b, 100, 5)
    refused(lambda: pit.limit(pit.a, "buy", 100, 1, reduce_only=True), "REDUCE_ONLY", pit)


def test_a_reduce_only_order_is_cut_to_the_position() -> None:
    pit = Pit()
    pit.trade(pit.a, pit.b, 100, 5)
    order = pit.limit(pit.a, "sell", 120, 9, reduce_only=True)
    assert order.lots == 5 and order.terms is not None and order.terms.reduce_only


def test_or_refused_where_the_venue_refuses() -> None:
    pit = Pit(practice=Practice(reduce_only="reject"))
    pit.trade(pit.a, pit.b, 100, 5)
    refused(lambda: pit.limit(pit.a, "sell", 120, 6, reduce_only=True), "REDUCE_ONLY", pit)


def test_resting_reduce_only_orders_follow_the_position() -> None:
    pit = Pit()
    pit.trade(pit.a, pit.b, 100, 10)
    first = pit.limit(pit.a, "sell", 120, 10, reduce_only=True)
    second = pit.limit(pit.a, "sell", 121, 4, reduce_only=True)
    plain = pit.limit(pit.a, "sell", 122, 7)
    pit.trade(pit.c, pit.a, 110, 7)
    view = pit.exchange.view(pit.a)
    assert [view.order(SYMBOL, order_id=o.order_id).lots for o in (first, second, plain)] == [3, 3, 7]
    pit.trade(pit.c, pit.a, 110, 3)
    ended = view.order(SYMBOL, order_id=first.order_id)
    assert (ended.status, ended.expired_by) == (Status.EXPIRED, "reduce_only")
    assert [order.order_id for order in pit.exchange.view(pit.a).open_orders()] == [plain.order_id]


def test_one_taker_cannot_fill_more_reduce_only_orders_than_there_is_position() -> None:
    """The second order ends between two fills of one taker, and a fill-or-kill order knows that."""
    pit = Pit()
    pit.trade(pit.a, pit.b, 100, 10)
    for price in (120, 121):
        pit.limit(pit.a, "sell", price, 10, reduce_only=True)
    killed = pit.limit(pit.c, "buy", 121, 11, tif="FOK")
    assert (killed.filled, killed.expired_by) == (0, "fok")
    taker = pit.limit(pit.c, "buy", 121, 15)
    assert taker.filled == 10 and pit.held(pit.a) is None


def test_a_sweep_knows_it_too() -> None:
    pit = Pit()
    pit.trade(pit.a, pit.b, 100, 10)
    orders = [pit.limit(pit.a, "sell", price, 10, reduce_only=True) for price in (120, 121)]
    assert pit.exchange.sweep(orders[1].order_id, 10) == 0
    pit.check()
    assert pit.held(pit.a) is None


def test_an_amended_reduce_only_order_stays_within_the_position() -> None:
    pit = Pit(practice=Practice(amend="requeue"))
    pit.trade(pit.a, pit.b, 100, 10)
    order = pit.limit(pit.a, "sell", 120, 4, reduce_only=True)
    refused(lambda: pit.exchange.amend(pit.a, SYMBOL, order_id=order.order_id, lots=11, price=121), "REDUCE_ONLY", pit)
    assert pit.exchange.amend(pit.a, SYMBOL, order_id=order.order_id, lots=10, price=121).lots == 10
    plain = pit.limit(pit.c, "buy", 90, 10)
    huge = lambda: pit.exchange.amend(pit.c, SYMBOL, order_id=plain.order_id, lots=9_000, price=95)  # noqa: E731
    refused(huge, "LEVERAGE", pit)


def test_reduce_only_ignores_the_least_value() -> None:
    """Binance USD-M -4164: "unless you choose reduce only"."""
    pit = Pit(notional_min=Decimal(500))
    pit.trade(pit.a, pit.b, 100, 5)
    pit.limit(pit.b, "buy", 90, 10)
    refused(lambda: pit.limit(pit.a, "sell", 90, 1), "NOTIONAL", pit)
    assert pit.limit(pit.a, "sell", 90, 1, reduce_only=True).status is Status.FILLED


# ------------------------------------------------------------ close-position
def test_close_position_at_once() -> None:
    pit = Pit()
    refused(lambda: pit.market(pit.a, "sell", close_position=True), "REDUCE_ONLY", pit)
    pit.trade(pit.a, pit.b, 100, 5)
    pit.limit(pit.c, "buy", 99, 9)
    order = pit.market(pit.a, "sell", close_position=True)
    assert (order.lots, order.status, pit.held(pit.a)) == (5, Status.FILLED, None)


def test_close_position_by_a_trigger_takes_what_there_is_by_then() -> None:
    """Binance USD-M: STOP_MARKET with closePosition=true, without a quantity."""
    pit = Pit()
    pit.trade(pit.a, pit.b, 100, 5)
    pit.mark(100)
    stop = pit.market(pit.a, "sell", close_position=True, trigger=Trigger(price=95, source="mark"))
    assert (stop.status, stop.lots) == (Status.UNTRIGGERED, 0)
    pit.trade(pit.a, pit.b, 100, 3)
    pit.limit(pit.c, "buy", 94, 20)
    pit.mark(95)
    done = pit.exchange.view(pit.a).order(SYMBOL, order_id=stop.order_id)
    assert (done.lots, done.filled, done.status, pit.held(pit.a)) == (8, 8, Status.FILLED, None)


def test_a_trigger_without_a_position_is_refused_then() -> None:
    pit = Pit()
    pit.trade(pit.a, pit.b, 100, 5)
    pit.mark(100)
    orders = [
        pit.market(pit.a, "sell", close_position=True, trigger=Trigger(price=95, source="mark")),
        pit.market(pit.a, "sell", 5, reduce_only=True, trigger=Trigger(price=95, source="mark")),
    ]
    pit.trade(pit.c, pit.a, 100, 5)
    pit.mark(95)
    for order in orders:
        done = pit.exchange.view(pit.a).order(SYMBOL, order_id=order.order_id)
        assert (done.status, done.expired_by, done.filled) == (Status.REJECTED, "reduce_only", 0)


def test_a_triggered_order_needs_margin() -> None:
    pit = Pit(money=1_000, practice=Practice(reserve="trigger"))
    pit.limit(pit.b, "sell", 110, 150)
    pit.mark(100)
    order = pit.market(pit.a, "buy", 150, trigger=Trigger(price=105, source="mark"))
    assert pit.exchange.margin(pit.a, "USD").orders == 0
    pit.limit(pit.a, "buy", 90, 120)
    pit.mark(105)
    done = pit.exchange.view(pit.a).order(SYMBOL, order_id=order.order_id)
    assert (done.status, done.expired_by) == (Status.REJECTED, "funds")


def test_a_bracket_protects_a_position() -> None:
    """Entry, take profit, stop: the pair is reduce-only, one cancels the other."""
    pit = Pit()
    pit.limit(pit.b, "sell", 100, 5)
    orders = (
        NewOrder(symbol=SYMBOL, side="buy", price=100, lots=5),
        NewOrder(symbol=SYMBOL, side="sell", price=120, lots=5, reduce_only=True),
        NewOrder(
            symbol=SYMBOL, side="sell", type="market", lots=5, reduce_only=True, trigger=Trigger(price=90)
        ),
    )  # fmt: skip
    made = pit.exchange.place_list(pit.a, NewList(kind="bracket", orders=orders))
    pit.check()
    assert [order.status.value for order in made.orders] == ["filled", "open", "untriggered"]
    pit.limit(pit.c, "buy", 90, 6)
    pit.limit(pit.b, "sell", 90, 1)
    assert [order.status.value for order in made.orders] == ["filled", "expired", "filled"]
    assert pit.held(pit.a) is None and pit.wallet(pit.a) == 100_000 - 50


# ------------------------------------------------------------------ bad shape
@pytest.mark.parametrize(
    "fields",
    [
        {"reduce_only": 1}, {"reduce_only": None}, {"close_position": "yes"}, {"close_position": True},
        {"position_side": "both"}, {"type": "market", "price": None, "lots": None, "quote": 500},
        {"type": "market", "price": None, "close_position": True}, {"lots": 0}, {"lots": -5}, {"price": 0},
    ],
)  # fmt: skip
def test_orders_that_are_none(fields: dict[str, Any]) -> None:
    pit = Pit()
    pit.trade(pit.a, pit.b, 100, 5)
    new: dict[str, Any] = {"symbol": SYMBOL, "side": "sell", "price": 100, "lots": 5} | fields
    before = state(pit.exchange)
    with pytest.raises(Reject):
        pit.exchange.place(pit.a, NewOrder(**new))
    assert state(pit.exchange) == before


def test_a_spot_market_takes_no_such_orders() -> None:
    spot = Instrument(symbol="ABC/USD", base="ABC", quote="USD", tick=Decimal(1), step=Decimal(1))
    exchange = Exchange([spot], now=0, seed=1)
    account = exchange.open_account("a", {"USD": 10**12})
    for fields in ({"reduce_only": True}, {"position_side": "long"}):
        with pytest.raises(Malformed):
            exchange.place(account, NewOrder(symbol="ABC/USD", side="buy", price=1, lots=1, **fields))  # type: ignore[arg-type]
    with pytest.raises(Malformed):
        exchange.place(account, NewOrder(symbol="ABC/USD", side="buy", type="market", close_position=True))
    for request in (
        lambda: exchange.set_leverage(account, "ABC/USD", 5),
        lambda: exchange.add_margin(account, "ABC/USD", 5),
        lambda: exchange.publish("ABC/USD", funding=Decimal("0.01")),
        lambda: exchange.settle_contract("ABC/USD", 5),
    ):
        with pytest.raises(Reject):
            request()


# ------------------------------------------------------ beside a spot market
def test_margin_is_not_free_for_spot() -> None:
    spot = Instrument(
        symbol="XYZ/USD", base="XYZ", quote="USD", tick=Decimal(1), step=Decimal(1), base_precision=0, quote_precision=0
    )
    pit = Pit(money=1_000)
    pit.exchange.add_instrument(spot)
    pit.exchange.deposit(pit.a, "XYZ", 1)
    pit.trade(pit.a, pit.b, 100, 100)  # 500 of 1,000
    refused(
        lambda: pit.exchange.place(pit.a, NewOrder(symbol="XYZ/USD", side="buy", price=1, lots=501)),
        "INSUFFICIENT_BALANCE",
        pit,
    )
    pit.exchange.place(pit.a, NewOrder(symbol="XYZ/USD", side="buy", price=1, lots=500))
    assert pit.exchange.margin(pit.a, "USD").available == 0
    pit.mark(95)  # the loss meets what is free; the spot order ends before the position is touched
    assert pit.held(pit.a) is not None and pit.a.balance("USD").locked == 0


def test_a_seeded_market_of_contracts() -> None:
    flow = FlowConfig(
        mid=Decimal(100), spread_bps=200, depth=Decimal(20), levels=5, maker_rate=1.0, taker_rate=1.0,
        taker_size=Decimal(5), volatility_bps=400,
    )  # fmt: skip
    exchange = Exchange([contract()], now=0, seed=3, flows={SYMBOL: flow})
    account = exchange.open_account("a", {"USD": 100})
    exchange.set_leverage(account, SYMBOL, 50)
    exchange.place(account, NewOrder(symbol=SYMBOL, side="buy", type="market", lots=20))
    soonest = exchange.next_time()
    assert soonest is not None, "prices decide about a position"
    while (soonest := exchange.next_time()) is not None:
        exchange.advance(soonest)
        check(exchange, "a quote or a take")
    assert account.portfolio is not None and account.portfolio.position(SYMBOL, "net") is None, "it was liquidated"
    assert any(order[-1].terms and order[-1].terms.forced for order in account.orders.values())


def test_a_future_with_sessions() -> None:
    """A reduce-only order that waited for its session is cut to what is left of the position; contracts do not queue;
    the end of the instrument settles."""

    def at(day: int, hour: int) -> int:
        return int(datetime(2024, 3, day, hour, tzinfo=UTC).timestamp()) * 10**9

    future = contract(kind="future", expires=at(15, 20), calendar="XNYS")
    exchange = Exchange([future], now=at(12, 15), seed=1)
    a, b, c = (exchange.open_account(name, {"USD": 100_000}) for name in "abc")

    def limit(account: Account, side: str, price: int, lots: int, **more: Any) -> Order:
        return exchange.place(account, NewOrder(symbol=SYMBOL, side=side, price=price, lots=lots, **more))  # type: ignore[arg-type]

    limit(b, "sell", 100, 10)
    limit(a, "buy", 100, 10)
    resting = limit(a, "sell", 120, 10, reduce_only=True)
    exchange.advance(at(12, 21))
    assert exchange.state(SYMBOL) is TradingState.EXTENDED
    limit(c, "buy", 105, 6, extended=True)
    limit(a, "sell", 105, 6, extended=True)
    with pytest.raises(Reject, match="MARKET_CLOSED"):
        limit(c, "buy", 90, 1)
    exchange.advance(at(13, 15))
    check(exchange, "the next session")
    assert exchange.view(a).order(SYMBOL, order_id=resting.order_id).lots == 4
    limit(c, "buy", 120, 20)
    assert exchange.view(a).positions() == []
    exchange.publish(SYMBOL, index=110)
    exchange.advance(at(15, 21))
    check(exchange, "the end")
    assert [exchange.view(account).positions() for account in (b, c)] == [[], []]
    assert total(exchange, "USD") == 300_000
    with pytest.raises(Malformed):
        Exchange([contract()], now=0, seed=1).set_state(SYMBOL, TradingState.AUCTION)


@pytest.mark.parametrize("kind", ["oto", "otoco"])
@pytest.mark.parametrize(
    ("hedge", "wrong", "reason"),
    [
        (False, {"position_side": "long"}, "POSITION_SIDE"),
        (False, {"position_side": "sideways"}, "INVALID_ORDER"),
        (False, {"reduce_only": 7}, "INVALID_ORDER"),
        (True, {"position_side": None}, "POSITION_SIDE"),
        (True, {"position_side": "short", "reduce_only": True}, "REDUCE_ONLY"),
    ],
)
def test_a_held_order_fits_the_position_mode_like_any_other(
    kind: Any, hedge: bool, wrong: dict[str, Any], reason: str
) -> None:
    pit = Pit()
    side = {"position_side": "long"} if hedge else {}
    if hedge:
        pit.exchange.set_position_mode(pit.a, hedge=True)
    entry = NewOrder(symbol=SYMBOL, side="buy", price=90, lots=10, **side)  # type: ignore[arg-type]
    legs = [NewOrder(**({"symbol": SYMBOL, "side": "sell", "price": 120, "lots": 10} | side | wrong))]
    if kind == "otoco":
        stop = Trigger(kind="stop", price=80)
        legs.append(structs.replace(legs[0], type="market", price=None, trigger=stop))
    new = NewList(kind=kind, orders=(entry, *legs))
    refused(lambda: pit.exchange.place_list(pit.a, new), reason, pit)
    fits = [structs.replace(leg, reduce_only=False, position_side="long" if hedge else None) for leg in legs]
    pit.exchange.place_list(pit.a, NewList(kind=kind, orders=(entry, *fits)))


# ------------------------------------------------------------------ break-even
@pytest.mark.parametrize("sign", [1, -1])
def test_the_break_even_price_counts_what_was_gained(sign: int) -> None:
    """Binance: (cost - gained) / size. 10 at 100 and 10 at 120 cost 2,200; 5 were closed at 130 (a short: at 90): what
    is left breaks even at (2,200 - 650) / 15, with fees of 1 % and funding at another price."""
    pit = Pit(maker_fee=Decimal("0.01"), taker_fee=Decimal("0.01"), funding_interval=HOUR)
    pit.mark(110)
    for lots, value in ((10, 100), (10, 120), (-5, 130 if sign > 0 else 90)):
        sides = (pit.a, pit.b) if lots * sign > 0 else (pit.b, pit.a)
        pit.trade(*sides, value, abs(lots))
    held = pit.held(pit.a)
    assert held is not None and held.fees == 10 + 12 + (6 if sign > 0 else 4)
    closed = 650 if sign > 0 else 450
    assert break_even(pit.instrument, held) == Fraction(2_200 - closed, 15)
    assert entry_price(pit.instrument, held.lots, held.carried) == 110
    assert break_even(pit.instrument, held, costs=True) == Fraction(2_200 - closed + sign * held.fees, 15)
    pit.exchange.publish(SYMBOL, funding=Decimal("0.01"))
    pit.exchange.advance(HOUR)
    after = pit.held(pit.a)
    assert after is not None and after.funding == (-17 if sign > 0 else 16)
    paid = held.fees - after.funding
    assert break_even(pit.instrument, after, costs=True) == Fraction(2_200 - closed + sign * paid, 15)
    assert break_even(pit.instrument, after) == break_even(pit.instrument, held)


def test_the_break_even_price_of_an_inverse_contract_and_of_none() -> None:
    """100 USD each: 50 at 100 stand for 50 coins; a fee of 1 coin has to come in, too: 5,000 / 49."""
    inverse = contract(inverse=True, contract_size=Decimal(100))
    long = Position("a", SYMBOL, "net", lots=50, carried=50, margin=0, isolated=False, leverage=1, fees=1)
    assert break_even(inverse, long) == 100 and break_even(inverse, long, costs=True) == Fraction(5_000, 49)
    short = structs.replace(long, lots=-50, carried=-50)
    assert break_even(inverse, short) == 100 and break_even(inverse, short, costs=True) == Fraction(5_000, 51)
    assert break_even(inverse, structs.replace(long, lots=0, carried=0)) is None
    free = structs.replace(long, lots=1, carried=-100, realised=100)
    assert break_even(contract(), free) is None, "it has cost nothing"
    assert break_even(contract(), structs.replace(free, realised=150)) is None, "no price is low enough to lose"
