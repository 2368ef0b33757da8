"""Errors in Bybit's own words.

Code, text and HTTP status of every error come from the cassette ``errors``; code names them by the name the
interaction has there. ``%s`` in a text is filled here. Nearly all come with HTTP 200 and a ``retCode``; only the limit
per address (403) and a path that does not exist (404) speak by status, in plain text::

    >>> refusal = refuse("spot_empty", "symbol")
    >>> refusal.status, refusal.code, refusal.message
    (200, 170105, "Parameter 'symbol' was empty.")

What the core refuses has other codes for contracts (110...) than for spot (170...).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.core.orders import Reject, RejectReason

VENUE = "bybit"


@dataclass(frozen=True, slots=True)
class ErrorText:
    """An error as documented; ``code`` is 0 where the answer is plain text."""

    name: str
    status: int
    code: int
    text: str


class Refusal(Exception):
    """The venue refuses a request; nothing has changed."""

    def __init__(self, error: ErrorText, message: str, *, result: dict[str, Any] | None = None) -> None:
        super().__init__(f"{error.code}: {message}")
        self.name = error.name
        self.status = error.status
        self.code = error.code
        self.message = message
        self.result: dict[str, Any] = {} if result is None else result


@lru_cache(maxsize=1)
def table() -> dict[str, ErrorText]:
    """All errors by name."""
    result = {}
    for interaction in cassettes.load(VENUE, "errors"):
        if interaction.body.startswith(b"{"):
            body = interaction.json()
            code, text = body["retCode"], body["retMsg"]
        else:
            code, text = 0, interaction.body.decode()
        result[interaction.name] = ErrorText(interaction.name, interaction.status, code, text)
    return result


def refuse(name: str, *values: object, result: dict[str, Any] | None = None) -> Refusal:
    """The refusal of this name, its placeholders filled with ``values``."""
    error = table()[name]
    return Refusal(error, error.text % values if values else error.text, result=result)


_CONTRACT = {
    RejectReason.UNKNOWN_SYMBOL: "symbol_invalid",
    RejectReason.MARKET_CLOSED: "no_trading",
    RejectReason.CANCEL_ONLY: "no_trading",
    RejectReason.POST_ONLY_MODE: "no_trading",
    RejectReason.AUCTION: "no_trading",
    RejectReason.MAINTENANCE: "no_trading",
    RejectReason.PRICE_FILTER: "price_range",
    RejectReason.PERCENT_PRICE_BY_SIDE: "price_range",
    RejectReason.LOT_SIZE: "quantity",
    RejectReason.MARKET_LOT_SIZE: "quantity_max",
    RejectReason.NOTIONAL: "notional",
    RejectReason.MAX_NUM_ORDERS: "max_orders",
    RejectReason.MAX_NUM_ALGO_ORDERS: "max_stop_orders",
    RejectReason.DUPLICATE_CLIENT_ID: "duplicate_link_id",
    RejectReason.INSUFFICIENT_BALANCE: "available_balance",
    RejectReason.INSUFFICIENT_MARGIN: "available_balance",
    RejectReason.LEVERAGE: "risk_limit",
    RejectReason.REDUCE_ONLY: "reduce_only",
    RejectReason.POSITION_SIDE: "position_idx",
    RejectReason.UNKNOWN_ORDER: "order_not_exists",
    RejectReason.NO_SUCH_ORDER: "order_not_exists",
    RejectReason.AMEND_NO_CHANGE: "amend_not_modified",
    RejectReason.AMEND_BELOW_FILLED: "below_filled",
    RejectReason.AMEND_NOT_ALLOWED: "too_late_to_replace",
}
_SPOT = {
    RejectReason.UNKNOWN_SYMBOL: "spot_symbol",
    RejectReason.MARKET_CLOSED: "spot_closed",
    RejectReason.CANCEL_ONLY: "spot_closed",
    RejectReason.POST_ONLY_MODE: "spot_closed",
    RejectReason.AUCTION: "spot_closed",
    RejectReason.MAINTENANCE: "spot_closed",
    RejectReason.PRICE_FILTER: "spot_price_low",
    RejectReason.LOT_SIZE: "spot_quantity_low",
    RejectReason.MARKET_LOT_SIZE: "spot_quantity_large",
    RejectReason.NOTIONAL: "spot_notional",
    RejectReason.MAX_NUM_ORDERS: "spot_rejected",
    RejectReason.DUPLICATE_CLIENT_ID: "spot_duplicate",
    RejectReason.INSUFFICIENT_BALANCE: "spot_balance",
    RejectReason.UNKNOWN_ORDER: "spot_not_found",
    RejectReason.NO_SUCH_ORDER: "spot_not_found",
    RejectReason.AMEND_NO_CHANGE: "amend_not_modified",
    RejectReason.AMEND_BELOW_FILLED: "spot_below_filled",
    RejectReason.AMEND_NOT_ALLOWED: "spot_no_amend",
}


def translate(reject: Reject, *, spot: bool) -> Refusal:
    """The core's refusal in Bybit's words."""
    if spot:
        return refuse(_SPOT.get(reject.reason, "spot_rejected"))
    name = _CONTRACT.get(reject.reason)
    return refuse("params_named", "illegal order") if name is None else refuse(name)
