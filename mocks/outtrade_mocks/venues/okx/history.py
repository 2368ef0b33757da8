"""Queries of orders and trades, newest first, in pages.

They are answered from a view, which may be of an earlier time (``as_of``): the venue's queries lag behind its engine.
``after`` asks for what is older than an id, ``before`` for what is newer, ``limit`` for at most 100 (docs-v5,
Pagination).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from outtrade_mocks.core import Fill, Order
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.okx import codec, shapes
from outtrade_mocks.venues.okx.codec import MS
from outtrade_mocks.venues.okx.desk import Desk, Outcome
from outtrade_mocks.venues.okx.errors import refuse
from outtrade_mocks.venues.okx.reference import OTHER_TYPES, TYPES

Row = TypeVar("Row")
FORGOTTEN_NS = 7_200_000_000_000
"""Cancelled orders without a trade are kept two hours (docs-v5, Order details)."""
LATELY_NS = 3 * 86_400_000_000_000
WORKING = ("live", "partially_filled")
ENDED = ("canceled", "filled", "mmp_canceled")


def page(params: Mapping[str, str], rows: Iterable[tuple[int, Row]], *, most: int = 100) -> list[Row]:
    """A page of rows by their ids, newest (highest) first. ``before`` alone gives those next to it."""
    after, before = codec.integer(params, "after"), codec.integer(params, "before")
    size = codec.limit(params, most, most)
    found = sorted(rows, key=lambda row: row[0], reverse=True)
    if after is not None:
        found = [row for row in found if row[0] < after]
    if before is not None:
        found = [row for row in found if row[0] > before]
        if after is None:
            found = found[-size:]
    return [row for _, row in found[:size]]


def instrument_type(params: Mapping[str, str], *, needed: bool) -> str | None:
    """``instType`` (51000 on one that is none; 50014 where it is needed)."""
    sent = codec.mandatory(params, "instType") if needed else codec.optional(params, "instType")
    if sent is not None and sent not in TYPES + OTHER_TYPES:
        raise refuse("parameter", "instType")
    return sent


def _of_instrument(desk: Desk, params: Mapping[str, str], found: Order | Fill, kind: str | None) -> bool:
    entry = desk.listing(found)
    family = params.get("instFamily") or params.get("uly")
    return (
        entry.id == (params.get("instId") or entry.id)
        and entry.type == (kind or entry.type)
        and (not family or entry.family == family)
    )


# ------------------------------------------------------------------- orders
def query(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/trade/order: by ordId, which counts where both are sent, or the latest by clOrdId (51603)."""
    params = call.params
    entry = desk.listed(codec.mandatory(params, "instId"))
    order_id, name = codec.optional(params, "ordId"), codec.optional(params, "clOrdId")
    if order_id is None and name is None:
        raise refuse("which_order")
    view = desk.exchange.view(desk.account, as_of)
    found: Order | None = None
    if order_id is not None:
        core_id = desk.core_id(order_id)
        candidates = [] if core_id is None else [core_id]
    else:
        candidates = sorted(desk.account.by_client_id.get(name or "", ()), reverse=True)
    for core_id in candidates:
        snapshots = desk.account.orders.get(core_id, ())
        seen = next((one for one in reversed(snapshots) if one.updated <= view.as_of), None)
        if seen is None or seen.symbol != entry.unified or not shapes.is_order(seen) or _forgotten(desk, seen, now):
            continue
        found = seen
        break
    if found is None:
        raise refuse("no_order")
    return Outcome([shapes.order(desk, found)], now)


def _forgotten(desk: Desk, order: Order, now: int) -> bool:
    """Whether a cancelled order that never traded is no longer shown."""
    return not order.live and not order.filled and now - order.updated > FORGOTTEN_NS


def pending(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/trade/orders-pending."""
    kind = instrument_type(call.params, needed=False)
    orders = desk.exchange.view(desk.account, as_of).open_orders()
    return Outcome(_orders(desk, call.params, kind, orders, WORKING), now)


def past(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/trade/orders-history and orders-history-archive: orders that are over."""
    kind = instrument_type(call.params, needed=True)
    orders = desk.exchange.view(desk.account, as_of).all_orders()
    kept = [order for order in orders if not order.live and not _forgotten(desk, order, now)]
    return Outcome(_orders(desk, call.params, kind, kept, ENDED), now)


def _orders(
    desk: Desk, params: Mapping[str, str], kind: str | None, orders: list[Order], states: tuple[str, ...]
) -> list[dict[str, object]]:
    wanted = codec.optional(params, "state")
    if wanted is not None and wanted not in states:
        raise refuse("parameter", "state")
    types = codec.optional(params, "ordType")
    begin, end = codec.integer(params, "begin"), codec.integer(params, "end")
    rows = []
    for order in orders:
        if not shapes.is_order(order) or not _of_instrument(desk, params, order, kind):
            continue
        note = desk.note(order)
        if wanted is not None and shapes.state(note, order) != wanted:
            continue
        if types is not None and note.ord_type not in types.split(","):
            continue
        if (begin is not None and order.created // MS < begin) or (end is not None and order.created // MS > end):
            continue
        rows.append((int(desk.order_id(order)), order))
    return [shapes.order(desk, order) for order in page(params, rows)]


# ------------------------------------------------------------------- trades
def fills(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/trade/fills: those of the last three days."""
    return _fills(desk, call, now, as_of, instrument_type(call.params, needed=False), now - LATELY_NS)


def fills_history(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/trade/fills-history."""
    return _fills(desk, call, now, as_of, instrument_type(call.params, needed=True), 0)


def _fills(desk: Desk, call: Call, now: int, as_of: int | None, kind: str | None, since: int) -> Outcome:
    params = call.params
    order_id = codec.optional(params, "ordId")
    core_id = None if order_id is None else desk.core_id(order_id)
    begin, end = codec.integer(params, "begin"), codec.integer(params, "end")
    if params.get("instId"):
        desk.listed(params["instId"])
    rows = []
    for fill in desk.exchange.view(desk.account, as_of).trades():
        if fill.time < since or not _of_instrument(desk, params, fill, kind):
            continue
        if order_id is not None and fill.order_id != core_id:
            continue
        if (begin is not None and fill.time // MS < begin) or (end is not None and fill.time // MS > end):
            continue
        rows.append((int(desk.bill_id(fill)), fill))
    return Outcome([shapes.trade(desk, fill) for fill in page(params, rows)], now)
