"""Queries of orders and trades.

They are answered from a view, which may be of an earlier time (``as_of``): order/realtime shows open orders and, by id,
the last 500 closed ones; order/history the closed ones of up to two years, newest first, in pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outtrade_mocks.core import Order, View
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.bybit import codec, shapes
from outtrade_mocks.venues.bybit.codec import MS
from outtrade_mocks.venues.bybit.desk import Outcome
from outtrade_mocks.venues.bybit.errors import refuse
from outtrade_mocks.venues.bybit.firm import Firm
from outtrade_mocks.venues.bybit.notes import Execution
from outtrade_mocks.venues.bybit.reference import Listing
from outtrade_mocks.venues.bybit.trading import scope

CLOSED_SHOWN = 500
"""Closed orders that order/realtime still shows."""
WEEK = 7 * 86_400_000
Params = Mapping[str, Any]


def view_of(firm: Firm, as_of: int | None) -> View:
    """The account as a query sees it, now or as of an earlier time."""
    return firm.desk.exchange.view(firm.desk.account, as_of)


# --------------------------------------------------------------------- orders
def realtime(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/order/realtime."""
    desk, params = firm.desk, call.raw.params
    category = desk.category(params)
    wire, link = codec.text(params, "orderId"), codec.text(params, "orderLinkId")
    by_id = wire is not None or link is not None
    entries = scope(firm, category, params, needs_one=category != "spot" and not by_id)
    orders = _orders(firm, entries, as_of)
    if by_id:
        closed = [order for order in orders if not order.live][:CLOSED_SHOWN]
        orders = [order for order in orders if order.live] + closed
        orders = _named(firm, orders, wire, link)
    elif (codec.integer(params, "openOnly") or 0) >= 1:
        orders = [order for order in orders if not order.live][:CLOSED_SHOWN]
    else:
        orders = [order for order in orders if order.live]
    return _page(firm, category, params, _filtered(firm, params, orders), now)


def history(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/order/history."""
    desk, params = firm.desk, call.raw.params
    category = desk.category(params)
    entries = scope(firm, category, params, needs_one=False)
    start, end = times(params, now)
    orders = [order for order in _orders(firm, entries, as_of) if not order.live]
    wire, link = codec.text(params, "orderId"), codec.text(params, "orderLinkId")
    if wire is not None or link is not None:
        orders = _named(firm, orders, wire, link)
    else:
        orders = [order for order in orders if start <= order.created // MS <= end]
    wanted = codec.text(params, "orderStatus")
    if wanted is not None:
        orders = [order for order in orders if desk.status(order) == wanted]
    return _page(firm, category, params, _filtered(firm, params, orders), now)


def _orders(firm: Firm, entries: list[Listing], as_of: int | None) -> list[Order]:
    """All orders in these symbols, newest first."""
    wanted = {entry.unified for entry in entries}
    return [order for order in reversed(view_of(firm, as_of).all_orders()) if order.symbol in wanted]


def _named(firm: Firm, orders: list[Order], wire: str | None, link: str | None) -> list[Order]:
    desk = firm.desk
    if wire is not None:
        return [order for order in orders if desk.order_id(order.order_id) == wire]
    found = [order for order in orders if shapes.link_of(order, desk.note(order)) == link]
    return found[:1]


def _filtered(firm: Firm, params: Params, orders: list[Order]) -> list[Order]:
    """By ``orderFilter``, where one is sent."""
    wanted = codec.text(params, "orderFilter")
    if wanted is None:
        return orders
    return [order for order in orders if firm.desk.note(order).order_filter == wanted]


def _page(firm: Firm, category: str, params: Params, orders: list[Order], now: int) -> Outcome:
    rows, cursor = codec.page(params, orders, 20, 50)
    made = [shapes.order_row(firm.desk, order) for order in rows]
    return Outcome({"list": made, "nextPageCursor": cursor, "category": category}, now)


def times(params: Params, now: int) -> tuple[int, int]:
    """``startTime`` and ``endTime`` in ms; seven days where one or both are left out, and at most (10001)."""
    start, end = codec.integer(params, "startTime"), codec.integer(params, "endTime")
    if start is None:
        end = now // MS if end is None else end
        start = end - WEEK
    elif end is None:
        end = start + WEEK
    if end < start or end - start > WEEK:
        raise refuse("params_named", "the interval between the startTime and endTime is incorrect")
    return start, end


# --------------------------------------------------------------------- trades
def executions(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/execution/list."""
    desk, params = firm.desk, call.raw.params
    category = desk.category(params)
    wanted = {entry.unified for entry in scope(firm, category, params, needs_one=False)}
    start, end = times(params, now)
    wire, link = codec.text(params, "orderId"), codec.text(params, "orderLinkId")
    found: list[Execution] = []
    for each in reversed(desk.executions):
        fill = each.fill
        if fill.symbol not in wanted or (as_of is not None and fill.time > as_of):
            continue
        if not start <= fill.time // MS <= end:
            continue
        if wire is not None and desk.order_id(fill.order_id) != wire:
            continue
        if link is not None and shapes.link_of(each.order, desk.note(each.order)) != link:
            continue
        found.append(each)
    kind = codec.text(params, "execType")
    rows, cursor = codec.page(params, found, 50, 100)
    made = [shapes.execution_row(desk, each) for each in rows]
    if kind is not None:
        made = [row for row in made if row["execType"] == kind]
    return Outcome({"nextPageCursor": cursor, "category": category, "list": made}, now)
