"""How an answer is to be read by a client that knows the documentation.

``ok``: carried out. ``definite``: refused, and nothing was carried out. ``ambiguous``: it may have been carried out;
find out before doing anything else: by label, since a resend makes a second order.

    >>> read_answer(400, b'{"jsonrpc":"2.0","error":{"code":10009,"message":"not_enough_funds"}}').error
    'funds'
    >>> read_answer(400, b'{"jsonrpc":"2.0","error":{"code":13028,"message":"temporarily_unavailable"}}').outcome
    'ambiguous'
"""

from __future__ import annotations

from typing import Any

import msgspec

from outtrade_mocks.venues.api import Reading
from outtrade_mocks.venues.deribit.traits import (
    AMBIGUOUS_CODES,
    AUTH_CODES,
    FUNDS_CODES,
    MAINTENANCE_CODES,
    PARAMETER_CODES,
    RATE_CODES,
    TRANSIENT_CODES,
)

CLASSES = {10004: "not_found", 10010: "unknown_order", 11044: "unknown_order", 11008: "unknown_order"}
_GROUPS = (
    (RATE_CODES, "rate"),
    (TRANSIENT_CODES, "busy"),
    (MAINTENANCE_CODES, "closed"),
    (AUTH_CODES, "auth"),
    (FUNDS_CODES, "funds"),
    (PARAMETER_CODES, "parameter"),
)


def error_class(code: int, reason: object = None) -> str:
    """The class of a definite error; ``reason``: of its ``data``, by which a stale signature is told from a bad one."""
    if code == 13009 and isinstance(reason, str) and reason.startswith("timestamp"):
        return "clock"
    found = CLASSES.get(code)
    return found or next((name for codes, name in _GROUPS if code in codes), "permanent")


def read_answer(status: int, body: bytes) -> Reading:
    """Classify an answer over HTTP, or a frame."""
    try:
        data: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if status == 429:
            return Reading("definite", "rate", None, "")
        return Reading("ambiguous", "unknown", None, "no JSON")
    if not isinstance(data, dict):
        return Reading("ambiguous", "unknown", None, "no JSON object")
    error = data.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if type(code) is not int or abs(code) > 1_000_000_000:
        if error is None and "result" in data and status < 400:
            return Reading("ok")
        return Reading("ambiguous", "unknown", None, f"status {status} without result or code")
    assert isinstance(error, dict)
    said = error.get("message")
    message = said if isinstance(said, str) else ""
    if code in AMBIGUOUS_CODES or status >= 500:
        return Reading("ambiguous", "unknown", code, message)
    more = error.get("data")
    reason = more.get("reason") if isinstance(more, dict) else None
    return Reading("definite", error_class(code, reason), code, message)
