"""Numbers, times, ids and parameters on Alpaca's wire.

Amounts of orders, positions and the account are decimal strings without zeros at the end; market data has JSON numbers.
Absent is ``null``, never a missing key. A client may send an amount as a string or as a JSON number. Times are RFC
3339: UTC for orders, New York's for the clock, whose offset changes twice a year::

    >>> stamp(1_767_225_600_123_400_000), eastern(1_767_225_600_000_000_000), eastern(1_780_000_000_000_000_000)
    ('2026-01-01T00:00:00.1234Z', '2025-12-31T19:00:00-05:00', '2026-05-28T16:26:40-04:00')
    >>> uuid_of(7, "order", 1) == uuid_of(7, "order", 1), uuid_of(7, "order", 1)[14]
    (True, '4')
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote, unquote_plus
from uuid import UUID

import msgspec

from outtrade_mocks.venues.witness import plain

__all__ = [
    "SECOND", "amount", "decimal", "digest", "eastern", "encode", "flag", "instant", "is_uuid", "market_day",
    "new_york_offset", "parse_body", "parse_query", "plain", "segments", "shown", "stamp", "texts", "uuid_of",
    "whole",
]  # fmt: skip

SECOND = 1_000_000_000
STEP_OF_QUANTITY = Decimal("0.000000001")
PLACES = 9
"""Decimals of a quantity: what is finer is cut silently (measured on the paper account, 2026-08)."""
_DECIMAL = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{0,24})?", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)?)?", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_DECODE = msgspec.json.Decoder(float_hook=str).decode
Params = Mapping[str, Any]

encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
"""JSON as Alpaca sends it: no spaces."""


# -------------------------------------------------------------------- numbers
def decimal(value: object) -> Decimal | None:
    """A number as sent, a string or a JSON number; None where it is none (also NaN, exponents, true)."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def whole(value: object) -> int | None:
    """A whole number of at most nine digits, as a string or as a JSON number; None where it is none."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def amount(value: Decimal) -> str:
    """An amount as written: plain, at most nine decimals, no zeros at the end.

    >>> amount(Decimal("0.12500")), amount(Decimal("-0.0000000001"))
    ('0.125', '0')
    """
    text = plain(round(value, PLACES))
    return "0" if text in ("-0", "") else text


def shown(value: Decimal | None) -> str | None:
    """The same of what may be absent."""
    return None if value is None else amount(value)


# ---------------------------------------------------------------------- times
def stamp(time: int) -> str:
    """UNIX ns as RFC 3339 text, UTC, without zeros at the end of the seconds."""
    whole_seconds, rest = divmod(time, SECOND)
    text = datetime.fromtimestamp(whole_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{rest:09d}".rstrip("0") if rest else "") + "Z"


def new_york_offset(time: int) -> int:
    """Seconds that New York is ahead of UTC (so below 0): daylight saving from the second Sunday of March to the first
    one of November, 2:00 (Energy Policy Act of 2005)."""
    moment = datetime.fromtimestamp(time // SECOND, UTC)

    def sunday(month: int, nth: int) -> datetime:
        first = datetime(moment.year, month, 1, tzinfo=UTC)
        return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))

    summer = sunday(3, 2) + timedelta(hours=7) <= moment < sunday(11, 1) + timedelta(hours=6)
    return -4 * 3600 if summer else -5 * 3600


def eastern(time: int) -> str:
    """UNIX ns as RFC 3339 text in New York's time."""
    ahead = new_york_offset(time)
    return f"{stamp(time + ahead * SECOND)[:-1]}-{-ahead // 3600:02d}:00"


def market_day(time: int) -> str:
    """The day in New York, as in ``2026-11-27``."""
    return stamp(time + new_york_offset(time) * SECOND)[:10]


def instant(value: object) -> int | None:
    """RFC 3339 text or a date (midnight UTC) as UNIX ns; None where it is neither."""
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{clock or '00:00:00'}{'+00:00' if not zone or zone in 'Zz' else zone}")
    except ValueError:
        return None
    return int(at.timestamp()) * SECOND + int((fraction or "").ljust(9, "0"))


# ------------------------------------------------------------------------ ids
def uuid_of(seed: int, kind: str, number: object) -> str:
    """An id that looks drawn, and is the same for the same run."""
    return str(UUID(bytes=blake2b(f"alpaca:{seed}:{kind}:{number}".encode(), digest_size=16).digest(), version=4))


def is_uuid(text: str) -> bool:
    """Whether a text has the form of an id."""
    return _UUID.fullmatch(text) is not None


# ----------------------------------------------------------------- parameters
def parse_query(query: str) -> dict[str, Any]:
    """Decode ``a=1&b=2``; of a name that comes twice, the first (*inferred*)."""
    params: dict[str, Any] = {}
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            params.setdefault(unquote_plus(name, errors="replace"), unquote_plus(value, errors="replace"))
    return params


def parse_body(body: bytes) -> dict[str, Any] | None:
    """The JSON object of a request; None where it is none. An empty body is an empty object. The text of decimals is
    kept; what is null is left out."""
    if not body.strip():
        return {}
    try:
        data = _DECODE(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return {str(name): value for name, value in data.items() if value is not None} if isinstance(data, dict) else None


def segments(path: str) -> tuple[str, ...]:
    """The parts of a path, decoded.

    >>> segments("/v2/positions/BTC%2FUSD")
    ('v2', 'positions', 'BTC/USD')
    """
    return tuple(unquote(part, errors="replace") for part in path.split("/") if part)


def texts(params: Params) -> dict[str, str]:
    """Parameters as text, for the record: strings as they are, all else as JSON."""
    return {
        str(name): value if isinstance(value, str) else encode(value).decode("utf-8", "replace")
        for name, value in params.items()
    }


def digest(method: str, path: str, params: Mapping[str, str]) -> str:
    """Equal for an unchanged resend: path and parameters in any order (the key is in headers)."""
    kept = "\n".join([method, path, *map("=".join, sorted(params.items()))])
    return blake2b(kept.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def flag(params: Params, name: str) -> bool:
    """A yes-or-no parameter: ``true`` in any case, or a JSON true; everything else is no (*inferred*)."""
    value = params.get(name)
    return value is True or (isinstance(value, str) and value.lower() in ("true", "1"))
