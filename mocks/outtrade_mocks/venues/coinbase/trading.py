"""Trading endpoints: create, preview, edit, preview of an edit, batch cancel, close position.

They go to the matching engine, so they see the exchange as it is. A *Refusal* has a status of its own, a *Rejected*
comes with HTTP 200: ``success: false`` for a new order, a ``failure_reason`` for each order of a cancel, ``errors`` for
an edit. Whatever is refused has changed nothing.

A client order id is asked for first: where there is an order of that id already, nothing is created and that first
order is the answer, whatever else the request says, whatever became of the order (Create Order, client_order_id;
coinbase-advanced-py#49). An id that was only rejected is free (*inferred*).
"""

from __future__ import annotations

from typing import Any

from outtrade_mocks.core import Order, Reject
from outtrade_mocks.core.orders import RejectReason
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.coinbase import codec, errors, estimates, shapes, tickets
from outtrade_mocks.venues.coinbase.desk import Desk, Outcome
from outtrade_mocks.venues.coinbase.errors import CANCELLED, EDITED, PREVIEWED, SUCCESS, Rejected, refuse, reject
from outtrade_mocks.venues.coinbase.notes import Note
from outtrade_mocks.venues.coinbase.reference import Listing

MOST_CANCELS = 100
"""Orders of one cancel (*inferred* from what nautilus_trader sends)."""
EDITABLE = ("limit_limit_gtc", "stop_limit_stop_limit_gtc", "trigger_bracket_gtc")


def body_of(call: Call) -> dict[str, Any]:
    """The JSON object of a request."""
    body: dict[str, Any] = call.raw.body
    return body


# ------------------------------------------------------------------ new orders
def place(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /orders."""
    body = body_of(call)
    name = tickets.client_id(body)
    first = desk.by_client.get(name)
    if first is not None:
        return Outcome(accepted(first))  # nothing is created, so nothing was changed by this request
    try:
        note, new = tickets.read(desk, body, name, now)
        desk.place(note, new, now)
    except Reject as refusal:
        return rejected(errors.new_order(refusal), body)
    except Rejected as problem:
        return rejected(problem, body)
    return Outcome(accepted(note), (note.id,))


def accepted(note: Note) -> dict[str, Any]:
    """The answer to an order that was taken, now or before."""
    return {
        "success": True,
        "failure_reason": SUCCESS,
        "order_id": note.id,
        "success_response": {
            "order_id": note.id,
            "product_id": note.listing.id,
            "side": note.side.upper(),
            "client_order_id": note.client_id,
            "attached_order_id": "",
        },
        "order_configuration": note.configuration,
    }


def rejected(problem: Rejected, body: dict[str, Any]) -> Outcome:
    """The answer to an order that was not taken."""
    return Outcome(
        {
            "success": False,
            "failure_reason": SUCCESS,
            "order_id": "",
            "error_response": problem.response(),
            "order_configuration": body.get("order_configuration"),
        }
    )


def preview(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /orders/preview: what an order would come to, and what stands in its way."""
    body = body_of(call)
    try:
        note, new = tickets.read(desk, body, codec.made_id("preview", now), now)
    except Rejected as problem:
        return Outcome(estimates.nothing([problem.preview]))
    return Outcome(estimates.of_order(desk, note, new, now))


# ------------------------------------------------------------------ edits
def edit(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /orders/edit: another price and size of a GTC order, which keeps its id. Both are needed; a size that is
    left out is read as 0 (nautilus_trader)."""
    try:
        note, order, lots, price, stop = _edited(desk, body_of(call))
        changed = desk.exchange.amend(
            desk.account, note.listing.unified, order_id=order.order_id, lots=lots, price=price, trigger_price=stop
        )
    except Reject as refusal:
        return _unedited(errors.edit(refusal))
    except Rejected as problem:
        return _unedited(problem)
    note.sent |= {"base_size": note.listing.size(changed.lots), "limit_price": note.listing.price(changed.price)}
    if stop is not None:
        note.sent["stop_price"] = note.listing.price(stop)
    note.edits.append(
        {
            "price": note.listing.price(changed.price),
            "size": note.listing.size(changed.lots),
            "replace_accept_timestamp": codec.moment(now),
        }
    )
    return Outcome(
        {
            "success": True,
            "success_response": {"order_id": note.id},
            "errors": [{"edit_failure_reason": EDITED, "preview_failure_reason": PREVIEWED}],
        },
        (note.id,),
    )


def _unedited(problem: Rejected) -> Outcome:
    reason = {"edit_failure_reason": EDITED, "preview_failure_reason": PREVIEWED}
    field = "edit_failure_reason" if problem.error.kind == "edit" else "preview_failure_reason"
    return Outcome({"success": False, "errors": [reason | {field: problem.word}]})


def _edited(desk: Desk, body: dict[str, Any]) -> tuple[Note, Order, int, int, int | None]:
    """Which order is to become what; raises Refusal or Rejected."""
    identity = body.get("order_id")
    if not isinstance(identity, str) or not identity:
        raise refuse("invalid_argument", "order_id is required")
    note = desk.notes.get(identity)
    order = None if note is None else desk.order(note)
    if note is None or order is None:
        raise reject("edit_order_not_found")
    if note.in_quote:
        raise reject("edit_size_in_quote_edits_not_allowed")
    if note.kind not in EDITABLE:
        raise reject("edit_only_limit_order_edits_supported")
    if not order.live:
        raise reject("edit_only_open_orders_can_be_edited")
    listing = note.listing
    lots, price = _amount(listing, body.get("size"), size=True), _amount(listing, body.get("price"), size=False)
    stop = None
    if body.get("stop_price") not in (None, ""):
        if note.kind != "stop_limit_stop_limit_gtc":
            raise reject("edit_invalid_edited_price")
        stop = tickets.ticks(listing, body["stop_price"])
    if lots <= order.filled:
        raise reject("edit_cannot_edit_to_below_filled_size")
    if lots == order.lots and price == order.price and stop is None:
        raise reject("edit_edit_request_equal_to_original_request")
    return note, order, lots, price, stop


def _amount(listing: Listing, value: Any, *, size: bool) -> int:
    try:
        number = codec.decimal("0" if value in (None, "") else value)
    except ValueError:
        raise reject("edit_invalid_edited_size" if size else "edit_invalid_edited_price") from None
    unit = listing.step if size else listing.tick
    told = listing.increment("base_increment" if size else "price_increment")
    if not 0 < number < 10**12 or number % told:
        raise reject("edit_invalid_edited_size" if size else "edit_invalid_edited_price")
    return int(number / unit)


def edit_preview(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /orders/edit_preview."""
    try:
        note, _, lots, price, _ = _edited(desk, body_of(call))
    except Rejected as problem:
        unedited = _unedited(problem).data["errors"]
        return Outcome(estimates.nothing_edited(unedited))
    return Outcome(estimates.of_edit(desk, note, lots, price))


# ------------------------------------------------------------------ cancels
def cancel(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /orders/batch_cancel: each order by itself."""
    wanted = body_of(call).get("order_ids")
    if not isinstance(wanted, list) or not wanted:
        raise refuse("invalid_argument", "order_ids are required")
    if len(wanted) > MOST_CANCELS:
        raise refuse("invalid_argument", f"at most {MOST_CANCELS} order_ids")
    results, done = [], []
    for one in wanted:
        identity = one if isinstance(one, str) else ""
        reason = _cancel(desk, identity)
        results.append({"success": reason == CANCELLED, "failure_reason": reason, "order_id": identity})
        if reason == CANCELLED:
            done.append(identity)
    return Outcome({"results": results}, tuple(done))


def _cancel(desk: Desk, identity: str) -> str:
    """Cancel an order; why not, or ``UNKNOWN_CANCEL_FAILURE_REASON`` where it is done."""
    note = desk.notes.get(identity)
    order = None if note is None else desk.order(note)
    if note is None or order is None:
        return "UNKNOWN_CANCEL_ORDER"
    if not order.live:
        return "ORDER_IS_FULLY_FILLED" if shapes.status(note, order) == "FILLED" else "DUPLICATE_CANCEL_REQUEST"
    try:
        desk.exchange.cancel(desk.account, order.symbol, order_id=order.order_id)
    except Reject as refusal:
        unknown = refusal.reason is RejectReason.UNKNOWN_ORDER
        return "UNKNOWN_CANCEL_ORDER" if unknown else "COMMANDER_REJECTED_CANCEL_ORDER"
    return CANCELLED


def close_position(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /orders/close_position: spot has no positions to close."""
    body = body_of(call)
    tickets.client_id(body)
    product = body.get("product_id")
    known = isinstance(product, str) and desk.known(product) is not None
    return rejected(reject("untradable" if known else "product_id"), {"order_configuration": {}})
