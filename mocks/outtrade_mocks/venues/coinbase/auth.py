"""Keys and tokens: every signed request carries a JSON Web Token of its own, which is verified for real.

A token is three parts in base64url, ``header.payload.signature`` (RFC 7519, RFC 7515)::

    header    {"alg": "ES256", "kid": "organizations/.../apiKeys/...", "nonce": "...", "typ": "JWT"}
    payload   {"sub": <the key's name>, "iss": "cdp", "nbf": now, "exp": now + 120,
               "uri": "POST api.coinbase.com/api/v3/brokerage/orders"}
    signature ES256 (ECDSA on P-256 with SHA-256, the two numbers one after the other) or EdDSA (Ed25519)

What is looked at: the algorithm is that of the key (so ``none`` and HMAC are not taken), ``kid`` and ``sub`` name the
key, there is a nonce, the token is valid now and lives no longer than two minutes, and ``uri`` is the request's method,
host and path without the query. Where the venue is served elsewhere (``outtrade serve``) the host may be the one it is
asked at. A token for a WebSocket message has no ``uri``. A client that signs as for other Coinbase APIs sends ``uris``,
a list (ccxt with Ed25519 keys). Whoever fails any of it is told ``Unauthorized`` and no more.

That a nonce must not come twice is not documented, and ccxt.pro sends a token several times: it is not refused.
"""

from __future__ import annotations

from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

from outtrade_mocks.venues import VenueError
from outtrade_mocks.venues.coinbase.codec import SECOND, decode
from outtrade_mocks.venues.coinbase.errors import refuse
from outtrade_mocks.venues.config import Credentials

LIFETIME = 120
"""Seconds that a token lives at most."""
HOST = "api.coinbase.com"
MISSING = "coinbase verifies signed tokens: it needs the library cryptography (pip install 'outtrade[keys]')"
Verify = Callable[[bytes, bytes], bool]

_SCALAR = sha256(b"outtrade: a test key, known to everybody").digest()
_POINT = bytes.fromhex(
    "04"
    "78acfda853e76a94ea980e05df6f2179aa2f32d02264dfa15cb60adce858edf9"
    "731d00cb6f4c20b06be3280135168751549ce06738e423ef954b78fbbca36964"
)
"""The public half of that test key: a point on P-256."""
KEY_NAME = "organizations/00000000-0000-4000-a000-00000000test/apiKeys/00000000-0000-4000-a000-0000outtrade"


def test_key() -> str:
    """The private half of the test key as the venue hands keys out: PEM, SEC 1 (RFC 5915)."""
    # SEQUENCE { version 1, the scalar, [0] the curve prime256v1, [1] the point }
    der = b"\x30\x77\x02\x01\x01\x04\x20" + _SCALAR + bytes.fromhex("a00a06082a8648ce3d030107a144034200") + _POINT
    lines = b64encode(der).decode()
    kind = "EC " + "PRIVATE " + "KEY"
    body = "\n".join(lines[n : n + 64] for n in range(0, len(lines), 64))
    return f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n"


class Keys:
    """The account's key. ``leeway``: seconds by which a client's clock may differ."""

    def __init__(self, credentials: Credentials, *, leeway: int) -> None:
        """Raises VenueError, in one line, where the key is none that the venue knows, or ``cryptography`` is absent."""
        self.name = credentials.key
        self.algorithm, self._verify = _verifier(credentials.public_key, credentials.secret)
        self._leeway = leeway * SECOND

    def check(self, token: str | None, now: int, uris: tuple[str, ...] = ()) -> None:
        """Raises Refusal (401) unless the token is the key's, valid at ``now`` (UNIX ns) and, where ``uris`` are given,
        for one of them."""
        if token is None or not self._holds(token, now, uris):
            raise refuse("unauthorized")

    def _holds(self, token: str, now: int, uris: tuple[str, ...]) -> bool:
        parts = token.split(".")
        if len(parts) != 3 or not token.isascii():
            return False
        try:
            header, claims = decode(_unpacked(parts[0])), decode(_unpacked(parts[1]))
            signature = _unpacked(parts[2])
        except ValueError:
            return False
        if not isinstance(header, dict) or not isinstance(claims, dict):
            return False
        if header.get("alg") != self.algorithm or header.get("kid") != self.name or claims.get("sub") != self.name:
            return False
        if not isinstance(header.get("nonce"), str) or not header["nonce"]:
            return False
        if not self._in_time(claims, now) or not _for(claims, uris):
            return False
        return self._verify(signature, f"{parts[0]}.{parts[1]}".encode())

    def _in_time(self, claims: Mapping[str, Any], now: int) -> bool:
        begins, ends = claims.get("nbf"), claims.get("exp")
        if type(begins) is not int or type(ends) is not int or ends - begins > LIFETIME:
            return False
        return begins * SECOND - self._leeway <= now < ends * SECOND + self._leeway


def _for(claims: Mapping[str, Any], uris: tuple[str, ...]) -> bool:
    """Whether a token is for one of these requests."""
    if not uris:
        return True
    if "uri" in claims:
        return claims["uri"] in uris
    several = claims.get("uris")
    return isinstance(several, list) and any(one in uris for one in several)


def bearer(headers: Mapping[str, str]) -> str | None:
    """The token in the header ``Authorization``."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token else None


def uris_of(method: str, host: str, named: str | None, path: str) -> tuple[str, ...]:
    """What a token for a request may say: the venue's own host, or the one at which it is served. A client that is used
    to ``https`` may leave another scheme before that (ccxt does)."""
    served = dict.fromkeys(one for one in (host, named or HOST) if one != HOST)
    return tuple(f"{method} {one}{path}" for one in (HOST, *served, *(f"http://{one}" for one in served)))


def _unpacked(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


@lru_cache(maxsize=16)
def _verifier(public_key: bytes | None, secret: str) -> tuple[str, Verify]:
    """The algorithm of a key, and how its signatures are checked: by the public half, else by that of the secret."""
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
    except ImportError:
        raise VenueError(MISSING) from None
    try:
        key: Any
        if public_key is not None:
            key = load_pem_public_key(public_key)
        elif secret.startswith("-----BEGIN"):
            key = load_pem_private_key(secret.encode(), None)
            key = key.public_key()
        else:
            key = ed25519.Ed25519PrivateKey.from_private_bytes(b64decode(secret, validate=True)[:32]).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise VenueError("a key of coinbase is a PEM, or an Ed25519 key in base64") from None
    if isinstance(key, ed25519.Ed25519PublicKey):
        edwards = key

        def verify(signature: bytes, payload: bytes) -> bool:
            try:
                edwards.verify(signature, payload)
            except InvalidSignature:
                return False
            return True

        return "EdDSA", verify
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise VenueError("a key of coinbase is one on P-256 (ES256) or an Ed25519 key (EdDSA)")
    curve, algorithm = key, ec.ECDSA(SHA256())

    def verifies(signature: bytes, payload: bytes) -> bool:
        if len(signature) != 64:
            return False
        numbers = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        try:
            curve.verify(encode_dss_signature(*numbers), payload, algorithm)
        except InvalidSignature:
            return False
        return True

    return "ES256", verifies
