"""Access: key, passphrase, time and signature.

A private REST request carries ``OK-ACCESS-KEY``, ``-PASSPHRASE``, ``-TIMESTAMP`` (ISO 8601, milliseconds, UTC) and
``-SIGN``: base64 of the HMAC-SHA256 over timestamp, method, path with query, and body. It is good for 30 seconds
(docs-v5, REST Authentication). A WebSocket login signs seconds, ``GET`` and ``/users/self/verify``, and nothing else::

    >>> sign("secret", "1538054050GET/users/self/verify")
    'Gj2hQIVKFcXbiwCak8SmVOu5mxPCizWDdmUAhbx8Z+s='

The order of the checks is *inferred*: what is missing, the key, the time, the signature, the passphrase.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from outtrade_mocks.venues.config import Credentials
from outtrade_mocks.venues.okx.errors import refuse
from outtrade_mocks.venues.signing import hmac_of

WINDOW_NS = 30_000_000_000
LOGIN = "GET/users/self/verify"
HEADERS = ("ok-access-key", "ok-access-passphrase", "ok-access-sign", "ok-access-timestamp")
_MISSING = {
    "ok-access-key": "no_key",
    "ok-access-passphrase": "no_passphrase",
    "ok-access-sign": "no_sign",
    "ok-access-timestamp": "no_timestamp",
}
_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)
_SECONDS = re.compile(r"[0-9]{9,11}(?:\.[0-9]{1,9})?", re.ASCII)


def sign(secret: str, payload: str) -> str:
    """The signature of a payload, in base64."""
    return base64.b64encode(hmac_of(secret.encode(), payload.encode("utf-8", "surrogatepass"))).decode()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def time_ns(sent: str) -> int:
    """``OK-ACCESS-TIMESTAMP`` in UNIX ns (50112): ISO, or seconds with a fraction, which the venue takes too."""
    if _SECONDS.fullmatch(sent) is not None:
        whole, _, fraction = sent.partition(".")
        return int(whole) * 1_000_000_000 + int(fraction.ljust(9, "0") or 0)
    if _ISO.fullmatch(sent) is None:
        raise refuse("invalid_timestamp")
    try:
        seconds = _seconds(sent[:19])
    except ValueError:
        raise refuse("invalid_timestamp") from None
    fraction = sent[20:-1] if len(sent) > 20 else ""
    return seconds * 1_000_000_000 + int(fraction.ljust(9, "0") or 0)


@lru_cache(maxsize=64)
def _seconds(text: str) -> int:
    """UNIX seconds of ISO text without a fraction; raises ValueError on a date that is none."""
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp())


def check_request(headers: Mapping[str, str], credentials: Credentials, payload: str, now: int) -> None:
    """``payload``: method, path with query and body. ``now`` in UNIX ns. Raises Refusal."""
    for name in HEADERS:
        if not headers.get(name):
            raise refuse(_MISSING[name])
    key, stamp = headers["ok-access-key"], headers["ok-access-timestamp"]
    if key != credentials.key:
        raise refuse("unknown_key" if _KEY.fullmatch(key) else "invalid_key")
    if abs(now - time_ns(stamp)) > WINDOW_NS:
        raise refuse("timestamp_expired")
    if not _same(headers["ok-access-sign"], sign(credentials.secret, stamp + payload)):
        raise refuse("invalid_sign")
    if not _same(headers["ok-access-passphrase"], credentials.passphrase or ""):
        raise refuse("wrong_passphrase")


def check_login(arg: Mapping[str, str], credentials: Credentials, now: int) -> None:
    """The argument of a WebSocket login. Raises Refusal."""
    key, stamp = arg.get("apiKey", ""), arg.get("timestamp", "")
    if not key:
        raise refuse("ws_key")
    if key != credentials.key:
        raise refuse("ws_unknown_key" if _KEY.fullmatch(key) else "ws_key")
    if _SECONDS.fullmatch(stamp) is None:
        raise refuse("ws_timestamp")
    if abs(now - time_ns(stamp)) > WINDOW_NS:
        raise refuse("ws_expired")
    if not _same(arg.get("sign", ""), sign(credentials.secret, stamp + LOGIN)):
        raise refuse("ws_sign")
    if not _same(arg.get("passphrase", ""), credentials.passphrase or ""):
        raise refuse("ws_passphrase")
