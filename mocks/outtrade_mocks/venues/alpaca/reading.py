"""How an answer is to be read by a client that knows the documentation.

``ok``: 2xx. ``definite``: refused, nothing was carried out: 400, 401, 403, 404, 422 with a ``message``, and 429.
``ambiguous``: every 5xx, and what is no answer of the API (vendor's FAQ: a timeout on an order may have reached the
market; neither send it again nor take it for cancelled until that is known).

    >>> read_answer(403, {}, b'{"code":40310000,"message":"insufficient buying power"}', 0).error
    'funds'
    >>> read_answer(504, {}, b"<html>", 0).outcome, read_answer(204, {}, b"", 0).outcome
    ('ambiguous', 'ok')
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from outtrade_mocks.venues.api import Reading

TEXTS: tuple[tuple[str, str], ...] = (
    ("client_order_id must be unique", "duplicate"),
    ("client order id must be unique", "duplicate"),
    ("order not found", "not_found"),
    ("order is not found", "not_found"),
    ("order is already in", "unknown_order"),
    ("insufficient", "funds"),
    ("account is not allowed to short", "funds"),
    ("cost basis must be", "parameter"),
    ("market is closed", "closed"),
    ("market takes cancels only", "closed"),
)
"""Beginning of a text -> class; the first that fits counts."""
STATUSES = {400: "parameter", 401: "auth", 403: "permanent", 404: "permanent", 422: "parameter"}


def read_answer(status: int, headers: Mapping[str, str], body: bytes, now: int) -> Reading:
    """Classify an answer; ``now`` (UNIX ns) turns the end of the minute into seconds."""
    if status == 429:
        return Reading("definite", "rate", None, "rate limit exceeded", _wait(headers, now))
    if 200 <= status < 300 and not body:
        return Reading("ok") if status == 204 else Reading("ambiguous", "unknown", None, "no body")
    try:
        data: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Reading("ambiguous", "unknown", None, "no JSON")
    if 200 <= status < 300:
        return Reading("ok") if isinstance(data, dict | list) else Reading("ambiguous", "unknown", None, "no object")
    message = data.get("message") if isinstance(data, dict) else None
    if status not in STATUSES or not isinstance(message, str):
        return Reading("ambiguous", "unknown", None, f"status {status}")
    code = data.get("code")
    found = next((name for text, name in TEXTS if message.startswith(text)), STATUSES[status])
    return Reading("definite", found, code if isinstance(code, int) else None, message)


def _wait(headers: Mapping[str, str], now: int) -> float | None:
    for name, value in headers.items():
        if name.lower() == "x-ratelimit-reset" and value.isascii() and value.isdigit():
            return max(0.0, int(value) - now / 1e9)
    return None
