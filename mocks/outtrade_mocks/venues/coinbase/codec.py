"""Numbers, times and parameters on Coinbase's wire.

Bodies are JSON, and every amount in them is a decimal string without padding; absent is the empty string, sometimes
null. A GET has a query string in which a name may come several times (``order_ids=a&order_ids=b``). Times are RFC 3339
with microseconds; some parameters are UNIX seconds::

    >>> decimal("0.0100"), moment(1_767_225_600_123_456_789)
    (Decimal('0.0100'), '2026-01-01T00:00:00.123456Z')
    >>> ratio(100_000, 3, 2)
    '333.333333333333'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote_plus

import msgspec

SECOND = 1_000_000_000
_PLAIN = re.compile(r"[0-9]{1,24}(?:\.[0-9]{0,24})?|\.[0-9]{1,24}", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DECODE = msgspec.json.Decoder(float_hook=str).decode

encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
"""JSON as Coinbase sends it: no spaces."""


# ------------------------------------------------------------------ writing
def text(value: Decimal) -> str:
    """A decimal in plain notation, without zeros at the end."""
    shown = format(value, "f")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def scaled(amount: int, decimals: int) -> str:
    """An amount of 10**-decimals as text."""
    return text(Decimal(amount).scaleb(-decimals))


def ratio(numerator: int, denominator: int, decimals: int = 0) -> str:
    """``numerator`` (of 10**-decimals) over ``denominator``, cut after twelve decimals; "0" over nothing."""
    if not denominator:
        return "0"
    return scaled(numerator * 10**12 // denominator, 12 + decimals)


def moment(time: int, decimals: int = 6) -> str:
    """UNIX ns as RFC 3339 text, UTC."""
    whole, rest = divmod(time, SECOND)
    shown = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{shown}.{rest:09d}"[: 20 + decimals] + "Z" if decimals else f"{shown}Z"


# ------------------------------------------------------------------ reading
def read_query(query: str) -> dict[str, list[str]]:
    """The parameters of a query string; each may come several times."""
    found: dict[str, list[str]] = {}
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            found.setdefault(unquote_plus(name, errors="replace"), []).append(unquote_plus(value, errors="replace"))
    return found


def decode(body: bytes | str) -> Any:
    """JSON with the text of its decimals kept; raises ValueError on anything else."""
    try:
        return _DECODE(body.encode("utf-8", "replace") if isinstance(body, str) else body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("no JSON") from None


def word(value: Any) -> str:
    """A value as the text of a parameter."""
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else encode(value).decode()


def flat(body: Mapping[Any, Any]) -> dict[str, str]:
    """The members of a body as parameters, for the record; what is nested stays JSON."""
    return {str(name): word(value) for name, value in body.items() if value is not None}


def decimal(value: Any) -> Decimal:
    """A decimal in plain notation, as text or as a JSON number. Raises ValueError on anything else."""
    shown = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(shown, str) or _PLAIN.fullmatch(shown) is None:
        raise ValueError(value)
    return Decimal(shown)


def integer(value: str) -> int:
    """A whole number of at most 18 digits; raises ValueError."""
    if _INTEGER.fullmatch(value) is None:
        raise ValueError(value)
    return int(value)


def switch(value: Any) -> bool:
    """A yes-or-no value: JSON's, or its text."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def instant(value: Any) -> int:
    """RFC 3339 text as UNIX ns; raises ValueError."""
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(value)
    whole, fraction, zone = match.groups()
    at = datetime.fromisoformat(whole.upper() + ("+00:00" if zone in "Zz" else zone))
    return int(at.timestamp()) * SECOND + int((fraction or "").ljust(9, "0"))


def digest(op: str, params: Mapping[str, str]) -> str:
    """Equal for an unchanged resend: tokens travel in a header, so all parameters count."""
    kept = "\n".join([op, *map("=".join, sorted(params.items()))])
    return blake2b(kept.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def made_id(*parts: object) -> str:
    """An identifier in the form of a UUID, the same for the same parts."""
    raw = blake2b(":".join(map(str, parts)).encode(), digest_size=16).hexdigest()
    return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}"
