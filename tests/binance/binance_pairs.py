"""Key pairs for tests: made once, from nothing but this machine's randomness; they open no real account."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from outtrade_mocks.venues.config import Credentials


@dataclass(frozen=True)
class Pair:
    """Private half (PEM), its signature, and what the venue knows."""

    private: str
    public: bytes
    sign: Callable[[str], str]

    def credentials(self, key: str) -> Credentials:
        return Credentials(key, self.private, public_key=self.public)


@cache
def pair(kind: str) -> Pair:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

    if kind == "rsa":
        key = rsa.generate_private_key(65537, 2048)

        def raw(text: str) -> bytes:
            return key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    elif kind == "ed25519":
        key = ed25519.Ed25519PrivateKey.generate()

        def raw(text: str) -> bytes:
            return key.sign(text.encode())
    else:
        key = ec.generate_private_key(ec.SECP256R1())

        def raw(text: str) -> bytes:
            return key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))

    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Pair(private.decode(), public, lambda text: b64encode(raw(text)).decode())
