"""Errors in the words of Binance USD-M futures, and the core's refusals in these words.

The same envelope as on spot, but several codes mean something else here: -2021 is a stop that would trigger at once,
and -2022 a reduce-only order that has nothing to reduce (on spot both are about cancelReplace).

    >>> refuse("leverage", 200).message
    'Leverage 200 is not valid'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outtrade_mocks.core.orders import Reject, RejectReason
from outtrade_mocks.venues import binance_errors
from outtrade_mocks.venues.binance_errors import Refusal

if TYPE_CHECKING:
    from outtrade_mocks.venues.binance_usdm.reference import Listing

__all__ = ["VENUE", "Refusal", "refuse", "translate"]

VENUE = "binance_usdm"


def refuse(name: str, *values: object, headers: dict[str, str] | None = None) -> Refusal:
    """The refusal of this name in the cassette ``errors``, its placeholders filled with ``values``."""
    return binance_errors.refuse(name, *values, headers=headers, venue=VENUE)


_REASONS = {
    RejectReason.UNKNOWN_SYMBOL: "invalid_symbol",
    RejectReason.MARKET_CLOSED: "market_closed",
    RejectReason.CANCEL_ONLY: "market_closed",
    RejectReason.POST_ONLY_MODE: "market_closed",
    RejectReason.AUCTION: "market_closed",
    RejectReason.MAINTENANCE: "market_closed",
    RejectReason.PRICE_FILTER: "tick_size",
    RejectReason.LOT_SIZE: "quantity_below_min",
    RejectReason.MARKET_LOT_SIZE: "quantity_above_max",
    RejectReason.MAX_NUM_ORDERS: "max_open_orders",
    RejectReason.MAX_NUM_ALGO_ORDERS: "max_stop_orders",
    RejectReason.EXCHANGE_MAX_NUM_ALGO_ORDERS: "max_stop_orders",
    RejectReason.DUPLICATE_CLIENT_ID: "duplicate_order",
    RejectReason.INSUFFICIENT_BALANCE: "balance",
    RejectReason.INSUFFICIENT_MARGIN: "insufficient_margin",
    RejectReason.WOULD_TAKE: "would_take",
    RejectReason.TRIGGER_IMMEDIATE: "would_trigger",
    RejectReason.REDUCE_ONLY: "reduce_only_rejected",
    RejectReason.POSITION_SIDE: "position_side_mismatch",
    RejectReason.LEVERAGE: "max_position",
    RejectReason.EXPIRY: "good_till_date",
    RejectReason.AMEND_NO_CHANGE: "amend_no_change",
    RejectReason.AMEND_NOT_ALLOWED: "limit_only",
    RejectReason.UNKNOWN_ORDER: "unknown_order",
    RejectReason.NO_SUCH_ORDER: "no_such_order",
}


def translate(reject: Reject, entry: Listing | None = None, *, market: bool = False, buy: bool = True) -> Refusal:
    """The core's refusal in Binance's words. ``entry``: the symbol, whose least notional is named; ``market`` and
    ``buy``: of the order, whose price was too far from the mark price."""
    if reject.reason is RejectReason.NOTIONAL:
        return refuse("notional", "5.0" if entry is None else entry.least_notional)
    if reject.reason is RejectReason.PERCENT_PRICE_BY_SIDE:
        return refuse("market_percent_price" if market else "price_above_cap" if buy else "price_below_floor")
    return refuse(_REASONS.get(reject.reason, "unsupported_operation"))
