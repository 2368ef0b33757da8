"""How an answer is to be read by a client that knows the documentation.

``ok``: taken. ``definite``: refused, and nothing was carried out. ``ambiguous``: it may have been carried out; find out
before doing anything else. Where the envelope says that an operation failed ("1"), the item's ``sCode`` decides; where
only some of a batch failed ("2"), the answer was carried out, and each item says what became of it.

    >>> read_answer(200, b'{"code":"1","data":[{"sCode":"51008","sMsg":"Order failed."}],"msg":""}').error
    'funds'
    >>> read_answer(400, b'{"code":"50004","data":[],"msg":"API endpoint request timeout."}').outcome
    'ambiguous'
"""

from __future__ import annotations

from typing import Any

import msgspec

from outtrade_mocks.venues.api import Reading
from outtrade_mocks.venues.okx.traits import (
    AMBIGUOUS_CODES,
    AUTH_CODES,
    FUNDS_CODES,
    MAINTENANCE_CODES,
    PARAMETER_CODES,
    RATE_CODES,
)

CLASSES = {
    50102: "clock",
    50121: "ban",
    51016: "duplicate",
    51065: "duplicate",
    51400: "unknown_order",
    51410: "unknown_order",
    51503: "unknown_order",
    51527: "unknown_order",
    51603: "not_found",
    60006: "clock",
}
_GROUPS = (
    (RATE_CODES, "rate"),
    (MAINTENANCE_CODES, "closed"),
    (AUTH_CODES, "auth"),
    (FUNDS_CODES, "funds"),
    (PARAMETER_CODES, "parameter"),
)


def error_class(code: int) -> str:
    """The class of a definite error."""
    found = CLASSES.get(code)
    if found is not None:
        return found
    return next((name for codes, name in _GROUPS if code in codes), "permanent")


def _number(found: object) -> int | None:
    if type(found) is int:
        return found if 0 <= found < 1_000_000_000 else None
    return int(found) if isinstance(found, str) and found.isascii() and found.isdecimal() and len(found) < 10 else None


def read_answer(status: int, body: bytes) -> Reading:
    """Classify an answer over HTTP, or a frame."""
    try:
        data: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return (
            Reading("definite", "rate", None, "") if status == 429 else Reading("ambiguous", "unknown", None, "no JSON")
        )
    code = _number(data.get("code")) if isinstance(data, dict) else None
    if code is None:
        if isinstance(data, dict) and data.get("event") in ("subscribe", "unsubscribe", "login"):
            return Reading("ok")
        return Reading("ambiguous", "unknown", None, f"status {status} without a code")
    message = data.get("msg") if isinstance(data.get("msg"), str) else ""
    items = data.get("data")
    if code == 1 and isinstance(items, list) and items and isinstance(items[0], dict):
        item = _number(items[0].get("sCode"))
        if item is not None:
            code, message = item, str(items[0].get("sMsg", ""))
    if code in AMBIGUOUS_CODES or (status >= 500 and code != 50001):
        return Reading("ambiguous", "unknown", code, message)
    if code in (0, 2):
        return Reading("ok")
    return Reading("definite", error_class(code), code, message)
