"""How an answer is to be read by a client that knows the documentation.

``ok``: carried out. ``definite``: refused, and nothing was carried out. ``ambiguous``: it may have been carried out.
The documentation states no outcome for any 5xx; everything that is no answer of the API at all is ambiguous, too. HTTP
200 says little: a new order may be refused in it, and so may each order of a cancel::

    >>> read_answer(200, {}, b'{"success":false,"error_response":{"error":"INSUFFICIENT_FUND"}}').error
    'funds'
    >>> read_answer(200, {}, b'{"results":[{"success":false,"failure_reason":"UNKNOWN_CANCEL_ORDER"}]}').error
    'unknown_order'
    >>> read_answer(504, {}, b"").outcome
    'ambiguous'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from outtrade_mocks.venues.api import Reading
from outtrade_mocks.venues.coinbase.errors import UNSAID, reason_of

CLASSES = {
    "funds": ("INSUFFICIENT_FUND", "PREVIEW_INSUFFICIENT_FUND", "INVALID_LEDGER_BALANCE"),
    "closed": ("ORDER_ENTRY_DISABLED", "UNTRADABLE_PRODUCT"),
    "auth": ("PERMISSION_DENIED",),
    "not_found": ("unknown", "NOT_FOUND", "ORDER_NOT_FOUND"),
    "unknown_order": ("UNKNOWN_CANCEL_ORDER", "ORDER_IS_FULLY_FILLED", "DUPLICATE_CANCEL_REQUEST"),
    "rate": ("rate_limit_exceeded", "RESOURCE_EXHAUSTED"),
    "parameter": (
        "INVALID_ARGUMENT", "INVALID_SIZE_PRECISION", "INVALID_PRICE_PRECISION", "INVALID_PRODUCT_ID", "INVALID_SIDE",
        "INVALID_LIMIT_PRICE", "UNSUPPORTED_ORDER_CONFIGURATION", "INVALID_REQUEST", "INVALID_CANCEL_REQUEST",
        "INVALID_EDITED_SIZE", "INVALID_EDITED_PRICE", "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL",
        "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE", "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL",
        "PREVIEW_INVALID_QUOTE_SIZE_TOO_LARGE", "Market orders cannot be placed with empty order sizes",
    ),
}  # fmt: skip
_BY_WORD = {word: name for name, words in CLASSES.items() for word in words}


def read_answer(status: int, headers: Mapping[str, str], body: bytes, now: int = 0) -> Reading:
    """Classify an answer; ``now`` decides nothing here."""
    if status == 401:
        return Reading("definite", "auth", None, body[:80].decode("utf-8", "replace").strip())
    try:
        data: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        data = None
    if status == 429:
        after = headers.get("retry-after", headers.get("Retry-After", ""))
        return Reading("definite", "rate", None, word_of(data), float(after) if after.isdecimal() else None)
    if status >= 500 or not isinstance(data, dict | list):
        return Reading("ambiguous", "unknown", None, word_of(data) or f"status {status}")
    word = word_of(data)
    if word:
        return Reading("definite", _BY_WORD.get(word, "permanent"), None, word)
    if 200 <= status < 300:
        return Reading("ok")
    return Reading("ambiguous", "unknown", None, f"status {status} without a reason")


def word_of(data: Any) -> str:
    """The reason of a refusal; "" where nothing is refused. Of several orders of a cancel all must be refused."""
    if not isinstance(data, dict):
        return ""
    if isinstance(data.get("error_response"), dict):
        return reason_of(data["error_response"])
    if isinstance(data.get("error"), str):
        return str(data["error"])
    results = data.get("results")
    if isinstance(results, list):
        refused = [one for one in results if isinstance(one, dict) and one.get("success") is False]
        return str(refused[0].get("failure_reason")) if refused and len(refused) == len(results) else ""
    if data.get("success") is not True and isinstance(data.get("errors"), list) and data["errors"]:
        return _listed(data["errors"][0])
    if data.get("success") is False:
        return "UNKNOWN_FAILURE_REASON"
    return ""


def _listed(first: Any) -> str:
    if not isinstance(first, dict):
        return "UNKNOWN_FAILURE_REASON"
    words = (str(first.get(name) or "") for name in ("edit_failure_reason", "preview_failure_reason", "id"))
    return next((word for word in words if word not in UNSAID), "")
