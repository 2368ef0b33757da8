"""Shapes held against independent samples of real answers (skipped where the reference material is absent).

The samples show every conditional field at once (stops, strategies, pegs, order lists); those that this venue never
sends are left out of the comparison, by name. ``listStatus`` belongs to amends of orders in a list.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from binance_kit import EPOCH, SECOND, Kit
from test_binance_stream import ask, signed

CONDITIONAL = (
    r"\.(icebergQty|preventedMatchId|preventedQuantity|stopPrice|strategyId|strategyType|trailingDelta|trailingTime|"
    r"usedSor|workingFloor|pegPriceType|pegOffsetType|pegOffsetValue|peggedPrice|expiryReason)$"
)
OTHER_RULES = (
    r"^\$\.listStatus|priceExponent|quantityExponent|\.sors|\.permissions\[\]|exchangeFilters\[\]|"
    r"\.rateLimits\[\]\.count"
)
FOLDER = "binance_connector_py/binance_spot"


def prepared() -> Kit:
    kit = Kit()
    kit.now += SECOND
    kit.market(quantity="0.01")
    kit.limit("40000", "0.01", newClientOrderId="standing")
    return kit


def resting(kit: Kit) -> int:
    return int(kit.private("/api/v3/openOrders").data[0]["orderId"])


def session_answer(kit: Kit, method: str, params: dict[str, Any] | None = None) -> Any:
    session = kit.venue.open_session("ws-api.binance.com", "/ws-api/v3?returnRateLimits=false", EPOCH)
    return ask(session, method, params)


SELL = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.1"}
WORKING = {"symbol": "BTCUSDT", "workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "45000"}
WORKING |= {"workingQuantity": "0.1", "workingTimeInForce": "GTC"}
PENDING = {"pendingType": "LIMIT", "pendingSide": "SELL", "pendingQuantity": "0.09", "pendingPrice": "60000"}
PENDING |= {"pendingTimeInForce": "GTC"}
PENDING_PAIR = {"pendingSide": "SELL", "pendingQuantity": "0.09", "pendingAboveType": "TAKE_PROFIT"}
PENDING_PAIR |= {"pendingAboveStopPrice": "60000", "pendingBelowType": "STOP_LOSS", "pendingBelowTrailingDelta": "500"}


def pair(kit: Kit) -> Any:
    above = {"aboveType": "LIMIT_MAKER", "abovePrice": "51000"}
    below = {"belowType": "STOP_LOSS_LIMIT", "belowPrice": "48000", "belowStopPrice": "49000"}
    return kit.ask("POST", "/api/v3/orderList/oco", **SELL, **above, **below, belowTimeInForce="GTC").data


def old_pair(kit: Kit) -> Any:
    return kit.ask("POST", "/api/v3/order/oco", **SELL, price="51000", stopPrice="49000").data


def amend(kit: Kit) -> Any:
    order = resting(kit)
    return kit.ask("PUT", "/api/v3/order/amend/keepPriority", symbol="BTCUSDT", orderId=order, newQty="0.005").data


CASES: dict[str, Callable[[Kit], Any]] = {
    "exchange_info": lambda kit: kit.public("/api/v3/exchangeInfo").data,
    "depth": lambda kit: kit.public("/api/v3/depth", symbol="BTCUSDT").data,
    "ticker24hr": lambda kit: kit.public("/api/v3/ticker/24hr", symbol="BTCUSDT").data,
    "ticker_price": lambda kit: kit.public("/api/v3/ticker/price", symbol="BTCUSDT").data,
    "ticker_book_ticker": lambda kit: kit.public("/api/v3/ticker/bookTicker", symbol="BTCUSDT").data,
    "new_order": lambda kit: kit.market(quantity="0.01").data,
    "get_order": lambda kit: kit.private("/api/v3/order", symbol="BTCUSDT", orderId=resting(kit)).data,
    "get_open_orders": lambda kit: kit.private("/api/v3/openOrders").data,
    "all_orders": lambda kit: kit.private("/api/v3/allOrders", symbol="BTCUSDT").data,
    "delete_order": lambda kit: kit.ask("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=resting(kit)).data,
    "delete_open_orders": lambda kit: kit.ask("DELETE", "/api/v3/openOrders", symbol="BTCUSDT").data,
    "order_cancel_replace": lambda kit: (
        kit.ask(
            "POST",
            "/api/v3/order/cancelReplace",
            symbol="BTCUSDT",
            side="BUY",
            type="MARKET",
            quantity="0.01",
            cancelReplaceMode="STOP_ON_FAILURE",
            cancelOrderId=resting(kit),
        ).data
    ),
    "order_oco": lambda kit: old_pair(kit),
    "order_list_oco": lambda kit: pair(kit),
    "order_list_oto": lambda kit: kit.ask("POST", "/api/v3/orderList/oto", **WORKING, **PENDING).data,
    "order_list_otoco": lambda kit: kit.ask("POST", "/api/v3/orderList/otoco", **WORKING, **PENDING_PAIR).data,
    "delete_order_list": lambda kit: (
        kit.ask("DELETE", "/api/v3/orderList", symbol="BTCUSDT", orderListId=pair(kit)["orderListId"]).data
    ),
    "get_order_list": lambda kit: kit.private("/api/v3/orderList", orderListId=pair(kit)["orderListId"]).data,
    "all_order_list": lambda kit: (pair(kit), kit.private("/api/v3/allOrderList").data)[1],
    "open_order_list": lambda kit: (pair(kit), kit.private("/api/v3/openOrderList").data)[1],
    "order_amend_keep_priority": lambda kit: amend(kit),
    "order_amendments": lambda kit: (
        amend(kit),
        kit.private("/api/v3/order/amendments", symbol="BTCUSDT", orderId=resting(kit)).data,
    )[1],
    "get_account": lambda kit: kit.private("/api/v3/account").data,
    "rate_limit_order": lambda kit: kit.private("/api/v3/rateLimit/order").data,
    "wsapi_user_data_stream_subscribe_signature": lambda kit: session_answer(
        kit, "userDataStream.subscribe.signature", signed()
    ),
    "wsapi_ping": lambda kit: session_answer(kit, "ping"),
    "wsapi_time": lambda kit: session_answer(kit, "time"),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_shape(
    shared: Path, wire_compare: ModuleType, record_property: Callable[[str, object], None], name: str
) -> None:
    path = shared / "fixtures" / FOLDER / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"no sample {name}")
    sample = json.loads(path.read_text())
    mine = json.loads(json.dumps(CASES[name](prepared())))
    ignore = (CONDITIONAL, OTHER_RULES, r"\.rateLimits") if name.startswith("wsapi") else (CONDITIONAL, OTHER_RULES)
    result = wire_compare.compare(sample, mine, venue="binance_spot", ignore=ignore)
    record_property("coverage", result["coverage"])
    print(f"{name}: coverage {result['coverage']} % of {result['paths']} paths")
    hard = [finding for finding in result["findings"] if finding["hard"]]
    assert hard == [], hard
    assert result["coverage"] >= 95, result


def test_execution_reports_against_samples(shared: Path, wire_compare: ModuleType) -> None:
    """Every recorded or documented executionReport in the material, if there is one."""
    found = []
    for line in (shared / "fixtures" / "index.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["venue"] == "binance_spot" and entry["kind"] == "ws":
            data = json.loads((shared / "fixtures" / entry["file"]).read_text())
            event = data.get("event", data) if isinstance(data, dict) else {}
            if isinstance(event, dict) and event.get("e") in ("executionReport", "outboundAccountPosition"):
                found.append(event)
    if not found:
        pytest.skip("no event samples in the material")
    kit = prepared()
    kit.venue.fill(str(resting(kit)), Decimal("0.5"))
    for sample in found:
        mine = [event for event in kit.events() if event["e"] == sample["e"]]
        hard = [
            finding
            for finding in wire_compare.compare(sample, mine[-1], venue="binance_spot")["findings"]
            if finding["hard"]
        ]
        assert hard == [], hard
