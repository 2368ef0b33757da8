"""Numbers and parameters on OKX's wire.

Everything is a string: prices and sizes in plain notation without zeros at the end, times in milliseconds, booleans as
``"true"`` and ``"false"``, and what is absent is ``""``, never null. In requests, numbers and booleans may come as JSON
numbers and booleans too (ccxt and python-okx send both)::

    >>> text({"sz": 0.5, "reduceOnly": True, "px": None})
    {'sz': '0.5', 'reduceOnly': 'true', 'px': ''}
    >>> number("sz", "0.50")
    Decimal('0.50')
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from outtrade_mocks.venues.okx.errors import refuse
from outtrade_mocks.venues.witness import plain

MS = 1_000_000
CLIENT_ID = re.compile(r"[a-zA-Z0-9]{1,32}", re.ASCII)
TAG = re.compile(r"[a-zA-Z0-9]{1,16}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII)
_INTEGER = re.compile(r"[0-9]{1,20}", re.ASCII)
_EXPONENT = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?[eE][-+]?[0-9]{1,2}", re.ASCII)

encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
"""JSON as the venue sends it: no spaces."""
_decode = msgspec.json.Decoder().decode
Params = Mapping[str, str]


# ------------------------------------------------------------------ reading
def parse_query(query: str) -> dict[str, str]:
    """Decode ``a=1&b=2`` (the last value of a name counts)."""
    params: dict[str, str] = {}
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            params[unquote_plus(name, errors="replace")] = unquote_plus(value, errors="replace")
    return params


def parse_body(body: bytes) -> Any:
    """The JSON of a body: an object, or a list of objects. Raises Refusal: 50000 without a body, 50002 on anything
    that is no JSON of that kind."""
    if not body:
        raise refuse("body_empty")
    try:
        data = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refuse("json_syntax") from None
    if isinstance(data, dict) or (isinstance(data, list) and all(isinstance(item, dict) for item in data)):
        return data
    raise refuse("json_syntax")


def value(sent: object) -> str:
    """A parameter as text; what is no scalar stays JSON."""
    if isinstance(sent, str):
        return sent
    if sent is None:
        return ""
    if sent is True or sent is False:
        return "true" if sent else "false"
    return encode(sent).decode("utf-8", "replace")


def text(sent: Mapping[str, Any]) -> dict[str, str]:
    """All parameters of an object as text."""
    return {name: one if type(one) is str else value(one) for name, one in sent.items()}


def digest(op: str, path: str, payload: object) -> str:
    """Equal for an unchanged resend; times and signatures are not in it, as they travel in headers."""
    kept = f"{op}\n{path}\n".encode("utf-8", "surrogatepass") + encode(payload)
    return blake2b(kept, digest_size=8).hexdigest()


def optional(params: Params, name: str) -> str | None:
    """A parameter that may be left out or empty."""
    return params.get(name) or None


def mandatory(params: Params, name: str) -> str:
    """A parameter that must be sent (50014)."""
    found = params.get(name)
    if not found:
        raise refuse("empty", name)
    return found


def number(name: str, sent: str) -> Decimal:
    """A decimal parameter (51000). Exponents are read, because JSON numbers may have one."""
    if _DECIMAL.fullmatch(sent) is None and _EXPONENT.fullmatch(sent) is None:
        raise refuse("parameter", name)
    return Decimal(sent)


def positive(name: str, sent: str) -> Decimal:
    """A decimal above 0 (51000)."""
    found = number(name, sent)
    if found <= 0:
        raise refuse("parameter", name)
    return found


def integer(params: Params, name: str) -> int | None:
    """An integer that may be left out (51000)."""
    sent = optional(params, name)
    if sent is None:
        return None
    if _INTEGER.fullmatch(sent) is None:
        raise refuse("parameter", name)
    return int(sent)


def limit(params: Params, default: int = 100, most: int = 100) -> int:
    """``limit``: more than the maximum means the maximum; 0 is refused (51000)."""
    found = integer(params, "limit")
    if found is None:
        return default
    if found < 1:
        raise refuse("parameter", "limit")
    return min(found, most)


def boolean(params: Params, name: str) -> bool:
    """``true`` or ``false`` in any case; left out: false (51000)."""
    sent = params.get(name, "").lower()
    if sent not in ("", "true", "false"):
        raise refuse("parameter", name)
    return sent == "true"


def choice(params: Params, name: str, among: Container[str], default: str | None = None) -> str:
    """One of some words (51000; 50014 where it has no default and is not sent)."""
    sent = optional(params, name)
    if sent is None:
        if default is None:
            raise refuse("empty", name)
        return default
    if sent not in among:
        raise refuse("parameter", name)
    return sent


def client_id(params: Params, name: str) -> str:
    """A client order id: letters and digits, at most 32 (51000); "" where none was sent."""
    sent = params.get(name, "")
    if sent and CLIENT_ID.fullmatch(sent) is None:
        raise refuse("parameter", name)
    return sent


def tag(params: Params) -> str:
    """``tag``: letters and digits, at most 16 (51000)."""
    sent = params.get("tag", "")
    if sent and TAG.fullmatch(sent) is None:
        raise refuse("parameter", "tag")
    return sent


# ------------------------------------------------------------------ writing
def amount(found: Decimal | None) -> str:
    """A decimal as the venue writes it; "" for none."""
    return "" if found is None else plain(found)


def ms(time: int | None) -> str:
    """A time in ns as milliseconds; "" for none."""
    return "" if time is None else str(time // MS)


def flag(found: bool) -> str:
    """A boolean inside an order."""
    return "true" if found else "false"
