"""Access: keys, signatures and tokens, verified for real.

Three ways lead into a private method over HTTP (docs.deribit.com, Authentication):

* ``Authorization: Basic base64(id:secret)``;
* ``Authorization: Bearer TOKEN``, with a token of ``public/auth``;
* ``Authorization: deri-hmac-sha256 id=ID,ts=MS,sig=SIG,nonce=N``: a signature over time, nonce, method, path with
  query, and body, good for 60 seconds; a nonce serves once.

``public/auth`` gives tokens for ``client_credentials``, for ``client_signature`` (over time, nonce and ``data``) and
for a ``refresh_token``. On a WebSocket it also logs the connection in; a token of a connection is good there alone, one
with the scope ``session:NAME`` everywhere::

    >>> sign("AMANDASECRECT", "1576074319000\\n1iqt2wls\\n")
    '56590594f97921b09b18f166befe0d1319b198bbcdad7ca73382de2f88fe9aa1'

Over HTTP a token is taken on every connection (*simplified*: the seam knows no connections there; the venue ties it to
one for 15 minutes). What the venue says of a stale time, or of a nonce seen before, is *inferred*.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outtrade_mocks.venues.config import Credentials
from outtrade_mocks.venues.deribit import codec
from outtrade_mocks.venues.deribit.errors import Refusal, refuse
from outtrade_mocks.venues.signing import hmac_of

CREDENTIALS = Credentials(key="0uttrade", secret="0UTTRADE-TEST-SECRET-" + "0" * 22)
"""Test credentials, obviously fake, of the venue's form: an id of eight characters, a secret of 43."""
WINDOW_NS = 60_000_000_000
SIGNED = "deri-hmac-sha256"
SCOPE = "account:read_write block_rfq:read_write block_trade:read_write custody:read_write trade:read_write wallet:read"
GRANTS = ("client_credentials", "client_signature", "refresh_token")
_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"


def sign(secret: str, payload: str) -> str:
    """The signature of a payload, in hex."""
    return hmac_of(secret.encode(), payload.encode("utf-8", "surrogatepass")).hex()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def denied(reason: str) -> Refusal:
    """13009 with its reason."""
    return refuse("unauthorized", data={"reason": reason})


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token opens. ``connection``: the WebSocket it is tied to; None: a session, or HTTP."""

    ends: int
    """UNIX ns."""
    connection: int | None
    scope: str


class Gate:
    """Who may come in: one API key, its tokens, the nonces it has used."""

    def __init__(self, credentials: Credentials, *, seed: int, seconds: int) -> None:
        """``seconds``: how long a token is good."""
        self._credentials = credentials
        self._seconds = seconds
        self._random = random.Random(f"deribit:{seed}:tokens")
        self._access: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}
        self._nonces: dict[str, int] = {}

    # ---------------------------------------------------------------- headers
    def check_header(self, header: str | None, signed: str, now: int) -> None:
        """The Authorization of an HTTP request; ``signed``: method, target and body, a line each. Raises 10000 where
        there is none, 13004, 13009."""
        kind, _, rest = (header or "").strip().partition(" ")
        word, rest = kind.lower(), rest.strip()
        if word == "basic":
            self._basic(rest)
        elif word == "bearer":
            self.check_token(rest, None, now)
        elif word == SIGNED:
            fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
            self._known(fields.get("id", ""))
            self._signature(fields.get("ts", ""), fields.get("nonce", ""), signed, fields.get("sig", ""), now)
        else:
            raise refuse("authorization_required")

    def _basic(self, sent: str) -> None:
        try:
            key, _, secret = base64.b64decode(sent.encode("ascii"), validate=True).decode().partition(":")
        except (ValueError, binascii.Error, UnicodeError):
            raise denied("invalid basic credentials") from None
        self._pair(key, secret)

    def _known(self, key: str) -> None:
        if not _same(key, self._credentials.key):
            raise refuse("invalid_credentials")

    def _pair(self, key: str, secret: str) -> None:
        if not (_same(key, self._credentials.key) & _same(secret, self._credentials.secret)):
            raise refuse("invalid_credentials")

    def _signature(self, stamp: str, nonce: str, signed: str, signature: str, now: int) -> None:
        """Time, nonce and signature, in this order (*inferred*)."""
        if not stamp.isascii() or not stamp.isdecimal() or len(stamp) > 15:
            raise denied("invalid timestamp")
        if abs(now - int(stamp) * codec.MS) > WINDOW_NS:
            raise denied("timestamp out of window")
        if not _same(sign(self._credentials.secret, f"{stamp}\n{nonce}\n{signed}"), signature.lower()):
            raise denied("bad signature")
        for old in [one for one, ends in self._nonces.items() if ends < now]:
            del self._nonces[old]
        if nonce in self._nonces:
            raise denied("nonce already used")
        if nonce:
            self._nonces[nonce] = now + 2 * WINDOW_NS

    # ----------------------------------------------------------------- tokens
    def check_token(self, token: str, connection: int | None, now: int) -> Grant:
        """An access token, on this WebSocket connection (None: HTTP). Raises 13009."""
        grant = self._access.get(token)
        if grant is None:
            raise denied("invalid_token")
        if grant.ends <= now:
            raise denied("invalid_token")
        if grant.connection is not None and grant.connection != connection:
            raise denied("invalid_token")
        return grant

    def login(self, sent: Mapping[str, Any], connection: int | None, now: int) -> dict[str, Any]:
        """``public/auth``: the result, with new tokens. Raises -32602, 13004, 13009."""
        kind = codec.choice(sent, "grant_type", GRANTS)
        if kind == "client_credentials":
            self._pair(codec.needed(sent, "client_id"), codec.needed(sent, "client_secret"))
        elif kind == "client_signature":
            self._known(codec.needed(sent, "client_id"))
            stamp = codec.integer(sent, "timestamp")
            nonce, data = codec.text(sent, "nonce") or "", codec.text(sent, "data") or ""
            if stamp is None:
                raise codec.invalid("timestamp", "value required")
            self._signature(str(stamp), nonce, data, codec.needed(sent, "signature"), now)
        else:
            grant = self._refresh.pop(codec.needed(sent, "refresh_token"), None)
            if grant is None or (grant.connection is not None and grant.connection != connection):
                raise denied("invalid_token")
        return self._issue(codec.text(sent, "scope") or "", codec.text(sent, "state"), connection, now)

    def _issue(self, wanted: str, state: str | None, connection: int | None, now: int) -> dict[str, Any]:
        session = next((word for word in wanted.split() if word.startswith("session:")), None)
        where = session or "connection"
        grant = Grant(now + self._seconds * 1_000_000_000, connection if session is None else None, f"{SCOPE} {where}")
        made = {}
        for name, book in (("access_token", self._access), ("refresh_token", self._refresh)):
            token = f"{grant.ends // codec.MS}.1{''.join(self._random.choices(_ALPHABET, k=44))}"
            book[token] = grant
            made[name] = token
        result: dict[str, Any] = made | {
            "expires_in": self._seconds,
            "scope": grant.scope,
            "token_type": "bearer",
            "enabled_features": [],
        }
        if session is not None:
            result["sid"] = f"{grant.ends // codec.MS}.{session.partition(':')[2]}"
        return result if state is None else result | {"state": state}

    def forget(self, connection: int) -> None:
        """A connection has ended, and its tokens with it."""
        for book in (self._access, self._refresh):
            for token in [one for one, grant in book.items() if grant.connection == connection]:
                del book[token]
