"""Amends of orders that wait and of orders in lists, and venues where a new order takes the old one's place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from small_market import instrument

from outtrade_mocks.core import (
    BalanceChange,
    Exchange,
    FlowConfig,
    ListChange,
    NewList,
    NewOrder,
    OrderChange,
    Practice,
    Reject,
    RejectReason,
    Trigger,
)
from outtrade_mocks.core.invariants import check
from outtrade_mocks.core.state import restore, snapshot

SYMBOL = "ABC/USD"


def rejected(call: Any, *args: Any, **more: Any) -> RejectReason:
    with pytest.raises(Reject) as caught:
        call(*args, **more)
    return caught.value.reason


def limit(side: Any, price: int, lots: int, **more: Any) -> NewOrder:
    return NewOrder(symbol=SYMBOL, side=side, price=price, lots=lots, **more)


def stop(side: Any, lots: int, price: int | None = None, at: int | None = None, **trigger: Any) -> NewOrder:
    return NewOrder(
        symbol=SYMBOL, side=side, type="market" if at is None else "limit", price=at, lots=lots,
        trigger=Trigger(price=price, **trigger),
    )  # fmt: skip


@pytest.fixture
def x(bench: Any) -> Any:
    made = bench()
    made.exchange.practice = Practice(amend="change")
    made.c = made.exchange.open_account("c", {"ABC": 10**6, "USD": 10**12})
    made.d = made.exchange.open_account("d", {"ABC": 10**6, "USD": 10**12})
    trade(made, 100)
    made.events.clear()

    def amend(order: Any, **to: Any) -> Any:
        done = made.exchange.amend(made.a, SYMBOL, order_id=order.order_id, **to)
        check(made.exchange, f"amend to {to}")
        return done

    made.amend = amend
    return made


def trade(x: Any, price: int, lots: int = 1) -> None:
    x.limit(x.c, "sell", price, lots)
    x.limit(x.d, "buy", price, lots)


def now(x: Any, order: Any) -> Any:
    return x.a.orders[order.order_id][-1]


# ------------------------------------------------------------- before a trigger
def test_a_waiting_orders_trigger_limit_and_quantity(x: Any) -> None:
    """Bybit, amend order: triggerPrice, price, qty of a conditional order."""
    order = x.exchange.place(x.a, stop("buy", 5, 110, at=112))
    assert x.balances(x.a)["USD"][1] == 5 * 112
    done = x.amend(order, trigger_price=105, price=107, lots=4, new_client_id="n")
    assert (done.status, done.lots, done.price, done.terms.trigger.price) == ("untriggered", 4, 107, 105)
    assert x.balances(x.a)["USD"][1] == 4 * 107 and x.a.working == {"n": order.order_id}
    x.limit(x.c, "sell", 106, 10)
    trade(x, 104)
    assert now(x, order).status == "untriggered"
    x.limit(x.d, "buy", 106, 1)  # beyond 105: it triggers, and takes from the same offer
    assert (now(x, order).status, now(x, order).terms.triggered) == ("filled", 106)
    assert [e.why for e in x.events if isinstance(e, OrderChange) and e.order.order_id == order.order_id] == [
        "accepted", "amend", "triggered", "working", "fill",
    ]  # fmt: skip


def test_a_trigger_may_not_be_moved_to_where_it_is_reached(x: Any) -> None:
    order = x.exchange.place(x.a, stop("sell", 5, 90))
    assert rejected(x.amend, order, trigger_price=100) is RejectReason.TRIGGER_IMMEDIATE
    x.exchange.practice = Practice(amend="change", immediate_trigger="trigger")
    x.limit(x.c, "buy", 99, 5)
    assert x.amend(order, trigger_price=100).status == "filled"


def test_what_a_waiting_order_has_not_got_cannot_be_amended(x: Any) -> None:
    fixed, trailing = (x.exchange.place(x.a, new) for new in (stop("sell", 5, 90), stop("sell", 5, trail_ticks=5)))
    plain = x.limit(x.a, "sell", 120, 5)
    for order, to in (
        (fixed, {"trail_ticks": 3}), (fixed, {"price": 95}), (trailing, {"trail_bps": 3}),
        (trailing, {"trigger_price": 5}), (plain, {"trigger_price": 5}),
    ):  # fmt: skip
        assert rejected(x.amend, order, **to) is RejectReason.AMEND_NOT_ALLOWED
    assert rejected(x.amend, fixed, trigger_price=0) is RejectReason.PRICE_FILTER
    assert rejected(x.amend, trailing, trail_ticks=-1) is RejectReason.PRICE_FILTER
    assert rejected(x.amend, fixed, trigger_price=90, lots=5) is RejectReason.AMEND_NO_CHANGE
    assert rejected(x.amend, fixed, lots=1_001) is RejectReason.INSUFFICIENT_BALANCE
    x.exchange.practice = Practice(amend="change", amend_waiting="fixed")  # OKX
    assert rejected(x.amend, trailing, trail_ticks=3) is RejectReason.AMEND_NOT_ALLOWED
    assert x.amend(fixed, trigger_price=80).terms.trigger.price == 80
    x.exchange.practice = Practice(amend="requeue", amend_waiting="no")  # Binance USD-M
    assert rejected(x.amend, fixed, trigger_price=85) is RejectReason.AMEND_NOT_ALLOWED
    x.exchange.practice = Practice()  # Binance spot: quantity down
    assert rejected(x.amend, fixed, trigger_price=85) is RejectReason.AMEND_PRICE
    assert x.amend(fixed, lots=3).lots == 3 and x.balances(x.a)["ABC"][1] == 13


def test_a_trailing_distance_changes_and_the_best_price_stays(x: Any) -> None:
    order = x.exchange.place(x.a, stop("sell", 5, trail_ticks=20))
    trade(x, 110)
    x.amend(order, trail_ticks=6)
    other = restore(snapshot(x.exchange))  # what was amended is in the snapshot
    trade(x, 105)
    assert now(x, order).status == "untriggered"
    x.limit(x.c, "buy", 90, 9)
    trade(x, 104)
    assert now(x, order).status == "filled" and now(x, order).terms.triggered == 104
    other.place(other.accounts["c"], limit("buy", 104, 9))
    other.place(other.accounts["d"], limit("sell", 104, 1))
    assert other.accounts["a"].orders[order.order_id][-1].terms.triggered == 104


def test_an_activation_changes_until_it_is_reached(x: Any) -> None:
    order = x.exchange.place(x.a, stop("sell", 5, 120, kind="take_profit", trail_ticks=5))
    x.amend(order, trigger_price=110)
    trade(x, 111)
    assert rejected(x.amend, order, trigger_price=130) is RejectReason.AMEND_NOT_ALLOWED
    trade(x, 106)
    assert now(x, order).terms.triggered == 106


def test_reserving_at_the_trigger_locks_nothing_before_and_after(x: Any) -> None:
    x.exchange.practice = Practice(amend="change", reserve="trigger")
    order = x.exchange.place(x.a, stop("buy", 5, 110))
    x.amend(order, lots=9_999, trigger_price=120)
    assert x.balances(x.a)["USD"][1] == 0


# --------------------------------------------------------------------- in a list
def place(x: Any, kind: Any, *orders: NewOrder, partial: Any = None) -> Any:
    return x.exchange.place_list(x.a, NewList(kind=kind, orders=orders, partial=partial))


def test_amending_one_of_a_pair_affects_both(x: Any) -> None:
    """Binance spot, keepPriority FAQ: OCO pairs have the same quantity, amending either order affects both."""
    x.exchange.practice = Practice()
    made = place(x, "oco", limit("sell", 110, 10), stop("sell", 10, 90))
    queue = x.limit(x.c, "sell", 110, 3)
    tp, sl = made.orders
    x.amend(sl, lots=6)
    assert [o.lots for o in made.orders] == [6, 6] and x.balances(x.a)["ABC"] == (994, 6)
    x.amend(tp, lots=4)
    assert [o.lots for o in made.orders] == [4, 4] and x.balances(x.a)["ABC"] == (996, 4)
    x.limit(x.d, "buy", 110, 4)  # the limit order has kept its place before the other one
    assert now(x, tp).status == "filled" and x.c.orders[queue.order_id][-1].filled == 0
    assert now(x, sl).expired_by == "list" and x.balances(x.a)["ABC"] == (996, 0)
    assert [e.status for e in x.events if isinstance(e, ListChange)] == ["executing", "updated", "updated", "done"]


def test_a_pair_grows_where_the_venue_lets_it(x: Any) -> None:
    made = place(x, "oco", limit("buy", 90, 10), stop("buy", 10, 110, at=115))
    other = x.limit(x.c, "buy", 90, 5)
    x.amend(made.orders[1], lots=12)
    assert [o.lots for o in made.orders] == [12, 12] and x.balances(x.a)["USD"][1] == 12 * 115
    x.amend(made.orders[0], price=89)
    assert x.balances(x.a)["USD"][1] == 12 * 115, "the other one is the dearer"
    x.amend(made.orders[0], price=90)
    x.limit(x.d, "sell", 90, 5)  # who grows or moves queues anew
    assert x.c.orders[other.order_id][-1].status == "filled" and made.orders[0].filled == 0
    assert rejected(x.amend, made.orders[0], lots=10**6) is RejectReason.INSUFFICIENT_BALANCE
    assert rejected(x.amend, made.orders[0], price=111) is RejectReason.LIST_SHAPE
    assert rejected(x.amend, made.orders[1], trigger_price=89) in ("LIST_SHAPE", "TRIGGER_IMMEDIATE")
    x.amend(made.orders[1], trigger_price=105, price=108)
    assert x.balances(x.a)["USD"][1] == 12 * 108
    x.exchange.practice = Practice(amend="change", amend_listed=False)
    assert rejected(x.amend, made.orders[0], lots=3) is RejectReason.AMEND_NOT_ALLOWED


def test_a_take_profit_leg_is_moved_to_a_marketable_price(x: Any) -> None:
    """Alpaca's staff (forum, closing positions of bracket orders): replace the take profit's limit with a marketable
    price; it executes at once, and the stop loss ends."""
    made = place(x, "bracket", limit("buy", 95, 10), limit("sell", 120, 10), stop("sell", 10, 80))
    x.limit(x.c, "sell", 95, 10)
    assert [o.status.value for o in made.orders] == ["filled", "open", "untriggered"]
    x.limit(x.c, "buy", 94, 20)
    assert x.amend(made.orders[1], price=94).status == "filled"
    assert [o.status.value for o in made.orders] == ["filled", "filled", "expired"]
    assert x.balances(x.a) == {"ABC": (1_000, 0), "USD": (100_000 - 950 + 940, 0)}


def test_held_legs_change_and_a_brackets_legs_go_with_its_entry(x: Any) -> None:
    made = place(x, "bracket", limit("buy", 90, 10), limit("sell", 120, 10), stop("sell", 10, 80))
    entry, tp, sl = made.orders
    x.amend(sl, trigger_price=85)
    x.amend(tp, price=130)
    assert rejected(x.amend, tp, price=80) is RejectReason.LIST_SHAPE
    assert rejected(x.amend, tp, lots=11) is RejectReason.LIST_SHAPE
    x.amend(entry, lots=12)
    assert [o.lots for o in made.orders] == [12, 12, 12] and x.balances(x.a)["USD"][1] == 12 * 90
    x.amend(sl, lots=8)
    assert [o.lots for o in made.orders] == [12, 8, 8]
    x.limit(x.c, "sell", 90, 12)
    assert [o.status.value for o in made.orders] == ["filled", "open", "untriggered"]
    assert x.exchange.depth(SYMBOL)[1] == [(130, 8)]
    trade(x, 85)
    assert now(x, sl).terms.triggered == 85


def test_the_orders_of_an_oto_are_amended_individually(x: Any) -> None:
    """Binance spot, keepPriority FAQ: "For OTO orders, the working and pending orders can be amended individually"."""
    x.exchange.practice = Practice()
    made = place(x, "oto", limit("buy", 95, 10), limit("sell", 120, 10))
    x.amend(made.orders[0], lots=6)
    x.amend(made.orders[1], lots=9)
    assert [o.lots for o in made.orders] == [6, 9]


# ------------------------------------------------------------ a new order instead
def test_a_new_order_takes_the_old_ones_place(x: Any) -> None:
    """Alpaca, PATCH order: the old order is replaced and names replaced_by, the new one replaces; Kraken, edit_order:
    executions stay with the original."""
    x.exchange.practice = Practice(amend="replace")
    old = x.limit(x.a, "sell", 110, 10, client_id="k", label="l", self_trade="decrement")
    x.limit(x.d, "buy", 110, 4)
    x.events.clear()
    new = x.amend(old, price=112, lots=12, new_client_id="k2")
    gone = now(x, old)
    assert (gone.status, gone.filled, gone.lots, gone.terms.replaced_by) == ("replaced", 4, 10, new.order_id)
    assert (new.status, new.lots, new.price, new.terms.replaces) == ("open", 8, 112, old.order_id)
    assert (new.client_id, new.label, new.terms.self_trade, gone.client_id) == ("k2", "l", "decrement", "k")
    assert [(e.why, e.order.order_id) for e in x.events if isinstance(e, OrderChange)] == [
        ("replaced", old.order_id), ("accepted", new.order_id),
    ]  # fmt: skip
    assert x.a.working == {"k2": new.order_id} and x.balances(x.a)["ABC"] == (988, 8)
    assert rejected(x.amend, old, price=113) is RejectReason.UNKNOWN_ORDER
    again = x.amend(new, lots=6)
    assert again.client_id not in ("k", "k2") and again.terms.replaces == new.order_id
    assert len([e for e in x.events if isinstance(e, BalanceChange)]) == 2
    assert restore(snapshot(x.exchange)).accounts["a"].orders[old.order_id][-1] == gone


def test_a_replaced_leg_keeps_its_place_in_the_list(x: Any) -> None:
    x.exchange.practice = Practice(amend="replace")
    made = place(x, "bracket", limit("buy", 95, 10), limit("sell", 120, 10), stop("sell", 10, 80))
    old = made.orders[2]
    held = x.amend(old, trigger_price=85)
    assert made.orders[2].order_id == held.order_id and held.status == "held" and now(x, old).status == "replaced"
    x.limit(x.c, "sell", 95, 10)
    new = x.amend(held, trigger_price=90)
    assert (new.status, new.terms.list_id) == ("untriggered", made.list_id)
    x.limit(x.c, "buy", 80, 20)
    trade(x, 90)
    assert [o.status.value for o in made.orders] == ["filled", "expired", "filled"]
    assert x.exchange._lists.open == {} and x.balances(x.a)["ABC"] == (1_000, 0)


def test_a_replaced_entry_releases_its_legs_when_the_new_one_is_filled(x: Any) -> None:
    x.exchange.practice = Practice(amend="replace")
    made = place(x, "bracket", limit("buy", 90, 10), limit("sell", 120, 10), stop("sell", 10, 80))
    x.limit(x.c, "sell", 90, 4)
    new = x.amend(made.orders[0], price=92)
    assert (new.lots, now(x, made.orders[0]).order_id) == (6, new.order_id)
    x.limit(x.c, "sell", 92, 6)
    assert [o.status.value for o in made.orders] == ["filled", "open", "untriggered"]
    assert [o.lots for o in made.orders[1:]] == [10, 10] and x.balances(x.a)["ABC"] == (1_000, 10)


def test_a_replacement_that_triggers_or_trades_at_once(x: Any) -> None:
    x.exchange.practice = Practice(amend="replace", immediate_trigger="trigger")
    x.limit(x.c, "buy", 99, 20)
    waits, rests = x.exchange.place(x.a, stop("sell", 5, 90)), x.limit(x.a, "sell", 110, 5)
    assert x.amend(waits, trigger_price=100).status == "filled"
    assert x.amend(rests, price=98).status == "filled"


def test_the_market_that_comes_back_may_fill_a_listed_order(bench: Any) -> None:
    """A fill by the quotes with which a halted market resumes is followed up like any other."""
    flow = FlowConfig(
        mid=Decimal(100), spread_bps=150, depth=Decimal(60), levels=5, volatility_bps=900, taker_size=Decimal(5)
    )
    exchange = Exchange([bench().exchange.instruments[SYMBOL]], now=0, seed=8, flows={SYMBOL: flow})
    account = exchange.open_account("a", {"ABC": 1_000, "USD": 100_000})
    second = 10**9
    for start in range(40):
        exchange.set_open(SYMBOL, True)
        exchange.advance((start * 60 + 1) * second)
        bid = exchange.depth(SYMBOL)[0][0][0]
        orders = (limit("sell", bid + 2, 5), limit("sell", bid + 9, 5))
        made = exchange.place_list(account, NewList(kind="oto", orders=orders))
        exchange.set_open(SYMBOL, False)
        exchange.advance((start * 60 + 50) * second)
        exchange.set_open(SYMBOL, True)
        check(exchange, "resuming")
        if made.orders[0].status == "filled":
            assert made.orders[1].status != "held"
            return
        exchange.cancel_all(account, SYMBOL)
    raise AssertionError("no market came back beyond the order")


# ------------------------------------------------------------------ what is looked at
def test_an_amend_meets_the_book_as_it_is_now() -> None:
    """Also where nobody has looked at it for long."""
    filled = set()
    for seed in range(12):
        ends = []
        for looks in (False, True):
            config = FlowConfig(
                mid=Decimal(1_000), depth=Decimal(50), levels=3, taker_size=Decimal(5), volatility_bps=100, maker_rate=1
            )
            rules = instrument()
            exchange = Exchange([rules], now=0, seed=seed, flows={SYMBOL: config}, practice=Practice(amend="change"))
            account = exchange.open_account("a", {"USD": 10**6})
            order = exchange.place(account, limit("buy", 100, 10))
            exchange.advance(300 * 10**9)
            if looks:
                exchange.depth(SYMBOL)
            ends.append(exchange.amend(account, SYMBOL, order_id=order.order_id, price=1_000))
        assert ends[0] == ends[1]
        filled.add(ends[0].status)
    assert filled == {"filled", "open"}


@pytest.mark.parametrize("kind", ["alone", "pair"])
def test_a_market_orders_quantity_stays_within_its_own_bounds(bench: Any, kind: str) -> None:
    x = bench(market_max=Decimal(20))
    x.exchange.practice = Practice(amend="change")
    x.limit(x.b, "sell", 100, 1)
    x.market(x.a, "buy", 1)
    waits = stop("sell", 10, 90)
    if kind == "alone":
        order = x.exchange.place(x.a, waits)
    else:
        order = x.exchange.place_list(x.a, NewList(kind="oco", orders=(limit("sell", 110, 10), waits))).orders[0]
    assert rejected(x.exchange.amend, x.a, SYMBOL, order_id=order.order_id, lots=21) == "MARKET_LOT_SIZE"
    x.exchange.amend(x.a, SYMBOL, order_id=order.order_id, lots=20)
    check(x.exchange, "an amend to the most")


def test_an_order_may_keep_its_name(x: Any) -> None:
    order = x.exchange.place(x.a, limit("buy", 90, 10, client_id="mine"))
    assert x.amend(order, lots=9, new_client_id="mine").client_id == "mine"


def test_less_at_another_price_is_no_reduction(x: Any) -> None:
    order = x.limit(x.a, "buy", 90, 10)
    x.exchange.set_open(SYMBOL, False)
    assert rejected(x.amend, order, lots=9, price=89) == "MARKET_CLOSED"
    assert x.amend(order, lots=9).lots == 9


def test_one_lot_more_is_too_much_where_the_position_is_full(bench: Any) -> None:
    x = bench(max_position=Decimal(1_010))
    x.exchange.practice = Practice(amend="change")
    order = x.limit(x.a, "buy", 90, 10)
    assert rejected(x.exchange.amend, x.a, SYMBOL, order_id=order.order_id, lots=11) == "MAX_POSITION"
    x.exchange.amend(x.a, SYMBOL, order_id=order.order_id, lots=10, price=91)


def test_a_leg_that_is_released_may_outgrow_its_entry(x: Any) -> None:
    group = place(x, "bracket", limit("buy", 99, 10), limit("sell", 110, 10), stop("sell", 10, 90))
    leg = group.orders[1]
    assert rejected(x.amend, leg, lots=12) == "LIST_SHAPE"
    x.limit(x.c, "sell", 99, 10)
    assert x.amend(leg, lots=12).lots == 12
