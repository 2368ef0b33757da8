"""What the venue does to positions: funding, liquidation; and what it tells of them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from okx_kit import SWAP, Kit

SYMBOL = "BTC/USDT:USDT"


@pytest.fixture
def kit() -> Kit:
    return Kit()


def test_funding_is_paid_and_billed(kit: Kit) -> None:
    _, told = kit.private("account", "balance_and_position")
    kit.swap("buy", "2")
    exchange = kit.venue.desk.exchange
    exchange.publish(SYMBOL, mark=500_000, funding=Decimal("0.0001"))
    assert kit.public("public/funding-rate", instId=SWAP).item["fundingRate"] == "0.0001"
    kit.wait(8 * 3600)
    held = kit.get("account/positions").item
    assert held["fundingFee"] == "-0.1"
    bill = kit.get("account/bills", type="8").item
    assert {
        "balChg": "-0.1", "ccy": "USDT", "instId": SWAP, "subType": "173", "type": "8", "sz": "2", "px": "50000",
    }.items() <= bill.items()  # fmt: skip
    assert [one["type"] for one in kit.get("account/bills").data] == ["8", "2"]
    moved = [row for frame in told if "data" in frame for row in frame["data"] if row.get("eventType") == "funding_fee"]
    assert len(moved) == 2


def test_a_liquidation_is_an_order_of_the_venue() -> None:
    kit = Kit(balances={"USDT": Decimal(60)})
    kit.post("account/set-leverage", instId=SWAP, lever="20", mgnMode="cross")
    assert kit.swap("buy", "2").code == "0"
    held = kit.get("account/positions").item
    price = Decimal(held["liqPx"])
    assert Decimal(40_000) < price < Decimal(50_000)
    _, told = kit.private("orders", "positions")
    kit.venue.desk.exchange.publish(SYMBOL, mark=int(price * 10) - 1)
    kit.wait(1)
    assert kit.get("account/positions").data == []
    forced = [one for one in kit.get("trade/orders-history", instType="SWAP").data if one["category"] != "normal"]
    assert [one["category"] for one in forced] == ["full_liquidation"]
    assert kit.get("account/positions-history").item["type"] == "3"
    assert any(row.get("category") == "full_liquidation" for frame in told for row in frame.get("data", ()))
