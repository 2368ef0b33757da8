"""Errors in Coinbase's own words.

There are four kinds, and they share no form. What never reaches the order system is refused by status, with a reason, a
text and its details (``{"error": "INVALID_ARGUMENT", ...}``), or with nothing but ``Unauthorized``. What the order
system refuses comes with HTTP 200: a new order as ``success: false`` with an ``error_response``, a cancel as a result
of its own for each order, an edit as a list of ``errors``. Reasons, texts and statuses come from the cassette
``errors``; code names them by the name of the interaction there::

    >>> refuse("invalid_argument", "limit").status, reject("insufficient_fund").word
    (400, 'INSUFFICIENT_FUND')
    >>> reject("base_small").word
    'PREVIEW_INVALID_BASE_SIZE_TOO_SMALL'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from outtrade_mocks import cassettes
from outtrade_mocks.core.orders import Reject, RejectReason
from outtrade_mocks.venues.coinbase.codec import encode

VENUE = "coinbase"
UNSAID = frozenset(
    {"", "UNKNOWN_FAILURE_REASON", "UNKNOWN_PREVIEW_FAILURE_REASON", "UNKNOWN_EDIT_ORDER_FAILURE_REASON"}
)
"""Reasons that say nothing."""
SUCCESS, PREVIEWED, EDITED, CANCELLED = (
    "UNKNOWN_FAILURE_REASON",
    "UNKNOWN_PREVIEW_FAILURE_REASON",
    "UNKNOWN_EDIT_ORDER_FAILURE_REASON",
    "UNKNOWN_CANCEL_FAILURE_REASON",
)
"""What stands in the field of a reason where nothing failed."""
Kind = Literal["status", "order", "cancel", "edit"]


@dataclass(frozen=True, slots=True)
class ErrorText:
    """An error as documented. ``word``: the reason that tells most, ``text``: what is said beside it."""

    name: str
    kind: Kind
    status: int
    word: str
    text: str
    body: Any
    """The whole answer; text where it is no JSON."""


class Refusal(Exception):
    """The venue refuses a request by its status; nothing has changed."""

    def __init__(self, error: ErrorText, *values: object) -> None:
        super().__init__(error.word)
        self.error = error
        self.status = error.status
        self._values = values

    @property
    def content_type(self) -> str:
        """Of the answer."""
        return "text/plain; charset=utf-8" if isinstance(self.error.body, str) else "application/json; charset=utf-8"

    def encode(self) -> bytes:
        """The body of the answer."""
        body = self.error.body
        if isinstance(body, str):
            return body.encode()
        if not self._values:
            return encode(body)
        return encode({key: value % self._values if "%s" in str(value) else value for key, value in body.items()})


class Rejected(Exception):
    """The order system refuses: HTTP 200 with a reason. Nothing has changed."""

    def __init__(self, error: ErrorText) -> None:
        super().__init__(error.word)
        self.error = error
        self.word = error.word

    def response(self) -> dict[str, Any]:
        """``error_response`` of a new order."""
        return dict(self.error.body["error_response"])

    @property
    def preview(self) -> str:
        """The reason in the words of a preview."""
        found = str(self.error.body.get("error_response", {}).get("preview_failure_reason", PREVIEWED))
        return self.word if found in UNSAID else found


@lru_cache(maxsize=1)
def table() -> Mapping[str, ErrorText]:
    """All errors by name."""
    found = {}
    for interaction in cassettes.load(VENUE, "errors"):
        if not interaction.body.startswith(b"{"):
            words: tuple[Kind, str, str, Any] = ("status", "", interaction.body.decode(), interaction.body.decode())
        else:
            words = _read(interaction.json())
        found[interaction.name] = ErrorText(interaction.name, words[0], interaction.status, *words[1:])
    return found


def _read(body: dict[str, Any]) -> tuple[Kind, str, str, Any]:
    if "error_response" in body:
        said = body["error_response"]
        return "order", reason_of(said), said["message"], body
    if "results" in body:
        return "cancel", body["results"][0]["failure_reason"], "", body
    if isinstance(body.get("errors"), list) and "edit_failure_reason" in body["errors"][0]:
        return "edit", body["errors"][0]["edit_failure_reason"], "", body
    if "errors" in body:
        return "status", body["errors"][0]["id"], body["errors"][0]["message"], body
    return "status", body["error"], body["message"], body


def reason_of(said: Mapping[str, Any]) -> str:
    """The reason in an ``error_response`` that tells most; its text where none tells anything."""
    words = (str(said.get(name) or "") for name in ("error", "new_order_failure_reason", "preview_failure_reason"))
    return next((word for word in words if word not in UNSAID), str(said.get("message") or "UNKNOWN_FAILURE_REASON"))


def refuse(name: str, *values: object) -> Refusal:
    """The refusal of this name, its placeholders filled with ``values``."""
    return Refusal(table()[name], *values)


def reject(name: str) -> Rejected:
    """The rejection of this name."""
    return Rejected(table()[name])


_NEW = {
    RejectReason.UNKNOWN_SYMBOL: "product_id",
    RejectReason.MARKET_CLOSED: "entry_disabled",
    RejectReason.CANCEL_ONLY: "entry_disabled",
    RejectReason.POST_ONLY_MODE: "entry_disabled",
    RejectReason.AUCTION: "entry_disabled",
    RejectReason.MAINTENANCE: "entry_disabled",
    RejectReason.PRICE_FILTER: "limit_price",
    RejectReason.LOT_SIZE: "no_liquidity",
    RejectReason.MARKET_LOT_SIZE: "no_liquidity",
    RejectReason.NOTIONAL: "quote_small",
    RejectReason.INSUFFICIENT_BALANCE: "insufficient_fund",
    RejectReason.WOULD_TAKE: "post_only",
    RejectReason.EXPIRY: "configuration",
    RejectReason.NO_TRIGGER_PRICE: "no_liquidity",
}
_EDIT = {
    RejectReason.UNKNOWN_ORDER: "only_open_orders_can_be_edited",
    RejectReason.AMEND_NO_CHANGE: "edit_request_equal_to_original_request",
    RejectReason.AMEND_BELOW_FILLED: "cannot_edit_to_below_filled_size",
    RejectReason.AMEND_NOT_ALLOWED: "only_limit_order_edits_supported",
    RejectReason.LOT_SIZE: "invalid_edited_size",
    RejectReason.NOTIONAL: "invalid_edited_size",
    RejectReason.PRICE_FILTER: "invalid_edited_price",
    RejectReason.WOULD_TAKE: "invalid_edited_price",
    RejectReason.TRIGGER_IMMEDIATE: "invalid_edited_price",
}


def new_order(refusal: Reject) -> Rejected:
    """The core's refusal of a new order; sizes and stop prices are told apart before it (``tickets``)."""
    return reject(_NEW.get(refusal.reason, "commander"))


def edit(refusal: Reject) -> Rejected:
    """The core's refusal of an edit."""
    return reject(f"edit_{_EDIT.get(refusal.reason, 'commander_rejected_edit_order')}")
