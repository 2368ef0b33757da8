"""Numbers, times and parameters on Kraken's wire.

Requests come as forms or as JSON; both become flat parameters, nested ones named as in a form (``close[price]``), so
that the rest of the venue knows one shape. Amounts are decimal strings in both directions, padded to the decimals of
the pair; inside they are integers of the smallest unit, exact in both directions::

    >>> units("0.5", 8), padded(50_000_000, 8)
    (50000000, '0.50000000')
    >>> flat({"pair": "XBTUSD", "close": {"price": 1}, "validate": True})
    {'pair': 'XBTUSD', 'close[price]': '1', 'validate': 'true'}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote_plus

import msgspec

SECOND = 1_000_000_000
NOT_IN_DIGEST = frozenset({"nonce", "otp", "token"})
"""Parameters that differ between unchanged resends."""
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DECODE = msgspec.json.Decoder(float_hook=str).decode

encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
"""JSON as Kraken sends it: no spaces."""


# ------------------------------------------------------------------ writing
def padded(amount: int, decimals: int) -> str:
    """An amount of 10**-decimals as text with exactly so many decimals."""
    if amount < 0:
        return "-" + padded(-amount, decimals)
    if not decimals:
        return str(amount)
    whole, rest = divmod(amount, 10**decimals)
    return f"{whole}.{rest:0{decimals}d}"


def rescaled(amount: int, decimals: int, wanted: int) -> str:
    """An amount of 10**-decimals as text with ``wanted`` decimals, rounded down where these are fewer."""
    shift = wanted - decimals
    return padded(amount * 10**shift if shift >= 0 else amount // 10**-shift, wanted)


def plain(text: str) -> str:
    """A padded amount without the zeros at its end.

    >>> plain("50000.0"), plain("100")
    ('50000', '100')
    """
    return text.rstrip("0").rstrip(".") if "." in text else text


def seconds(time: int) -> float:
    """UNIX ns as Kraken writes times: a JSON number of seconds with at most four decimals."""
    return time // 100_000 / 10_000


def moment(time: int, decimals: int = 6) -> str:
    """UNIX ns as RFC3339 text, UTC.

    >>> moment(1_767_225_600_123_456_789), moment(1_767_225_600_123_456_789, 0)
    ('2026-01-01T00:00:00.123456Z', '2026-01-01T00:00:00Z')
    """
    whole, rest = divmod(time, SECOND)
    text = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:09d}"[: 20 + decimals] + "Z" if decimals else f"{text}Z"


# ------------------------------------------------------------------ reading
def parse_form(text: str) -> dict[str, str]:
    """Decode ``a=1&b=2``; of a name that comes twice, the last value counts (*inferred*)."""
    if not text:
        return {}
    pairs = text.split("&")
    if "%" not in text and "+" not in text and all(pairs):
        return {name: value for name, _, value in [pair.partition("=") for pair in pairs]}
    params: dict[str, str] = {}
    for pair in pairs:
        if pair:
            name, _, value = pair.partition("=")
            if "%" in name or "+" in name:
                name = unquote_plus(name, errors="replace")
            if "%" in value or "+" in value:
                value = unquote_plus(value, errors="replace")
            params[name] = value
    return params


def decode(body: bytes | str) -> Any:
    """JSON with the text of its decimals kept; raises ValueError on anything else."""
    try:
        return _DECODE(body.encode("utf-8", "replace") if isinstance(body, str) else body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("no JSON") from None


def flat(sent: Mapping[Any, Any], prefix: str = "") -> dict[str, str]:
    """Parameters of a JSON body as those of a form: what is null is left out, lists of plain values are joined by
    commas, deeper lists are left to who reads the body itself."""
    params: dict[str, str] = {}
    for key, value in sent.items():
        name = f"{prefix}[{key}]" if prefix else str(key)
        if value is None:
            continue
        if isinstance(value, dict):
            if not prefix:  # nothing that Kraken knows is nested deeper
                params |= flat(value, name)
        elif isinstance(value, list):
            if not any(isinstance(member, dict | list) for member in value):
                params[name] = ",".join(_text(member) for member in value)
        else:
            params[name] = _text(value)
    return params


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def digest(op: str, params: Mapping[str, str], orders: object = None) -> str:
    """Equal for an unchanged resend: operation and parameters without nonce and token, in any order, and what a batch
    holds."""
    told = dict(params)
    for name in NOT_IN_DIGEST:
        told.pop(name, None)
    kept = "\n".join([op, *map("=".join, sorted(told.items()))])
    if orders is not None:
        kept += repr(orders)
    return blake2b(kept.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def units(value: str, decimals: int) -> int:
    """A decimal in units of 10**-decimals. Raises ValueError on anything but plain notation, OverflowError where it has
    more decimals than that."""
    whole, _, fraction = value.partition(".")
    digits = whole + fraction
    if not (digits.isdecimal() and digits.isascii()) or len(whole) > 20 or len(fraction) > 20:
        raise ValueError(value)
    if not fraction:
        return int(whole) * int(10**decimals)
    if len(fraction) > decimals:
        fraction = fraction.rstrip("0")
        if len(fraction) > decimals:
            raise OverflowError(value)
    return int(whole or 0) * int(10**decimals) + int(fraction.ljust(decimals, "0") or 0)


def integer(value: str) -> int:
    """A whole number of at most 64 bits; raises ValueError."""
    if _INTEGER.fullmatch(value) is None:
        raise ValueError(value)
    return int(value)


def switch(value: str | None) -> bool:
    """A yes-or-no parameter: ``true`` in any case, ``1``; everything else is no (clients send Python's ``True``)."""
    return value is not None and value.lower() in ("true", "1")


def instant(value: str) -> int:
    """RFC3339 text as UNIX ns; raises ValueError."""
    match = _MOMENT.fullmatch(value)
    if match is None:
        raise ValueError(value)
    whole, fraction, zone = match.groups()
    at = datetime.fromisoformat(whole + ("+00:00" if zone == "Z" else zone))
    return int(at.timestamp()) * SECOND + int((fraction or "").ljust(9, "0"))
