"""Trading: new orders, batches, amends, edits, cancels, the dead man's switch.

They go to the matching engine, so they see the exchange as it is, never a lagging copy. A handler raises Refusal or the
core's Reject where nothing happened. What counts at the engine's rate counter is counted here, because only here the
pair and the age of an order are known (``limits``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from outtrade_mocks.core import Order, Reject, RejectReason
from outtrade_mocks.core.requests import replace
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.kraken_spot import limits, prices, shapes, tickets
from outtrade_mocks.venues.kraken_spot.codec import SECOND, flat, moment, switch, units
from outtrade_mocks.venues.kraken_spot.desk import Desk, Outcome
from outtrade_mocks.venues.kraken_spot.errors import Refusal, refuse, translate
from outtrade_mocks.venues.kraken_spot.notes import Amend, Note
from outtrade_mocks.venues.kraken_spot.reference import Listing

BATCH = (2, 15)
"""Orders in a batch (Add Order Batch)."""
CANCELS = 50
"""Cancels in a batch (Cancel Order Batch)."""
MOST_COUNTDOWN = 86_400
"""Seconds (Cancel All Orders After X)."""
MINIMUMS = frozenset({"order_minimum", "cost_minimum"})


def place(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """AddOrder."""
    tickets.check_deadline(call.params, now)
    note = tickets.read(desk, call.params, now)
    counted(desk, note.listing, 1, now)
    if switch(call.params.get("validate")):
        return Outcome({"descr": shapes.description(desk, note)})
    desk.place(note, now)
    return Outcome({"descr": shapes.description(desk, note), "txid": [note.txid]}, (note.txid,))


def counted(desk: Desk, listing: Listing, cost: float, now: int) -> None:
    """Count at the engine; raises Refusal above the limit."""
    if not desk.limits.order(now, listing.unified, cost):
        raise refuse("order_rate")


# -------------------------------------------------------------------- batches
def place_batch(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """AddOrderBatch: checked as a whole, then each order for itself."""
    notes = batch(desk, call, now)
    if switch(call.params.get("validate")):
        return Outcome({"orders": [{"descr": _short(desk, note)} for note in notes]})
    results: list[dict[str, Any]] = []
    for note in notes:
        try:
            desk.place(note, now)
            results.append({"txid": note.txid, "descr": _short(desk, note)})
        except Reject as reject:
            results.append({"error": translate(reject).text})
    return Outcome({"orders": results}, tuple(note.txid for note in notes if note.txid in desk.notes))


def batch(desk: Desk, call: Call, now: int) -> list[Note]:
    """The orders of a batch, read and counted. Raises Refusal."""
    tickets.check_deadline(call.params, now)
    listing = desk.listed(call.params.get("pair", ""))
    orders = sent_list(call, "orders")
    if not BATCH[0] <= len(orders) <= BATCH[1] or not all(isinstance(one, dict) for one in orders):
        raise refuse("invalid_argument", "orders")
    notes = [tickets.read(desk, flat(one) | {"pair": listing.altname}, now) for one in orders]
    names = [note.cl_ord_id for note in notes if note.cl_ord_id is not None]
    if len(set(names)) < len(names):
        raise refuse("duplicate")
    counted(desk, listing, len(notes) / 2, now)
    return notes


def sent_list(call: Call, name: str) -> list[Any]:
    """A list in the body: of JSON, or of a form (``orders[0][price]``, ``orders[]``)."""
    found = call.raw.body.get(name)
    if isinstance(found, list):
        return found
    members: dict[str, Any] = {}
    for key, value in call.params.items():
        if key.startswith(f"{name}[") and key.endswith("]"):
            index, _, field = key[len(name) + 1 : -1].partition("][")
            if not field:
                members[key if index == "" else index] = value
            elif isinstance(members.setdefault(index, {}), dict):
                inner, _, deeper = field.partition("][")
                members[index][f"{inner}[{deeper}]" if deeper else inner] = value
    if members:
        return list(members.values())
    return [one for one in call.params.get(name, "").split(",") if one]


def _short(desk: Desk, note: Note) -> dict[str, str]:
    return shapes.description(desk, note)


# ------------------------------------------------------------------ which one
def named(desk: Desk, params: Mapping[str, str], *, userref: bool = False) -> list[Note]:
    """The open orders that are meant: by txid, by cl_ord_id or, where it is allowed, by user reference. Raises Refusal:
    a txid that never was is an invalid order, one that is over an unknown one."""
    txid, name = params.get("txid") or params.get("order_id"), params.get("cl_ord_id")
    if not txid and not name:
        raise refuse("invalid_argument", "txid")
    if name and not txid:
        tickets.client_id(name)
        return [_open_named(desk, name)]
    assert txid
    note = desk.notes.get(txid)
    if note is None:
        if userref and txid.lstrip("+-").isdecimal():
            number = tickets.reference(txid)
            found = [one for one in desk.notes.values() if one.userref == number and is_open(desk, one)]
            if not found:
                raise refuse("unknown_order")
            return found
        raise refuse("invalid_order")
    if not is_open(desk, note):
        raise refuse("unknown_order")
    return [note]


def _open_named(desk: Desk, name: str) -> Note:
    core_id = desk.account.working.get(name)
    if core_id is not None:
        return desk.notes[desk.order_id(core_id)]
    for note in desk.later:
        if note.cl_ord_id == name:
            return note
    raise refuse("unknown_order")


def is_open(desk: Desk, note: Note) -> bool:
    """Whether an order is pending or open."""
    order = desk.order(note)
    return note in desk.later if order is None else order.live


# --------------------------------------------------------------------- amends
def amend(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """AmendOrder: txid and cl_ord_id stay; a quantity below what is filled cancels the rest."""
    params = call.params
    tickets.check_deadline(params, now)
    note = named(desk, params)[0]
    listing, order = note.listing, desk.order(note)
    counted(desk, listing, 1 + limits.by_age(limits.AMEND, now - note.created), now)
    if order is None:
        raise refuse("not_editable")
    lots = _quantity(listing, params.get("order_qty"), "order_qty")
    reference = desk.last(listing)
    limit, trigger, ticks, points = params.get("limit_price"), params.get("trigger_price"), None, None
    price, side = None, note.new.side
    if limit:
        price = prices.ticks(listing, limit, "limit_price", reference=reference, side=side)
    trigger_ticks = None
    terms = order.terms
    if trigger and terms is not None and terms.trigger is not None and terms.trigger.trailing:
        ticks, points = prices.distance(listing, trigger, "trigger_price")
    elif trigger:
        trigger_ticks = prices.ticks(
            listing, trigger, "trigger_price", reference=reference, ordertype=note.ordertype, side=side
        )
    if not (lots or limit or trigger or params.get("display_qty")):
        raise refuse("invalid_arguments")
    if switch(params.get("post_only")) and price is not None and _takes(desk, note, price):
        raise refuse("post_only")
    try:
        changed = desk.exchange.amend(
            desk.account, listing.unified, order_id=note.core_id, lots=lots, price=price, trigger_price=trigger_ticks,
            trail_ticks=ticks, trail_bps=points,
        )  # fmt: skip
    except Reject as reject:
        if reject.reason is not RejectReason.AMEND_NO_CHANGE:
            raise _unamendable(reject) from None
        changed = order  # nothing to change is no error (inferred)
    made = _note_amend(desk, note, order, changed, now, post_only=switch(params.get("post_only")))
    if ticks is not None or points is not None:
        note.price = trigger or note.price
    return Outcome({"amend_id": made.amend_id}, (note.txid,))


def _unamendable(reject: Reject) -> Refusal:
    if reject.reason is RejectReason.AMEND_NOT_ALLOWED:
        return refuse("not_editable")
    return translate(reject)


def _note_amend(desk: Desk, note: Note, before: Order, after: Order, now: int, *, post_only: bool) -> Amend:
    if not note.amends:
        note.amends.append(_amend_of(desk, before, before.created, post_only=before.post_only))
    made = _amend_of(desk, after, now, post_only=post_only)
    note.amends.append(made)
    return made


def _amend_of(desk: Desk, order: Order, time: int, *, post_only: bool) -> Amend:
    terms = order.terms
    trigger = None if terms is None or terms.trigger is None else terms.trigger.price
    visible = None if terms is None else terms.visible
    return Amend(desk.amend_id(), time, order.lots, order.remaining, order.price, trigger, visible, post_only)


def _takes(desk: Desk, note: Note, price: int) -> bool:
    bids, asks = desk.exchange.depth(note.listing.unified, 1)
    if note.new.side == "buy":
        return bool(asks) and price >= asks[0][0]
    return bool(bids) and price <= bids[0][0]


def _quantity(listing: Listing, text: str | None, name: str) -> int | None:
    if not text:
        return None
    try:
        lots = units(text, listing.lot_decimals)
    except (ValueError, OverflowError):
        raise refuse("invalid_argument", name) from None
    if lots <= 0:
        raise refuse("invalid_argument", name)
    return lots


# ---------------------------------------------------------------------- edits
def edit(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """EditOrder: the order is cancelled, and another one with a txid of its own takes its place. ``volume`` is the
    whole quantity, what is filled included (*inferred*: an order of which more is filled cannot be edited)."""
    params = call.params
    tickets.check_deadline(params, now)
    note = named(desk, params, userref=True)[0]
    listing, order = note.listing, desk.order(note)
    if desk.listed(params.get("pair") or listing.altname) is not listing:
        raise refuse("unknown_pair")
    counted(desk, listing, 1 + limits.by_age(limits.EDIT, now - note.created), now)
    lots = _quantity(listing, params.get("volume"), "volume") or (0 if order is None else order.lots)
    started = order is not None and order.terms is not None and order.terms.triggered is not None
    if order is None or note.cl_ord_id or note.close or started or lots <= order.filled or note.new.quote is not None:
        raise refuse("not_editable")
    made = tickets.read(desk, _edited(note, params, lots - order.filled), now)
    if switch(params.get("validate")):
        return Outcome({"descr": {"order": shapes.description(desk, made)["order"]}})
    made.refid = note.refid
    _put_in_place(desk, note, made, now)
    result = {
        "status": "ok",
        "txid": made.txid,
        "originaltxid": note.txid,
        "volume": shapes.volume(listing, made.new.lots or 0),
        "price": made.price,
        "price2": made.price2,
        "orders_cancelled": 1,
        "descr": {"order": shapes.description(desk, made)["order"]},
    }
    if note.userref is not None:
        result["olduserref"] = str(note.userref)
    if made.userref is not None:
        result["newuserref"] = str(made.userref)
    return Outcome(result, (note.txid, made.txid))


def _edited(note: Note, params: Mapping[str, str], lots: int) -> dict[str, str]:
    """The parameters of the order that takes the place of another; post-only does not carry over (Edit Order)."""
    made = {
        "pair": note.listing.altname, "type": note.new.side, "ordertype": note.ordertype,
        "volume": shapes.volume(note.listing, lots), "price": params.get("price") or note.price,
        "price2": params.get("price2") or note.price2,
        "oflags": params.get("oflags") or ",".join(flag for flag in note.oflags if flag != "post"),
    }  # fmt: skip
    if note.trigger is not None:
        made["trigger"] = note.trigger
    if note.ordertype == "iceberg":
        made["displayvol"] = params.get("displayvol") or shapes.volume(note.listing, note.new.visible or lots)
    if note.expiretm:
        made |= {"timeinforce": "GTD", "expiretm": str(note.expiretm)}
    userref = params.get("userref") or ("" if note.userref is None else str(note.userref))
    return made | ({"userref": userref} if userref else {})


def _put_in_place(desk: Desk, note: Note, made: Note, now: int) -> None:
    """Cancel and place. A limit order that would be refused leaves the old one as it is."""
    if made.new.type == "limit" and made.new.trigger is None:
        made.txid = desk.ids.make("O", len(desk.notes) + 1)
        made.created, desk.notes[made.txid] = now, made
        try:
            replace(
                desk.exchange, desk.account, note.listing.unified, structs.replace(made.new, label=made.txid),
                order_id=note.core_id, mode="atomic",
            )  # fmt: skip
        except Reject:
            del desk.notes[made.txid]
            raise
    else:
        desk.exchange.cancel(desk.account, note.listing.unified, order_id=note.core_id)
        desk.place(made, now)
    note.reasons.append((now, "Order replaced"))


# -------------------------------------------------------------------- cancels
def cancel(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """CancelOrder: one order, or all of a user reference."""
    notes = named(desk, call.params, userref=True)
    return _cancel(desk, notes, now)


def _cancel(desk: Desk, notes: list[Note], now: int) -> Outcome:
    for note in notes:
        counted(desk, note.listing, limits.by_age(limits.CANCEL, now - note.created), now)
    for note in notes:
        cancel_one(desk, note, now)
    return Outcome({"count": len(notes)}, tuple(note.txid for note in notes))


def cancel_one(desk: Desk, note: Note, now: int) -> None:
    """Cancel an open order. Raises Reject."""
    if note in desk.later:
        desk.later.remove(note)
        note.ended = now
        note.reasons.append((now, shapes.USER))
    elif is_open(desk, note):
        desk.exchange.cancel(desk.account, note.listing.unified, order_id=note.core_id)


def cancel_batch(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """CancelOrderBatch: those that are open among them; none of them is an error."""
    orders = [*sent_list(call, "orders"), *({"cl_ord_id": one} for one in sent_list(call, "cl_ord_ids"))]
    if not 0 < len(orders) <= CANCELS:
        raise refuse("invalid_argument", "orders")
    found: dict[str, Note] = {}
    problem: Refusal | None = None
    for one in orders:
        asked = flat(one) if isinstance(one, dict) else {"txid": str(one)}
        try:
            found |= {note.txid: note for note in named(desk, asked, userref=True)}
        except Refusal as refusal:
            problem = problem or refusal
    if not found and problem is not None:
        raise problem
    return _cancel(desk, list(found.values()), now)


def cancel_all(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """CancelAll: every open order."""
    notes = [note for note in desk.notes.values() if is_open(desk, note)]
    for note in notes:
        cancel_one(desk, note, now)
    return Outcome({"count": len(notes)}, tuple(note.txid for note in notes))


def cancel_after(desk: Desk, call: Call, now: int, as_of: int | None) -> Outcome:
    """CancelAllOrdersAfter: everything is cancelled unless this is called again in time; 0 switches it off."""
    text = call.params.get("timeout", "")
    if not (text.isascii() and text.isdecimal()) or int(text) > MOST_COUNTDOWN:
        raise refuse("invalid_argument", "timeout")
    end = desk.cancel_after(int(text) * SECOND)
    return Outcome({"currentTime": moment(now, 0), "triggerTime": "0" if end is None else moment(end, 0)})
