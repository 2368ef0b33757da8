"""Errors in Deribit's own words.

Code, text and HTTP status of every error come from the cassette ``errors``; code names them by the name the interaction
has there. ``{0}`` in a text is a placeholder of the documentation, filled here. What the venue adds under ``data``
(``reason``, ``param``) is recorded for -32602 and elsewhere *inferred*; clients map errors by code alone::

    >>> refusal = refuse("price_too_high", "50750.0")
    >>> refusal.status, refusal.code, refusal.message
    (400, 10007, 'price_too_high 50750.0')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.core.orders import Reject, RejectReason

VENUE = "deribit"


@dataclass(frozen=True, slots=True)
class ErrorText:
    """An error as documented."""

    name: str
    status: int
    code: int
    text: str


class Refusal(Exception):
    """The venue refuses a request; nothing has changed."""

    def __init__(self, error: ErrorText, message: str, data: Mapping[str, Any] | None) -> None:
        super().__init__(f"{error.code}: {message}")
        self.name = error.name
        self.status = error.status
        self.code = error.code
        self.message = message
        self.data = data

    def shown(self) -> dict[str, Any]:
        """The error object of the envelope."""
        told: dict[str, Any] = {"code": self.code, "message": self.message}
        return told if self.data is None else told | {"data": dict(self.data)}


@lru_cache(maxsize=1)
def table() -> Mapping[str, ErrorText]:
    """All errors by name."""
    found = {}
    for interaction in cassettes.load(VENUE, "errors"):
        error = interaction.json()["error"]
        found[interaction.name] = ErrorText(interaction.name, interaction.status, error["code"], error["message"])
    return found


def refuse(name: str, *values: object, data: Mapping[str, Any] | None = None) -> Refusal:
    """The error of that name, its placeholders filled; to be raised. Raises KeyError on an unknown name."""
    error = table()[name]
    text = error.text
    for number, value in enumerate(values):
        text = text.replace(f"{{{number}}}", str(value))
    return Refusal(error, text, data)


_REASONS: Mapping[RejectReason, str] = {
    RejectReason.UNKNOWN_SYMBOL: "instrument",
    RejectReason.INVALID_ORDER: "invalid_arguments",
    RejectReason.MARKET_CLOSED: "book_closed",
    RejectReason.CANCEL_ONLY: "book_closed",
    RejectReason.POST_ONLY_MODE: "book_closed",
    RejectReason.AUCTION: "book_closed",
    RejectReason.MAINTENANCE: "maintenance",
    RejectReason.PRICE_FILTER: "invalid_price",
    RejectReason.LOT_SIZE: "invalid_amount",
    RejectReason.MARKET_LOT_SIZE: "invalid_amount",
    RejectReason.NOTIONAL: "qty_too_low",
    RejectReason.INSUFFICIENT_BALANCE: "not_enough_funds",
    RejectReason.INSUFFICIENT_MARGIN: "not_enough_funds",
    RejectReason.WOULD_TAKE: "post_only_reject",
    RejectReason.UNKNOWN_ORDER: "not_open_order",
    RejectReason.NO_SUCH_ORDER: "order_not_found",
    RejectReason.AMEND_BELOW_FILLED: "already_filled",
    RejectReason.AMEND_NOT_ALLOWED: "not_open_order",
    RejectReason.NO_TRIGGER_PRICE: "invalid_trigger",
    RejectReason.TRIGGER_IMMEDIATE: "invalid_trigger",
    RejectReason.ICEBERG_PARTS: "invalid_max_show",
    RejectReason.EXPIRY: "invalid_arguments",
}
_LIMITED = {
    RejectReason.MAX_NUM_ORDERS: "max_open_orders",
    RejectReason.EXCHANGE_MAX_NUM_ORDERS: "max_open_orders",
    RejectReason.MAX_NUM_ALGO_ORDERS: "no_more_triggers",
    RejectReason.EXCHANGE_MAX_NUM_ALGO_ORDERS: "no_more_triggers",
    RejectReason.LEVERAGE: "max_position",
    RejectReason.MAX_POSITION: "max_position",
    RejectReason.MAX_NOTIONAL: "max_position",
}


def translate(reject: Reject) -> Refusal:
    """The core's refusal in Deribit's words; what it has no number for is ``other_reject`` with a reason."""
    if reject.reason in _LIMITED:
        return refuse(_LIMITED[reject.reason], "")
    name = _REASONS.get(reject.reason)
    return refuse("other_reject", reject.reason.value.lower()) if name is None else refuse(name)
