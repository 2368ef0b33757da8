"""Security: key, time window and signature of a request (guide.mdx, "Create A Request").

Signed is ``timestamp + key + recv_window + (query string | body)``, all as sent, by HMAC-SHA256 in hexadecimal or by
RSA-SHA256 in base64. A request is taken where ``server - recv_window <= timestamp < server + 1000`` (ms)::

    >>> sign("secret", "1658384314791XXXXXXXXXX5000category=option&symbol=BTC-29JUL22-25000-C")[:16]
    '02e9182e34617705'

A WebSocket signs ``GET/realtime`` and when that expires, in ms.
"""

from __future__ import annotations

import hmac
import re

from outtrade_mocks.venues.bybit.codec import MS
from outtrade_mocks.venues.bybit.errors import refuse
from outtrade_mocks.venues.config import Credentials
from outtrade_mocks.venues.signing import hmac_of, key_pair

_NUMBER = re.compile(r"[0-9]{1,16}", re.ASCII)
DEFAULT_WINDOW = 5000
AHEAD = 1000
"""Milliseconds that a timestamp may be ahead of the server."""


def sign(secret: str, payload: str) -> str:
    """The HMAC-SHA256 signature of a payload, in lower-case hexadecimal."""
    return hmac_of(secret.encode(), payload.encode("utf-8", "surrogatepass")).hex()


def signed_by(credentials: Credentials, payload: str, signature: str) -> bool:
    """Whether a signature is the account's, of the kind of its key."""
    if credentials.public_key is None:
        wanted = sign(credentials.secret, payload)
        return hmac.compare_digest(signature.lower().encode("utf-8", "replace"), wanted.encode())
    return key_pair(credentials.public_key).verifies(payload.encode("utf-8", "surrogatepass"), signature)


def check_time(timestamp: str | None, window: str | None, now: int) -> int:
    """Raises 10002 where the request is too old or too far ahead (``now`` in UNIX ns), 10001 where that cannot be told.

    Returns until when (UNIX ns) the request may still be carried out.
    """
    if timestamp is None or _NUMBER.fullmatch(timestamp) is None:
        raise refuse("params_named", "timestamp invalid")
    span = DEFAULT_WINDOW if not window else int(window) if _NUMBER.fullmatch(window) else -1
    sent, server = int(timestamp), now // MS
    if span < 0 or not server - span <= sent < server + AHEAD:
        raise refuse("expired_request", sent, server, window or DEFAULT_WINDOW)
    return (sent + span) * MS


def check(headers: dict[str, str], payload: str, credentials: Credentials, now: int) -> int:
    """All checks of a signed request, in this order: key, time, signature. Names in ``headers`` are lower case,
    ``payload`` is the query string or body as sent. Raises 10003, 10002, 10004. Returns ``check_time``'s deadline."""
    if headers.get("x-bapi-api-key") != credentials.key:
        raise refuse("invalid_key")
    timestamp, window = headers.get("x-bapi-timestamp"), headers.get("x-bapi-recv-window", "")
    deadline = check_time(timestamp, window, now)
    origin = f"{timestamp}{credentials.key}{window}{payload}"
    if not signed_by(credentials, origin, headers.get("x-bapi-sign", "")):
        raise refuse("error_sign", origin)
    return deadline


def check_stream(args: object, credentials: Credentials, now: int) -> str | None:
    """Whether ``args`` of an ``auth`` frame (key, expires, signature) are good; the reason where they are not."""
    if not isinstance(args, list) or len(args) != 3:
        return "Params Error"
    key, expires, signature = (str(value) for value in args)
    if key != credentials.key:
        return "Invalid apikey"
    if _NUMBER.fullmatch(expires) is None or int(expires) <= now // MS:
        return "Params Error"
    return None if signed_by(credentials, f"GET/realtime{expires}", signature) else "Invalid sign"
