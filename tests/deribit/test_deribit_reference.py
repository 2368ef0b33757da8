"""Reference data, the cassettes, and shapes as they were recorded (nautilus_trader's test_data)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from deribit_kit import LINEAR, PERP, Kit
from deribit_lives import talk

from outtrade_mocks import cassettes, venues
from outtrade_mocks.venues import VenueError
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.deribit.reference import listing_of, own_listings
from outtrade_mocks.venues.deribit.traits import KNOBS, TRAITS


def names(text: str) -> set[str]:
    """Names of fields."""
    return set(text.split())


ORDER = names(
    "label price user_id amount direction time_in_force instrument_name web api order_id creation_timestamp replaced"
    " filled_amount last_update_timestamp post_only reduce_only average_price mmp contracts reject_post_only"
    " order_state order_type is_liquidation risk_reducing"
)
TRADE = names(
    "timestamp price amount direction index_price instrument_name trade_seq mark_price tick_direction contracts"
    " trade_id"
)
TICKER = names(
    "timestamp state stats index_price instrument_name last_price settlement_price min_price max_price open_interest"
    " mark_price interest_value best_ask_price best_bid_price estimated_delivery_price best_ask_amount best_bid_amount"
    " current_funding funding_8h"
)
POSITION = names(
    "average_price delta direction estimated_liquidation_price floating_profit_loss index_price initial_margin"
    " instrument_name interest_value kind leverage maintenance_margin mark_price open_orders_margin realized_funding"
    " realized_profit_loss settlement_price size size_currency total_profit_loss user_id"
)
MINE = names(
    "trade_id order_id instrument_name direction price amount fee fee_currency timestamp trade_seq liquidity order_type"
    " index_price mark_price tick_direction state label reduce_only post_only profit_loss"
)


def test_the_lives_in_the_cassette_are_those_of_today() -> None:
    kept, today = cassettes.load("deribit", "orders"), talk()
    again = "run: python tests/deribit/deribit_lives.py"
    assert kept.provenance == "from-mock"
    assert [one.name for one in kept] == [one["name"] for one in today], again
    for one, now in zip(kept, today, strict=True):
        assert one.json() == json.loads(now["response"]["body"]["string"]), f"{one.name}: {again}"


def test_objects_have_the_fields_that_were_recorded(kit: Kit) -> None:
    order = kit.buy(amount=100, price=40000, label="A").result["order"]
    assert set(order) == ORDER
    gone = kit.get("private/cancel", order_id=order["order_id"]).result
    assert set(gone) == ORDER | {"cancel_reason"}
    stop = kit.sell(LINEAR, type="stop_market", trigger="last_price", trigger_price=49000, amount=0.1).result["order"]
    assert set(stop) == ORDER | {"trigger", "trigger_price", "triggered"}
    (mine,) = kit.buy(amount=100, type="market", label="A").result["trades"]
    assert set(mine) >= MINE
    (position,) = kit.get("private/get_positions", currency="BTC").result
    assert set(position) == POSITION
    (trade,) = kit.get("public/get_last_trades_by_instrument", instrument_name=PERP).result["trades"]
    assert set(trade) == TRADE
    ticker = kit.get("public/ticker", instrument_name=PERP).result
    assert set(ticker) == TICKER
    assert set(ticker["stats"]) == {"high", "low", "price_change", "volume", "volume_usd", "volume_notional"}
    book = kit.get("public/get_order_book", instrument_name=PERP).result
    assert set(book) == TICKER | {"bids", "asks", "change_id"}


def test_every_kind_of_rule_is_listed() -> None:
    listed = own_listings()
    assert {entry.base for entry in listed.values()} == {"BTC", "ETH", "SOL", "DOGE", "XRP"}
    assert any(entry.inverse for entry in listed.values()) and any(entry.steps for entry in listed.values())
    assert [entry.unified for entry in listed.values() if entry.expires] == ["BTC/USD:BTC-270625"]
    with pytest.raises(VenueError, match="lists BTC/USD:BTC"):
        venues.load("deribit").build(VenueConfig(symbols=("BTC/XYZ",), balances={}, epoch_ns=0))


@pytest.mark.parametrize(
    "change", [{"kind": "option"}, {"settlement_currency": "EUR"}, {"tick_size": None}, {"base_currency": None}]
)
def test_what_cannot_be_played_is_refused_in_one_line(change: Mapping[str, Any]) -> None:
    raw = dict(own_listings()["BTC/USD:BTC"].raw) | change
    with pytest.raises(VenueError) as refused:
        listing_of(raw)
    assert "\n" not in str(refused.value)


def test_reference_data_may_be_brought_along() -> None:
    raw = dict(own_listings()["BTC/USDC:USDC"].raw) | {"tick_size": 2.5, "min_trade_amount": 0.01}
    kit = Kit(symbols=("BTC/USDC:USDC",), reference={"listings": {"BTC/USDC:USDC": raw}, "fees": {}})
    assert kit.buy(LINEAR, amount=0.01, price=49002.5).result["order"]["price"] == 49002.5
    assert kit.buy(LINEAR, amount=0.01, price=49001).code == 10043
    assert kit.buy(LINEAR, amount=0.001, price=49002.5).code == 10002


def test_a_task_says_the_rules() -> None:
    rules = venues.load("deribit").instruments(VenueConfig(symbols=("BTC/USD:BTC",), balances={}, epoch_ns=0))
    task = rules["BTC/USD:BTC"]
    assert (task["venue_symbol"], task["tick"], task["step"], task["quantity_min"]) == (
        "BTC-PERPETUAL",
        "0.5",
        "10",
        "10",
    )


def test_what_is_not_documented_is_declared_as_such() -> None:
    assert TRAITS["id_scope"].value == "none" and TRAITS["duplicate_answer"].value is None
    assert all(trait.confidence != "documented" or trait.source for trait in TRAITS.values())
    assert {"cancel_closed", "token_seconds", "event_first"} <= set(KNOBS)
