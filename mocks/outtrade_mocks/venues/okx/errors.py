"""Errors in OKX's own words.

Code, text and HTTP status of every error come from the cassette ``errors``; code names them by the name the interaction
has there. ``{0}`` in a text is a placeholder of the documentation, filled here::

    >>> refusal = refuse("parameter", "sz")
    >>> refusal.status, refusal.code, refusal.message
    (400, '51000', 'Parameter sz error')

An error takes one of two places. What concerns a request as a whole (its key, its JSON, a rate limit) is the envelope
itself, ``{"code": "50113", "msg": ..., "data": []}``, with an HTTP status. What concerns one order of a request is an
item of ``data`` with ``sCode`` and ``sMsg``, HTTP 200, and the envelope says "1" (all failed) or "2" (some did). The
exchange's refusals (``translate``) are of the second kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from outtrade_mocks import cassettes
from outtrade_mocks.core.orders import Reject, RejectReason

VENUE = "okx"
ALL_FAILED = "All operations failed"
"""Text of the envelope "1" (recorded; the documentation's table has "Operation failed.")."""
SOME_FAILED = "Bulk operation partially succeeded."


@dataclass(frozen=True, slots=True)
class ErrorText:
    """An error as documented."""

    name: str
    status: int
    code: str
    text: str


_BATCH = ("batch_size", "amend_batch_size", "amend_duplicates")
"""Refusals of a batch as a whole."""


class Refusal(Exception):
    """The venue refuses a request, or one item of it; nothing has changed."""

    def __init__(self, error: ErrorText, message: str) -> None:
        super().__init__(f"{error.code}: {message}")
        self.name = error.name
        self.status = error.status
        self.code = error.code
        self.message = message
        self.whole = error.code[:2] in ("50", "60", "64") or error.status >= 500 or error.name in _BATCH
        """Whether it concerns the request, not an order of it."""


@lru_cache(maxsize=1)
def table() -> Mapping[str, ErrorText]:
    """All errors by name."""
    found = {}
    for interaction in cassettes.load(VENUE, "errors"):
        body = interaction.json()
        found[interaction.name] = ErrorText(interaction.name, interaction.status, body["code"], body["msg"])
    return found


def refuse(name: str, *values: object) -> Refusal:
    """The error of that name, its placeholders filled; to be raised. Raises KeyError on an unknown name."""
    error = table()[name]
    text = error.text
    for number, value in enumerate(values):
        text = text.replace(f"{{{number}}}", str(value))
    return Refusal(error, text)


_REASONS: Mapping[RejectReason, str] = {
    RejectReason.UNKNOWN_SYMBOL: "instrument",
    RejectReason.MARKET_CLOSED: "suspended",
    RejectReason.CANCEL_ONLY: "suspended",
    RejectReason.POST_ONLY_MODE: "suspended",
    RejectReason.AUCTION: "suspended",
    RejectReason.MAINTENANCE: "unavailable",
    RejectReason.LOT_SIZE: "minimum",
    RejectReason.MARKET_LOT_SIZE: "market_size",
    RejectReason.NOTIONAL: "minimum",
    RejectReason.MAX_NUM_ORDERS: "order_count",
    RejectReason.MAX_NUM_ALGO_ORDERS: "order_count",
    RejectReason.MAX_NUM_ORDER_LISTS: "order_count",
    RejectReason.DUPLICATE_CLIENT_ID: "duplicate",
    RejectReason.UNKNOWN_ORDER: "cancel_failed",
    RejectReason.NO_SUCH_ORDER: "no_order",
    RejectReason.AMEND_NO_CHANGE: "amend_nothing",
    RejectReason.AMEND_NOT_ALLOWED: "amend_type",
    RejectReason.WOULD_TAKE: "amend_post_only",
    RejectReason.NO_POSITION: "no_position",
    RejectReason.REDUCE_ONLY: "nothing_to_reduce",
    RejectReason.MARGIN_MODE: "account_mode",
    RejectReason.POSITION_MODE: "position_mode",
}
_PARAMETERS: Mapping[RejectReason, str] = {
    RejectReason.PRICE_FILTER: "px",
    RejectReason.POSITION_SIDE: "posSide",
    RejectReason.INVALID_ORDER: "ordType",
    RejectReason.LIST_SHAPE: "attachAlgoOrds",
    RejectReason.TRIGGER_IMMEDIATE: "triggerPx",
    RejectReason.NO_TRIGGER_PRICE: "triggerPxType",
}


def translate(reject: Reject, *, instrument: str = "", currency: str = "") -> Refusal:
    """The core's refusal in OKX's words; ``currency`` is what was missing, where money was."""
    reason = reject.reason
    if reason is RejectReason.INSUFFICIENT_BALANCE:
        return refuse("funds", currency)
    if reason is RejectReason.INSUFFICIENT_MARGIN:
        return refuse("margin", currency)
    if reason in (RejectReason.LEVERAGE, RejectReason.MAX_POSITION, RejectReason.MAX_NOTIONAL):
        return refuse("max_position", instrument)
    name = _REASONS.get(reason)
    return refuse("parameter", _PARAMETERS.get(reason, "ordType")) if name is None else refuse(name)
