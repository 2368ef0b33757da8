"""Numbers and parameters on Binance's wire.

Prices, quantities and amounts travel as decimal strings and are answered with exactly eight decimals. All amounts on
Binance spot have at most eight decimals, so here they are integers of 1e-8 ("e8"), exact in both directions::

    >>> e8("quantity", "0.4")
    40000000
    >>> money(40000000)
    '0.40000000'

What a client may send is checked as documented: an exponent, a sign or a letter in a number is ``-1100`` with the
legal range, more than eight decimals is ``-1111``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from hashlib import blake2b
from urllib.parse import unquote_plus

import msgspec

from outtrade_mocks.venues.api import HttpRequest
from outtrade_mocks.venues.binance_errors import refuse

E8 = 100_000_000
DECIMALS = 8

DECIMAL_RANGE = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
INTEGER_RANGE = r"^[0-9]{1,20}$"
SYMBOL_RANGE = r"^[A-Z0-9-_.]{1,20}$"
CLIENT_ID_RANGE = r"^[a-zA-Z0-9-_]{1,36}$"
SYMBOLS_RANGE = r'^\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,99}\]$'

_DECIMAL = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,20}))?", re.ASCII)
_INTEGER = re.compile(r"[0-9]{1,20}", re.ASCII)
_SYMBOL = re.compile(r"[A-Z0-9\-_.]{1,20}", re.ASCII)
_CLIENT_ID = re.compile(r"[a-zA-Z0-9\-_]{1,36}", re.ASCII)

LONG_MAX = 2**63 - 1
NOT_IN_DIGEST = ("timestamp", "signature", "recvWindow", "apiKey")
"""Parameters that differ between unchanged resends."""


# ------------------------------------------------------------------ writing
def money(amount: int) -> str:
    """An amount of e8 as Binance writes it, with eight decimals."""
    if not amount:
        return "0.00000000"
    if amount < 0:
        return "-" + money(-amount)
    return f"{amount // E8}.{amount % E8:08d}"


def e8_of(value: Decimal) -> int:
    """A decimal as e8; raises ValueError where it has more than eight decimals."""
    scaled = value.scaleb(DECIMALS)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{value} has more than {DECIMALS} decimals")
    return int(scaled)


def plain(amount: int) -> str:
    """An amount of e8 in plain notation without trailing zeros (``"0.4"``)."""
    text = money(amount).rstrip("0")
    return text[:-1] if text.endswith(".") else text


encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
"""JSON as Binance sends it: no spaces."""


# ------------------------------------------------------------------ reading
def parse_pairs(text: str) -> tuple[dict[str, str], bool]:
    """Decode ``a=1&b=2``; returns the parameters (the first value of each) and whether any name came twice."""
    if not text:
        return {}, False
    if "%" not in text and "+" not in text:
        pairs = [pair.split("=", 1) for pair in text.split("&")]
        try:
            params = dict(pairs)  # raises where a pair has no "="
        except ValueError:
            params = {}
        if len(params) == len(pairs) and "" not in params:
            return params, False
    params, repeated = {}, False
    for pair in text.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in name or "+" in name:
            name = unquote_plus(name, errors="replace")
        if "%" in value or "+" in value:
            value = unquote_plus(value, errors="replace")
        if name in params:
            repeated = True
        else:
            params[name] = value
    return params, repeated


def read_form(request: HttpRequest) -> tuple[str, dict[str, str], str, bool]:
    """Path, parameters, what is signed, and whether a parameter came twice in the query string or in the body.

    Parameters come in the query string and (but for GET) in the body, where the query string goes first; signed are
    both as sent, one after the other without a separator, without the signature itself (rest-api.md)."""
    path, _, query = request.target.partition("?")
    if not path.startswith("/"):  # absolute form: https://host/path
        path = "/" + path.partition("://")[2].partition("/")[2]
    query = query.partition("#")[0]
    params, repeated = parse_pairs(query)
    if not request.body or request.method == "GET":
        return path, params, without_signature(query), repeated
    body = request.body.decode("utf-8", "replace")
    form, twice = parse_pairs(body)
    if not query:
        return path, form, without_signature(body), twice
    return path, form | params, without_signature(query) + without_signature(body), repeated or twice


def without_signature(text: str) -> str:
    """The parameters as sent, without the signature itself: what is signed."""
    head, last, tail = text.rpartition("&signature=")
    if last and "&" not in tail and "signature=" not in head:  # where clients put it
        return head
    if "signature=" not in text:
        return text
    return "&".join(pair for pair in text.split("&") if not pair.startswith("signature="))


def digest(op: str, params: Mapping[str, str]) -> str:
    """Equal for an unchanged resend: operation and parameters without time and signature, in any order."""
    told = dict(params)
    for name in NOT_IN_DIGEST:
        told.pop(name, None)
    kept = "\n".join([op, *map("=".join, sorted(told.items()))])
    return blake2b(kept.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


# --------------------------------------------------------------- parameters
def optional(params: Mapping[str, str], name: str) -> str | None:
    """A parameter that may be left out, but not sent empty (-1105)."""
    value = params.get(name)
    if value == "":
        raise refuse("empty", name)
    return value


def mandatory(params: Mapping[str, str], name: str) -> str:
    """A parameter that must be sent (-1102)."""
    value = params.get(name)
    if not value:
        raise refuse("mandatory" if value is None else "empty", name)
    return value


def e8(name: str, value: str) -> int:
    """A decimal parameter in e8. Raises -1100 on anything but plain notation, -1111 beyond eight decimals."""
    match = _DECIMAL.fullmatch(value)
    if match is None:
        raise refuse("illegal_characters", name, DECIMAL_RANGE)
    whole, fraction = match.groups()
    if fraction is None:
        return int(whole) * E8
    if len(fraction) > DECIMALS:
        fraction = fraction.rstrip("0")
        if len(fraction) > DECIMALS:
            raise refuse("precision", name)
    return int(whole) * E8 + int(fraction.ljust(DECIMALS, "0"))


def integer(name: str, value: str) -> int:
    """An integer parameter. Raises -1100 on anything but digits, -1108 beyond 64 bits."""
    if _INTEGER.fullmatch(value) is None:
        raise refuse("illegal_characters", name, INTEGER_RANGE)
    number = int(value)
    if number > LONG_MAX:
        raise refuse("overflow", name)
    return number


def optional_integer(params: Mapping[str, str], name: str) -> int | None:
    """An integer parameter that may be left out."""
    value = optional(params, name)
    return None if value is None else integer(name, value)


def limit(params: Mapping[str, str], default: int, most: int) -> int:
    """``limit``: at least 1 (-1130); more than the maximum means the maximum."""
    value = optional_integer(params, "limit")
    if value is None:
        return default
    if value < 1:
        raise refuse("invalid_parameter", "limit")
    return min(value, most)


def symbol(name: str, value: str) -> str:
    """A symbol's characters (-1100); whether it is listed is another question (-1121)."""
    if _SYMBOL.fullmatch(value) is None:
        raise refuse("illegal_characters", name, SYMBOL_RANGE)
    return value


def client_id(name: str, value: str) -> str:
    """A client order id's characters and length (-1100)."""
    if _CLIENT_ID.fullmatch(value) is None:
        raise refuse("illegal_characters", name, CLIENT_ID_RANGE)
    return value


def boolean(params: Mapping[str, str], name: str) -> bool:
    """``true`` or ``false`` in any case (-1130); left out: false."""
    value = optional(params, name)
    if value is None:
        return False
    lowered = value.lower()
    if lowered not in {"true", "false"}:
        raise refuse("invalid_parameter", name)
    return lowered == "true"


def symbol_list(value: str) -> list[str]:
    """``symbols``: a JSON array of symbols without repetition (-1100, -1151)."""
    try:
        names = msgspec.json.decode(value.encode("utf-8", "replace"), type=list[str])
    except msgspec.MsgspecError:
        raise refuse("illegal_characters", "symbols", SYMBOLS_RANGE) from None
    if not names or any(_SYMBOL.fullmatch(name) is None for name in names):
        raise refuse("illegal_characters", "symbols", SYMBOLS_RANGE)
    if len(set(names)) != len(names):
        raise refuse("duplicate_symbols")
    return names
