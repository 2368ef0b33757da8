"""Queries of orders and trades: one by id, all with a label, the open ones, the past ones, the account's trades.

A query sees the account as of ``as_of`` where given. Pages: the history of orders has ``count`` (20, at most 1,000) and
``offset``; trades have ``count`` (**10**, at most 1,000), ``start_seq``/``end_seq`` or times, and say ``has_more``. Who
asks for trades without a count gets ten of them and no error. Orders of which nothing was filled are in the history
only with ``include_unfilled``. The venue forgets: unfilled orders after half an hour, trades after a day go to
``historical``; here nothing is older than the run, and nothing is forgotten (*simplified*).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from outtrade_mocks.core import Fill, Order, View
from outtrade_mocks.venues.deribit import codec
from outtrade_mocks.venues.deribit.codec import MS
from outtrade_mocks.venues.deribit.desk import Desk, Outcome
from outtrade_mocks.venues.deribit.errors import refuse
from outtrade_mocks.venues.deribit.reference import Listing
from outtrade_mocks.venues.deribit.shapes import order_of, trade_of
from outtrade_mocks.venues.deribit.trading import CURRENCIES

Sent = Mapping[str, Any]
KINDS = ("future", "option", "spot", "future_combo", "option_combo", "any", "combo")
OPEN_TYPES = (
    "all", "limit", "trigger_all", "stop_all", "stop_limit", "stop_market", "take_all", "take_limit", "take_market",
    "trailing_all", "trailing_stop",
)  # fmt: skip


def _view(desk: Desk, as_of: int | None) -> View:
    return desk.exchange.view(desk.account, as_of)


def _wanted(desk: Desk, sent: Sent) -> Callable[[Listing], bool]:
    """Which instruments ``currency``, ``kind`` or ``instrument_name`` mean."""
    name = codec.text(sent, "instrument_name")
    if name is not None:
        entry = desk.listed(name)
        return lambda one: one is entry
    currency = codec.choice(sent, "currency", (*CURRENCIES, "any"), "any")
    future = codec.choice(sent, "kind", KINDS, "any") in ("any", "future")
    return lambda one: future and currency in ("any", one.settle)


# --------------------------------------------------------------------- orders
def order_state(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/get_order_state. Raises 10004."""
    core_id = desk.core_id(codec.text(sent, "order_id") or "")
    orders = {order.order_id: order for order in _view(desk, as_of).all_orders()}
    found = None if core_id is None else orders.get(core_id)
    if found is None:
        raise refuse("order_not_found")
    return Outcome(order_of(desk, found))


def order_state_by_label(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/get_order_state_by_label: every order with this label, oldest first; none is an empty list
    (*inferred*)."""
    currency, label = codec.choice(sent, "currency", (*CURRENCIES, "any")), codec.label(sent)
    found = [
        order
        for order in _view(desk, as_of).all_orders()
        if desk.label(order) == label and currency in ("any", desk.listings[order.symbol].settle)
    ]
    return Outcome([order_of(desk, order) for order in found])


def _of_type(order: Order, kind: str, word: str) -> bool:
    waits = order.terms is not None and order.terms.trigger is not None and order.terms.triggered is None
    if kind == "all":
        return True
    if kind == "limit":
        return not waits
    if kind == "trigger_all":
        return waits
    family = kind.removesuffix("_all")
    return waits and (word.startswith(family) if kind.endswith("_all") else word == kind)


def open_orders(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/get_open_orders and its kin by currency, instrument and label."""
    wanted, kind = _wanted(desk, sent), codec.choice(sent, "type", OPEN_TYPES, "all")
    label = codec.label(sent)
    found = [
        order
        for order in _view(desk, as_of).open_orders()
        if wanted(desk.listings[order.symbol])
        and _of_type(order, kind, desk.note(order).kind)
        and (not label or desk.label(order) == label)
    ]
    return Outcome([order_of(desk, order) for order in found])


def order_history(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/get_order_history_by_currency and _by_instrument: newest first."""
    wanted = _wanted(desk, sent)
    count, offset = codec.count(sent, "count", 20, 1000), codec.integer(sent, "offset") or 0
    unfilled = codec.flag(sent, "include_unfilled")
    codec.flag(sent, "include_old")
    found = [
        order
        for order in _view(desk, as_of).all_orders()
        if wanted(desk.listings[order.symbol]) and not order.live and (order.filled or unfilled)
    ]
    found.sort(key=lambda order: (order.updated, order.order_id), reverse=True)
    page = found[max(0, offset) : max(0, offset) + count]
    return Outcome([order_of(desk, order) for order in page])


# --------------------------------------------------------------------- trades
def user_trades(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/get_user_trades_by_currency, _by_instrument, and the two _and_time."""
    wanted, view = _wanted(desk, sent), _view(desk, as_of)
    count = codec.count(sent, "count", 10, 1000)
    start, end = codec.integer(sent, "start_timestamp"), codec.integer(sent, "end_timestamp")
    first, last = codec.integer(sent, "start_seq"), codec.integer(sent, "end_seq")
    sorting = codec.choice(sent, "sorting", ("asc", "desc", "default"), "default")
    found = [
        fill
        for fill in view.trades()
        if wanted(desk.listings[fill.symbol])
        and (start is None or fill.time // MS >= start)
        and (end is None or fill.time // MS <= end)
        and (first is None or fill.trade_id >= first)
        and (last is None or fill.trade_id <= last)
    ]
    earliest = sorting == "asc" or (sorting == "default" and (start is not None or first is not None))
    page = found[:count] if earliest else found[::-1][:count]
    return Outcome({"trades": _told(desk, view, page), "has_more": len(found) > count})


def trades_by_order(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/get_user_trades_by_order: all trades of one order."""
    core_id = desk.core_id(codec.text(sent, "order_id") or "")
    if core_id is None:
        raise refuse("order_not_found")
    view = _view(desk, as_of)
    return Outcome(_told(desk, view, view.trades(order_id=core_id)))


def _told(desk: Desk, view: View, fills: list[Fill]) -> list[dict[str, Any]]:
    orders = {order.order_id: order for order in view.all_orders()} if fills else {}
    return [trade_of(desk, fill, orders[fill.order_id]) for fill in fills]
