"""Errors in Binance's own words.

Code, text and HTTP status of every error come from the cassette ``errors``; code names them by the name the
interaction has there. ``%s`` in a text is a placeholder of the documentation, filled here::

    >>> refusal = refuse("mandatory", "symbol")
    >>> refusal.status, refusal.code, refusal.message
    (400, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from outtrade_mocks import cassettes
from outtrade_mocks.core.orders import Reject, RejectReason

VENUE = "binance_spot"


@dataclass(frozen=True, slots=True)
class ErrorText:
    """An error as documented."""

    name: str
    status: int
    code: int
    text: str


class Refusal(Exception):
    """The venue refuses a request; nothing has changed (but for the halves of a cancel-replace, see ``data``)."""

    def __init__(
        self,
        error: ErrorText,
        message: str,
        *,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{error.code}: {message}")
        self.name = error.name
        self.status = error.status if status is None else status
        self.code = error.code
        self.message = message
        self.data = data
        self.headers = headers or {}

    @property
    def envelope(self) -> dict[str, Any]:
        """The JSON object of the answer."""
        body: dict[str, Any] = {"code": self.code, "msg": self.message}
        if self.data is not None:
            body["data"] = self.data
        return body

    def encode(self) -> bytes:
        """The body of the answer."""
        return msgspec.json.encode(self.envelope)


@lru_cache(maxsize=1)
def table() -> dict[str, ErrorText]:
    """All errors by name."""
    result = {}
    for interaction in cassettes.load(VENUE, "errors"):
        body = interaction.json()
        result[interaction.name] = ErrorText(interaction.name, interaction.status, body["code"], body["msg"])
    return result


def refuse(
    name: str,
    *values: object,
    data: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    status: int | None = None,
) -> Refusal:
    """The refusal of this name, its placeholders filled with ``values``."""
    error = table()[name]
    return Refusal(error, error.text % values if values else error.text, data=data, headers=headers, status=status)


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
