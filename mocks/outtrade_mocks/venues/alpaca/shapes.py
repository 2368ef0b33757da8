"""The JSON object of an order, as it was at one moment.

All keys are always there; what does not apply is ``null``. ``legs`` are rolled up where the parent is shown in full
(the answer to a new order, ``nested=true``), else ``null``. An order by ``notional`` shows no ``qty``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade_mocks.core import Order, Status
from outtrade_mocks.venues.alpaca.codec import amount, shown, stamp
from outtrade_mocks.venues.alpaca.desk import Desk
from outtrade_mocks.venues.alpaca.notes import Note, acknowledged, status_of


def order_object(
    desk: Desk, order: Order, *, nested: bool = False, as_of: int | None = None, fresh: bool = False
) -> dict[str, Any]:
    """An order. ``nested``: with its legs. ``fresh``: as the answer to it, which says only that it was taken."""
    note, listing, rules = (
        desk.notes[order.order_id],
        desk.listings[order.symbol],
        desk.exchange.instrument(order.symbol),
    )
    state = acknowledged(order, note) if fresh else status_of(order, note)
    if order.live and not fresh and desk.replacements.of(order.order_id) is not None:
        state = "pending_replace"
    legs = None
    if nested and note.legs:
        found = (desk.account.orders[leg][0] if fresh else desk.snapshot(leg, as_of) for leg in note.legs)
        legs = [order_object(desk, leg, fresh=fresh) for leg in found if leg is not None]
    terms = order.terms
    replaces = None if terms is None else terms.replaces
    replaced_by = None if terms is None else terms.replaced_by
    ended = stamp(order.updated)
    average = None
    if order.filled:
        average = desk.exchange.amount(rules.quote, order.quote_filled) / rules.quantity(order.filled)
    stop, best = _stops(desk, order, note)
    by_amount = note.notional is not None
    return {
        "id": desk.order_id(order.order_id),
        "client_order_id": order.client_id,
        "created_at": stamp(order.created),
        "updated_at": ended,
        "submitted_at": stamp(order.created),
        "filled_at": ended if state == "filled" else None,
        "expired_at": ended if state == "expired" else None,
        "canceled_at": ended if state == "canceled" else None,
        "failed_at": ended if state == "rejected" else None,
        "replaced_at": ended if state == "replaced" else None,
        "replaced_by": None if replaced_by is None else desk.order_id(replaced_by),
        "replaces": None if replaces is None else desk.order_id(replaces),
        "asset_id": listing.asset_id,
        "symbol": listing.id,
        "asset_class": listing.asset_class,
        "notional": note.notional,
        "qty": None if by_amount else amount(rules.quantity(order.lots)),
        "filled_qty": amount(rules.quantity(order.filled)),
        "filled_avg_price": shown(average),
        "order_class": note.order_class,
        "order_type": note.kind,
        "type": note.kind,
        "side": order.side,
        "position_intent": f"{order.side}_to_{'open' if order.side == 'buy' else 'close'}",
        "time_in_force": note.tif,
        "limit_price": None if order.price is None else amount(rules.price(order.price)),
        "stop_price": shown(stop),
        "status": state,
        "extended_hours": note.extended,
        "legs": legs,
        "trail_percent": note.trail_percent,
        "trail_price": note.trail_price,
        "hwm": shown(best),
        "subtag": None,
        "source": None,
        "expires_at": _expires(order),
    }


def _stops(desk: Desk, order: Order, note: Note) -> tuple[Decimal | None, Decimal | None]:
    """The stop price, and of a trailing stop the best price that it has seen (high water mark)."""
    trigger = None if order.terms is None else order.terms.trigger
    if trigger is None:
        return None, None
    rules = desk.exchange.instrument(order.symbol)
    if not trigger.trailing:
        return None if trigger.price is None else rules.price(trigger.price), None
    best = desk.exchange.extreme(order.order_id)
    if best is None:
        return None, None
    mark, way = rules.price(best), -1 if order.side == "sell" else 1
    if note.trail_percent is not None:
        return mark * (1 + way * Decimal(note.trail_percent) / 100), mark
    return mark + way * Decimal(note.trail_price or 0), mark


def _expires(order: Order) -> str | None:
    expires = None if order.terms is None else order.terms.expires
    return None if expires is None else stamp(expires)


def is_open(order: Order) -> bool:
    """Whether an order counts as open: also one that waits for its session, its price or its parent."""
    return order.live or order.status is Status.TRIGGERED
