"""Signatures with shared secrets against the standard library's, for keys of any length."""

from __future__ import annotations

import hmac

import pytest

from outtrade_mocks.venues.signing import hmac_of


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 127, 128, 129, 300])
def test_hmac_is_the_standard_librarys(digest: str, length: int) -> None:
    secret = bytes(range(256)) * 2
    for payload in (b"", b"symbol=BTCUSDT", bytes(1000)):
        assert hmac_of(secret[:length], payload, digest) == hmac.digest(secret[:length], payload, digest)
