"""Contracts over time: funding, the end of a dated future, liquidation; halts and what status says of them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from deribit_kit import MARKETS, PERP, QUIET, SECOND, Kit

EXPIRY = 1_813_910_400_000_000_000
"""25 June 2027, 8:00 UTC."""
FUTURE = "BTC-25JUN27"


def test_funding_is_paid_and_shown(kit: Kit) -> None:
    kit.buy(amount=10_000, type="market")
    before = kit.get("private/get_account_summary", currency="BTC").result["balance"]
    kit.venue.desk.exchange.publish("BTC/USD:BTC", funding=Decimal("0.001"))
    ticker = kit.get("public/ticker", instrument_name=PERP).result
    assert ticker["funding_8h"] == 0.001 and ticker["current_funding"] == 0.001
    assert kit.get("public/get_funding_rate_value", instrument_name=PERP).result == 0.001
    kit.wait(8 * 3600)
    position = kit.get("private/get_position", instrument_name=PERP).result
    assert position["realized_funding"] == pytest.approx(-0.0002, abs=1e-8)
    after = kit.get("private/get_account_summary", currency="BTC").result["balance"]
    assert after == pytest.approx(before - 0.0002, abs=1e-8)


def test_a_dated_future_ends(kit: Kit) -> None:
    kit = Kit(
        epoch_ns=EXPIRY - 3600 * SECOND,
        markets=MARKETS | {"BTC/USD:BTC-270625": QUIET | {"mid": "50000", "depth": "100000", "taker_size": "1000"}},
    )
    kit.now = EXPIRY - 3600 * SECOND
    kit.buy(FUTURE, amount=1000, type="market")
    resting = kit.buy(FUTURE, amount=1000, price=49000).result["order"]["order_id"]
    assert "current_funding" not in kit.get("public/ticker", instrument_name=FUTURE).result
    kit.wait(3600)
    gone = kit.order(resting)
    assert (gone["order_state"], gone["cancel_reason"]) == ("cancelled", "settlement")
    assert kit.get("private/get_positions", currency="BTC").result == [], "settled"
    assert kit.buy(FUTURE, amount=1000, price=49000).error == (400, 10012, "book_closed")
    assert kit.get("public/ticker", instrument_name=FUTURE).result["state"] == "closed"
    listed = kit.get("public/get_instrument", instrument_name=FUTURE).result
    assert (listed["is_active"], listed["state"]) == (False, "closed")
    told = kit.get("public/status").result
    assert told["locked"] == "partial"


def test_a_liquidated_position_is_told_as_such() -> None:
    kit = Kit(balances={"USDC": Decimal(100_000), "BTC": Decimal("0.01")})
    kit.buy(amount=20_000, type="market")
    resting = kit.buy(amount=10, price=48000).result["order"]["order_id"]
    _, told = kit.private("user.orders.any.any.raw")
    rules = kit.venue.desk.exchange.instrument("BTC/USD:BTC")
    kit.venue.desk.exchange.publish("BTC/USD:BTC", mark=rules.ticks(Decimal(48_800)))
    kit.wait(1)
    assert kit.order(resting)["cancel_reason"] == "autoliquidation"
    forced = [row["data"] for row in told if row["data"]["is_liquidation"]]
    assert forced and forced[-1]["direction"] == "sell" and forced[-1]["label"] == ""
    assert kit.get("private/get_positions", currency="BTC").result == []


def test_a_halted_book_takes_nothing(kit: Kit) -> None:
    kit.venue.set_state("BTC/USD:BTC", "halted")
    before = kit.books()
    refused = kit.buy(amount=100, price=40000)
    assert refused.error == (400, 10012, "book_closed") and kit.books() == before
    assert kit.get("public/status").result == {
        "locked": "partial", "locked_indices": ["btc_usd"], "locked_currencies": ["btc_usd"],
    }  # fmt: skip
    kit.venue.set_state("BTC/USD:BTC", "open")
    assert kit.buy(amount=100, price=40000).result["order"]["order_state"] == "open"
