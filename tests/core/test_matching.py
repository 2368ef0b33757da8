"""Worked examples of matching: priority, order types, times in force, self-trade, balances, events."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from outtrade_mocks.core import BalanceChange, Fill, OrderChange, Reject, RejectReason

SYMBOL = "ABC/USD"


def rejected(call: Any, *args: Any, **more: Any) -> RejectReason:
    """The reason with which a call is refused."""
    with pytest.raises(Reject) as caught:
        call(*args, **more)
    return caught.value.reason


# ------------------------------------------------------------------ priority
def test_price_before_time_before_size(bench: Any) -> None:
    x = bench()
    late_best = x.at(1).limit(x.a, "sell", 102, 5)
    first = x.at(2).limit(x.a, "sell", 100, 5)
    second = x.at(3).limit(x.a, "sell", 100, 50)
    x.at(4).market(x.b, "buy", 12)
    assert [(f.order_id, f.price, f.lots) for f in x.exchange.view(x.a).trades()] == [
        (first.order_id, 100, 5),
        (second.order_id, 100, 7),
    ]
    x.market(x.b, "buy", 45)
    assert x.exchange.view(x.a).order(SYMBOL, order_id=late_best.order_id).filled == 2


def test_a_trade_happens_at_the_resting_price(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "buy", 100, 5)
    order = x.limit(x.b, "sell", 90, 5)
    assert (order.status, order.quote_filled) == ("filled", 500)


def test_several_levels_are_several_trades_with_their_own_fees(bench: Any) -> None:
    x = bench(maker_fee=Decimal("0.01"), taker_fee=Decimal("0.02"))
    for price in (100, 110, 120):
        x.limit(x.a, "sell", price, 100)
    order = x.market(x.b, "buy", 250)
    assert (order.filled, order.quote_filled) == (250, 10_000 + 11_000 + 6_000)
    fills = x.exchange.view(x.b).trades(order_id=order.order_id)
    assert [(f.trade_id, f.price, f.lots, f.quote, f.fee, f.fee_asset, f.maker) for f in fills] == [
        (1, 100, 100, 10_000, 2, "ABC", False),
        (2, 110, 100, 11_000, 2, "ABC", False),
        (3, 120, 50, 6_000, 1, "ABC", False),
    ]
    assert [(f.fee, f.fee_asset, f.maker) for f in x.exchange.view(x.a).trades()] == [
        (100, "USD", True),
        (110, "USD", True),
        (60, "USD", True),
    ]
    assert x.exchange.ledger.fees == {"ABC": 5, "USD": 270}
    assert x.balances(x.b) == {"ABC": (1_000 + 250 - 5, 0), "USD": (100_000 - 27_000, 0)}
    assert x.balances(x.a) == {"ABC": (700, 50), "USD": (100_000 + 27_000 - 270, 0)}


# ------------------------------------------------------------ locks and money
def test_a_buy_locks_its_limit_and_gets_back_what_it_saved(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "sell", 90, 4)
    x.limit(x.b, "buy", 100, 10)
    assert x.balances(x.b) == {"ABC": (1_004, 0), "USD": (100_000 - 360 - 600, 600)}


def test_locks_follow_the_remainder(bench: Any) -> None:
    x = bench()
    buy = x.limit(x.a, "buy", 100, 10)
    assert x.balances(x.a)["USD"] == (99_000, 1_000)
    x.market(x.b, "sell", 3)
    assert x.balances(x.a)["USD"] == (99_000, 700)
    x.exchange.cancel(x.a, SYMBOL, order_id=buy.order_id)
    assert x.balances(x.a)["USD"] == (99_700, 0)


def test_money_that_is_locked_cannot_be_spent(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "buy", 100, 600)
    assert rejected(x.limit, x.a, "buy", 100, 401) is RejectReason.INSUFFICIENT_BALANCE
    x.limit(x.a, "sell", 200, 600)
    assert rejected(x.limit, x.a, "sell", 200, 401) is RejectReason.INSUFFICIENT_BALANCE


def test_a_market_buy_needs_what_the_book_asks(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "sell", 200, 400)
    x.limit(x.a, "sell", 300, 100)
    assert rejected(x.market, x.b, "buy", 467) is RejectReason.INSUFFICIENT_BALANCE  # 80,000 + 67 x 300
    assert x.market(x.b, "buy", 466).status == "filled"
    assert x.balances(x.b)["USD"] == (100_000 - 80_000 - 66 * 300, 0)


def test_a_notional_finer_than_an_atom_conserves_money(bench: Any) -> None:
    x = bench(tick=Decimal("0.3"))  # a tick times a step is 0.3 atoms
    x.limit(x.a, "buy", 5, 7)  # 10.5: locks 11
    assert x.balances(x.a)["USD"] == (99_989, 11)
    x.market(x.b, "sell", 1)  # 1.5: moves 1; what is left needs 9
    assert x.balances(x.a)["USD"] == (99_990, 9)
    x.market(x.b, "sell", 6)  # 9 exactly
    assert x.balances(x.a)["USD"] == (99_990, 0)
    assert x.balances(x.b)["USD"] == (100_010, 0)


# ---------------------------------------------------------- order types, TIF
def test_market_remainder_without_liquidity_expires(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "sell", 100, 5)
    order = x.market(x.b, "buy", 8)
    assert (order.status, order.filled, order.expired_by) == ("expired", 5, "liquidity")
    empty = x.market(x.b, "buy", 8)
    assert (empty.status, empty.filled) == ("expired", 0)


def test_market_buy_by_quote_amount_spends_at_most_that(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "sell", 100, 3)
    x.limit(x.a, "sell", 110, 10)
    order = x.market(x.b, "buy", quote=590)
    assert (order.status, order.lots, order.filled, order.quote, order.quote_filled) == ("filled", 5, 5, 590, 520)


def test_market_sell_by_quote_amount_obtains_at_most_that(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "buy", 100, 3)
    x.limit(x.a, "buy", 90, 10)
    order = x.market(x.b, "sell", quote=480)
    assert (order.status, order.filled, order.quote_filled) == ("filled", 5, 480)


def test_market_by_quote_amount_on_a_book_that_runs_dry_expires(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "sell", 100, 3)
    order = x.market(x.b, "buy", quote=1_000)
    assert (order.status, order.lots, order.filled, order.quote_filled) == ("expired", 10, 3, 300)


def test_a_quote_amount_below_one_lot_is_refused(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "sell", 100, 3)
    assert rejected(x.market, x.b, "buy", quote=99) is RejectReason.LOT_SIZE


def test_ioc_takes_what_is_there_and_expires(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "sell", 100, 5)
    x.limit(x.a, "sell", 101, 5)
    order = x.limit(x.b, "buy", 100, 8, tif="IOC")
    assert (order.status, order.filled, order.expired_by) == ("expired", 5, "ioc")
    assert x.exchange.depth(SYMBOL) == ([], [(101, 5)])
    assert x.balances(x.b)["USD"] == (99_500, 0)


def test_fok_is_all_or_nothing(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "sell", 100, 5)
    x.limit(x.a, "sell", 101, 5)
    order = x.limit(x.b, "buy", 100, 6, tif="FOK")
    assert (order.status, order.filled, order.expired_by) == ("expired", 0, "fok")
    assert x.balances(x.b)["USD"] == (100_000, 0)
    assert x.limit(x.b, "buy", 101, 10, tif="FOK").status == "filled"


def test_post_only_never_takes(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "sell", 100, 5)
    assert rejected(x.limit, x.b, "buy", 100, 1, post_only=True) is RejectReason.WOULD_TAKE
    assert x.limit(x.b, "buy", 99, 1, post_only=True).status == "open"
    assert rejected(x.limit, x.a, "sell", 99, 1, post_only=True) is RejectReason.WOULD_TAKE


def test_self_trade_expires_the_resting_order(bench: Any) -> None:
    x = bench()
    mine = x.limit(x.a, "sell", 100, 5)
    theirs = x.limit(x.b, "sell", 100, 5)
    taker = x.limit(x.a, "buy", 100, 5)
    gone = x.exchange.view(x.a).order(SYMBOL, order_id=mine.order_id)
    assert (gone.status, gone.filled, gone.expired_by) == ("expired", 0, "self_trade")
    assert taker.status == "filled"
    assert x.exchange.view(x.b).order(SYMBOL, order_id=theirs.order_id).status == "filled"
    assert x.balances(x.a) == {"ABC": (1_005, 0), "USD": (99_500, 0)}


def test_own_orders_are_no_liquidity(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "sell", 100, 5)
    x.limit(x.b, "sell", 101, 5)
    assert x.limit(x.a, "buy", 101, 6, tif="FOK").expired_by == "fok"
    order = x.market(x.a, "buy", quote=303)
    assert (order.filled, order.quote_filled) == (3, 303)


# -------------------------------------------------------------------- cancel
def test_cancel_by_either_id_and_both_must_fit(bench: Any) -> None:
    x = bench()
    one = x.limit(x.a, "buy", 100, 1, client_id="one")
    two = x.limit(x.a, "buy", 100, 1, client_id="two")
    assert (
        rejected(x.exchange.cancel, x.a, SYMBOL, order_id=one.order_id, client_id="two") is RejectReason.UNKNOWN_ORDER
    )
    assert x.exchange.cancel(x.a, SYMBOL, client_id="two").order_id == two.order_id
    assert x.exchange.cancel(x.a, SYMBOL, order_id=one.order_id, client_id="one").status == "cancelled"


def test_nobody_cancels_what_is_not_theirs_or_not_working(bench: Any) -> None:
    x = bench(max_orders=None)
    order = x.limit(x.a, "buy", 100, 1, client_id="one")
    assert rejected(x.exchange.cancel, x.b, SYMBOL, order_id=order.order_id) is RejectReason.UNKNOWN_ORDER
    assert rejected(x.exchange.cancel, x.a, "XYZ/USD", order_id=order.order_id) is RejectReason.UNKNOWN_SYMBOL
    x.exchange.cancel(x.a, SYMBOL, order_id=order.order_id)
    assert rejected(x.exchange.cancel, x.a, SYMBOL, order_id=order.order_id) is RejectReason.UNKNOWN_ORDER
    assert rejected(x.exchange.cancel, x.a, SYMBOL, client_id="one") is RejectReason.UNKNOWN_ORDER


def test_cancel_keeps_what_was_filled(bench: Any) -> None:
    x = bench()
    order = x.limit(x.a, "buy", 100, 5)
    x.market(x.b, "sell", 2)
    gone = x.at(9).exchange.cancel(x.a, SYMBOL, order_id=order.order_id)
    assert (gone.status, gone.filled, gone.quote_filled, gone.created, gone.updated) == ("cancelled", 2, 200, 0, 9)


def test_a_cancelled_order_in_mid_queue_leaves_priority_as_it_was(bench: Any) -> None:
    x = bench()
    orders = [x.limit(x.a, "sell", 100, 1) for _ in range(200)]
    for order in orders[:150]:
        x.exchange.cancel(x.a, SYMBOL, order_id=order.order_id)
    assert x.exchange.depth(SYMBOL) == ([], [(100, 50)])
    x.market(x.b, "buy", 2)
    assert [f.order_id for f in x.exchange.view(x.a).trades()] == [o.order_id for o in orders[150:152]]


def test_cancel_all(bench: Any) -> None:
    x = bench()
    assert rejected(x.exchange.cancel_all, x.a, SYMBOL) is RejectReason.UNKNOWN_ORDER
    ids = [x.limit(x.a, "buy", 100 - i, 1).order_id for i in range(3)]
    x.limit(x.b, "buy", 50, 1)
    assert [o.order_id for o in x.exchange.cancel_all(x.a, SYMBOL)] == ids
    assert x.exchange.depth(SYMBOL) == ([(50, 1)], [])


# ----------------------------------------------------------- client order ids
def test_client_ids_are_unique_among_open_orders_only(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "sell", 100, 1, client_id="id")
    assert rejected(x.limit, x.a, "sell", 101, 1, client_id="id") is RejectReason.DUPLICATE_CLIENT_ID
    x.limit(x.b, "sell", 101, 1, client_id="id")  # another account's ids are its own
    x.market(x.b, "buy", 1)
    again = x.limit(x.a, "sell", 102, 1, client_id="id")
    assert x.exchange.view(x.a).order(SYMBOL, client_id="id").order_id == again.order_id


def test_an_id_that_the_exchange_makes_is_free(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "sell", 100, 1, client_id="auto-2")
    made = x.limit(x.a, "sell", 100, 1)
    assert made.client_id != "auto-2"
    assert [order.status for order in x.exchange.cancel_all(x.a, SYMBOL)] == ["cancelled", "cancelled"]


def test_a_cancel_may_rename_and_frees_the_old_id(bench: Any) -> None:
    x = bench()
    first = x.at(1).limit(x.a, "sell", 100, 1, client_id="id")
    gone = x.at(2).exchange.cancel(x.a, SYMBOL, client_id="id", new_client_id="gone")
    assert (gone.client_id, gone.created_as) == ("gone", "id")
    view = x.exchange.view(x.a)
    assert view.order(SYMBOL, client_id="gone").order_id == first.order_id
    assert view.order(SYMBOL, client_id="id").order_id == first.order_id
    x.exchange.find_by_original = False
    assert rejected(x.exchange.view(x.a).order, SYMBOL, client_id="id") is RejectReason.NO_SUCH_ORDER
    assert x.exchange.view(x.a, as_of=1).order(SYMBOL, client_id="id").status == "open"
    assert rejected(x.exchange.view(x.a, as_of=1).order, SYMBOL, client_id="gone") is RejectReason.NO_SUCH_ORDER


def test_a_working_order_is_preferred_to_a_newer_namesake(bench: Any) -> None:
    x = bench()
    working = x.limit(x.a, "buy", 10, 1, client_id="x")
    other = x.limit(x.a, "buy", 11, 1, client_id="y")
    x.exchange.cancel(x.a, SYMBOL, order_id=other.order_id, new_client_id="x")
    assert x.exchange.view(x.a).order(SYMBOL, client_id="x").order_id == working.order_id


# --------------------------------------------------------------------- amend
def test_amend_reduces_and_keeps_its_place(bench: Any) -> None:
    x = bench()
    first = x.limit(x.a, "buy", 100, 10, client_id="x")
    x.limit(x.b, "buy", 100, 10)
    amended = x.exchange.amend(x.a, SYMBOL, order_id=first.order_id, lots=4, new_client_id="y")
    assert (amended.lots, amended.client_id, amended.status) == (4, "y", "open")
    assert x.balances(x.a)["USD"] == (99_600, 400)
    assert x.exchange.cancel(x.a, SYMBOL, client_id="y").order_id == first.order_id


def test_amend_refusals_change_nothing(bench: Any) -> None:
    x = bench()
    order = x.limit(x.a, "buy", 100, 10, client_id="x")
    x.limit(x.a, "buy", 99, 1, client_id="taken")
    x.market(x.b, "sell", 4)
    before = x.balances(x.a)
    for lots, reason in ((11, "AMEND_INCREASE"), (10, "AMEND_NO_CHANGE"), (4, "AMEND_BELOW_FILLED"), (0, "LOT_SIZE")):
        assert rejected(x.exchange.amend, x.a, SYMBOL, order_id=order.order_id, lots=lots) == reason
    taken = rejected(x.exchange.amend, x.a, SYMBOL, order_id=order.order_id, lots=5, new_client_id="taken")
    assert taken == "DUPLICATE_CLIENT_ID"
    assert x.balances(x.a) == before
    assert x.exchange.view(x.a).order(SYMBOL, client_id="x").lots == 10


# -------------------------------------------------------------------- events
def test_events_tell_a_trade_in_order(bench: Any) -> None:
    x = bench()
    x.at(1).limit(x.a, "sell", 100, 5, client_id="m")
    del x.events[:]
    x.at(2).limit(x.b, "buy", 100, 8, client_id="t", tif="IOC")
    told = []
    for event in x.events:
        if isinstance(event, OrderChange):
            order = event.order
            told.append((order.client_id, event.why, order.status.value, order.filled, event.cause, event.time))
        elif isinstance(event, Fill):
            told.append((event.client_id, "FILL", event.trade_id, event.maker))
        else:
            told.append((event.account, event.balances, event.cause))
    assert told == [
        ("t", "accepted", "open", 0, "request", 2),
        ("b", (("USD", 99_200, 800),), "request"),
        ("m", "FILL", 1, True),
        ("m", "fill", "filled", 5, "market", 2),
        ("a", (("ABC", 995, 0), ("USD", 100_500, 0)), "market"),
        ("t", "FILL", 1, False),
        ("t", "fill", "partially_filled", 5, "request", 2),
        ("b", (("ABC", 1_005, 0), ("USD", 99_200, 300)), "request"),
        ("t", "expire", "expired", 5, "request", 2),
        ("b", (("USD", 99_500, 0),), "request"),
    ]
    pairs = [(e, f) for e, f in zip(x.events, x.events[1:], strict=False) if isinstance(e, Fill)]
    assert all(isinstance(after, OrderChange) and after.fill is fill for fill, after in pairs)


def test_a_callback_sees_the_finished_state(bench: Any) -> None:
    x = bench()
    seen = []
    x.exchange.on_change(lambda change: seen.append(len(x.exchange.view(x.b).trades())))
    x.limit(x.a, "sell", 100, 1)
    x.limit(x.a, "sell", 101, 1)
    del seen[:]
    x.market(x.b, "buy", 2)
    assert set(seen) == {2}


def test_a_refusal_tells_and_changes_nothing(bench: Any) -> None:
    x = bench()
    x.limit(x.a, "sell", 100, 5)
    del x.events[:]
    before = (x.balances(x.a), x.balances(x.b), x.exchange.depth(SYMBOL))
    assert rejected(x.limit, x.b, "buy", 100, 100_000) is RejectReason.INSUFFICIENT_BALANCE
    assert x.moved == []
    assert (x.balances(x.a), x.balances(x.b), x.exchange.depth(SYMBOL)) == before
    assert x.limit(x.b, "buy", 99, 1).order_id == 2  # no id was used up


# --------------------------------------------------------------------- views
def test_the_past_can_be_seen(bench: Any) -> None:
    x = bench()
    x.at(10).limit(x.a, "sell", 100, 5, client_id="m")
    x.at(20).market(x.b, "buy", 2)
    x.at(30).exchange.cancel(x.a, SYMBOL, client_id="m")
    seen = {}
    for at in (9, 10, 19, 20, 29, 30, 99):
        view = x.exchange.view(x.a, as_of=at)
        orders = view.all_orders(SYMBOL)
        seen[at] = (
            [o.status.value for o in orders], len(view.open_orders()), len(view.trades(SYMBOL)), view.balances()["ABC"]
        )  # fmt: skip
    assert seen == {
        9: ([], 0, 0, (1_000, 0)),
        10: (["open"], 1, 0, (995, 5)),
        19: (["open"], 1, 0, (995, 5)),
        20: (["partially_filled"], 1, 1, (995, 3)),
        29: (["partially_filled"], 1, 1, (995, 3)),
        30: (["cancelled"], 0, 1, (998, 0)),
        99: (["cancelled"], 0, 1, (998, 0)),
    }


def test_a_query_for_what_does_not_exist(bench: Any) -> None:
    x = bench()
    order = x.limit(x.a, "sell", 100, 5, client_id="m")
    view = x.exchange.view(x.a)
    for ids in ({"order_id": 99}, {"client_id": "z"}, {"order_id": order.order_id, "client_id": "z"}, {}):
        assert rejected(view.order, SYMBOL, **ids) is RejectReason.NO_SUCH_ORDER
    assert rejected(x.exchange.view(x.b).order, SYMBOL, order_id=order.order_id) is RejectReason.NO_SUCH_ORDER
    assert rejected(view.order, "XYZ/USD", order_id=order.order_id) is RejectReason.NO_SUCH_ORDER


def test_a_view_made_now_stays_as_it_was(bench: Any) -> None:
    x = bench()
    x.at(1).limit(x.a, "sell", 100, 5)
    view = x.exchange.view(x.a)
    x.at(2).market(x.b, "buy", 5)
    assert [o.filled for o in view.all_orders()] == [0]
    assert view.trades() == []


# ------------------------------------------------------------ market closed, time
def test_a_halted_market_refuses_orders_and_allows_cancels(bench: Any) -> None:
    x = bench()
    order = x.limit(x.a, "sell", 100, 5)
    x.exchange.set_open(SYMBOL, False)
    assert rejected(x.limit, x.b, "buy", 100, 5) is RejectReason.MARKET_CLOSED
    assert x.exchange.sweep(order.order_id, 1) == 0
    x.exchange.cancel(x.a, SYMBOL, order_id=order.order_id)
    x.exchange.set_open(SYMBOL, True)
    assert x.limit(x.b, "buy", 100, 5).status == "open"


def test_time_never_goes_back(bench: Any) -> None:
    x = bench().at(5)
    with pytest.raises(ValueError, match="time goes back"):
        x.at(4)


def test_balance_changes_say_what_view_says(bench: Any) -> None:
    x = bench(maker_fee=Decimal("0.01"), taker_fee=Decimal("0.02"))
    x.limit(x.a, "sell", 100, 50)
    x.market(x.b, "buy", 20)
    x.limit(x.b, "buy", 90, 7)
    told: dict[str, dict[str, tuple[int, int]]] = {"a": {}, "b": {}}
    for event in x.events:
        if isinstance(event, BalanceChange):
            told[event.account].update({asset: (free, locked) for asset, free, locked in event.balances})
    assert told == {"a": x.balances(x.a), "b": x.balances(x.b)}
