"""Order lists: OCO, OTO, OTOCO, bracket; partial fills, money locked once, list events."""

from __future__ import annotations

from typing import Any

import pytest

from outtrade_mocks.core import ListChange, NewList, NewOrder, OrderChange, Practice, Reject, RejectReason, Trigger

SYMBOL = "ABC/USD"


def rejected(call: Any, *args: Any, **more: Any) -> RejectReason:
    with pytest.raises(Reject) as caught:
        call(*args, **more)
    return caught.value.reason


def limit(side: str, price: int, lots: int, **more: Any) -> NewOrder:
    return NewOrder(symbol=SYMBOL, side=side, price=price, lots=lots, **more)  # type: ignore[arg-type]


def stop(side: str, price: int, lots: int, *, at: int | None = None, kind: str = "stop", **more: Any) -> NewOrder:
    return NewOrder(
        symbol=SYMBOL, side=side, type="market" if at is None else "limit", price=at, lots=lots,
        trigger=Trigger(kind=kind, price=price), **more,
    )  # type: ignore[arg-type]  # fmt: skip


def states(group: Any) -> list[str]:
    return [order.status.value for order in group.orders]


def told(x: Any) -> list[tuple[str, tuple[int, ...]]]:
    return [(e.status, e.order_ids) for e in x.events if isinstance(e, ListChange)]


@pytest.fixture
def x(bench: Any) -> Any:
    made = bench()
    made.c = made.exchange.open_account("c", {"ABC": 10**6, "USD": 10**9})
    made.limit(made.c, "sell", 100, 1)
    made.limit(made.b, "buy", 100, 1)
    del made.events[:]
    return made


def place(x: Any, kind: str, *orders: NewOrder, **more: Any) -> Any:
    return x.exchange.place_list(x.a, NewList(kind=kind, orders=orders, **more))  # type: ignore[arg-type]


# ----------------------------------------------------------------------- OCO
def test_an_oco_locks_once_and_the_filled_limit_ends_the_stop(x: Any) -> None:
    """Binance spot, New Order list - OCO: one executed, the other is cancelled automatically."""
    group = place(x, "oco", limit("sell", 110, 10), stop("sell", 90, 10))
    assert states(group) == ["open", "untriggered"]
    assert x.balances(x.a)["ABC"] == (990, 10)
    assert [order.terms.list_id for order in group.orders] == [1, 1]
    x.market(x.b, "buy", 10)
    assert states(group) == ["filled", "expired"]
    assert (group.orders[1].expired_by, group.status) == ("list", "done")
    assert x.balances(x.a)["ABC"] == (990, 0)
    assert told(x) == [("executing", (3, 4)), ("done", (3, 4))]


def test_the_triggered_stop_ends_the_limit_before_it_trades(x: Any) -> None:
    group = place(x, "oco", limit("sell", 110, 10), stop("sell", 90, 10))
    x.limit(x.b, "buy", 80, 20)
    x.limit(x.b, "buy", 90, 1)
    x.market(x.c, "sell", 1)
    assert states(group) == ["expired", "filled"]
    assert group.orders[1].quote_filled == 800
    assert x.balances(x.a)["ABC"] == (990, 0)
    whys = [(e.order.order_id, e.why) for e in x.events if isinstance(e, OrderChange) and e.order.account == "a"]
    assert whys[-4:] == [(4, "triggered"), (3, "expire"), (4, "working"), (4, "fill")]


def test_a_buy_oco_locks_for_the_dearer_leg(x: Any) -> None:
    place(x, "oco", limit("buy", 90, 10), stop("buy", 110, 10, at=115))
    assert x.balances(x.a)["USD"] == (100_000 - 1_150, 1_150)
    x.limit(x.c, "sell", 90, 4)
    assert x.balances(x.a)["USD"] == (100_000 - 360 - 540, 540)


def test_a_partial_fill_ends_the_other_or_reduces_it(x: Any) -> None:
    group = place(x, "oco", limit("sell", 110, 10), stop("sell", 90, 10))
    x.market(x.b, "buy", 4)
    assert states(group) == ["partially_filled", "expired"]  # Binance spot
    assert (group.status, x.balances(x.a)["ABC"]) == ("updated", (990, 6))
    x.exchange.cancel(x.a, SYMBOL, order_id=3)
    assert group.status == "done"

    # Alpaca, bracket orders: a partially filled take-profit adjusts the stop-loss to the remaining quantity
    group = place(x, "oco", limit("sell", 110, 10), stop("sell", 90, 10), partial="reduce")
    x.market(x.b, "buy", 4)
    assert states(group) == ["partially_filled", "untriggered"]
    assert [order.remaining for order in group.orders] == [6, 6]
    assert x.balances(x.a)["ABC"] == (986, 6)
    x.limit(x.b, "buy", 85, 10)
    x.limit(x.b, "buy", 90, 1)
    x.market(x.c, "sell", 1)
    assert states(group) == ["expired", "filled"]
    assert group.orders[1].filled == 6 and x.balances(x.a)["ABC"] == (986 - 6 + 6, 0)


def test_a_reduced_buy_oco_keeps_covering_the_dearer_leg(x: Any) -> None:
    group = place(x, "oco", limit("buy", 90, 10), stop("buy", 110, 10, at=115), partial="reduce")
    x.limit(x.c, "sell", 90, 4)
    assert [order.remaining for order in group.orders] == [6, 6]
    assert x.balances(x.a)["USD"] == (100_000 - 360 - 690, 690)


def test_cancelling_one_order_ends_the_list(x: Any) -> None:
    group = place(x, "oco", limit("sell", 110, 10, client_id="up"), stop("sell", 90, 10, client_id="down"))
    x.exchange.cancel(x.a, SYMBOL, client_id="down")
    assert states(group) == ["cancelled", "cancelled"] and group.status == "done"
    assert x.balances(x.a)["ABC"] == (1_000, 0)
    assert not x.a.working and not x.exchange._lists.open


def test_an_oco_of_two_trigger_orders(x: Any) -> None:
    group = place(x, "oco", stop("sell", 110, 5, kind="take_profit"), stop("sell", 90, 5))
    x.limit(x.b, "buy", 110, 9)
    x.market(x.c, "sell", 1)
    assert states(group) == ["filled", "expired"]


# ---------------------------------------------------------------- OTO, OTOCO
def test_an_oto_waits_for_a_complete_fill(x: Any) -> None:
    """Binance spot, New Order list - OTO: the pending order is placed when the working order is fully filled."""
    group = place(x, "oto", limit("buy", 95, 10), limit("sell", 120, 10))
    assert states(group) == ["open", "held"]
    assert x.balances(x.a) == {"ABC": (1_000, 0), "USD": (100_000 - 950, 950)}
    x.market(x.c, "sell", 4)
    assert states(group) == ["partially_filled", "held"]
    x.market(x.c, "sell", 6)
    assert states(group) == ["filled", "open"]
    assert x.exchange.depth(SYMBOL)[1] == [(120, 10)]
    assert told(x) == [("executing", (3, 4)), ("updated", (3, 4))]
    x.market(x.b, "buy", 10)
    assert group.status == "done"


def test_an_entry_that_fills_at_once_releases_at_once(x: Any) -> None:
    x.limit(x.c, "sell", 100, 10)
    group = place(x, "oto", NewOrder(symbol=SYMBOL, side="buy", type="market", lots=10), stop("sell", 90, 10))
    assert states(group) == ["filled", "untriggered"]


def test_an_entry_that_ends_early_takes_what_waits_with_it(x: Any) -> None:
    group = place(x, "oto", limit("buy", 95, 10), limit("sell", 120, 10))
    x.market(x.c, "sell", 4)
    x.exchange.cancel(x.a, SYMBOL, order_id=3)
    assert states(group) == ["cancelled", "cancelled"]
    x.exchange.practice = Practice(released_part=True)
    group = place(x, "oto", limit("buy", 95, 10), limit("sell", 120, 10))
    x.market(x.c, "sell", 4)
    x.exchange.cancel(x.a, SYMBOL, order_id=group.orders[0].order_id)
    assert states(group) == ["cancelled", "open"]
    assert (group.orders[1].lots, x.balances(x.a)["ABC"]) == (4, (1_004, 4))


@pytest.mark.parametrize("partial", ["cancel", "reduce"])
def test_a_bracket_from_entry_to_exit(x: Any, partial: str) -> None:
    """Alpaca's bracket: a take-profit and a stop-loss that wait for the entry to be completely filled."""
    group = place(x, "bracket", limit("buy", 95, 10), limit("sell", 120, 10), stop("sell", 90, 10), partial=partial)
    assert states(group) == ["open", "held", "held"]
    x.market(x.c, "sell", 10)
    assert states(group) == ["filled", "open", "untriggered"]
    assert x.balances(x.a)["ABC"] == (1_000, 10)
    x.market(x.b, "buy", 3)
    assert states(group)[2] == ("expired" if partial == "cancel" else "untriggered")
    x.market(x.b, "buy", 7)
    assert states(group) == ["filled", "filled", "expired"] and group.status == "done"
    assert x.balances(x.a)["ABC"] == (1_000, 0)


def test_a_released_order_without_money_is_rejected_and_the_list_ends(x: Any) -> None:
    group = place(x, "otoco", limit("buy", 95, 10), limit("sell", 120, 1_011), stop("sell", 90, 1_011))
    x.market(x.c, "sell", 10)
    assert states(group) == ["filled", "expired", "rejected"]
    assert group.orders[2].expired_by == "funds" and group.status == "done"


def test_a_released_limit_that_crosses_trades_and_its_stop_is_treated_as_after_any_fill(x: Any) -> None:
    group = place(x, "bracket", limit("buy", 95, 10), limit("sell", 120, 10), stop("sell", 90, 10), partial="reduce")
    x.limit(x.b, "buy", 94, 5)
    x.exchange.cancel(x.b, SYMBOL, order_id=6)
    x.limit(x.b, "buy", 93, 1)
    x.market(x.c, "sell", 10)
    assert states(group) == ["filled", "open", "untriggered"]
    group = place(x, "otoco", limit("sell", 125, 4), limit("buy", 126, 4), stop("buy", 130, 4), partial="reduce")
    x.limit(x.c, "sell", 126, 1)
    x.limit(x.c, "sell", 127, 9)
    x.market(x.b, "buy", 14)  # the 10 at 120, the entry at 125; the released buy at 126 meets the one lot there
    assert states(group) == ["filled", "partially_filled", "untriggered"]
    assert [order.remaining for order in group.orders[1:]] == [3, 3]
    assert x.balances(x.a)["USD"][1] == 130 * 3


# ------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("kind", "orders", "reason"),
    [
        ("oco", (limit("sell", 110, 10), stop("buy", 90, 10)), "LIST_SHAPE"),
        ("oco", (limit("sell", 110, 10), stop("sell", 90, 9)), "LIST_SHAPE"),
        ("oco", (limit("sell", 110, 10), limit("sell", 90, 10)), "LIST_SHAPE"),
        ("oco", (limit("sell", 85, 10), stop("sell", 90, 10)), "LIST_SHAPE"),
        ("oco", (limit("sell", 110, 10), stop("sell", 100, 10)), "TRIGGER_IMMEDIATE"),
        ("oco", (limit("sell", 110, 5_000), stop("sell", 90, 5_000)), "INSUFFICIENT_BALANCE"),
        ("oco", (limit("sell", 110, 10, client_id="q"), stop("sell", 90, 10, client_id="q")), "DUPLICATE_CLIENT_ID"),
        ("oco", (limit("sell", 110, 10, client_id="auto-4"), stop("sell", 90, 10)), "DUPLICATE_CLIENT_ID"),
        ("oco", (limit("sell", 110, 10),), "INVALID_ORDER"),
        ("oco", (limit("sell", 110, 10), None), "INVALID_ORDER"),
        ("oco", (limit("sell", 110, 10, tif="IOC"), stop("sell", 90, 10)), "LIST_SHAPE"),
        ("xyz", (limit("sell", 110, 10), stop("sell", 90, 10)), "INVALID_ORDER"),
        ("oto", (stop("buy", 110, 10), limit("sell", 120, 10)), "LIST_SHAPE"),
        ("oto", (limit("buy", 95, 10), limit("sell", 0, 10)), "PRICE_FILTER"),
        ("oto", (limit("buy", 95, 10), limit("sell", 120, 0)), "LOT_SIZE"),
        ("bracket", (limit("buy", 95, 10), limit("buy", 80, 10), stop("buy", 110, 10)), "LIST_SHAPE"),
        ("bracket", (limit("buy", 95, 10), limit("sell", 120, 5), stop("sell", 90, 5)), "LIST_SHAPE"),
    ],
)  # fmt: skip
def test_a_list_that_is_refused_changes_nothing(x: Any, kind: str, orders: Any, reason: str) -> None:
    before = (x.balances(x.a), x.exchange.depth(SYMBOL), dict(x.a.working))
    assert rejected(place, x, kind, *orders) == reason
    assert (x.balances(x.a), x.exchange.depth(SYMBOL), dict(x.a.working)) == before
    assert x.moved == [] and x.limit(x.a, "buy", 50, 1).order_id == 3


def test_the_limit_of_an_oco_must_not_trade(x: Any) -> None:
    x.limit(x.b, "buy", 99, 5)
    assert rejected(place, x, "oco", limit("sell", 99, 10), stop("sell", 90, 10)) is RejectReason.WOULD_TAKE


def test_the_number_of_open_orders_counts_every_order_of_a_list(bench: Any) -> None:
    x = bench(max_orders=2)
    x.limit(x.b, "buy", 90, 1)
    bracket = (limit("buy", 95, 10), limit("sell", 120, 10), stop("sell", 90, 10))
    assert rejected(place, x, "bracket", *bracket) is RejectReason.MAX_NUM_ORDERS
    assert states(place(x, "oco", limit("sell", 110, 10), stop("sell", 80, 10))) == ["open", "untriggered"]
    assert rejected(x.limit, x.a, "buy", 50, 1) is RejectReason.MAX_NUM_ORDERS


@pytest.mark.parametrize("wrong", [{"reduce_only": True}, {"position_side": "long"}, {"close_position": 5}])
def test_a_held_order_of_a_spot_market_closes_no_position(x: Any, wrong: dict[str, Any]) -> None:
    held = limit("sell", 110, 10, **wrong)
    assert rejected(place, x, "oto", limit("buy", 90, 10), held) == "INVALID_ORDER"
    assert x.exchange.view(x.a).open_orders() == []
