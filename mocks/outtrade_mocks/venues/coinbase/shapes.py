"""The JSON objects of orders and fills, as List Orders, List Fills and the user channel show them.

Every amount is a decimal string; what is absent is an empty string. An answer shows the order's fields in the order of
the samples (ccxt; API reference). What is cumulative: ``filled_size``, ``filled_value``, ``total_fees`` and
``number_of_fills``; ``average_filled_price`` is the quotient, cut after twelve decimals.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade_mocks.core import Fill, Order, Status
from outtrade_mocks.venues.coinbase import codec
from outtrade_mocks.venues.coinbase.codec import moment
from outtrade_mocks.venues.coinbase.desk import Desk
from outtrade_mocks.venues.coinbase.notes import Note
from outtrade_mocks.venues.coinbase.reference import PRECISION

NO_TRIGGER = "INVALID_ORDER_TYPE"
"""``trigger_status`` of an order that waits for no price."""
CANCELLED = "User requested cancel"
REASONS = {
    "ioc": "Unfilled part of an immediate order", "fok": "Could not be filled at once", "liquidity": "No liquidity",
    "self_trade": "Self-trade prevention", "venue": "Internal error", "funds": "Insufficient balance in source account",
}  # fmt: skip
"""``cancel_message`` by why the core ended an order (*inferred*: only "Internal error" was seen)."""


def prevented(note: Note, order: Order) -> bool:
    """Whether a filled order got less than it asked for: self-trade prevention took the rest (*inferred*)."""
    if order.status is not Status.FILLED or "base_size" not in note.sent:
        return False
    return order.filled * note.listing.step < Decimal(note.sent["base_size"])


def status(note: Note, order: Order) -> str:
    """The order's status in Coinbase's words."""
    if order.live or order.status is Status.TRIGGERED:
        return "OPEN"
    if prevented(note, order):
        return "CANCELLED"
    if order.status is Status.FILLED:
        return "FILLED"
    if order.status is Status.EXPIRED and order.expired_by in ("gtd", "day"):
        return "EXPIRED"
    if order.status is Status.REJECTED or (order.status is Status.EXPIRED and order.expired_by == "venue"):
        return "FAILED"
    return "CANCELLED"


def trigger_status(note: Note, order: Order) -> str:
    """Whether an order's stop was reached."""
    if note.kind.startswith("trigger_bracket"):
        return "STOP_PENDING" if note.stop is not None else "STOP_TRIGGERED"
    if order.terms is None or order.terms.trigger is None:
        return NO_TRIGGER
    return "STOP_PENDING" if order.terms.triggered is None else "STOP_TRIGGERED"


def fills_of(desk: Desk, order: Order) -> list[Fill]:
    """The trades that an order had had at a snapshot."""
    found, lots = [], 0
    for fill in desk.fills.get(order.order_id, ()):
        if lots >= order.filled:
            break
        found.append(fill)
        lots += fill.lots
    return found


def average(note: Note, order: Order) -> str:
    """The volume-weighted price of an order's fills."""
    lots = order.filled
    if not lots:
        return "0"
    step, decimals = note.listing.step, -int(note.listing.step.as_tuple().exponent)
    units = lots * int(step.scaleb(decimals))
    return codec.ratio(order.quote_filled * 10**decimals, units, PRECISION)


def completion(note: Note, order: Order) -> str:
    """Percent of the order that is filled."""
    if order.status is Status.FILLED and not prevented(note, order):
        return "100"
    return codec.ratio(order.filled * 100, order.lots) if order.lots else "0"


def held(desk: Desk, order: Order) -> str:
    """``outstanding_hold_amount``: what a working order keeps of what it pays with."""
    if not order.live:
        return "0"
    listing = desk.listings[order.symbol]
    if order.side == "sell":
        return listing.size(order.remaining)
    return codec.text(order.remaining * listing.step * (order.price or 0) * listing.tick)


def cancel_message(note: Note, order: Order) -> str:
    """``cancel_message``; empty where nothing was cancelled."""
    if prevented(note, order):
        return REASONS["self_trade"]
    if order.status is Status.CANCELLED:
        return CANCELLED
    return REASONS.get(order.expired_by, "") if order.status is Status.EXPIRED else ""


def order(desk: Desk, note: Note, snapshot: Order) -> dict[str, Any]:
    """An order as queries show it."""
    fills = fills_of(desk, snapshot)
    fees = sum(fill.fee for fill in fills)
    value = snapshot.quote_filled
    ended = not snapshot.live
    after = value + fees if note.side == "buy" else value - fees
    return {
        "order_id": note.id,
        "product_id": note.listing.id,
        "user_id": desk.user_id,
        "order_configuration": note.configuration,
        "side": note.side.upper(),
        "client_order_id": note.client_id,
        "status": status(note, snapshot),
        "time_in_force": note.about.tif,
        "created_time": moment(note.created),
        "completion_percentage": completion(note, snapshot),
        "filled_size": note.listing.size(snapshot.filled),
        "average_filled_price": average(note, snapshot),
        "fee": "",
        "number_of_fills": str(len(fills)),
        "filled_value": desk.amount(value),
        "pending_cancel": False,
        "size_in_quote": note.in_quote,
        "total_fees": desk.amount(fees),
        "size_inclusive_of_fees": note.in_quote,
        "total_value_after_fees": desk.amount(after),
        "trigger_status": trigger_status(note, snapshot),
        "order_type": note.about.order_type,
        "reject_reason": "REJECT_REASON_UNSPECIFIED",
        "settled": ended and bool(fills),
        "product_type": "SPOT",
        "reject_message": "",
        "cancel_message": cancel_message(note, snapshot),
        "order_placement_source": "RETAIL_ADVANCED",
        "outstanding_hold_amount": held(desk, snapshot),
        "is_liquidation": False,
        "last_fill_time": moment(fills[-1].time) if fills else None,
        "edit_history": [dict(one) for one in note.edits],
        "leverage": "",
        "margin_type": "UNKNOWN_MARGIN_TYPE",
        "retail_portfolio_id": desk.portfolio_id,
        "originating_order_id": "",
        "attached_order_id": "",
        "attached_order_configuration": None,
    }


def fill(desk: Desk, one: Fill) -> dict[str, Any]:
    """A fill as List Fills shows it."""
    note = desk.by_core[one.order_id]
    size = desk.amount(one.quote) if note.in_quote else note.listing.size(one.lots)
    return {
        "entry_id": codec.made_id("entry", desk.seed, one.symbol, one.trade_id, one.order_id).replace("-", "") * 2,
        "trade_id": desk.trade_id(one),
        "order_id": note.id,
        "trade_time": moment(one.time),
        "trade_type": "FILL",
        "price": note.listing.price(one.price),
        "size": size,
        "commission": desk.amount(one.fee),
        "product_id": note.listing.id,
        "sequence_timestamp": moment(one.time),
        "liquidity_indicator": "MAKER" if one.maker else "TAKER",
        "size_in_quote": note.in_quote,
        "user_id": desk.user_id,
        "side": note.side.upper(),
        "retail_portfolio_id": desk.portfolio_id,
    }


def event(desk: Desk, note: Note, snapshot: Order) -> dict[str, Any]:
    """An order as the user channel shows it: cumulative amounts, and no single fill."""
    fills = fills_of(desk, snapshot)
    fees = sum(one.fee for one in fills)
    value = snapshot.quote_filled
    stop = note.sent.get("stop_price", note.sent.get("stop_trigger_price", "0"))
    ended = not snapshot.live
    return {
        "avg_price": average(note, snapshot),
        "cancel_reason": cancel_message(note, snapshot),
        "client_order_id": note.client_id,
        "completion_percentage": completion(note, snapshot),
        "contract_expiry_type": "UNKNOWN_CONTRACT_EXPIRY_TYPE",
        "cumulative_quantity": note.listing.size(snapshot.filled),
        "filled_value": desk.amount(value),
        "leaves_quantity": "0" if ended else note.listing.size(snapshot.remaining),
        "limit_price": note.sent.get("limit_price", "0"),
        "number_of_fills": str(len(fills)),
        "order_id": note.id,
        "order_side": note.side.upper(),
        "order_type": note.about.stream,
        "outstanding_hold_amount": held(desk, snapshot),
        "post_only": "true" if snapshot.post_only else "false",
        "product_id": note.listing.id,
        "product_type": "SPOT",
        "reject_reason": "",
        "retail_portfolio_id": desk.portfolio_id,
        "risk_managed_by": "UNKNOWN_RISK_MANAGEMENT_TYPE",
        "status": status(note, snapshot),
        "stop_price": stop,
        "time_in_force": note.about.tif,
        "total_fees": desk.amount(fees),
        "total_value_after_fees": desk.amount(value + fees if note.side == "buy" else value - fees),
        "trigger_status": trigger_status(note, snapshot),
        "creation_time": moment(note.created),
        "end_time": note.sent.get("end_time", "0001-01-01T00:00:00Z"),
        "start_time": "0001-01-01T00:00:00Z",
    }
