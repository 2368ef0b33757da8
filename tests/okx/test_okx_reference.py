"""Instruments: the mock's own, those that a configuration brings, many of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from okx_kit import MARKETS, Kit
from okx_lives import talk

from outtrade_mocks import cassettes
from outtrade_mocks.venues import VenueError, load
from outtrade_mocks.venues.catalogue import EAGER
from outtrade_mocks.venues.okx.reference import listing_of, own_listings


def test_cassettes_say_where_they_come_from() -> None:
    assert {"errors", "instruments"} <= set(cassettes.names("okx"))
    for name in cassettes.names("okx"):
        cassette = cassettes.load("okx", name)
        assert cassette.provenance in ("documented", "from-mock")
        assert all(interaction.json() is not None for interaction in cassette)


def test_the_lives_of_orders_are_those_of_today() -> None:
    today = talk()
    kept = list(cassettes.load("okx", "orders"))
    assert [one.name for one in kept] == [one["name"] for one in today], "run: python tests/okx/okx_lives.py"
    for one, now in zip(kept, today, strict=True):
        assert one.json() == json.loads(now["response"]["body"]["string"]), f"{one.name}: run tests/okx/okx_lives.py"


def test_every_usual_symbol_is_listed() -> None:
    symbols = load("okx").symbols
    for base in ("BTC", "ETH", "SOL", "DOGE", "XRP"):
        assert symbols[f"{base}/USDT"] == f"{base}-USDT"
        assert symbols[f"{base}/USDT:USDT"] == f"{base}-USDT-SWAP"
    assert symbols["ETH/BTC"] == "ETH-BTC"
    assert symbols["BTC/USD:BTC"] == "BTC-USD-SWAP"
    codes = [entry.raw["instIdCode"] for entry in own_listings().values()]
    assert len(set(codes)) == len(codes)


def brought(number: int) -> dict[str, Any]:
    raw = dict(own_listings()["BTC/USDT:USDT"].raw)
    made = {}
    for n in range(number):
        names = {"instId": f"N{n}-USDT-SWAP", "instFamily": f"N{n}-USDT", "uly": f"N{n}-USDT", "ctValCcy": f"N{n}"}
        made[f"N{n}/USDT:USDT"] = raw | names | {"instIdCode": 20_000 + n}
    return made


def test_many_instruments_are_listed_when_they_are_asked_for() -> None:
    made = brought(EAGER + 20)
    market = {"N3/USDT:USDT": MARKETS["BTC/USDT:USDT"]}
    kit = Kit(symbols=tuple(made), markets=market, reference={"listings": made})
    assert list(kit.venue.desk.exchange.instruments) == ["N3/USDT:USDT"]
    assert len(kit.public("public/instruments", instType="SWAP").data) == EAGER + 20
    assert kit.public("market/ticker", instId="N3-USDT-SWAP").item["last"] == "50010"
    assert kit.public("market/ticker", instId="N7-USDT-SWAP").item["last"] == ""
    assert list(kit.venue.desk.exchange.instruments) == ["N3/USDT:USDT", "N7/USDT:USDT"]
    order = {"instId": "N9-USDT-SWAP", "tdMode": "cross", "side": "buy", "ordType": "limit", "px": "10", "sz": "1"}
    assert kit.post("trade/order", order).code == "0"
    assert len(kit.public("market/tickers", instType="SWAP").data) == EAGER + 20


@pytest.mark.parametrize(
    "changes",
    [{"instId": "BTC"}, {"instType": "OPTION"}, {"tickSz": ""}, {"lotSz": None}, {"ctVal": "x"}, {"instId": 5}],
)
def test_instruments_that_cannot_be_played(changes: dict[str, Any]) -> None:
    with pytest.raises(VenueError):
        listing_of(dict(own_listings()["BTC/USDT:USDT"].raw) | changes)


def test_symbols_that_are_not_listed() -> None:
    with pytest.raises(ValueError, match="okx does not list 'ABC/USDT'"):
        Kit(symbols=("ABC/USDT",), markets={})
