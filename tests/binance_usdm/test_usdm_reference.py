"""Reference data: the mock's own, brought along, and thousands of symbols."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from binance_box import interactions
from usdm_kit import BTC, Kit
from usdm_lives import LIVES, UsdmLife

from outtrade_mocks import cassettes
from outtrade_mocks.venues import VenueError
from outtrade_mocks.venues.binance_usdm.reference import own_listings


def brought(**changes: Any) -> dict[str, Any]:
    raw = json.loads(json.dumps(own_listings()[BTC].raw)) | {"symbol": "FOOUSDT", "baseAsset": "FOO", "pair": "FOOUSDT"}
    return {"listings": {"FOO/USDT:USDT": raw | changes}, "fees": {"FOO/USDT:USDT": ["0.001", "0.002"]}}


def test_symbols_can_be_brought_along() -> None:
    kit = Kit(symbols=("FOO/USDT:USDT",), reference=brought(), markets={})
    assert kit.public("/fapi/v1/exchangeInfo").data["symbols"][0]["symbol"] == "FOOUSDT"
    assert kit.get("/fapi/v1/commissionRate", symbol="FOOUSDT").data["takerCommissionRate"] == "0.002"
    assert kit.limit("40000", "0.01", symbol="FOOUSDT").status == 200
    assert kit.limit("40000", "0.01").code == -1121


@pytest.mark.parametrize(
    "changes", [{"filters": []}, {"filters": 7}, {"pricePrecision": "x"}, {"marginAsset": "USDC"}, {"symbol": None}]
)
def test_reference_data_that_cannot_be_used_is_refused_in_one_line(changes: dict[str, Any]) -> None:
    if changes == {"symbol": None}:
        with pytest.raises(VenueError, match="does not list"):
            Kit(symbols=("BAR/USDT:USDT",), reference=brought(), markets={})
        return
    with pytest.raises(VenueError) as refused:
        Kit(symbols=("FOO/USDT:USDT",), reference=brought(**changes), markets={})
    assert "\n" not in str(refused.value)


def test_of_thousands_of_symbols_those_that_are_asked_for_are_listed() -> None:
    raw = own_listings()[BTC].raw
    listings = {
        f"C{n}/USDT:USDT": raw | {"symbol": f"C{n}USDT", "baseAsset": f"C{n}", "pair": f"C{n}USDT"} for n in range(200)
    }
    kit = Kit(symbols=tuple(listings), reference={"listings": listings}, markets={})
    exchange = kit.venue.desk.exchange
    assert len(exchange.instruments) == 0
    assert len(kit.get("/fapi/v2/positionRisk").data) == 200
    assert kit.limit("40000", "0.01", symbol="C7USDT").status == 200
    assert list(exchange.instruments) == ["C7/USDT:USDT"]
    assert kit.public("/fapi/v1/premiumIndex", symbol="C7USDT").data["lastFundingRate"] == "0.00010000"
    assert len(kit.public("/fapi/v1/ticker/price").data) == 200
    assert Decimal(kit.get("/fapi/v3/account").data["totalInitialMargin"]) == 20


def test_cassettes_say_where_they_come_from() -> None:
    for name in cassettes.names("binance_usdm"):
        cassette = cassettes.load("binance_usdm", name)
        assert cassette.provenance == ("from-mock" if name == "orders" else "documented")
        assert all(interaction.json() is not None for interaction in cassette)


def test_the_lives_of_orders_are_what_the_mock_does() -> None:
    """After a change that is meant: python tests/binance_usdm/usdm_lives.py (see there)."""
    made = {one.name: one for one in interactions(LIVES, UsdmLife)}
    kept = {one.name: one for one in cassettes.load("binance_usdm", "orders")}
    assert list(kept) == list(made)
    for name, one in made.items():
        assert (kept[name].uri, kept[name].status, kept[name].json()) == (one.uri, one.status, one.json()), name
    assert {one.status for one in made.values()} == {200}
