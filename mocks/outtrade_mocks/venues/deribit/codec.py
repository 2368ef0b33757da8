"""Numbers and parameters on Deribit's wire.

Everything is JSON-RPC 2.0: prices, amounts and fees are JSON *numbers*, times are integers (milliseconds; ``usIn``,
``usOut``, ``usDiff`` of the envelope microseconds), flags are true or false, and what is not known is ``null`` or
absent. A request comes as a query (``GET /api/v2/private/buy?amount=10``), where all is text, or as a JSON object; both
are read alike, and a number sent as text is taken for what it says (*inferred*: the documentation names types only)::

    >>> sent = {"amount": 10, "price": "50000.5", "post_only": "true", "label": ""}
    >>> number(sent, "amount"), number(sent, "price"), flag(sent, "post_only"), text(sent, "label")
    (Decimal('10'), Decimal('50000.5'), True, None)
    >>> encode({"amount": Decimal("10.0"), "price": "market_price"})
    b'{"amount":10.0,"price":"market_price"}'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from outtrade_mocks.venues.deribit.errors import refuse

MS = 1_000_000
US = 1_000
MOST_BYTES = 32_768
"""Of a body or a frame (RPC Error Codes, -32600)."""
LABEL = re.compile(r"\S{1,64}|\S[^\x00-\x1f]{0,62}\S")
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][-+]?[0-9]{1,2})?", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
Params = Mapping[str, Any]

encode: Callable[[object], bytes] = msgspec.json.Encoder(decimal_format="number").encode
"""JSON as the venue sends it; Decimals become numbers."""
_decode = msgspec.json.Decoder().decode


def parse_query(query: str) -> dict[str, Any]:
    """Decode ``a=1&b=2`` (the last value of a name counts)."""
    params: dict[str, Any] = {}
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            params[unquote_plus(name, errors="replace")] = unquote_plus(value, errors="replace")
    return params


def parse_json(body: bytes) -> Any:
    """The JSON of a body or frame. Raises Refusal: -32600 above 32 kB, -32700 where it is none."""
    if len(body) > MOST_BYTES:
        raise refuse("too_large")
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refuse("parse_error") from None


def plainly(sent: Params) -> dict[str, str]:
    """All parameters as text, for the record: what is no scalar stays JSON."""
    found = {}
    for name, value in sent.items():
        if isinstance(value, str):
            found[name] = value
        else:
            found[name] = encode(value).decode("utf-8", "replace")
    return found


def digest(op: str, path: str, payload: object) -> str:
    """Equal for an unchanged resend; identity of the request, key and signature travel elsewhere."""
    kept = f"{op}\n{path}\n".encode("utf-8", "surrogatepass") + encode(payload)
    return blake2b(kept, digest_size=8).hexdigest()


# ------------------------------------------------------------------ parameters
def invalid(name: str, reason: str) -> Exception:
    """-32602 about one parameter, as recorded: ``data`` names it and says why."""
    return refuse("invalid_params", data={"reason": reason, "param": name})


def text(sent: Params, name: str) -> str | None:
    """A text that may be left out or empty (-32602 where it is none)."""
    value = sent.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise invalid(name, "must be a string")
    return value if isinstance(value, str) else str(value)


def needed(sent: Params, name: str) -> str:
    """A text that must be sent (-32602)."""
    found = text(sent, name)
    if found is None:
        raise invalid(name, "value required")
    return found


def number(sent: Params, name: str, error: str = "") -> Decimal | None:
    """A number that may be left out (-32602, or ``error``, where it is none)."""
    value = sent.get(name)
    if value is None or value == "":
        return None
    found = repr(value) if isinstance(value, float) else str(value)
    if isinstance(value, bool | dict | list) or _NUMBER.fullmatch(found) is None:
        raise refuse(error) if error else invalid(name, "must be a number")
    return Decimal(found)


def positive(sent: Params, name: str, error: str) -> Decimal | None:
    """A number above 0 that may be left out."""
    found = number(sent, name, error)
    if found is not None and found <= 0:
        raise refuse(error)
    return found


def integer(sent: Params, name: str) -> int | None:
    """An integer that may be left out (-32602)."""
    value = sent.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str) or _INTEGER.fullmatch(str(value)) is None:
        raise invalid(name, "must be an integer")
    return int(value)


def count(sent: Params, name: str, default: int, most: int) -> int:
    """How many items: 1 to ``most`` (-32602)."""
    found = integer(sent, name)
    if found is None:
        return default
    if not 1 <= found <= most:
        raise invalid(name, f"must be between 1 and {most}")
    return found


def flag(sent: Params, name: str) -> bool:
    """true or false; left out: false (-32602)."""
    value = sent.get(name)
    if value is None or value == "" or value is False or value in ("false", "False"):
        return False
    if value is True or value in ("true", "True"):
        return True
    raise invalid(name, "must be a boolean")


def choice(sent: Params, name: str, among: Container[str], default: str | None = None) -> str:
    """One of some words (-32602)."""
    found = text(sent, name)
    if found is None:
        if default is None:
            raise invalid(name, "value required")
        return default
    if found not in among:
        raise invalid(name, f"wrong value: {found[:40]}")
    return found


def label(sent: Params) -> str:
    """``label``: up to 64 characters; "" for none."""
    found = text(sent, "label") or ""
    if len(found) > 64:
        raise invalid("label", "must be at most 64 characters")
    return found
