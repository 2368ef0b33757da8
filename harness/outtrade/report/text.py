"""Text from outside (agents, exchanges, files) made fit for a terminal, and small formats shared by the reports.

An agent's message may hold escape sequences, line breaks, right-to-left marks or rich's markup. ``clean`` makes one
visible line of it; the reports build ``rich.text.Text`` objects, never markup, from what it returns.

    >>> clean("a\\x1b[31mb\\nc")
    'a\\\\x1b[31mb c'
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal, InvalidOperation


def clean(text: object, limit: int | None = None) -> str:
    """One line without control or format characters; cut to ``limit`` characters with an ellipsis."""
    line = " ".join(str(text).split())
    line = "".join(_visible(char) for char in line)
    return shorten(line, limit) if limit is not None else line


def _visible(char: str) -> str:
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        code = ord(char)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return char


def shorten(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` characters."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"


def number(value: object) -> str:
    """A decimal string without trailing zeros (``0.40000000`` -> ``0.4``); anything else as it is."""
    try:
        plain = Decimal(str(value))
    except InvalidOperation:
        return clean(value)
    if not plain.is_finite():
        return str(plain)
    text = f"{plain:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """A share in per cent with one digit, never rounded up to 100.0 or down to 0.0 where it is neither."""
    tenths = round(share * 1000)
    if tenths == 1000 and share < 1:
        tenths = 999
    if tenths == 0 and share > 0:
        tenths = 1
    return f"{tenths / 10:.1f}"


def count(amount: int, one: str, many: str = "") -> str:
    """``1 scenario``, ``2 scenarios``."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def ordinal(n: int) -> str:
    """``1st``, ``2nd``, ``11th``."""
    if 10 <= n % 100 <= 20:
        return f"{n}th"
    return f"{n}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th') }"
