"""VenueAccess and the ccxt object it hands out."""

from __future__ import annotations

from typing import Any

import ccxt
import pytest

from outtrade.targets.access import VenueAccess


def access(**changes: Any) -> VenueAccess:
    fields: dict[str, Any] = {
        "name": "binance_spot",
        "market": "spot",
        "symbols": {"BTC/USDT": "BTCUSDT"},
        "rest_url": "https://api.binance.com",
        "key": "K" * 64,
        "secret": "S" * 64,
        "instruments": {},
        "absent_after": 30.0,
    }
    return VenueAccess(**(fields | changes))


def test_the_ccxt_object_is_the_plain_class() -> None:
    ours, plain = access().ccxt(), ccxt.binance()
    assert type(ours) is ccxt.binance
    assert ours.urls == plain.urls
    assert type(ours).fetch is ccxt.Exchange.fetch and "fetch" not in vars(ours)
    assert (ours.apiKey, ours.secret) == ("K" * 64, "S" * 64)
    changed = {key: value for key, value in ours.options.items() if plain.options.get(key) != value}
    assert set(changed) == {"fetchMarkets", "fetchMargins"}
    assert changed["fetchMarkets"]["types"] == ["spot"]


def test_two_objects_share_nothing_that_changes() -> None:
    first, second = access().ccxt(), access().ccxt()
    first.options["fetchMarkets"]["types"].append("linear")
    assert second.options["fetchMarkets"]["types"] == ["spot"]
    assert access().ccxt().options["fetchMarkets"]["types"] == ["spot"]


def test_asynchronous_and_pro_classes() -> None:
    import ccxt.async_support as asynchronous
    import ccxt.pro as pro

    assert type(access().ccxt(asynchronous=True)) is asynchronous.binance
    assert type(access().ccxt(pro=True)) is pro.binance


def test_what_cannot_be_had_says_so() -> None:
    with pytest.raises(LookupError, match="no class for the venue 'elsewhere'"):
        access(name="elsewhere").ccxt()
    with pytest.raises(LookupError, match="no tools for the venue 'elsewhere'"):
        _ = access(name="elsewhere").tools


def test_the_secret_is_not_printed() -> None:
    assert "SSSS" not in repr(access())
