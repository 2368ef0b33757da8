"""Keys: two headers, checked for real. There is no signature, no nonce and no time window.

``APCA-API-KEY-ID`` and ``APCA-API-SECRET-KEY`` name the account; the same pair as HTTP basic authorization is taken,
too (alpaca-py, use_basic_auth). OAuth tokens are refused: there are none here.

    >>> credentials = Credentials(key="PK1", secret="s3")
    >>> allowed({"apca-api-key-id": "PK1", "apca-api-secret-key": "s3"}, credentials), allowed({}, credentials)
    (True, False)
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from hmac import compare_digest

from outtrade_mocks.venues.config import Credentials


def allowed(headers: Mapping[str, str], credentials: Credentials) -> bool:
    """Whether the headers (lower-case names) carry the account's key and secret."""
    basic = headers.get("authorization", "")
    if basic[:6].lower() == "basic ":
        try:
            key, _, secret = b64decode(basic[6:], validate=True).decode("utf-8").partition(":")
        except ValueError:
            return False
    else:
        key, secret = headers.get("apca-api-key-id", ""), headers.get("apca-api-secret-key", "")
    return fits(key, secret, credentials)


def fits(key: object, secret: object, credentials: Credentials) -> bool:
    """Whether key and secret are the account's."""
    if not isinstance(key, str) or not isinstance(secret, str):
        return False
    sent = key.encode("utf-8", "surrogatepass"), secret.encode("utf-8", "surrogatepass")
    return compare_digest(sent[0], credentials.key.encode()) and compare_digest(sent[1], credentials.secret.encode())
