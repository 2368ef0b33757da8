"""Limits of an account over a symbol and over the exchange; the names are those of Binance's filters (filters.md)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from small_market import instrument

from outtrade_mocks.core import Exchange, NewList, NewOrder, Practice, Reject, Trigger
from outtrade_mocks.core.limits import exposure
from outtrade_mocks.core.requests import replace
from outtrade_mocks.core.state import State, restore, snapshot

ABC, XYZ = "ABC/USD", "XYZ/USD"


def make(practice: dict[str, Any] | None = None, **rules: Any) -> tuple[Exchange, Any]:
    markets = [instrument(**rules), instrument(symbol=XYZ, base="XYZ", **rules)]
    exchange = Exchange(markets, now=0, seed=1, practice=Practice(**(practice or {})))
    return exchange, exchange.open_account("a", {"ABC": 1_000, "XYZ": 1_000, "USD": 100_000})


def plain(symbol: str = ABC, side: Any = "sell", price: int = 100, lots: int = 10, **more: Any) -> NewOrder:
    return NewOrder(symbol=symbol, side=side, price=price, lots=lots, **more)


def stop(symbol: str = ABC, **more: Any) -> NewOrder:
    return plain(symbol, price=80, trigger=Trigger(kind="stop", price=90), **more)


def iceberg(symbol: str = ABC) -> NewOrder:
    return plain(symbol, visible=5)


def pair(symbol: str = ABC) -> NewList:
    return NewList(kind="oco", orders=(plain(symbol), stop(symbol)))


def refused(exchange: Exchange, account: Any, new: NewOrder | NewList, reason: str) -> None:
    before = snapshot(exchange)
    with pytest.raises(Reject) as caught:
        exchange.place(account, new) if isinstance(new, NewOrder) else exchange.place_list(account, new)
    assert caught.value.reason == reason
    assert snapshot(exchange).to_json() == before.to_json()


@pytest.mark.parametrize(
    ("rule", "new", "other", "reason"),
    [
        ("max_orders", plain, plain, "MAX_NUM_ORDERS"),
        ("max_algo_orders", stop, plain, "MAX_NUM_ALGO_ORDERS"),
        ("max_iceberg_orders", iceberg, plain, "MAX_NUM_ICEBERG_ORDERS"),
        ("max_order_lists", pair, plain, "MAX_NUM_ORDER_LISTS"),
    ],
)
def test_a_symbols_limits(rule: str, new: Any, other: Any, reason: str) -> None:
    """Two of a kind in each symbol; the limits of the exchange count over all symbols. What ended counts no more."""
    place: Any
    for everywhere in (False, True):
        limits = {rule: 2}
        exchange, a = make(limits) if everywhere else make(**limits)
        place = exchange.place_list if new is pair else exchange.place
        first = place(a, new())
        place(a, new(XYZ) if everywhere else new())
        refused(exchange, a, new(XYZ if everywhere else ABC), f"EXCHANGE_{reason}" if everywhere else reason)
        if other is not new:
            exchange.place(a, other())
        elif not everywhere:
            place(a, new(XYZ))
        order_id = first.orders[0].order_id if new is pair else first.order_id
        exchange.cancel(a, ABC, order_id=order_id)
        place(a, new())
        refused(exchange, a, new(), f"EXCHANGE_{reason}" if everywhere else reason)


def test_the_legs_of_a_list_are_orders_too() -> None:
    """MAX_NUM_ORDERS counts algo and normal orders; a held leg with a trigger is an algo order."""
    exchange, a = make(max_orders=3, max_algo_orders=1)
    exchange.place_list(a, pair())
    refused(exchange, a, NewList(kind="oto", orders=(plain(side="buy"), plain(lots=5))), "MAX_NUM_ORDERS")
    refused(exchange, a, stop(), "MAX_NUM_ALGO_ORDERS")
    exchange.place(a, plain())
    refused(exchange, a, plain(), "MAX_NUM_ORDERS")
    exchange.place(a, plain(tif="IOC"))  # never open
    other, b = make({"max_algo_orders": 1})
    other.place_list(b, NewList(kind="oto", orders=(plain(side="buy"), stop(lots=5))))
    refused(other, b, stop(XYZ), "EXCHANGE_MAX_NUM_ALGO_ORDERS")


def test_a_triggered_order_is_no_algo_order_any_more() -> None:
    exchange, a = make(max_algo_orders=1)
    b = exchange.open_account("b", {"ABC": 100, "USD": 10_000})
    exchange.place(a, NewOrder(symbol=ABC, side="sell", price=95, lots=10, trigger=Trigger(kind="stop", price=90)))
    refused(exchange, a, stop(), "MAX_NUM_ALGO_ORDERS")
    exchange.place(b, plain(price=90, lots=1))
    exchange.place(a, plain(side="buy", price=90, lots=1))
    assert [order.status.value for order in exchange.view(a).open_orders()] == ["open"]
    exchange.place(a, stop(XYZ))
    exchange.place(a, NewOrder(symbol=ABC, side="sell", price=70, lots=5, trigger=Trigger(kind="stop", price=80)))


def test_a_replacement_needs_no_room() -> None:
    for rule, new in (("max_orders", plain), ("max_iceberg_orders", iceberg), ("max_algo_orders", stop)):
        for exchange, a in (make(**{rule: 1}), make({rule: 1})):
            first = exchange.place(a, new())
            replace(exchange, a, ABC, new(), order_id=first.order_id, mode="atomic")


def test_what_a_replaced_purchase_would_have_bought_counts_no_more() -> None:
    exchange, a = make(max_position=Decimal(1_010))
    first = exchange.place(a, plain(side="buy", lots=8))
    with pytest.raises(Reject, match="MAX_POSITION"):
        replace(exchange, a, ABC, plain(side="buy", lots=11), order_id=first.order_id, mode="atomic")
    found = replace(exchange, a, ABC, plain(side="buy", lots=10), order_id=first.order_id, mode="atomic")
    assert not isinstance(found.placed, Reject)
    sale = exchange.place(a, plain(price=200, lots=5))
    with pytest.raises(Reject, match="MAX_POSITION"):
        replace(exchange, a, ABC, plain(side="buy", lots=1), order_id=sale.order_id, mode="atomic")


def test_a_pair_that_locks_once_counts_once() -> None:
    """Money is locked by one order of the pair; an amend of the other needs only what it needs more."""
    exchange, a = make({"max_notional": 2_000, "notional_asset": "USD", "amend": "change"})
    b = exchange.open_account("b", {"ABC": 100, "USD": 10_000})
    exchange.place(b, plain(price=1, lots=10))
    exchange.place(a, plain(side="buy", price=1, lots=10))  # 1,010 of ABC
    bid, above = plain(side="buy", price=1), Trigger(kind="stop", price=50)
    group = exchange.place_list(a, NewList(kind="oco", orders=(bid, plain(side="buy", price=50, trigger=above))))
    assert exposure(exchange, a, "USD") == 1_510
    for order in reversed(group.orders):
        exchange.amend(a, ABC, order_id=order.order_id, price=49 if order.price == 50 else 2)
    waits = group.orders[1].order_id
    with pytest.raises(Reject, match="MAX_NOTIONAL"):
        exchange.amend(a, ABC, order_id=waits, price=100)
    exchange.amend(a, ABC, order_id=waits, price=99)
    assert exposure(exchange, a, "USD") == 2_000


def test_the_worth_of_all_holdings_is_limited() -> None:
    """2,000 of ABC at 1 each; the account has 1,000 ABC, and 1,000 XYZ that nobody has traded yet."""
    exchange, a = make({"max_notional": 2_000, "notional_asset": "USD"})
    b = exchange.open_account("b", {"ABC": 100, "XYZ": 100, "USD": 10_000})
    exchange.place(b, plain(price=1, lots=10))
    exchange.place(a, plain(side="buy", price=1, lots=10))
    assert exposure(exchange, a, "USD") == 1_010
    exchange.place(a, plain(XYZ, side="buy", price=2, lots=450))
    assert exposure(exchange, a, "USD") == 1_910
    refused(exchange, a, plain(side="buy", price=1, lots=91), "MAX_NOTIONAL")
    kept = exchange.place(a, plain(side="buy", price=1, lots=90))
    exchange.place(a, plain(lots=900))  # a sale adds nothing
    exchange.practice = Practice(max_notional=2_000, notional_asset="USD", amend="change")
    with pytest.raises(Reject, match="MAX_NOTIONAL"):
        exchange.amend(a, ABC, order_id=kept.order_id, lots=91)
    exchange.amend(a, ABC, order_id=kept.order_id, lots=89)


def test_limits_survive_a_snapshot_and_change_with_the_rules() -> None:
    exchange, a = make({"max_orders": 2}, max_algo_orders=1)
    exchange.place(a, stop())
    other = restore(State.from_json(snapshot(exchange).to_json()))
    b = other.accounts["a"]
    refused(other, b, stop(), "MAX_NUM_ALGO_ORDERS")
    other.set_instrument(instrument(max_algo_orders=2))
    other.place(b, stop())
    refused(other, b, plain(XYZ), "EXCHANGE_MAX_NUM_ORDERS")
    free, c = make()
    free.set_instrument(instrument(max_orders=1))
    free.place(c, plain())
    refused(free, c, plain(), "MAX_NUM_ORDERS")


def test_an_iceberg_that_is_replaced_frees_all_it_has() -> None:
    exchange, a = make(max_position=Decimal(1_010))
    first = exchange.place(a, plain(side="buy", lots=10, visible=2))
    replace(exchange, a, ABC, plain(side="buy", lots=10), order_id=first.order_id, mode="atomic")
    refused(exchange, a, plain(side="buy", lots=1), "MAX_POSITION")


def test_lists_of_others_do_not_count() -> None:
    exchange, a = make(max_order_lists=1)
    b = exchange.open_account("b", {"ABC": 1_000, "USD": 100_000})
    exchange.place_list(a, pair())
    exchange.place_list(b, pair())
    refused(exchange, b, pair(), "MAX_NUM_ORDER_LISTS")


def test_what_does_not_buy_with_the_counted_asset_is_not_stopped() -> None:
    """Holdings have become worth more than the maximum by themselves."""
    exchange, a = make({"max_notional": 2_000, "notional_asset": "USD"})
    exchange.add_instrument(instrument(symbol="XYZ/ABC", base="XYZ", quote="ABC"))
    exchange.publish(ABC, index=2)
    exchange.place(a, plain(side="sell", price=1, lots=1))
    exchange.publish(ABC, index=3)
    assert exposure(exchange, a, "USD") == 3_000
    refused(exchange, a, plain(side="buy", price=1, lots=1), "MAX_NOTIONAL")
    exchange.place(a, plain("XYZ/ABC", side="buy", price=1, lots=10))
    exchange.publish(ABC, index=1)
    bid = exchange.place(a, plain(side="buy", price=1, lots=1_000))
    replaced = replace(exchange, a, ABC, plain(side="buy", price=2, lots=500), order_id=bid.order_id, mode="atomic")
    assert not isinstance(replaced.placed, Reject)
