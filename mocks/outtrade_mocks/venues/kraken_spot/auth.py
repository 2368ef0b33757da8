"""Keys, signatures and nonces, verified for real.

``API-Sign`` is base64(HMAC-SHA512(base64-decoded secret, path + SHA256(nonce + body))), over the body exactly as it was
sent. The nonce must grow with every request of a key, whatever became of the last one; an equal or smaller one is
``EAPI:Invalid nonce``, which is all that stands against replays. After many bad requests the key is locked out for some
minutes (``EGeneral:Temporary lockout``). One-time passwords (``otp``) are ignored.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error as BadBase64

from outtrade_mocks.venues.config import Credentials
from outtrade_mocks.venues.kraken_spot.codec import SECOND
from outtrade_mocks.venues.kraken_spot.errors import refuse
from outtrade_mocks.venues.signing import hmac_of

LOCKOUT = 15 * 60 * SECOND
"""How long a lockout lasts (*inferred*: the documentation says "temporary")."""
TOKEN_LIFE = 900
"""Seconds within which a WebSocket token must be used."""
_MOST = 2**64 - 1
_NONCE = re.compile(r"[0-9]{1,20}", re.ASCII)


def sign(secret: str, path: str, nonce: str, body: str) -> str:
    """What ``API-Sign`` must be."""
    return _sign(b64decode(secret), path, nonce, body.encode())


def _sign(secret: bytes, path: str, nonce: str, body: bytes) -> str:
    digest = hashlib.sha256(nonce.encode("utf-8", "surrogatepass") + body).digest()
    message = path.encode("utf-8", "surrogatepass") + digest
    return b64encode(hmac_of(secret, message, "sha512")).decode()


class Keeper:
    """Who may come in: one key, its last nonce, its lockout, and the WebSocket tokens that it was given."""

    def __init__(self, credentials: Credentials, *, lockout_after: int) -> None:
        self.key = credentials.key
        try:
            self._secret = b64decode(credentials.secret, validate=True)
        except (BadBase64, ValueError):
            raise ValueError("Kraken's secret is base64: give the credentials a secret that decodes") from None
        self._lockout_after = lockout_after
        self._bad = 0
        self._locked_until = 0
        self._nonce = -1
        self._tokens: dict[str, int] = {}

    def check(
        self, key: str | None, signature: str | None, nonce: str | None, path: str, body: bytes, now: int
    ) -> None:
        """Raises Refusal; a good request uses up its nonce."""
        if now < self._locked_until:
            raise refuse("lockout")
        if key != self.key:
            raise self._offence("invalid_key", now)
        if nonce is None or _NONCE.fullmatch(nonce) is None or int(nonce) > _MOST:
            raise self._offence("invalid_nonce", now)
        if signature is None or not hmac.compare_digest(
            _sign(self._secret, path, nonce, body).encode(), signature.encode("utf-8", "replace")
        ):
            raise self._offence("invalid_signature", now)
        if int(nonce) <= self._nonce:
            raise self._offence("invalid_nonce", now)
        self._nonce = int(nonce)
        self._bad = 0

    def _offence(self, name: str, now: int) -> Exception:
        self._bad += 1
        if self._bad >= self._lockout_after:
            self._bad = 0
            self._locked_until = now + LOCKOUT
        return refuse(name)

    # ---------------------------------------------------------------- tokens
    def issue(self, now: int) -> str:
        """A new WebSocket token: to be used within ``TOKEN_LIFE`` seconds."""
        number = len(self._tokens).to_bytes(4, "big")
        token = b64encode(hmac_of(self._secret, b"token" + number)).decode().rstrip("=")
        self._tokens[token] = now
        return token

    def admits(self, token: str, now: int) -> bool:
        """Whether a connection may begin to use a token now."""
        issued = self._tokens.get(token)
        return issued is not None and now <= issued + TOKEN_LIFE * SECOND
