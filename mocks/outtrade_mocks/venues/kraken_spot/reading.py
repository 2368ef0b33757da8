"""How an answer is to be read by a client that knows the documentation.

HTTP says 200 to almost everything, so the text decides. ``definite``: refused, nothing was carried out; so are all
errors of the classes EOrder, EGeneral, EAPI and EQuery (Kraken, Spot errors), but for an internal error. ``ambiguous``:
it may have been carried out; find out before doing anything else: an elapsed deadline, a busy service, every 5XX, and
what is no answer of the API at all. An empty result means: there is no such order (of the answers that clients ask for
by id, only a query for orders can be empty).

    >>> read_answer(200, {}, b'{"error":["EOrder:Insufficient funds"]}', 0).error
    'funds'
    >>> read_answer(520, {}, b"<html>", 0).outcome
    'ambiguous'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from outtrade_mocks.venues.api import Reading

AMBIGUOUS = ("EService:Deadline elapsed", "EService:Busy", "EService:Timeout", "EGeneral:Internal error")
"""Texts after which the outcome of the request is not known."""
CLASSES: Mapping[str, str] = {
    "EAPI:Invalid nonce": "clock",
    "EAPI:Rate limit exceeded": "rate",
    "EAPI:": "auth",
    "ESession:": "auth",
    "EAuth:": "auth",
    "EAccount:": "auth",
    "EGeneral:Temporary lockout": "ban",
    "EGeneral:Too many requests": "rate",
    "EGeneral:Permission denied": "auth",
    "EGeneral:Invalid arguments:cl_ord_id not unique": "duplicate",
    "EGeneral:Unknown method": "permanent",
    "EGeneral:": "parameter",
    "EQuery:": "parameter",
    "EOrder:Insufficient funds": "funds",
    "EOrder:Insufficient margin": "funds",
    "EOrder:Rate limit exceeded": "rate",
    "EOrder:Domain rate limit exceeded": "rate",
    "EOrder:Unknown order": "unknown_order",
    "EOrder:Invalid order": "not_found",
    "EOrder:Order minimum not met": "parameter",
    "EOrder:Cost minimum not met": "parameter",
    "EOrder:Tick size check failed": "parameter",
    "EOrder:Invalid price": "parameter",
    "EOrder:": "permanent",
    "EService: Throttled": "rate",
    "EService:Throttled": "rate",
    "EService:Market in": "closed",
    "EService:Unavailable": "closed",
}
"""Beginning of a text -> class; the first that fits counts."""
_THROTTLED = re.compile(r"EService: ?Throttled: ?(\d{9,11})")


def error_class(text: str) -> str:
    """The class of a definite error."""
    return next((found for start, found in CLASSES.items() if text.startswith(start)), "permanent")


def read_answer(status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
    """Classify an answer; ``now`` (UNIX ns) turns the end of a throttling into seconds."""
    try:
        data: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Reading("ambiguous", "unknown", None, "no JSON")
    errors = data.get("error") if isinstance(data, dict) else None
    if status >= 500 or not isinstance(errors, list) or not all(isinstance(text, str) for text in errors):
        return Reading("ambiguous", "unknown", None, f"status {status} without an error list")
    texts = [text for text in errors if not text.startswith("W")]  # warnings stand beside a result
    if not texts:
        if data.get("result") == {}:
            return Reading("definite", "not_found", None, "empty result")
        return Reading("ok") if "result" in data else Reading("ambiguous", "unknown", None, "no result")
    text = texts[0]
    if text.startswith(AMBIGUOUS):
        return Reading("ambiguous", "unknown", None, text)
    throttled = _THROTTLED.match(text)
    wait = None if throttled is None else max(0.0, int(throttled[1]) - now / 1e9)
    return Reading("definite", error_class(text), None, text, wait)
