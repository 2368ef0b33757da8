"""Security: key, time window and signature of a signed request (rest-api.md, "SIGNED Endpoint security").

What is signed is the query string and the body as sent, one after the other without a separator, without the
signature itself. Three kinds of keys: HMAC-SHA256 in hexadecimal, in either case; RSA (PKCS#1 v1.5, SHA-256) and
Ed25519 in base64, where case counts and which must be percent-encoded in a query string. A request is taken where
``timestamp < server + 1000 ms`` and ``server - timestamp <= recvWindow`` (5000 unless sent, at most 60000; timestamps
may be in microseconds)::

    >>> sign("NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j",
    ...      "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1"
    ...      "&recvWindow=5000&timestamp=1499827319559")
    'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from outtrade_mocks.venues.binance_codec import INTEGER_RANGE, integer, mandatory, optional
from outtrade_mocks.venues.binance_errors import refuse
from outtrade_mocks.venues.config import Credentials
from outtrade_mocks.venues.signing import hmac_of, key_pair

_KEY_FORMAT = re.compile(r"[A-Za-z0-9]{64}", re.ASCII)
_WINDOW = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,3}))?", re.ASCII)
DEFAULT_WINDOW_NS = 5_000_000_000
MAX_WINDOW_NS = 60_000_000_000
AHEAD_NS = 1_000_000_000


def sign(secret: str, payload: str) -> str:
    """The HMAC-SHA256 signature of a payload, in lower-case hexadecimal."""
    return hmac_of(secret.encode(), payload.encode("utf-8", "surrogatepass")).hex()


class Keys:
    """What an account's requests are checked against. Raises ValueError on an unusable public key."""

    __slots__ = ("_pair", "_secret", "key", "kind")

    def __init__(self, credentials: Credentials) -> None:
        self.key = credentials.key
        self._secret = credentials.secret.encode()
        self._pair = None if credentials.public_key is None else key_pair(credentials.public_key)
        self.kind: Literal["hmac", "rsa", "ed25519"] = "hmac" if self._pair is None else self._pair.kind

    def check_signature(self, sent: str, payload: str) -> None:
        """Raises -1022 where the signature is not that of the payload."""
        signed = payload.encode("utf-8", "surrogatepass")
        if self._pair is None:
            right = sent.lower() == hmac_of(self._secret, signed).hex()
        else:
            right = self._pair.verifies(signed, sent)
        if not right:
            raise refuse("invalid_signature")


def check_key(sent: str | None, key: str) -> None:
    """Raises -2014 on a missing or impossible key, -2015 on an unknown one (both 401)."""
    if sent == key:
        return
    if sent is None or _KEY_FORMAT.fullmatch(sent) is None:
        raise refuse("key_format")
    raise refuse("rejected_key")


def window_ns(params: Mapping[str, str]) -> int:
    """``recvWindow`` in ns; raises -1100, -1102 beyond 60000."""
    value = optional(params, "recvWindow")
    return DEFAULT_WINDOW_NS if value is None else _window_ns(value)


@lru_cache(maxsize=256)
def _window_ns(value: str) -> int:
    """A client sends the same window each time."""
    match = _WINDOW.fullmatch(value)
    if match is None:
        raise refuse("illegal_characters", "recvWindow", INTEGER_RANGE)
    whole, fraction = match.groups()
    window = int(whole) * 1_000_000 + (int(fraction.ljust(6, "0")) if fraction else 0)
    if window > MAX_WINDOW_NS:
        raise refuse("too_great", "recvWindow", 60000)
    return window


def timestamp_ns(params: Mapping[str, str]) -> int:
    """``timestamp`` in ns; raises -1100, -1102, -1108."""
    value = integer("timestamp", mandatory(params, "timestamp"))
    return value * 1_000 if value >= 10**15 else value * 1_000_000


def check_time(params: Mapping[str, str], now: int) -> int:
    """Raises -1021 where the request is too old or too far ahead (``now`` in UNIX ns).

    Returns until when (UNIX ns) the request may still be carried out: see ``check_deadline``.
    """
    window, sent = window_ns(params), timestamp_ns(params)
    if sent >= now + AHEAD_NS:
        raise refuse("ahead_of_server")
    deadline = sent + window
    check_deadline(deadline, now)
    return deadline


def check_deadline(deadline: int, now: int) -> None:
    """The time window is looked at a second time just before the matching engine (-1021)."""
    if now > deadline:
        raise refuse("outside_recv_window")


def check_signed(params: Mapping[str, str], payload: str, *, keys: Keys, now: int) -> int:
    """All checks of a signed request but the key, in this order: presence, time window, signature.

    Returns the deadline of ``check_time``.
    """
    signature = mandatory(params, "signature")
    deadline = check_time(params, now)
    keys.check_signature(signature, payload)
    return deadline
