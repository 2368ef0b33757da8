"""Trading: place, cancel, amend, one by one and in batches; close a position; cancel all after.

Every answer is an acknowledgement: ``sCode`` "0" says that the request was taken, an item without one is refused, and
what became of the order is seen by a query or on the orders channel (docs-v5, Place order). Here the exchange has
decided by then; the words are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from outtrade_mocks.core import NewList, NewOrder, Order, Reject, RejectReason
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.okx import codec, tickets
from outtrade_mocks.venues.okx.codec import MS
from outtrade_mocks.venues.okx.desk import Desk, Note, Outcome
from outtrade_mocks.venues.okx.errors import ALL_FAILED, SOME_FAILED, Refusal, refuse
from outtrade_mocks.venues.okx.reference import Listing
from outtrade_mocks.venues.okx.tickets import Ticket

MOST = 20
"""Orders of one batch."""
SECONDS = (10, 120)
Item = tuple[dict[str, str], str | None]
"""An item of an answer, and the venue id of the order it is about."""


# -------------------------------------------------------------------- items
def each(
    desk: Desk,
    call: Call,
    sent: list[dict[str, Any]],
    now: int,
    one: Callable[[Desk, Mapping[str, Any], Mapping[str, str], int], Item],
    empty: Any,
) -> Outcome:
    """Carry out each item; the envelope says whether all, some or none were taken. ``empty`` makes the ids of an item
    that was refused."""
    data, ids, failed = [], [], 0
    known = call.raw.text
    for item in sent:
        params = codec.text(item) if known is None else known
        try:
            made, order_id = one(desk, item, params, now)
            if order_id is not None:
                ids.append(order_id)
            data.append(made)
        except Refusal as refusal:
            if refusal.name == "unavailable":
                raise
            failed += 1
            data.append(empty(params) | _why(refusal, now))
    if not failed:
        return Outcome(data, now, order_ids=tuple(ids))
    if failed == len(sent):
        return Outcome(data, now, "1", ALL_FAILED)
    return Outcome(data, now, "2", SOME_FAILED, tuple(ids))


def _why(refusal: Refusal, now: int) -> dict[str, str]:
    return {"ts": str(now // MS), "sCode": refusal.code, "sMsg": refusal.message, "subCode": ""}


def _taken(now: int) -> dict[str, str]:
    return {"ts": str(now // MS), "sCode": "0", "sMsg": "", "subCode": ""}


def objects(call: Call, most: int = MOST, *, error: str = "batch_size") -> list[dict[str, Any]]:
    """The objects of a batch."""
    sent = call.raw.payload
    items = sent if isinstance(sent, list) else [sent]
    if not items:
        raise refuse("empty", "orders")
    if len(items) > most:
        raise refuse(error, most)
    return items


def single(call: Call) -> list[dict[str, Any]]:
    """The one object of a request (50002 on a list)."""
    sent = call.raw.payload
    if isinstance(sent, list):
        if len(sent) != 1:
            raise refuse("json_syntax")
        return sent
    return [sent]


def _identity(order: Mapping[str, str]) -> dict[str, str]:
    return {"clOrdId": order.get("clOrdId", ""), "ordId": "", "tag": order.get("tag", "")}


def _which(order: Mapping[str, str]) -> dict[str, str]:
    return {"clOrdId": order.get("clOrdId", ""), "ordId": order.get("ordId", "")}


def _which_request(order: Mapping[str, str]) -> dict[str, str]:
    return _which(order) | {"reqId": order.get("reqId", "")}


# -------------------------------------------------------------------- place
def place(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v5/trade/order."""
    return each(desk, call, single(call), now, _place, _identity)


def place_batch(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v5/trade/batch-orders: up to 20 orders, each for itself."""
    return each(desk, call, objects(call), now, _place, _identity)


def _place(desk: Desk, sent: Mapping[str, Any], params: Mapping[str, str], now: int) -> Item:
    ticket = tickets.read(desk, params, sent.get("attachAlgoOrds"))
    tickets.set_margin_mode(desk, ticket.listing, _note(desk, ticket).td_mode)
    order = enter(desk, ticket)
    order_id = desk.order_id(order)
    return {"clOrdId": ticket.client_id, "ordId": order_id, "tag": ticket.tag} | _taken(now), order_id


def _note(desk: Desk, ticket: Ticket) -> Note:
    new = ticket.new.orders[0] if isinstance(ticket.new, NewList) else ticket.new
    return desk.notes[int(new.label)]


def enter(desk: Desk, ticket: Ticket) -> Order:
    """Give an order to the exchange. Raises Refusal."""
    try:
        if isinstance(ticket.new, NewList):
            return desk.exchange.place_list(desk.account, ticket.new).orders[0]
        return desk.exchange.place(desk.account, ticket.new)
    except Reject as reject:
        smaller = _affordable(desk, ticket, reject)
        if smaller is not None:
            try:
                return desk.exchange.place(desk.account, smaller)
            except Reject as again:
                reject = again
        raise desk.refused(reject, ticket.listing, ticket.side) from None


def _affordable(desk: Desk, ticket: Ticket, reject: Reject) -> NewOrder | None:
    """A spot market order that the balance does not cover, cut to it, where the venue does that (knob)."""
    new, entry = ticket.new, ticket.listing
    if not desk.shrinks or reject.reason is not RejectReason.INSUFFICIENT_BALANCE:
        return None
    if isinstance(new, NewList) or entry.swap or new.type != "market":
        return None
    free = desk.account.balance(entry.quote if new.side == "buy" else entry.base).free
    if new.side == "buy":
        return replace(new, quote=free, lots=None) if free else None
    lots = free // desk.exchange.instrument(entry.unified).lot_atoms
    return replace(new, lots=lots, quote=None) if lots else None


# ------------------------------------------------------------------- cancel
def working(desk: Desk, entry: Listing, order: Mapping[str, str], unknown: str) -> Order:
    """The order of the book that is meant, by ordId (which counts where both are sent) or clOrdId; ``unknown`` names
    the error where there is none."""
    order_id, name = codec.optional(order, "ordId"), codec.optional(order, "clOrdId")
    if order_id is None and name is None:
        raise refuse("which_cancel")
    core_id = desk.core_id(order_id) if order_id is not None else desk.account.working.get(name or "")
    snapshots = None if core_id is None else desk.account.orders.get(core_id)
    found = snapshots[-1] if snapshots else None
    if found is None or found.symbol != entry.unified or not found.working:
        raise refuse(unknown)
    return found


def cancel(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v5/trade/cancel-order."""
    return each(desk, call, single(call), now, _cancel, _which)


def cancel_batch(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v5/trade/cancel-batch-orders."""
    return each(desk, call, objects(call), now, _cancel, _which)


def _cancel(desk: Desk, sent: Mapping[str, Any], params: Mapping[str, str], now: int) -> Item:
    entry = tickets.listing_of(desk, params)
    order = working(desk, entry, params, "cancel_failed")
    try:
        desk.exchange.cancel(desk.account, entry.unified, order_id=order.order_id)
    except Reject as reject:
        raise desk.refused(reject, entry, order.side) from None
    order_id = desk.order_id(order)
    return {"clOrdId": desk.client_id(order), "ordId": order_id} | _taken(now), order_id


# -------------------------------------------------------------------- amend
def amend(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v5/trade/amend-order."""
    return each(desk, call, single(call), now, _amend, _which_request)


def amend_batch(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v5/trade/amend-batch-orders; the same order twice refuses the batch (51512)."""
    items = objects(call, error="amend_batch_size")
    names = [item.get("ordId") or item.get("clOrdId") for item in items]
    if len({str(name) for name in names}) < len(names):
        raise refuse("amend_duplicates")
    return each(desk, call, items, now, _amend, _which_request)


def _amend(desk: Desk, sent: Mapping[str, Any], params: Mapping[str, str], now: int) -> Item:
    """``newSz`` is the whole size, fills included; one that is filled already ends the order as filled. With
    ``cxlOnFail`` an order whose amend is refused is cancelled."""
    entry = tickets.listing_of(desk, params)
    request = codec.client_id(params, "reqId")
    size, price = codec.optional(params, "newSz"), codec.optional(params, "newPx")
    on_fail = codec.boolean(params, "cxlOnFail")
    order = working(desk, entry, params, "amend_failed")
    if size is None and price is None:
        raise refuse("amend_nothing")
    lots = None if size is None else desk.lots(entry, codec.positive("newSz", size))
    ticks = None if price is None else desk.ticks(entry, "newPx", codec.positive("newPx", price))
    note = desk.note(order)
    note.amends.append((now, request, size or ""))
    note.completed = lots is not None and 0 < lots <= order.filled
    try:
        desk.exchange.amend(desk.account, entry.unified, order_id=order.order_id, lots=lots, price=ticks)
    except Reject as reject:
        note.amends.pop()
        if reject.reason is not RejectReason.AMEND_NO_CHANGE:
            if on_fail:
                desk.exchange.cancel(desk.account, entry.unified, order_id=order.order_id)
            if reject.reason in (RejectReason.INSUFFICIENT_BALANCE, RejectReason.INSUFFICIENT_MARGIN):
                raise refuse("amend_funds") from None
            raise desk.refused(reject, entry, order.side) from None
    order_id = desk.order_id(order)
    made = {"clOrdId": desk.client_id(order), "ordId": order_id, "reqId": request}
    return made | _taken(now), order_id


# ------------------------------------------------------------------- others
def close_position(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v5/trade/close-position: at the market; with ``autoCxl`` the orders that close it are cancelled first,
    without it they are in the way (51115 is documented for them; here they are simply cut)."""
    params = codec.text(single(call)[0])
    entry = tickets.listing_of(desk, params)
    mode = codec.choice(params, "mgnMode", ("cross", "isolated"))
    held = codec.choice(params, "posSide", ("net", "long", "short"), "net")
    name, tag = codec.client_id(params, "clOrdId"), codec.tag(params)
    portfolio = desk.account.portfolio
    position = None if portfolio is None else portfolio.position(entry.unified, held)  # type: ignore[arg-type]
    if position is None or position.isolated != (mode == "isolated"):
        raise refuse("no_position")
    if codec.boolean(params, "autoCxl"):
        for core_id in sorted(portfolio.reducing) if portfolio is not None else ():
            order = desk.account.orders[core_id][-1]
            if order.symbol == entry.unified and order.live:
                desk.exchange.cancel(desk.account, entry.unified, order_id=core_id)
    size = desk.size(entry.unified, abs(position.lots))
    new = NewOrder(
        symbol=entry.unified,
        side="sell" if position.lots > 0 else "buy",
        type="market",
        lots=abs(position.lots),
        client_id=name,
        reduce_only=held == "net",
        position_side=None if held == "net" else held,  # type: ignore[arg-type]
        label=desk.noted(Note(mode, "market", size, tag)),
    )
    order = enter(desk, Ticket(entry, new.side, new, name, tag))
    data = {"instId": entry.id, "posSide": held, "clOrdId": name, "tag": tag}
    return Outcome([data], now, order_ids=(desk.order_id(order),))


def cancel_all_after(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v5/trade/cancel-all-after: all pending orders are cancelled after 10 to 120 seconds unless it is called
    again; 0 switches it off. Timers by ``tag`` are not offered: the tag is answered, the timer is the account's."""
    params = codec.text(single(call)[0])
    sent = codec.mandatory(params, "timeOut")
    seconds = codec.number("timeOut", sent)
    if seconds and not SECONDS[0] <= seconds <= SECONDS[1]:
        raise refuse("parameter", "timeOut")
    due = desk.exchange.countdown(desk.account, int(seconds * 1_000_000_000))
    data = {"triggerTime": "0" if due is None else str(due // MS), "tag": codec.tag(params), "ts": str(now // MS)}
    return Outcome([data], now)


def account_rate_limit(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /api/v5/trade/account-rate-limit: the rate of an account without a fill ratio of its own."""
    most = str(desk.limits.account_orders)
    data = {"fillRatio": "", "mainFillRatio": "", "accRateLimit": most, "nextAccRateLimit": most, "ts": str(now // MS)}
    return Outcome([data], now)


def precheck(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /api/v5/trade/order-precheck: only for multi-currency and portfolio margin (51010 otherwise)."""
    if desk.account_mode not in ("3", "4"):
        raise refuse("account_mode")
    params = codec.text(single(call)[0])
    ticket = tickets.read(desk, params, single(call)[0].get("attachAlgoOrds"))
    names = (
        "adjEq", "adjEqChg", "availBal", "availBalChg", "imr", "imrChg", "liab", "liabChg", "liabChgCcy", "liqPx",
        "liqPxDiff", "liqPxDiffRatio", "mgnRatio", "mgnRatioChg", "mmr", "mmrChg", "posBal", "posBalChg", "type",
    )  # fmt: skip
    free = desk.account.balance(ticket.listing.settle).free
    return Outcome([dict.fromkeys(names, "") | {"availBal": desk.money(ticket.listing.settle, free)}], now)
