"""Trading endpoints: create, amend, cancel, cancel all, batches, pre-check, disconnection protection.

They go to the matching engine, so they see the exchange as it is, never a lagging copy. What they answer is ids only:
the order's fate is told by the order stream and by queries. A handler raises Refusal or the core's Reject where nothing
happened; in a batch each item succeeds or fails alone (``retExtInfo``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from outtrade_mocks.core import Order, Reject
from outtrade_mocks.core.orders import TERMINAL
from outtrade_mocks.venues.api import Call
from outtrade_mocks.venues.bybit import codec, tickets
from outtrade_mocks.venues.bybit.desk import Outcome
from outtrade_mocks.venues.bybit.errors import Refusal, refuse, translate
from outtrade_mocks.venues.bybit.firm import Firm
from outtrade_mocks.venues.bybit.notes import Note
from outtrade_mocks.venues.bybit.reference import Listing
from outtrade_mocks.venues.bybit.shapes import link_of

BATCH = {"spot": 10, "linear": 20, "inverse": 20, "option": 20}
"""Most items of a batch (batch-place.mdx)."""
PRODUCTS = ("OPTIONS", "DERIVATIVES", "SPOT")
Params = Mapping[str, Any]


# -------------------------------------------------------------------- create
def create(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/order/create."""
    params = call.raw.params
    order = _create(firm, firm.desk.category(params), params)
    return _ids(firm, order, now)


def _create(firm: Firm, category: str, params: Params) -> Order:
    desk = firm.desk
    ticket = tickets.read(desk, category, params)
    link = ticket.note.link_id
    if link and desk.ids_for_ever and link in desk.account.by_client_id:
        raise refuse("spot_duplicate" if ticket.listing.spot else "duplicate_link_id")
    try:
        return desk.place(ticket.new)
    except Reject as reject:
        desk.notes.pop(ticket.new.label, None)
        raise tickets.too_large(ticket.listing, reject, ticket.new) or _said(reject, ticket.listing) from None


def _said(reject: Reject, listing: Listing) -> Refusal:
    return translate(reject, spot=listing.spot)


def _ids(firm: Firm, order: Order, now: int) -> Outcome:
    wire = firm.desk.id_of(order)
    return Outcome({"orderId": wire, "orderLinkId": link_of(order, firm.desk.note(order))}, now, order_ids=(wire,))


# -------------------------------------------------------------------- look up
def named(firm: Firm, category: str, params: Params) -> tuple[Listing, Order | None]:
    """Which order is meant: by orderId, which goes before orderLinkId. Raises 10001 where neither is sent."""
    desk = firm.desk
    listing = desk.listed(category, params.get("symbol"))
    wire, link = codec.text(params, "orderId"), codec.text(params, "orderLinkId")
    if wire is None and link is None:
        raise refuse("empty_ids")
    if wire is not None:
        order = desk.find(category, wire)
    else:
        known = desk.account.by_client_id.get(link or "", [])
        found = [desk.account.orders[core][-1] for core in known]
        order = next((one for one in reversed(found) if one.symbol == listing.unified), None)
    return listing, order if order is not None and order.symbol == listing.unified else None


def _open(listing: Listing, order: Order | None, gone: str) -> Order:
    """An open order, or the refusal in the words of the category; ``gone`` for contracts."""
    if order is not None and order.live:
        return order
    if not listing.spot:
        raise refuse(gone)
    if order is None or order.status not in TERMINAL:
        raise refuse("spot_not_found")
    raise refuse("spot_filled" if order.status == "filled" else "spot_cancelled")


# --------------------------------------------------------------------- cancel
def cancel(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/order/cancel."""
    params = call.raw.params
    order = _cancel(firm, firm.desk.category(params), params)
    return _ids(firm, order, now)


def _cancel(firm: Firm, category: str, params: Params) -> Order:
    desk = firm.desk
    listing, order = named(firm, category, params)
    order = _open(listing, order, "order_not_exists")
    wanted = codec.text(params, "orderFilter")
    if listing.spot and wanted is not None and desk.note(order).order_filter != wanted:
        raise refuse("spot_not_found")
    return _end(firm, listing, order)


def _end(firm: Firm, listing: Listing, order: Order) -> Order:
    note = firm.desk.notes.get(order.label)
    if note is not None:
        note.cancel_type = "CancelByUser"
    try:
        return firm.desk.exchange.cancel(firm.desk.account, order.symbol, order_id=order.order_id)
    except Reject as reject:
        raise _said(reject, listing) from None


def cancel_all(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/order/cancel-all: of a symbol, of a base or settle coin, or (spot) of all; what the filter says. With
    nothing open, an empty list."""
    desk, params = firm.desk, call.raw.params
    category = desk.category(params)
    entries = scope(firm, category, params, needs_one=category != "spot")
    wanted = codec.text(params, "orderFilter")
    if wanted is not None and wanted not in (*tickets.FILTERS, "OcoOrder", "BidirectionalTpslOrder"):
        raise refuse("spot_filter") if category == "spot" else refuse("params_named", "orderFilter invalid")
    if category == "spot":
        wanted = wanted or "Order"
    stop_type = codec.text(params, "stopOrderType")
    done = []
    for order in open_orders(firm, entries):
        note = desk.note(order)
        if wanted is not None and note.order_filter != wanted:
            continue
        if stop_type is not None and note.stop_type != stop_type:
            continue
        if desk.account.orders[order.order_id][-1].live:
            _end(firm, desk.listings[order.symbol], order)
        done.append(order)
    rows = [{"orderId": desk.order_id(one.order_id), "orderLinkId": link_of(one, desk.note(one))} for one in done]
    return Outcome({"list": rows, "success": "1"}, now, order_ids=tuple(row["orderId"] for row in rows))


def scope(firm: Firm, category: str, params: Params, *, needs_one: bool) -> list[Listing]:
    """The symbols that ``symbol``, ``baseCoin`` or ``settleCoin`` name; raises 10001 where one of them is needed."""
    desk = firm.desk
    symbol, base, settle = (codec.text(params, name) for name in ("symbol", "baseCoin", "settleCoin"))
    if symbol is not None:
        return [desk.listed(category, symbol)]
    if needs_one and base is None and settle is None:
        raise refuse("params_named", "symbol, settleCoin or baseCoin is required")
    return [
        entry for entry in desk.of_category(category) if base in (None, entry.base) and settle in (None, entry.settle)
    ]


def open_orders(firm: Firm, entries: list[Listing]) -> list[Order]:
    """The account's open orders in these symbols, oldest first."""
    account, wanted = firm.desk.account, {entry.unified for entry in entries}
    found = (account.orders[core][-1] for core in sorted(account.working.values()))
    return [order for order in found if order.symbol in wanted]


# ---------------------------------------------------------------------- amend
def amend(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/order/amend."""
    params = call.raw.params
    order = _amend(firm, firm.desk.category(params), params)
    return _ids(firm, order, now)


def _amend(firm: Firm, category: str, params: Params) -> Order:
    """Change quantity, price, trigger price or the attached take profit and stop loss; what is left out stays."""
    desk = firm.desk
    listing, order = named(firm, category, params)
    order = _open(listing, order, "too_late_to_replace")
    note = desk.notes.get(order.label) or Note()
    lots = _amended_quantity(listing, params)
    price, trigger = (tickets.ticks_of(listing, name, params) for name in ("price", "triggerPrice"))
    waits = order.terms is not None and order.terms.trigger is not None and order.terms.triggered is None
    if trigger is not None and not waits:
        trigger = None
    guards = _amended_guards(listing, params, note, order)
    if (lots in (None, order.lots)) and price in (None, order.price) and trigger is None:
        if not guards:
            raise refuse("amend_not_modified")
        return order
    try:
        return desk.exchange.amend(
            desk.account, order.symbol, order_id=order.order_id, lots=lots, price=price, trigger_price=trigger
        )
    except Reject as reject:
        raise _said(reject, listing) from None


def _amended_quantity(listing: Listing, params: Params) -> int | None:
    value = codec.text(params, "qty")
    if value is None:
        return None
    sent = codec.units(value, listing.size_decimals)
    lots, rest = (0, 1) if sent is None else divmod(sent, listing.step)
    if rest:
        raise tickets.bad(listing, "spot_quantity_decimals", "qty")
    if not lots:
        raise refuse("spot_quantity_low" if listing.spot else "quantity")
    return lots


def _amended_guards(listing: Listing, params: Params, note: Note, order: Order) -> bool:
    """``takeProfit`` and ``stopLoss`` of an open order; 0 takes them off. Whether anything changed."""
    changed = False
    for name, field, source in (
        ("takeProfit", "take_profit", "tp_trigger_by"),
        ("stopLoss", "stop_loss", "sl_trigger_by"),
    ):
        if codec.text(params, name) is None:
            continue
        price = tickets.ticks_of(listing, name, params)
        changed = changed or price != getattr(note, field)
        setattr(note, field, price)
        setattr(note, source, "" if price is None else getattr(note, source) or "LastPrice")
    return changed


# -------------------------------------------------------------------- batches
Item = Callable[[Firm, str, Params], Order]


def _batch(firm: Firm, call: Call, now: int, carry_out: Item, *, created: bool) -> Outcome:
    params = call.raw.params
    category = firm.desk.category(params)
    items = params.get("request")
    if not isinstance(items, list) or not items:
        raise refuse("params_named", "request is required")
    if len(items) > BATCH[category]:
        raise refuse("params_named", f"request exceeds {BATCH[category]} orders")
    rows, codes, ids = [], [], []
    for number, item in enumerate(items):
        sent = item if isinstance(item, dict) else {}
        row = {"category": category, "symbol": _shown(sent, "symbol"), "orderId": "", "orderLinkId": ""}
        try:
            if number >= call.raw.granted:
                raise refuse("too_many_visits")
            order = carry_out(firm, category, sent)
            row["orderId"] = firm.desk.order_id(order.order_id)
            row["orderLinkId"] = link_of(order, firm.desk.note(order))
            ids.append(row["orderId"])
            codes.append({"code": 0, "msg": "OK"})
        except Refusal as refusal:
            row["orderLinkId"] = _shown(sent, "orderLinkId")
            if not created:
                row["orderId"] = _shown(sent, "orderId")
            codes.append({"code": refusal.code, "msg": refusal.message})
        if created:
            row["createAt"] = firm.desk.time(now) if row["orderId"] else ""
        rows.append(row)
    return Outcome({"list": rows}, now, {"list": codes}, order_ids=tuple(ids))


def _shown(sent: Params, name: str) -> str:
    value = sent.get(name)
    return value if isinstance(value, str) else ""


def create_batch(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/order/create-batch."""
    return _batch(firm, call, now, _create, created=True)


def amend_batch(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/order/amend-batch."""
    return _batch(firm, call, now, _amend, created=False)


def cancel_batch(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/order/cancel-batch."""
    return _batch(firm, call, now, _cancel, created=False)


# ------------------------------------------------------------------- the rest
def pre_check(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/order/pre-check: the order is checked, not placed; margin rates before and after, in 1e-4."""
    desk, params = firm.desk, call.raw.params
    ticket = tickets.read(desk, desk.category(params), params)
    desk.notes.pop(ticket.new.label, None)
    if ticket.listing.spot:
        raise refuse("params_named", "category invalid")
    margin = desk.exchange.margin(desk.account, ticket.listing.settle)
    equity = max(1, margin.equity)
    price = ticket.new.price or desk.mark(ticket.listing.unified)
    value = desk.rules(ticket.listing).cover(price, ticket.new.lots or 0) if price else 0
    tiers = desk.rules(ticket.listing).tiers
    more, keep = value // desk.leverage(ticket.listing.unified), tiers.maintenance(value) if tiers is not None else 0
    before = margin.positions + margin.orders
    rates = [int(Decimal(atoms) / equity * 10_000) for atoms in (before, margin.maintenance, before + more)]
    return Outcome(
        {
            "orderId": "",
            "orderLinkId": ticket.note.link_id,
            "preImrE4": rates[0],
            "preMmrE4": rates[1],
            "postImrE4": rates[2],
            "postMmrE4": int(Decimal(margin.maintenance + keep) / equity * 10_000),
        },
        now,
    )


def borrow_check(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """GET /v5/order/spot-borrow-check: what may be traded; nothing can be borrowed here."""
    desk, params = firm.desk, call.raw.params
    if desk.category(params) != "spot":
        raise refuse("illegal_category")
    listing = desk.listed("spot", params.get("symbol"))
    side = codec.text(params, "side")
    if side not in tickets.SIDES:
        raise refuse("spot_side")
    buy = side == "Buy"
    asset = listing.quote if buy else listing.base
    free = desk.exchange.view(desk.account, as_of).balances().get(asset, (0, 0))[0]
    held, mid = desk.exchange.amount(asset, free), desk.exchange.mid(listing.unified) or Decimal(0)
    quantity = (held / mid if mid else Decimal(0)) if buy else held
    amount = held if buy else held * mid
    return Outcome(
        {
            "symbol": listing.id,
            "side": side,
            "maxTradeQty": codec.rounded(quantity, listing.size_decimals),
            "maxTradeAmount": codec.rounded(amount),
            "spotMaxTradeQty": codec.rounded(quantity, listing.size_decimals),
            "spotMaxTradeAmount": codec.rounded(amount),
            "borrowCoin": asset,
        },
        now,
    )


def protect(firm: Firm, call: Call, now: int, as_of: int | None) -> Outcome:
    """POST /v5/order/disconnected-cancel-all."""
    params = call.raw.params
    product = codec.text(params, "product") or "OPTIONS"
    window = codec.integer(params, "timeWindow")
    if product not in PRODUCTS:
        raise refuse("params_named", "product invalid")
    if window is None or not 3 <= window <= 300:
        raise refuse("params_named", "timeWindow invalid")
    firm.protection.set(product, window)
    return Outcome({}, now, message="success")
