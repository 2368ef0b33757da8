"""How an answer is to be read by a client that knows the documentation.

``ok``: carried out. ``definite``: refused, and nothing was carried out (of a cancel-replace: exactly what its data
says). ``ambiguous``: it may have been carried out; find out before doing anything else. Ambiguous are every 5XX, the
codes -1000, -1001, -1006, -1007 and -1008, and everything that is no answer of the API at all.

    >>> read_answer(400, {}, b'{"code":-2010,"msg":"Account has insufficient balance for requested action."}', 0).error
    'funds'
    >>> read_answer(502, {}, b"<html>", 0).outcome
    'ambiguous'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from outtrade_mocks.venues.api import Reading
from outtrade_mocks.venues.binance_reading import error_of, retry_after
from outtrade_mocks.venues.binance_spot.traits import AMBIGUOUS_CODES

CLASSES = {
    -1002: "auth",
    -1003: "rate",
    -1013: "parameter",
    -1014: "parameter",
    -1015: "rate",
    -1016: "closed",
    -1020: "permanent",
    -1021: "clock",
    -1022: "auth",
    -1099: "permanent",
    -2010: "permanent",
    -2011: "unknown_order",
    -2013: "not_found",
    -2014: "auth",
    -2015: "auth",
    -2026: "not_found",
    -2035: "permanent",
    -2036: "permanent",
    -2038: "permanent",
    -2039: "parameter",
    -4056: "auth",
}
"""Error class by code; every other code from -1100 to -1199 is about a parameter."""

TEXTS = {
    "Account has insufficient balance for requested action.": "funds",
    "Duplicate order sent.": "duplicate",
    "Market is closed.": "closed",
    "Unknown order sent.": "unknown_order",
    "Order was not canceled due to cancel restrictions.": "permanent",
}
"""-2010 and -2011 are told apart by their text."""


def error_class(code: int, message: str) -> str:
    """The class of a definite error."""
    found = TEXTS.get(message) or CLASSES.get(code)
    if found is not None:
        return found
    return "parameter" if -1200 < code <= -1100 else "permanent"


def read_answer(status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
    """Classify an answer; ``now`` (UNIX ns) turns the end of a ban into seconds."""
    try:
        data: Any = msgspec.json.decode(body)
        readable = True
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        data, readable = None, False
    code, message = error_of(data)
    if status == 429 or status == 418:
        return Reading(
            "definite", "rate" if status == 429 else "ban", code, message, retry_after(headers, message, now)
        )
    if status >= 500 or not readable or code in AMBIGUOUS_CODES:
        return Reading("ambiguous", "unknown", code, message or ("" if readable else "no JSON"))
    if code is not None:
        if code in (-2021, -2022):
            return Reading("definite", _half(data), code, message)
        return Reading("definite", error_class(code, message), code, message)
    if 200 <= status < 300:
        return Reading("ok")
    return Reading("ambiguous", "unknown", None, f"status {status} without an error code")


def _half(data: dict[str, Any]) -> str:
    """The class of what failed in a cancel-replace: of the cancel where that failed, else of the new order."""
    parts = data.get("data")
    if isinstance(parts, dict):
        for name in ("cancelResponse", "newOrderResponse"):
            code, message = error_of(parts.get(name))
            if code is not None:
                return error_class(code, message)
    return "permanent"
