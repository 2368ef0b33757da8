"""The short ways of reading a form say the same as the long ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outtrade_mocks.venues import binance_codec as codec

PIECES = st.sampled_from(["a", "b", "signature", "xsignature", "=", "&", "%41", "+", "1", ""])


def plainly(text: str) -> str:
    return "&".join(pair for pair in text.split("&") if not pair.startswith("signature="))


@given(st.lists(PIECES, max_size=14).map("".join))
def test_what_is_signed_is_all_but_the_signature(text: str) -> None:
    assert codec.without_signature(text) == (plainly(text) if "signature=" in text else text)


@given(st.lists(PIECES, max_size=14).map("".join))
def test_parameters_are_read_alike_with_and_without_escapes(text: str) -> None:
    params, repeated = codec.parse_pairs(text)
    escaped = "&".join(pair.replace("a", "%61", 1) for pair in text.split("&"))
    assert codec.parse_pairs(escaped) == (params, repeated)


@pytest.mark.parametrize(
    ("text", "params", "repeated"),
    [
        ("", {}, False),
        ("a=1&b=2", {"a": "1", "b": "2"}, False),
        ("a=1&a=2", {"a": "1"}, True),
        ("a&b=", {"a": "", "b": ""}, False),
        ("a=1&&b=x=y", {"a": "1", "b": "x=y"}, False),
        ("a=%2B+1", {"a": "+ 1"}, False),
    ],
)
def test_pairs(text: str, params: dict[str, str], repeated: bool) -> None:
    assert codec.parse_pairs(text) == (params, repeated)


def test_a_digest_is_that_of_an_unchanged_resend() -> None:
    sent = {"symbol": "BTCUSDT", "price": "1", "timestamp": "5", "signature": "x"}
    again = dict(reversed(list(sent.items()))) | {"timestamp": "6", "signature": "y", "recvWindow": "7"}
    assert codec.digest("place", sent) == codec.digest("place", again) == "253eba1c3cce9aaa"
    assert codec.digest("place", sent) != codec.digest("place", sent | {"price": "2"})
