"""Signatures of key pairs, checked for real: RSA (PKCS#1 v1.5 with SHA-256) and Ed25519, written in base64.

A client signs with its private key, the venue knows the public one (PEM, as ``openssl pkey -pubout`` writes it) and
never sees the other. The library ``cryptography`` does the work and is loaded only where a venue is given such a key
(extra ``keys``)::

    pair = key_pair(pem)                                # raises ValueError on another kind of key
    pair.kind, pair.verifies(b"symbol=BTCUSDT", "MEUCIQ...")

``hmac_of`` is the same for shared secrets: what has read the key is kept, and copied for each message::

    >>> hmac_of(b"key", b"The quick brown fox jumps over the lazy dog").hex()[:16]
    'f7bc83f430538424'
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

MISSING = "RSA and Ed25519 keys need the library cryptography: pip install 'outtrade[keys]'"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The public half of a key pair."""

    kind: Literal["rsa", "ed25519"]
    _check: Callable[[bytes, bytes], bool]

    def verifies(self, payload: bytes, signature: str) -> bool:
        """Whether ``signature`` (base64; case counts) is that of the payload, made with the private key."""
        try:
            raw = b64decode(signature.encode("ascii"), validate=True)
        except (ValueError, UnicodeEncodeError):
            return False
        return self._check(raw, payload)


@lru_cache(maxsize=64)
def key_pair(public_key: bytes) -> KeyPair:
    """Read a public key in PEM. Raises ValueError with one line where it is no such key or the library is absent."""
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError:
        raise ValueError(MISSING) from None
    try:
        key = load_pem_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("a public key must be PEM (-----BEGIN PUBLIC KEY-----) of an RSA or Ed25519 key") from None

    def checked(verify: Callable[[bytes, bytes], None]) -> Callable[[bytes, bytes], bool]:
        def check(signature: bytes, payload: bytes) -> bool:
            try:
                verify(signature, payload)
            except InvalidSignature:
                return False
            return True

        return check

    if isinstance(key, ed25519.Ed25519PublicKey):
        return KeyPair("ed25519", checked(key.verify))
    if isinstance(key, rsa.RSAPublicKey):
        found = key
        return KeyPair(
            "rsa", checked(lambda signature, payload: found.verify(signature, payload, padding.PKCS1v15(), SHA256()))
        )
    raise ValueError(f"a public key must be of an RSA or Ed25519 key, not {type(key).__name__}")


_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


@lru_cache(maxsize=64)
def _keyed(secret: bytes, digest: str) -> tuple[Any, Any]:
    """The two hashes of an HMAC (RFC 2104) that have read its key: copying them costs a fifth of an HMAC object."""
    inner, outer = hashlib.new(digest), hashlib.new(digest)
    key = (secret if len(secret) <= inner.block_size else hashlib.new(digest, secret).digest()).ljust(
        inner.block_size, b"\0"
    )
    inner.update(key.translate(_INNER))
    outer.update(key.translate(_OUTER))
    return inner, outer


def hmac_of(secret: bytes, payload: bytes, digest: str = "sha256") -> bytes:
    """The HMAC of a payload."""
    inner, outer = _keyed(secret, digest)
    first, second = inner.copy(), outer.copy()
    first.update(payload)
    second.update(first.digest())
    signature: bytes = second.digest()
    return signature
