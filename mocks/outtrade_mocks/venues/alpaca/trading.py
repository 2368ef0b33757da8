"""Trading: new orders, replacements, cancels.

They go to the matching engine, so they see the exchange as it is, never a lagging copy. A handler raises Refusal where
nothing happened. The answer to a new order says that it was taken in (``pending_new``, or ``accepted`` where it waits
for its session); what became of it is seen later, by the stream or a query.
"""

from __future__ import annotations

from typing import Any

from outtrade_mocks.core import NewList, NewOrder, Order, Reject, RejectReason
from outtrade_mocks.core.orders import Status
from outtrade_mocks.venues.alpaca import guards, tickets
from outtrade_mocks.venues.alpaca.account import last_equity
from outtrade_mocks.venues.alpaca.codec import STEP_OF_QUANTITY, amount, decimal, plain, stamp
from outtrade_mocks.venues.alpaca.desk import Desk, Outcome
from outtrade_mocks.venues.alpaca.errors import refuse, translate
from outtrade_mocks.venues.alpaca.notes import TIFS, Note, status_of
from outtrade_mocks.venues.alpaca.shapes import order_object
from outtrade_mocks.venues.alpaca.tickets import Ticket
from outtrade_mocks.venues.api import Call

CHANGES = ("qty", "limit_price", "stop_price", "trail", "time_in_force", "client_order_id")
"""What a replacement may say (PATCH order)."""


def place(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v2/orders."""
    ticket = tickets.read(desk, call.raw.params)
    return _answer(desk, enter(desk, ticket, now))


def enter(desk: Desk, ticket: Ticket, now: int) -> Order:
    """Take an order in; raises Refusal. Returns its first snapshot."""
    new = ticket.first
    guards.check_wash(desk, new)
    guards.check_pattern(desk, ticket.listing, new.side, last_equity(desk), now)
    try:
        if isinstance(ticket.new, NewList):
            number = desk.place_list(ticket.new, ticket.notes).orders[0].order_id
        else:
            number = desk.place(ticket.new, ticket.notes[0]).order_id
    except Reject as reject:
        raise guards.explained(desk, ticket.listing, new, reject) from None
    return desk.account.orders[number][0]


def _answer(desk: Desk, order: Order) -> Outcome:
    note = desk.notes[order.order_id]
    ids = (order.order_id, *note.legs)
    return Outcome(order_object(desk, order, nested=True, fresh=True), tuple(desk.order_id(one) for one in ids))


# ------------------------------------------------------------------ which one
def asked(desk: Desk, call: Call) -> Order:
    """The order of a path, as it is now; raises Refusal."""
    number = desk.core_id(call.venue_id or "")
    order = None if number is None else desk.snapshot(number)
    if order is None:
        raise refuse("order_not_found")
    return order


# --------------------------------------------------------------- replacements
def amend(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """PATCH /v2/orders/{id}: a new order takes the place of the old one, for what is not filled.

    Refused while the order has not reached its market (``accepted``) and once it is over. The time in force stays
    (*simplified*: another one is refused)."""
    order, params = asked(desk, call), call.raw.params
    note, listing = desk.notes[order.order_id], desk.listings[order.symbol]
    if not order.live:
        raise refuse("not_cancelable", status_of(order, note))
    if order.status is Status.QUEUED or desk.replacements.of(order.order_id) is not None:
        raise refuse("not_sent")
    if params.get("time_in_force") not in (None, TIFS[order.tif], note.tif):
        raise refuse("not_replaceable", "time_in_force")
    name = tickets.client_id(desk, params.get("client_order_id"))
    changes = _changes(desk, order, params)
    if "price" in changes:
        guards.check_wash(desk, NewOrder(symbol=order.symbol, side=order.side, price=changes["price"]), but=order)
    if desk.replacements.delay:
        return _on_its_way(desk, order, name, changes, params, now)
    try:
        made = desk.exchange.amend(
            desk.account, order.symbol, order_id=order.order_id, new_client_id=name, **changes
        )  # fmt: skip
    except Reject as reject:
        if reject.reason is RejectReason.INSUFFICIENT_BALANCE:
            asked_for = NewOrder(
                symbol=order.symbol, side=order.side, lots=changes.get("lots") or order.remaining,
                price=changes.get("price") or order.price,
            )  # fmt: skip
            raise guards.lacking(desk, listing, asked_for) from None
        raise translate(reject) from None
    _note_trail(desk, made, params)
    first = desk.account.orders[made.order_id][0]
    ids = (desk.order_id(order.order_id), desk.order_id(made.order_id))
    return Outcome(order_object(desk, first, nested=True, fresh=True), ids)


def _on_its_way(
    desk: Desk, order: Order, name: str, changes: dict[str, Any], params: dict[str, Any], now: int
) -> Outcome:
    """A replacement that takes its time: the new order is shown as it will be."""
    pending = desk.replacements.ask(order.order_id, name, changes, now)
    rules = desk.exchange.instrument(order.symbol)
    pending.shown = order_object(desk, order) | {
        "id": pending.wire, "client_order_id": name, "created_at": stamp(now), "updated_at": stamp(now),
        "submitted_at": stamp(now), "replaces": desk.order_id(order.order_id), "status": "pending_new",
        "qty": amount(rules.quantity(changes.get("lots", order.lots) - order.filled)), "filled_qty": "0",
        "filled_avg_price": None,
    }  # fmt: skip
    for key, field in (("price", "limit_price"), ("trigger_price", "stop_price")):
        if key in changes:
            pending.shown[field] = amount(rules.price(changes[key]))
    pending.after = lambda made: _note_trail(desk, made, params)
    desk.replacements.tell("pending_replace", pending, now)
    return Outcome(dict(pending.shown), (desk.order_id(order.order_id),))


def _changes(desk: Desk, order: Order, params: dict[str, Any]) -> dict[str, Any]:
    """What is to change, in the core's units. Raises Refusal."""
    listing, note = desk.listings[order.symbol], desk.notes[order.order_id]
    changes: dict[str, Any] = {}
    if params.get("qty") is not None:
        value = decimal(params["qty"])
        if value is None or value <= 0 or (listing.equity and value != int(value)):
            raise refuse("invalid", "qty must be integer" if value and value > 0 else "qty must be > 0")
        changes["lots"] = int(value / STEP_OF_QUANTITY)
    if params.get("limit_price") is not None:
        changes["price"] = tickets.ticks(desk, listing, params["limit_price"], "limit_price")
    if params.get("stop_price") is not None:
        changes["trigger_price"] = tickets.ticks(desk, listing, params["stop_price"], "stop_price")
    if params.get("trail") is not None:
        if note.kind != "trailing_stop":
            raise refuse("not_replaceable", "trail")
        word = "trail_price" if note.trail_price is not None else "trail_percent"
        trigger = tickets.trailing(listing, {word: params["trail"]}, Note(kind="", tif=""))
        changes |= {
            key: value
            for key, value in (("trail_ticks", trigger.trail_ticks), ("trail_bps", trigger.trail_bps))
            if value is not None
        }
    return changes


def _note_trail(desk: Desk, order: Order, params: dict[str, Any]) -> None:
    value = decimal(params.get("trail"))
    if value is not None:
        note = desk.notes[order.order_id]
        text = plain(value)
        if note.trail_price is not None:
            note.trail_price = text
        else:
            note.trail_percent = text


# -------------------------------------------------------------------- cancels
def cancel(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """DELETE /v2/orders/{id}: 204 where it is cancelled, or was already; 422 where it ended otherwise."""
    pending = desk.replacements.known(call.venue_id or "")
    if pending is not None:
        if pending.wire in desk.replacements.failed:
            raise refuse("not_cancelable", pending.shown["status"])
        desk.replacements.drop(pending, now)
        call.venue_id = desk.order_id(pending.old)
    order = asked(desk, call)
    state = status_of(order, desk.notes[order.order_id])
    if not order.live:
        if state != "canceled":
            raise refuse("not_cancelable", state)
        return Outcome(None, (), 204)
    try:
        desk.exchange.cancel(desk.account, order.symbol, order_id=order.order_id)
    except Reject as reject:
        raise translate(reject) from None
    return Outcome(None, (desk.order_id(order.order_id),), 204)


def cancel_all(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """DELETE /v2/orders: every open order; a result for each, 200 or 500."""
    return Outcome(*_cancelled(desk), 207)


def _cancelled(desk: Desk, symbol: str | None = None) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    rows: list[dict[str, Any]] = []
    done = []
    for core_id in sorted(desk.account.working.values()):
        order = desk.snapshot(core_id)
        if order is None or symbol not in (None, order.symbol):
            continue
        wire = desk.order_id(core_id)
        try:
            if order.live:
                desk.exchange.cancel(desk.account, order.symbol, order_id=core_id)
            rows.append({"id": wire, "status": 200})
            done.append(wire)
        except Reject as reject:
            if reject.reason is RejectReason.UNKNOWN_ORDER:  # it ended with one of its class
                rows.append({"id": wire, "status": 200})
                done.append(wire)
            else:
                rows.append({"id": wire, "status": 500, "body": refuse("internal").body})
    return rows, tuple(done)


def cancel_symbol(desk: Desk, symbol: str | None) -> tuple[str, ...]:
    """Cancel what is open in a symbol (None: in all), before a position is closed."""
    return _cancelled(desk, symbol)[1]
