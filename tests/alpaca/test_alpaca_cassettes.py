"""The cassettes: their provenance, that the lives of orders are today's, what the reference data lists."""

from __future__ import annotations

import json

from alpaca_lives import talk

from outtrade_mocks import cassettes
from outtrade_mocks.venues import load
from outtrade_mocks.venues.config import VenueConfig


def test_every_cassette_says_where_it_is_from() -> None:
    kinds = {name: cassettes.load("alpaca", name).provenance for name in cassettes.names("alpaca")}
    assert kinds == {"assets": "documented", "errors": "documented", "orders": "from-mock"}


def test_the_lives_of_orders_are_those_of_today() -> None:
    today = talk()
    kept = list(cassettes.load("alpaca", "orders"))
    assert [one.name for one in kept] == [one["name"] for one in today], "run: python tests/alpaca/alpaca_lives.py"
    for one, now in zip(kept, today, strict=True):
        text = now["response"]["body"]["string"]
        assert (one.body.decode() == text) if not text else (one.json() == json.loads(text)), one.name


def test_every_usual_symbol_is_listed() -> None:
    module = load("alpaca")
    for base in ("BTC", "ETH", "SOL", "DOGE", "XRP"):
        assert module.symbols[f"{base}/USD"] == f"{base}/USD"
    assert (module.symbols["ETH/BTC"], module.symbols["BRK.B/USD"]) == ("ETH/BTC", "BRK.B")
    rules = module.instruments(VenueConfig(symbols=("AAPL/USD", "BTC/USD"), balances={}, epoch_ns=0))
    assert (rules["AAPL/USD"]["tick"], rules["AAPL/USD"]["step"]) == ("0.01", "1")
    told = VenueConfig(symbols=("AAPL/USD",), balances={}, epoch_ns=0, knobs={"parts_told": True})
    parts = module.instruments(told)["AAPL/USD"]
    assert (parts["step"], parts["quantity_min"], parts["market_min"]) == ("0.000000001",) * 3
    assert "trailing_stop" in rules["AAPL/USD"]["types"] and "stop" not in rules["BTC/USD"]["types"]
    assert (rules["BTC/USD"]["step"], rules["BTC/USD"]["notional_min"]) == ("0.000000001", "10")


def test_reference_data_may_come_from_elsewhere() -> None:
    row = cassettes.load("alpaca", "assets")["assets"].json()[0] | {"symbol": "NEW", "id": "x"}
    config = VenueConfig(
        symbols=("NEW/USD",), balances={}, epoch_ns=1_767_366_000 * 10**9, reference={"listings": {"NEW/USD": row}}
    )
    assert load("alpaca").build(config).desk.find("NEW") is not None
