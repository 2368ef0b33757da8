"""How an answer is to be read by a client that knows the documentation of USD-M futures.

``ok``: carried out. ``definite``: refused, and nothing was carried out. ``ambiguous``: it may have been carried out;
find out before doing anything else. Of the 503s two say that nothing was done ("Service Unavailable.", "Internal error;
...") and so does -1008; one says that nobody knows ("Unknown error, ..."); -1006, -1007 and 408 leave it open, too
(General Info, HTTP Return Codes).

    >>> read_answer(400, {}, b'{"code":-2019,"msg":"Margin is insufficient."}', 0).error
    'funds'
    >>> read_answer(503, {}, b'{"code":-1008,"msg":"Request throttled by system-level protection."}', 0).outcome
    'definite'
    >>> read_answer(503, {}, b'<html>', 0).outcome
    'ambiguous'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from outtrade_mocks.venues.api import Reading
from outtrade_mocks.venues.binance_reading import error_of, retry_after
from outtrade_mocks.venues.binance_usdm.traits import AMBIGUOUS_CODES

CLASSES = {
    -1002: "auth",
    -1003: "rate",
    -1008: "rate",
    -1013: "parameter",
    -1014: "parameter",
    -1015: "rate",
    -1016: "closed",
    -1020: "permanent",
    -1021: "clock",
    -1022: "auth",
    -1023: "parameter",
    -1099: "permanent",
    -2007: "parameter",
    -2011: "unknown_order",
    -2013: "not_found",
    -2014: "auth",
    -2015: "auth",
    -2018: "funds",
    -2019: "funds",
    -4050: "funds",
    -4051: "funds",
    -4056: "auth",
    -4116: "duplicate",
    -4131: "parameter",
    -4135: "parameter",
    -4136: "parameter",
    -4137: "parameter",
    -4141: "closed",
    -4164: "parameter",
    -4165: "parameter",
    -4183: "parameter",
    -4184: "parameter",
    -5028: "clock",
    -5037: "parameter",
    -5038: "parameter",
    -5039: "parameter",
    -5040: "parameter",
}
"""Error class by code; codes from -1100 to -1199 and from -4000 to -4032 are about a parameter."""
NOT_DONE = ("Service Unavailable.", "Internal error; unable to process your request. Please try again.")
"""Texts of a 503 after which nothing was carried out."""


def error_class(code: int) -> str:
    """The class of a definite error."""
    found = CLASSES.get(code)
    if found is not None:
        return found
    return "parameter" if -1200 < code <= -1100 or -4032 <= code <= -4000 else "permanent"


def read_answer(status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
    """Classify an answer; ``now`` (UNIX ns) turns the end of a ban into seconds."""
    try:
        data: Any = msgspec.json.decode(body)
        readable = True
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        data, readable = None, False
    code, message = error_of(data)
    if status == 429 or status == 418:
        word = "rate" if status == 429 else "ban"
        return Reading("definite", word, code, message, retry_after(headers, message, now))
    if code == -1008 or (status == 503 and message.startswith(NOT_DONE)):
        return Reading("definite", "rate" if code == -1008 else "permanent", code, message)
    if status >= 500 or status == 408 or not readable or code in AMBIGUOUS_CODES:
        return Reading("ambiguous", "unknown", code, message or ("" if readable else "no JSON"))
    if code is not None:
        return Reading("definite", error_class(code), code, message)
    if 200 <= status < 300:
        return Reading("ok")
    return Reading("ambiguous", "unknown", None, f"status {status} without an error code")
