"""What all of Binance's answers have in common for who reads them: the envelope of errors, and how long to wait.

>>> error_of({"code": -1121, "msg": "Invalid symbol."}), error_of({"code": 200, "msg": "done"})
((-1121, 'Invalid symbol.'), (None, ''))
>>> retry_after({}, "Way too many requests; IP banned until 1700000060000.", 1_700_000_000_000_000_000)
60.0
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

_BANNED_UNTIL = re.compile(r"banned until (\d{10,16})")


def error_of(data: Any) -> tuple[int | None, str]:
    """Code and text of an error envelope; (None, "") where it is none (errors have codes below zero)."""
    if isinstance(data, dict):
        code, message = data.get("code"), data.get("msg")
        if isinstance(code, int) and not isinstance(code, bool) and code < 0:
            return code, message if isinstance(message, str) else ""
    return None, ""


def retry_after(headers: Mapping[str, str], message: str, now: int) -> float | None:
    """Seconds until it may come again: by the header, else by the end of the ban that the text names (``now`` in UNIX
    ns); None where neither says."""
    for name, value in headers.items():
        if name.lower() == "retry-after":
            try:
                return max(0.0, float(value))
            except ValueError:
                return None
    match = _BANNED_UNTIL.search(message)
    return None if match is None else max(0.0, (int(match[1]) * 1_000_000 - now) / 1e9)


def body_of_frame(frame: bytes) -> bytes:
    """What the body of a REST answer would say in place of an answering frame of a WebSocket API: its ``error``, else
    its ``result``; what is no such frame stays as it is.

    >>> body_of_frame(b'{"id":1,"status":400,"error":{"code":-1121,"msg":"Invalid symbol."}}')
    b'{"code":-1121,"msg":"Invalid symbol."}'
    """
    try:
        data = msgspec.json.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return frame
    if not isinstance(data, dict):
        return frame
    error = data.get("error")
    return msgspec.json.encode(error if error is not None else data.get("result"))
