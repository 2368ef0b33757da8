"""Trading: buy, sell, edit, cancel one by one, by label and many at once, close a position.

An answer says what became of the order: it is matched already when the answer is made, and the trades it made are
beside it (``{"order": ..., "trades": [...]}``). A *label* names any number of orders: ``edit_by_label`` refuses one
that fits more than one open order (13032), ``cancel_by_label`` cancels them all and says how many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from outtrade_mocks.core import NewOrder, Order, Reject, RejectReason
from outtrade_mocks.core.orders import Side
from outtrade_mocks.venues.deribit import codec, tickets
from outtrade_mocks.venues.deribit.desk import Desk, Note, Outcome
from outtrade_mocks.venues.deribit.errors import Refusal, refuse
from outtrade_mocks.venues.deribit.reference import Listing
from outtrade_mocks.venues.deribit.shapes import order_of, trade_of

Sent = Mapping[str, Any]
CURRENCIES = ("BTC", "ETH", "USDC", "USDT", "EURR", "SOL", "XRP")
TYPES = ("all", "limit", "trigger_all", "stop", "take", "trailing_stop")


def told(desk: Desk, order: Order) -> Outcome:
    """An order and its trades."""
    trades = [trade_of(desk, fill, order) for fill in desk.fills.get(order.order_id, ())]
    return Outcome({"order": order_of(desk, order), "trades": trades}, (desk.order_id(order),))


# ---------------------------------------------------------------------- place
def check_deadline(sent: Sent, now: int) -> None:
    """``valid_until`` (ms): who comes too late is not carried out (13888)."""
    until = codec.integer(sent, "valid_until")
    if until is not None and now // codec.MS >= until:
        raise refuse("timed_out")


def _place(desk: Desk, sent: Sent, side: Side, now: int, connection: int) -> Outcome:
    check_deadline(sent, now)
    ticket = tickets.read(desk, sent, side, now, connection)
    return told(desk, enter(desk, ticket.listing, ticket.new))


def enter(desk: Desk, entry: Listing, new: NewOrder) -> Order:
    """Give an order to the exchange. A trigger on the mark price waits for the last one where nobody publishes a mark
    price (*simplified*). Raises Refusal."""
    try:
        return desk.exchange.place(desk.account, new)
    except Reject as reject:
        if reject.reason is RejectReason.NO_TRIGGER_PRICE and new.trigger is not None and new.trigger.source != "last":
            return enter(desk, entry, replace(new, trigger=replace(new.trigger, source="last")))
        raise desk.refused(reject, entry, new.side) from None


def buy(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/buy."""
    return _place(desk, sent, "buy", now, connection)


def sell(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/sell."""
    return _place(desk, sent, "sell", now, connection)


# --------------------------------------------------------------------- change
def working(desk: Desk, sent: Sent) -> Order:
    """The open order that ``order_id`` names. Raises 10025, 10004, and for one that is over what the knob says."""
    order_id = codec.text(sent, "order_id")
    if order_id is None:
        raise refuse("invalid_order_id")
    core_id = desk.core_id(order_id)
    if core_id is None:
        raise refuse("order_not_found")
    found = desk.account.orders[core_id][-1]
    if not found.live:
        raise refuse(desk.cancel_closed)
    return found


def only(desk: Desk, sent: Sent) -> Order:
    """The only open order with this label and instrument. Raises 10004, 13032."""
    entry, label = desk.listed(codec.needed(sent, "instrument_name")), codec.label(sent)
    found = [order for order in desk.labelled(label) if order.symbol == entry.unified]
    if not found:
        raise refuse("order_not_found")
    if len(found) > 1:
        raise refuse("non_unique_label")
    return found[0]


def edit(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/edit: price, amount, trigger; the order keeps its id, and its place where only the amount falls."""
    check_deadline(sent, now)
    return _edit(desk, working(desk, sent), sent)


def edit_by_label(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/edit_by_label."""
    check_deadline(sent, now)
    return _edit(desk, only(desk, sent), sent)


def _edit(desk: Desk, order: Order, sent: Sent) -> Outcome:
    entry = desk.listings[order.symbol]
    lots = tickets.size(desk, entry, sent)
    price = codec.positive(sent, "price", "invalid_price")
    stop = codec.positive(sent, "trigger_price", "invalid_trigger")
    offset = codec.positive(sent, "trigger_offset", "invalid_trigger")
    ticks = None if price is None or order.price is None else desk.ticks(entry, price)
    reject = codec.flag(sent, "reject_post_only") or (order.post_only and desk.note(order).reject_post_only)
    if ticks is not None and order.post_only and not reject:
        ticks = tickets.beside_the_spread(desk, entry, order.side, ticks)
    try:
        made = desk.exchange.amend(
            desk.account,
            order.symbol,
            order_id=order.order_id,
            lots=lots,
            price=ticks,
            trigger_price=None if stop is None else desk.ticks(entry, stop, "trigger_wrong_tick"),
            trail_ticks=None if offset is None else desk.ticks(entry, offset, "trigger_wrong_tick"),
        )
    except Reject as refused:
        if refused.reason is RejectReason.AMEND_NO_CHANGE:
            return told(desk, order)
        if refused.reason is RejectReason.WOULD_TAKE:
            desk.note(order).cancel_reason = "edit_post_only_reject"
            desk.exchange.cancel(desk.account, order.symbol, order_id=order.order_id)
        raise desk.refused(refused, entry, order.side) from None
    return told(desk, made)


# --------------------------------------------------------------------- cancel
def cancel(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/cancel: the order as it ended."""
    order = working(desk, sent)
    try:
        ended = desk.exchange.cancel(desk.account, order.symbol, order_id=order.order_id)
    except Reject as reject:
        raise desk.refused(reject, desk.listings[order.symbol], order.side) from None
    return Outcome(order_of(desk, ended), (desk.order_id(ended),))


def cancel_by_label(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/cancel_by_label: all open orders with this label (in ``currency``); how many."""
    label, currency = codec.needed(sent, "label"), codec.choice(sent, "currency", (*CURRENCIES, "any"), "any")
    orders = [order for order in desk.labelled(label) if currency in ("any", desk.listings[order.symbol].settle)]
    return _cancel_many(desk, sent, orders)


def _open(desk: Desk, wanted: Callable[[Order, Listing], bool]) -> list[Order]:
    orders = (desk.account.orders[core_id][-1] for core_id in sorted(desk.account.working.values()))
    return [order for order in orders if wanted(order, desk.listings[order.symbol])]


def _fits(order: Order, kind: str) -> bool:
    """Whether ``type`` of a cancel of many names the order: plain ones, those that wait, or one kind of them."""
    trigger = None if order.terms is None or order.working else order.terms.trigger
    if kind == "all":
        return True
    if trigger is None:
        return kind == "limit"
    if kind == "trigger_all":
        return True
    own = "trailing_stop" if trigger.trailing else "take" if trigger.kind == "take_profit" else "stop"
    return kind == own


def cancel_all(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/cancel_all."""
    return _cancel_many(desk, sent, _open(desk, lambda order, entry: True))


def cancel_all_by_currency(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/cancel_all_by_currency."""
    currency, kind = codec.choice(sent, "currency", CURRENCIES), codec.choice(sent, "type", TYPES, "all")
    return _cancel_many(desk, sent, _open(desk, lambda order, entry: entry.settle == currency and _fits(order, kind)))


def cancel_all_by_instrument(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/cancel_all_by_instrument."""
    wanted, kind = desk.listed(codec.needed(sent, "instrument_name")), codec.choice(sent, "type", TYPES, "all")
    return _cancel_many(desk, sent, _open(desk, lambda order, entry: entry is wanted and _fits(order, kind)))


def cancel_all_by_kind_or_type(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/cancel_all_by_kind_or_type: in one currency or ``any``."""
    currency = codec.choice(sent, "currency", (*CURRENCIES, "any"))
    kind = codec.choice(sent, "type", TYPES, "all")
    codec.choice(sent, "kind", ("future", "option", "spot", "any"), "any")
    futures = codec.text(sent, "kind") in (None, "any", "future")
    return _cancel_many(
        desk,
        sent,
        _open(desk, lambda order, entry: futures and currency in ("any", entry.settle) and _fits(order, kind)),
    )


def _cancel_many(desk: Desk, sent: Sent, orders: Sequence[Order]) -> Outcome:
    """Cancel each for itself; the number, or (``detailed``) a report per instrument and kind."""
    detailed = codec.flag(sent, "detailed")
    ended: list[Order] = []
    failed: list[tuple[Order, Refusal]] = []
    for order in orders:
        try:
            ended.append(desk.exchange.cancel(desk.account, order.symbol, order_id=order.order_id))
        except Reject as reject:
            failed.append((order, desk.refused(reject, desk.listings[order.symbol], order.side)))
    ids = tuple(desk.order_id(order) for order in ended)
    if failed and not ended and not detailed:
        raise failed[0][1]
    if not detailed:
        return Outcome(len(ended), ids)
    reports: dict[tuple[str, str], dict[str, Any]] = {}
    for order in ended:
        reports.setdefault(_report(desk, order), {}).setdefault("result", []).append(order_of(desk, order))
    for order, refusal in failed:
        reports.setdefault(_report(desk, order), {})["error"] = refusal.shown()
    shown = [
        {"currency": desk.by_id[name].settle, "type": kind, "instrument_name": name} | report
        for (name, kind), report in reports.items()
    ]
    return Outcome(shown, ids)


def _report(desk: Desk, order: Order) -> tuple[str, str]:
    waits = order.terms is not None and order.terms.trigger is not None and order.terms.triggered is None
    return desk.listings[order.symbol].id, "trigger" if waits else "limit"


def disconnected(desk: Desk, connection: int) -> None:
    """Cancel on disconnect: what was placed on a connection ends with it; other orders stay (enable_cancel_on_
    disconnect)."""
    for order in _open(desk, lambda order, entry: desk.note(order).connection == connection and bool(order.label)):
        note = desk.note(order)
        note.cancel_reason = "cancel_on_disconnect"
        try:
            desk.exchange.cancel(desk.account, order.symbol, order_id=order.order_id)
        except Reject:
            note.cancel_reason = ""


# ---------------------------------------------------------------------- close
def close_position(desk: Desk, sent: Sent, now: int, as_of: int | None, connection: int) -> Outcome:
    """private/close_position: a reduce-only order of the position's size, at the market or at ``price``."""
    entry = desk.listed(codec.needed(sent, "instrument_name"))
    word = codec.choice(sent, "type", ("limit", "market"))
    portfolio = desk.account.portfolio
    held = None if portfolio is None else portfolio.position(entry.unified, "net")
    if held is None:
        raise refuse("other_reject", "already_closed")
    ticks = None
    if word == "limit":
        price = codec.positive(sent, "price", "invalid_price")
        if price is None:
            raise codec.invalid("price", "value required")
        ticks = desk.ticks(entry, price)
    side: Side = "sell" if held.lots > 0 else "buy"
    new = NewOrder(
        symbol=entry.unified,
        side=side,
        type="limit" if word == "limit" else "market",
        price=ticks,
        lots=abs(held.lots),
        client_id=desk.name(""),
        reduce_only=True,
        label=desk.noted(Note(kind=word, connection=connection)),
    )
    return told(desk, enter(desk, entry, new))
