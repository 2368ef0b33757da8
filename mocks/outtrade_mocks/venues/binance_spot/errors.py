"""The core's refusals in the words of Binance spot (see `outtrade_mocks.venues.binance_errors`)."""

from __future__ import annotations

from outtrade_mocks.core.orders import Reject, RejectReason
from outtrade_mocks.venues.binance_errors import Refusal, refuse, table

__all__ = ["VENUE", "Refusal", "refuse", "table", "translate"]

VENUE = "binance_spot"

_REASONS = {
    RejectReason.UNKNOWN_SYMBOL: "invalid_symbol",
    RejectReason.MARKET_CLOSED: "market_closed",
    RejectReason.CANCEL_ONLY: "market_closed",
    RejectReason.POST_ONLY_MODE: "market_closed",
    RejectReason.AUCTION: "market_closed",
    RejectReason.MAINTENANCE: "market_closed",
    RejectReason.PRICE_FILTER: "filter_price_filter",
    RejectReason.PERCENT_PRICE_BY_SIDE: "filter_percent_price_by_side",
    RejectReason.LOT_SIZE: "filter_lot_size",
    RejectReason.MARKET_LOT_SIZE: "filter_market_lot_size",
    RejectReason.NOTIONAL: "filter_notional",
    RejectReason.MAX_POSITION: "filter_max_position",
    RejectReason.MAX_NUM_ORDERS: "filter_max_num_orders",
    RejectReason.MAX_NUM_ALGO_ORDERS: "filter_max_num_algo_orders",
    RejectReason.MAX_NUM_ICEBERG_ORDERS: "filter_max_num_iceberg_orders",
    RejectReason.MAX_NUM_ORDER_LISTS: "filter_max_num_order_lists",
    RejectReason.DUPLICATE_CLIENT_ID: "duplicate_order",
    RejectReason.INSUFFICIENT_BALANCE: "insufficient_balance",
    RejectReason.WOULD_TAKE: "would_take",
    RejectReason.TRIGGER_IMMEDIATE: "would_trigger",
    RejectReason.ICEBERG_PARTS: "filter_iceberg_parts",
    RejectReason.LIST_SHAPE: "oco_prices",
    RejectReason.AMEND_INCREASE: "amend_increase",
    RejectReason.AMEND_NO_CHANGE: "amend_no_change",
    RejectReason.AMEND_BELOW_FILLED: "amend_below_filled",
    RejectReason.AMEND_NOT_ALLOWED: "amend_rejected",
    RejectReason.UNKNOWN_ORDER: "unknown_order",
    RejectReason.NO_SUCH_ORDER: "no_such_order",
}


def translate(reject: Reject) -> Refusal:
    """The core's refusal in Binance's words."""
    return refuse(_REASONS.get(reject.reason, "unsupported_operation"))
