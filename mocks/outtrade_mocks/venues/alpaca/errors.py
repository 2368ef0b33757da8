"""Errors in Alpaca's own words.

Code, text, HTTP status and the extra fields of every error come from the cassette ``errors``; code names them by the
name the interaction has there. ``%s`` in a text is filled here. Several errors share a code, so the text decides::

    >>> refusal = refuse("not_cancelable", "filled")
    >>> refusal.status, refusal.code, refusal.message
    (422, 42210000, 'order is already in "filled" state')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.core.orders import Reject, RejectReason
from outtrade_mocks.venues.alpaca.codec import encode

VENUE = "alpaca"


@dataclass(frozen=True, slots=True)
class ErrorText:
    """An error as documented; ``code`` is None where the answer has a message alone (market data)."""

    name: str
    status: int
    code: int | None
    text: str
    extra: Mapping[str, Any]


class Refusal(Exception):
    """The venue refuses a request; nothing has changed."""

    def __init__(self, error: ErrorText, message: str, extra: Mapping[str, Any]) -> None:
        super().__init__(f"{error.code}: {message}")
        self.name = error.name
        self.status = error.status
        self.code = error.code
        self.message = message
        self.extra = extra

    @property
    def body(self) -> dict[str, Any]:
        """The object of the answer."""
        coded = {} if self.code is None else {"code": self.code}
        return {**coded, "message": self.message, **self.extra}

    def encode(self) -> bytes:
        """The body of the answer."""
        return encode(self.body)


@lru_cache(maxsize=1)
def table() -> dict[str, ErrorText]:
    """All errors by name, with their placeholders."""
    found = {}
    for one in cassettes.load(VENUE, "errors"):
        body = one.json()
        extra = {key: value for key, value in body.items() if key not in ("code", "message")}
        found[one.name] = ErrorText(one.name, one.status, body.get("code"), body["message"], extra)
    return found


def refuse(name: str, *values: object, **extra: Any) -> Refusal:
    """The refusal of this name, its placeholders filled with ``values``; ``extra``: its own fields."""
    error = table()[name]
    return Refusal(error, error.text % values if values else error.text, {**error.extra, **extra})


_REASONS: Mapping[RejectReason, tuple[str, ...]] = {
    RejectReason.INVALID_ORDER: ("unprocessable", "invalid order"),
    RejectReason.UNKNOWN_SYMBOL: ("unprocessable", "asset is not tradable"),
    RejectReason.MARKET_CLOSED: ("unprocessable", "market is closed"),
    RejectReason.CANCEL_ONLY: ("unprocessable", "market takes cancels only"),
    RejectReason.POST_ONLY_MODE: ("unprocessable", "market is closed"),
    RejectReason.MAINTENANCE: ("unavailable",),
    RejectReason.AUCTION: ("unprocessable", "order is too late for the auction"),
    RejectReason.PRICE_FILTER: ("invalid", "invalid price"),
    RejectReason.LOT_SIZE: ("invalid", "invalid qty"),
    RejectReason.MARKET_LOT_SIZE: ("invalid", "invalid qty"),
    RejectReason.MAX_NUM_ORDERS: ("max_orders",),
    RejectReason.DUPLICATE_CLIENT_ID: ("duplicate",),
    RejectReason.INSUFFICIENT_BALANCE: ("funds",),
    RejectReason.UNKNOWN_ORDER: ("order_not_found",),
    RejectReason.NO_SUCH_ORDER: ("order_not_found",),
    RejectReason.AMEND_NO_CHANGE: ("no_change",),
    RejectReason.AMEND_BELOW_FILLED: ("not_replaceable", "qty is not above the filled quantity"),
    RejectReason.AMEND_NOT_ALLOWED: ("not_replaceable", "no such parameter"),
    RejectReason.LIST_SHAPE: ("unprocessable", "invalid prices of take_profit and stop_loss"),
    RejectReason.TRIGGER_IMMEDIATE: ("unprocessable", "stop price is reached already"),
    RejectReason.NO_TRIGGER_PRICE: ("unprocessable", "no last price to measure the stop against"),
    RejectReason.WOULD_TAKE: ("unprocessable", "take_profit would trade at once"),
}


def translate(reject: Reject) -> Refusal:
    """The core's refusal in Alpaca's words; where it needs more than the reason, the handlers say it themselves."""
    name, *values = _REASONS.get(reject.reason, ("unprocessable", "order was rejected"))
    return refuse(name, *values)
