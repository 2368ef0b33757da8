"""RSA and Ed25519 keys: signatures checked for real, and keys that are none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from urllib.parse import quote

import pytest

pytest.importorskip("cryptography", reason="key pairs need the library cryptography")

from binance_kit import EPOCH, KEY, SECRET, Kit
from binance_pairs import pair

from outtrade_mocks.venues import signing
from outtrade_mocks.venues.api import HttpRequest
from outtrade_mocks.venues.binance_auth import sign
from outtrade_mocks.venues.config import Credentials

TEXT = f"recvWindow=5000&timestamp={EPOCH // 1_000_000}"
KINDS = ("rsa", "ed25519")


def account(text: str, signature: str) -> HttpRequest:
    return HttpRequest("GET", f"/api/v3/account?{text}&signature={signature}", "api.binance.com", {"x-mbx-apikey": KEY})


@pytest.mark.parametrize("kind", KINDS)
def test_signed_by_the_private_key(make_kit: Callable[..., Kit], kind: str) -> None:
    kit = make_kit(credentials=pair(kind).credentials(KEY))
    good = pair(kind).sign(TEXT)
    assert kit.raw(account(TEXT, quote(good, safe=""))).status == 200
    invalid = (400, -1022, "Signature for this request is not valid.")
    assert kit.raw(account(TEXT.replace("5000", "6000"), quote(good, safe=""))).error == invalid
    assert kit.raw(account(TEXT, quote(good.swapcase(), safe=""))).error == invalid, "base64 has case"
    assert kit.raw(account(TEXT, sign(SECRET, TEXT))).error == invalid, "a secret is no key pair"
    for odd in ("", "x", "%E4", "AAAA", quote(pair(kind).sign(TEXT + "x"), safe="")):
        assert kit.raw(account(TEXT, odd)).error[0] == 400


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_that_is_not_percent_encoded_is_another(make_kit: Callable[..., Kit], kind: str) -> None:
    kit = make_kit(credentials=pair(kind).credentials(KEY))
    for second in range(100):
        text = f"recvWindow=60000&timestamp={EPOCH // 1_000_000 - second}"
        signature = pair(kind).sign(text)
        if "+" in signature:
            assert kit.raw(account(text, signature)).error[1] == -1022, "a plus sign means a space there"
            assert kit.raw(account(text, quote(signature, safe=""))).status == 200
            return
    raise AssertionError("no signature with a plus sign")


def test_the_other_pairs_signature_is_refused(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(credentials=pair("rsa").credentials(KEY))
    assert kit.raw(account(TEXT, quote(pair("ed25519").sign(TEXT), safe=""))).error[1] == -1022


@pytest.mark.parametrize("public", [b"", b"x", pair("ec").public, pair("rsa").private.encode()])
def test_keys_that_are_none(make_kit: Callable[..., Kit], public: bytes) -> None:
    with pytest.raises(ValueError, match="a public key must be"):
        make_kit(credentials=Credentials(KEY, "", public_key=public))


def test_without_the_library_there_is_a_line_that_says_so(
    make_kit: Callable[..., Kit], monkeypatch: pytest.MonkeyPatch
) -> None:
    signing.key_pair.cache_clear()
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(ValueError, match=r"pip install 'outtrade\[keys\]'"):
        make_kit(credentials=pair("rsa").credentials(KEY))
