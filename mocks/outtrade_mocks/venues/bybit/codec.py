"""Numbers, parameters and the envelope on Bybit's wire.

Prices, quantities and amounts are decimal strings in both directions; JSON numbers stand only for times of the
envelope, position indices and flags. In here they are integers: units of 10**-decimals, exact or refused::

    >>> units("0.0125", 4), units("0.0125", 3), units("1e3", 2)
    (125, None, None)
    >>> fixed(1600, 2), plain(Decimal("0.10")), fixed(-5, 2)
    ('16.00', '0.1', '-0.05')

A request's parameters are its query (GET) or its JSON body (POST). What is no string where a string belongs is refused
(10001, *inferred*), unknown parameters are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote, unquote_plus

import msgspec

from outtrade_mocks.venues.bybit.errors import refuse
from outtrade_mocks.venues.witness import plain

__all__ = [
    "MS", "boolean", "digest", "encode", "fixed", "integer", "limit", "link_id", "page", "parse_body", "parse_query",
    "plain", "required", "text", "texts", "units",
]  # fmt: skip

MS = 1_000_000
"""Nanoseconds of a millisecond."""
_DECIMAL = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,20}))?", re.ASCII)
_INTEGER = re.compile(r"[0-9]{1,18}", re.ASCII)
_LINK_ID = re.compile(r"[A-Za-z0-9_\-]{1,36}", re.ASCII)
_CURSOR = re.compile(r"page_token=([0-9]{1,12})")
_POWERS: tuple[int, ...] = tuple(10**decimals for decimals in range(19))
Params = Mapping[str, Any]

encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
"""JSON as Bybit sends it: no spaces."""


# ------------------------------------------------------------------ numbers
def units(value: str, decimals: int) -> int | None:
    """A decimal string in units of 10**-decimals; None where it is none, or finer than that."""
    match = _DECIMAL.fullmatch(value)
    if match is None:
        return None
    whole, fraction = match.groups()
    if fraction is None:
        return int(whole) * _POWERS[decimals]
    fraction = fraction.rstrip("0")
    if len(fraction) > decimals:
        return None
    return int(whole + fraction.ljust(decimals, "0"))


def is_decimal(value: str) -> bool:
    """Whether a string is a number in plain notation."""
    return _DECIMAL.fullmatch(value) is not None


def fixed(value: int, decimals: int) -> str:
    """Units of 10**-decimals, written with exactly so many decimals."""
    if value < 0:
        return "-" + fixed(-value, decimals)
    if not decimals:
        return str(value)
    whole, part = divmod(value, 10**decimals)
    return f"{whole}.{part:0{decimals}d}"


def short(value: int, decimals: int) -> str:
    """The same without zeros at the end."""
    written = fixed(value, decimals)
    return written.rstrip("0").rstrip(".") if decimals else written


def rounded(value: Decimal, decimals: int = 8) -> str:
    """A computed number, at most so many decimals, without zeros at the end."""
    written = plain(round(value, decimals))
    return "0" if written == "-0" else written


# ------------------------------------------------------------------ reading
def parse_query(query: str) -> dict[str, Any]:
    """Decode ``a=1&b=2``; of a name that comes twice, the first."""
    params: dict[str, Any] = {}
    for pair in query.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        params.setdefault(unquote_plus(name, errors="replace"), unquote_plus(value, errors="replace"))
    return params


def parse_body(body: bytes) -> dict[str, Any] | None:
    """The JSON object of a request; None where it is none. An empty body is an empty object."""
    if not body.strip():
        return {}
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def texts(params: Params) -> dict[str, str]:
    """Parameters as text, for the record: strings as they are, all else as JSON."""
    return {
        str(name): value if isinstance(value, str) else encode(value).decode("utf-8", "replace")
        for name, value in params.items()
    }


def digest(op: str, params: Mapping[str, str]) -> str:
    """Equal for an unchanged resend: operation and parameters in any order (time and signature are in headers)."""
    kept = "\n".join([op, *map("=".join, sorted(params.items()))])
    return blake2b(kept.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


# --------------------------------------------------------------- parameters
def text(params: Params, name: str) -> str | None:
    """A parameter that may be left out; empty counts as left out. Raises 10001 where it is no string."""
    value = params.get(name)
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    raise refuse("params_named", f"{name} invalid")


def required(params: Params, name: str) -> str:
    """A parameter that must be sent (10001)."""
    value = text(params, name)
    if value is None:
        raise refuse("params_named", f"{name} is required")
    return value


def boolean(params: Params, name: str) -> bool:
    """A JSON boolean; left out: false. Raises 10001."""
    value = params.get(name)
    if value is None or value == "":
        return False
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise refuse("params_named", f"{name} invalid")


def integer(params: Params, name: str) -> int | None:
    """A whole number, as JSON number or as text; left out: None. Raises 10001."""
    value = params.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**18:
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    raise refuse("params_named", f"{name} invalid")


def limit(params: Params, default: int, most: int) -> int:
    """``limit``, cut to what is allowed."""
    value = integer(params, "limit")
    return default if value is None else max(1, min(value, most))


def link_id(params: Params, name: str = "orderLinkId") -> str | None:
    """A client order id: at most 36 letters, digits, dashes and underscores (10001)."""
    value = text(params, name)
    if value is not None and _LINK_ID.fullmatch(value) is None:
        raise refuse("params_named", f"{name} invalid")
    return value


def page(params: Params, rows: list[Any], default: int, most: int) -> tuple[list[Any], str]:
    """One page of ``rows`` and the cursor of the next; the cursor is URL-encoded, and taken back however encoded."""
    size, start = limit(params, default, most), 0
    cursor = text(params, "cursor")
    if cursor is not None:
        match = _CURSOR.search(unquote(cursor))
        if match is None:
            raise refuse("params_named", "cursor invalid")
        start = int(match[1])
    end = start + size
    return rows[start:end], f"page_token%3D{end}%26" if end < len(rows) else ""
