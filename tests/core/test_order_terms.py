"""GTD and DAY, icebergs, self-trade modes, post-only by venue, amend by venue, countdown, batches, cancel/replace."""

from __future__ import annotations

from typing import Any

import pytest

from outtrade_mocks.core import CountdownChange, Fill, NewOrder, OrderChange, Practice, Reject, RejectReason, Trigger

SYMBOL = "ABC/USD"


def rejected(call: Any, *args: Any, **more: Any) -> RejectReason:
    with pytest.raises(Reject) as caught:
        call(*args, **more)
    return caught.value.reason


def now(account: Any, order: Any) -> Any:
    return account.orders[order.order_id][-1]


# ------------------------------------------------------------------ GTD, DAY
@pytest.mark.parametrize(("tif", "by"), [("GTD", "gtd"), ("DAY", "day")])
def test_an_order_with_an_end_expires_then(bench: Any, tif: str, by: str) -> None:
    x = bench()
    order = x.at(5).limit(x.a, "sell", 100, 5, tif=tif, expires=100)
    x.at(50).market(x.b, "buy", 2)
    assert x.exchange.next_time() == 100
    x.at(99)
    assert now(x.a, order).status == "partially_filled"
    x.at(200)
    done = now(x.a, order)
    assert (done.status, done.expired_by, done.updated, done.filled) == ("expired", by, 100, 2)
    assert x.balances(x.a)["ABC"] == (998, 0)
    assert [e.cause for e in x.events if isinstance(e, OrderChange) and e.why == "expire"] == ["time"]
    assert x.exchange.next_time() is None


def test_an_order_that_is_over_has_no_end_to_come(bench: Any) -> None:
    x = bench()
    order = x.limit(x.a, "sell", 100, 5, tif="GTD", expires=100)
    x.exchange.cancel(x.a, SYMBOL, order_id=order.order_id)
    assert x.exchange.next_time() is None
    x.at(150)
    assert now(x.a, order).status == "cancelled"


def test_a_trigger_order_expires_while_it_waits(bench: Any) -> None:
    x = bench()
    new = NewOrder(
        symbol=SYMBOL, side="buy", type="market", lots=5, tif="GTD", expires=10, trigger=Trigger(price=110)
    )  # fmt: skip
    order = x.exchange.place(x.a, new)
    assert x.balances(x.a)["USD"] == (99_450, 550)
    x.at(10)
    assert now(x.a, order).status == "expired" and x.balances(x.a)["USD"] == (100_000, 0)


def test_ends_that_are_none(bench: Any) -> None:
    x = bench().at(50)
    assert rejected(x.limit, x.a, "buy", 90, 1, tif="GTD", expires=50) is RejectReason.EXPIRY
    for more in ({"tif": "GTD"}, {"tif": "DAY", "expires": 60.5}, {"expires": 60}, {"tif": "IOC", "expires": 60}):
        assert rejected(x.limit, x.a, "buy", 90, 1, **more) is RejectReason.INVALID_ORDER
    assert rejected(x.market, x.a, "buy", 1, tif="GTD", expires=60) is RejectReason.INVALID_ORDER


# ------------------------------------------------------------------ icebergs
def test_an_iceberg_shows_a_part_and_queues_anew_for_each(bench: Any) -> None:
    x = bench()
    ice = x.limit(x.a, "sell", 100, 10, visible=4)
    behind = x.limit(x.a, "sell", 100, 3)
    assert x.exchange.depth(SYMBOL)[1] == [(100, 7)]
    assert x.balances(x.a)["ABC"] == (987, 13)
    x.market(x.b, "buy", 5)  # 4 of the iceberg, then one of the order behind it
    assert (now(x.a, ice).filled, now(x.a, behind).filled) == (4, 1)
    assert x.exchange.depth(SYMBOL)[1] == [(100, 6)]
    x.market(x.b, "buy", 4)  # the two left behind, then two of the second part
    assert (now(x.a, ice).filled, now(x.a, behind).filled) == (6, 3)
    x.market(x.b, "buy", 4)
    assert (now(x.a, ice).status, x.balances(x.a)["ABC"]) == ("filled", (987, 0))
    assert [f.lots for f in x.exchange.view(x.a).trades(order_id=ice.order_id)] == [4, 2, 2, 2]


def test_an_arriving_iceberg_trades_with_all_it_has(bench: Any) -> None:
    x = bench()
    x.limit(x.b, "buy", 100, 7)
    ice = x.limit(x.a, "sell", 100, 10, visible=2)
    assert (ice.filled, x.exchange.depth(SYMBOL)[1]) == (7, [(100, 2)])
    assert x.limit(x.b, "buy", 100, 3, tif="FOK").status == "filled"


def test_what_an_iceberg_hides_counts_for_fok_and_market_orders(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "sell", 100, 10, visible=1)
    x.exchange.deposit(x.b, "USD", 10**6)
    assert x.limit(x.b, "buy", 100, 6, tif="FOK").status == "filled"
    assert x.market(x.b, "buy", quote=400).status == "filled"


def test_an_amended_iceberg_loses_what_it_hides_first(bench: Any) -> None:
    x = bench()
    ice = x.limit(x.a, "sell", 100, 10, visible=4)
    x.exchange.amend(x.a, SYMBOL, order_id=ice.order_id, lots=5)
    assert x.exchange.depth(SYMBOL)[1] == [(100, 4)] and x.balances(x.a)["ABC"] == (995, 5)
    x.exchange.amend(x.a, SYMBOL, order_id=ice.order_id, lots=2)
    assert x.exchange.depth(SYMBOL)[1] == [(100, 2)] and x.balances(x.a)["ABC"] == (998, 2)


def test_icebergs_that_are_refused(bench: Any) -> None:
    x = bench()
    assert rejected(x.limit, x.a, "sell", 100, 22, visible=2) is RejectReason.ICEBERG_PARTS
    assert rejected(x.limit, x.a, "sell", 100, 5, visible=0) is RejectReason.LOT_SIZE
    assert rejected(x.limit, x.a, "sell", 100, 5, visible=6) is RejectReason.LOT_SIZE
    assert rejected(x.limit, x.a, "sell", 100, 5, visible=2, tif="IOC") is RejectReason.INVALID_ORDER
    assert rejected(x.market, x.a, "sell", 5, visible=2) is RejectReason.INVALID_ORDER


# ---------------------------------------------------------------- self-trade
@pytest.mark.parametrize(
    ("mode", "maker", "taker", "trades"),
    [
        ("none", ("partially_filled", 10, 4), ("filled", 4, 4), 2),
        ("expire_maker", ("expired", 10, 0), ("open", 4, 0), 0),
        ("expire_taker", ("open", 10, 0), ("expired", 4, 0), 0),
        ("expire_both", ("expired", 10, 0), ("expired", 4, 0), 0),
        ("decrement", ("open", 6, 0), ("expired", 4, 0), 0),
    ],
)
def test_self_trade_modes(bench: Any, mode: str, maker: Any, taker: Any, trades: int) -> None:
    """Binance spot, STP FAQ: the arriving order's mode decides."""
    x = bench()
    first = x.limit(x.a, "buy", 100, 10)
    second = x.limit(x.a, "sell", 100, 4, self_trade=mode)
    for order, expected in ((now(x.a, first), maker), (now(x.a, second), taker)):
        assert (order.status, order.lots, order.filled) == expected
    assert len([e for e in x.events if isinstance(e, Fill)]) == trades
    open_lots = sum(o.remaining for o in x.exchange.view(x.a).open_orders() if o.side == "buy")
    assert x.balances(x.a)["USD"][1] == 100 * open_lots


def test_decrement_goes_on_with_what_is_left_of_the_larger(bench: Any) -> None:
    x = bench()
    small, equal = x.limit(x.a, "buy", 101, 3), x.limit(x.a, "buy", 100, 4)
    x.limit(x.b, "buy", 99, 5)
    taker = x.limit(x.a, "sell", 99, 9, self_trade="decrement")
    assert (now(x.a, small).status, now(x.a, equal).status) == ("expired", "expired")
    assert (taker.status, taker.lots, taker.filled) == ("filled", 2, 2)


def test_the_venues_mode_where_the_order_names_none(bench: Any) -> None:
    x = bench()
    x.exchange.practice = Practice(self_trade="expire_taker")
    first = x.limit(x.a, "buy", 100, 10)
    assert x.limit(x.a, "sell", 100, 4).expired_by == "self_trade"
    assert x.limit(x.a, "sell", 100, 4, tif="FOK").expired_by == "fok"
    assert x.market(x.a, "sell", 4).expired_by == "self_trade"
    assert now(x.a, first).status == "open"
    assert rejected(x.limit, x.a, "sell", 100, 4, self_trade="x") is RejectReason.INVALID_ORDER


# ------------------------------------------------------------ post-only, amend
def test_a_post_only_order_is_taken_in_and_ended_where_the_venue_does_so(bench: Any) -> None:
    x = bench()
    x.exchange.practice = Practice(post_only="cancel")
    x.limit(x.a, "sell", 100, 5)
    order = x.limit(x.b, "buy", 100, 5, post_only=True)
    assert (order.status, order.expired_by, order.filled) == ("expired", "post_only", 0)
    assert x.balances(x.b)["USD"] == (100_000, 0)


def test_amend_price_and_quantity(bench: Any) -> None:
    x = bench()
    x.exchange.practice = Practice(amend="change")
    first, second = x.limit(x.a, "sell", 100, 5), x.limit(x.a, "sell", 100, 5)

    def amend(order: Any, **to: Any) -> Any:
        return x.exchange.amend(x.a, SYMBOL, order_id=order.order_id, **to)

    amend(first, lots=4)  # keeps its place
    x.market(x.b, "buy", 1)
    assert now(x.a, first).filled == 1
    amend(first, lots=9)  # loses it
    x.market(x.b, "buy", 1)
    assert (now(x.a, first).filled, now(x.a, second).filled) == (1, 1)
    assert x.balances(x.a)["ABC"] == (1_000 - 2 - 8 - 4, 12)
    amend(second, price=110, new_client_id="moved")
    assert x.exchange.depth(SYMBOL)[1] == [(100, 8), (110, 4)]
    assert x.a.working["moved"] == second.order_id
    x.limit(x.b, "buy", 90, 2)
    assert amend(second, price=90).filled == 3  # crosses: two trade, the rest rests
    assert x.exchange.depth(SYMBOL) == ([], [(90, 2), (100, 8)])
    assert rejected(amend, first, lots=1_100) is RejectReason.INSUFFICIENT_BALANCE
    assert rejected(amend, first, lots=9) is RejectReason.AMEND_NO_CHANGE
    assert rejected(amend, first, price=0) is RejectReason.PRICE_FILTER
    for wrong in ({"lots": 2.5}, {"price": "9"}, {"lots": True}, {"lots": 2, "new_client_id": 5}):
        assert rejected(amend, first, **wrong) is RejectReason.INVALID_ORDER


def test_amend_as_other_venues_do(bench: Any) -> None:
    x = bench()
    order = x.limit(x.a, "sell", 100, 5)
    behind = x.limit(x.a, "sell", 100, 5)
    assert rejected(x.exchange.amend, x.a, SYMBOL, order_id=1, price=99) is RejectReason.AMEND_PRICE
    x.exchange.practice = Practice(amend="requeue", amend_below_filled="cancel", amend_waiting="no")  # Binance USD-M
    x.exchange.amend(x.a, SYMBOL, order_id=order.order_id, lots=4)
    x.market(x.b, "buy", 6)
    assert (now(x.a, behind).status, now(x.a, order).filled) == ("filled", 1)
    assert x.exchange.amend(x.a, SYMBOL, order_id=order.order_id, lots=1).status == "cancelled"
    stop = NewOrder(symbol=SYMBOL, side="sell", type="market", lots=5, trigger=Trigger(price=50))
    waits = x.exchange.place(x.a, stop)
    amend = x.exchange.amend
    assert rejected(amend, x.a, SYMBOL, order_id=waits.order_id, lots=4) is RejectReason.AMEND_NOT_ALLOWED


# ------------------------------------------------------ countdown, cancel all
def test_a_countdown_cancels_everything_unless_it_is_renewed(bench: Any) -> None:
    """Binance USD-M countdownCancelAll: each call restarts it, 0 stops it."""
    x = bench().at(10)
    orders = [x.limit(x.a, "sell", price, 1) for price in (100, 101)]
    other = x.limit(x.b, "buy", 50, 1)
    assert x.exchange.countdown(x.a, 100) == 110
    x.at(60)
    assert x.exchange.countdown(x.a, 100) == 160
    x.at(159)
    assert x.exchange.next_time() == 160
    assert all(now(x.a, order).working for order in orders)
    x.at(500)
    assert [(now(x.a, o).status, now(x.a, o).updated) for o in orders] == [("cancelled", 160)] * 2
    assert now(x.b, other).working and x.exchange.next_time() is None
    assert {e.cause for e in x.events if isinstance(e, OrderChange) and e.why == "cancel"} == {"time"}
    told = [e for e in x.events if isinstance(e, CountdownChange)]
    assert [(e.why, e.due, e.time) for e in told] == [("set", 110, 10), ("set", 160, 60), ("fired", 0, 160)]
    first = next(e for e in x.events if isinstance(e, OrderChange) and e.why == "cancel")
    assert x.events.index(told[-1]) < x.events.index(first)
    x.limit(x.a, "sell", 100, 1)
    x.exchange.countdown(x.a, 10, SYMBOL)
    assert x.exchange.countdown(x.a, 0, SYMBOL) is None
    assert x.exchange.countdown(x.a, 0, SYMBOL) is None
    assert [(e.why, e.symbol) for e in x.events if isinstance(e, CountdownChange)][3:] == [
        ("set", SYMBOL),
        ("off", SYMBOL),
    ]
    x.at(1_000)
    assert len(x.a.working) == 1
    for wrong in (-1, 1.5, None, True):
        assert rejected(x.exchange.countdown, x.a, wrong) is RejectReason.INVALID_ORDER
    assert rejected(x.exchange.countdown, x.a, 5, "XYZ") is RejectReason.UNKNOWN_SYMBOL


def test_cancel_all_takes_those_that_wait_too(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "sell", 100, 1)
    x.exchange.place(x.a, NewOrder(symbol=SYMBOL, side="sell", type="market", lots=5, trigger=Trigger(price=50)))
    assert [o.status.value for o in x.exchange.cancel_all(x.a, None)] == ["cancelled", "cancelled"]
    assert x.balances(x.a)["ABC"] == (1_000, 0)
    assert rejected(x.exchange.cancel_all, x.a, None) is RejectReason.UNKNOWN_ORDER


# --------------------------------------------------------------- wrong values
WRONG: list[Any] = [None, "5", 5.0, True, [5], {}, float("nan")]


@pytest.mark.parametrize("field", ["price", "lots", "client_id", "symbol", "side", "type", "tif"])
@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_wrong_kinds_of_values_are_refused(bench: Any, field: str, value: Any) -> None:
    x = bench()
    fields: dict[str, Any] = {"symbol": SYMBOL, "side": "buy", "price": 90, "lots": 1} | {field: value}
    if field == "client_id" and value == "5":
        return
    assert rejected(x.exchange.place, x.a, NewOrder(**fields)) in ("INVALID_ORDER", "UNKNOWN_SYMBOL")
    assert x.moved == [] and not x.a.orders


@pytest.mark.parametrize("value", [0, -1, -(10**40), 10**40])
def test_extreme_numbers_are_refused(bench: Any, value: int) -> None:
    x = bench()
    for more in ({"price": value, "lots": 1}, {"price": 90, "lots": value}):
        assert rejected(x.exchange.place, x.a, NewOrder(symbol=SYMBOL, side="buy", **more)) in (
            "PRICE_FILTER", "LOT_SIZE", "INSUFFICIENT_BALANCE",
        )  # fmt: skip
    assert x.moved == [] and not x.a.orders


@pytest.mark.parametrize("value", WRONG[1:], ids=repr)
def test_wrong_ids_name_no_order(bench: Any, value: Any) -> None:
    x = bench()
    for _ in range(3):
        x.limit(x.a, "sell", 100, 1)
    for ids in ({"order_id": value}, {"client_id": value}):
        assert rejected(x.exchange.cancel, x.a, SYMBOL, **ids) is RejectReason.UNKNOWN_ORDER
    assert rejected(x.exchange.cancel, x.a, value, order_id=1) in ("UNKNOWN_SYMBOL", "UNKNOWN_ORDER")
