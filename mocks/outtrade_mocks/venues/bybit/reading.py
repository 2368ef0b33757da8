"""How an answer is to be read by a client that knows the documentation.

``ok``: carried out (for orders: taken in; what becomes of them comes later). ``definite``: refused, and nothing was
carried out. ``ambiguous``: it may have been carried out. The documentation calls no code "unknown"; by their texts
(timeouts, system errors) 10000, 10016, 170001, 170007, 170032, 170035, 170146, 170147 and 110079 leave it open, and so
does everything that is no answer of the API at all.

    >>> read_answer(200, b'{"retCode":110007,"retMsg":"Available balance is insufficient","result":{}}').error
    'funds'
    >>> read_answer(502, b"<html>").outcome
    'ambiguous'
"""

from __future__ import annotations

from typing import Any

import msgspec

from outtrade_mocks.venues.api import Reading
from outtrade_mocks.venues.bybit.traits import AMBIGUOUS_CODES

CLASSES = {
    "rate": (10006, 10018, 170005, 170222, 10429, 20003),
    "auth": (10003, 10004, 10005, 10007, 10008, 10009, 10010, 10027, 10028, 33004, 20001),
    "clock": (10002,),
    "funds": (110004, 110006, 110007, 110012, 110014, 110044, 110045, 110051, 110052, 110053, 170033, 170131),
    "duplicate": (110072, 170141, 20006),
    "unknown_order": (110001, 110008, 110010, 170139, 170142, 170143, 170190, 170213),
    "closed": (110066, 110095, 170151, 10019),
}
PARAMETERS = frozenset({10001, 110003, 110017, 110092, 110093, 110094, *range(170105, 170131), *range(170132, 170139)})
_BY_CODE = {code: name for name, codes in CLASSES.items() for code in codes}


def error_class(code: int) -> str:
    """The class of a definite error."""
    found = _BY_CODE.get(code)
    if found is not None:
        return found
    return "parameter" if code in PARAMETERS or code in (170140, 170148) else "permanent"


def read_answer(status: int, body: bytes) -> Reading:
    """Classify an answer of REST, or a frame of the trade stream, which has the same ``retCode``."""
    if status == 403:
        return Reading("definite", "ban", None, body[:80].decode("utf-8", "replace"))
    if status == 429:
        return Reading("definite", "rate", None, "too many requests")
    if status == 404:
        return Reading("definite", "permanent", None, "not found")
    try:
        data: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Reading("ambiguous", "unknown", None, "no JSON")
    code = data.get("retCode") if isinstance(data, dict) else None
    if not isinstance(code, int) or isinstance(code, bool) or status >= 500:
        return Reading("ambiguous", "unknown", None, f"status {status} without a retCode")
    message = data.get("retMsg")
    words = message if isinstance(message, str) else ""
    if code == 0:
        return Reading("ok")
    if code in AMBIGUOUS_CODES:
        return Reading("ambiguous", "unknown", code, words)
    return Reading("definite", error_class(code), code, words)
