"""Queries about orders and fills: one order by the venue's id, lists by cursor, fills.

They are answered from a copy that may lag (``as_of``). There is no query by client order id: who has only that lists
the orders and compares. A list is newest first; ``cursor`` says where the next page begins (here: the id of the last
order shown, *inferred*, any text will do).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.coinbase import codec, shapes
from outtrade_mocks.venues.coinbase.desk import Desk, Outcome
from outtrade_mocks.venues.coinbase.errors import refuse

ORDERS, FILLS = 1000, 250
"""Most orders, fills of a page; what a page holds where no limit is sent (*inferred*: 100)."""
USUAL = 100
STATUSES = ("PENDING", "OPEN", "FILLED", "CANCELLED", "EXPIRED", "FAILED", "UNKNOWN_ORDER_STATUS", "QUEUED",
            "CANCEL_QUEUED", "EDIT_QUEUED")  # fmt: skip


def one(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /orders/historical/{order_id}."""
    note = desk.notes.get(call.raw.named)
    found = None if note is None else desk.order(note, as_of)
    if note is None or found is None:
        raise refuse("order_not_found")
    return Outcome({"order": shapes.order(desk, note, found)})


def asked(call: Call, name: str) -> list[str]:
    """All values of a parameter of the query; those with commas apart."""
    return [part for value in call.raw.query.get(name, ()) for part in value.split(",") if part]


def first(call: Call, name: str) -> str | None:
    """The last value of a parameter; None: not sent, or empty."""
    values = call.raw.query.get(name)
    return values[-1] or None if values else None


def limit_of(call: Call, usual: int, most: int) -> int:
    """``limit``; raises Refusal."""
    sent = first(call, "limit")
    if sent is None:
        return usual
    try:
        found = codec.integer(sent)
    except ValueError:
        raise refuse("invalid_argument", "limit is a whole number") from None
    if found < 0:
        raise refuse("invalid_argument", "limit is not negative")
    return min(found, most) or usual


def time_of(call: Call, name: str) -> int | None:
    """A time in RFC 3339; raises Refusal."""
    sent = first(call, name)
    if sent is None:
        return None
    try:
        return codec.instant(sent.replace(" ", "+"))
    except (ValueError, OverflowError):
        raise refuse("invalid_argument", f"{name} is a time in RFC 3339") from None


def batch(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /orders/historical/batch."""
    statuses = asked(call, "order_status")
    if any(one not in STATUSES for one in statuses):
        raise refuse("invalid_argument", "order_status is unknown")
    if "OPEN" in statuses and len(set(statuses)) > 1:
        raise refuse("invalid_argument", "OPEN cannot be combined with other statuses")
    products, ids = asked(call, "product_id") + asked(call, "product_ids"), asked(call, "order_ids")
    sides, kinds = asked(call, "order_side"), asked(call, "order_types") + asked(call, "order_type")
    since, until = time_of(call, "start_date"), time_of(call, "end_date")
    rows: list[dict[str, Any]] = []
    for note in reversed(desk.notes.values()):
        found = desk.order(note, as_of)
        if found is None or (products and note.listing.id not in products) or (ids and note.id not in ids):
            continue
        if sides and note.side.upper() not in sides:
            continue
        if kinds and note.about.order_type not in kinds:
            continue
        if (since is not None and note.created < since) or (until is not None and note.created >= until):
            continue
        if statuses and shapes.status(note, found) not in statuses:
            continue
        rows.append(shapes.order(desk, note, found))
    page, cursor = paged(rows, call, limit_of(call, USUAL, ORDERS), lambda row: str(row["order_id"]))
    return Outcome({"orders": page, "sequence": "0", "has_next": bool(cursor), "cursor": cursor})


def paged(
    rows: list[dict[str, Any]], call: Call, limit: int, name: Callable[[dict[str, Any]], str]
) -> tuple[list[dict[str, Any]], str]:
    """The page that ``cursor`` asks for, and the cursor of the next one; "" where it is the last."""
    cursor, start = first(call, "cursor"), 0
    if cursor is not None:
        names = [name(row) for row in rows]
        if cursor not in names:
            raise refuse("invalid_argument", "cursor is invalid")
        start = names.index(cursor) + 1
    page = rows[start : start + limit]
    more = start + limit < len(rows)
    return page, name(page[-1]) if more and page else ""


def fills(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /orders/historical/fills: newest first."""
    orders = asked(call, "order_id") + asked(call, "order_ids")
    trades, products = asked(call, "trade_ids"), asked(call, "product_id") + asked(call, "product_ids")
    since, until = time_of(call, "start_sequence_timestamp"), time_of(call, "end_sequence_timestamp")
    rows = []
    for fill in reversed(desk.exchange.view(desk.account, as_of).trades()):
        if orders and desk.by_core[fill.order_id].id not in orders:
            continue
        if products and desk.listings[fill.symbol].id not in products:
            continue
        if (since is not None and fill.time < since) or (until is not None and fill.time >= until):
            continue
        if trades and desk.trade_id(fill) not in trades:
            continue
        rows.append(shapes.fill(desk, fill))
    page, cursor = paged(rows, call, limit_of(call, USUAL, FILLS), lambda row: str(row["entry_id"]))
    return Outcome({"fills": page, "cursor": cursor})
