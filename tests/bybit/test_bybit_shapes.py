"""Shapes held against the documentation's own samples (skipped where the reference material is absent).

Every sample that a trading client meets is compared; what a unified account answers otherwise than the sample shows
(they are of several years and account types) is named here, with the page that says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from bybit_kit import SECOND, Kit
from test_bybit_streams import Stream

FOLDER = "bybit_docs/bybit"
DEPRECATED = r"availableToWithdraw|availableToBorrow"
"""wallet-balance.mdx: empty for unified accounts since January 2025."""
NO_FUNDING = r"transSubType"
CONTRACT = {"category": "linear", "symbol": "BTCUSDT"}


def prepared() -> Kit:
    kit = Kit()
    kit.placed(qty="0.02", orderLinkId="market")
    kit.placed(price="40000", orderLinkId="standing", takeProfit="60000", stopLoss="30000")
    kit.placed(price="60000", timeInForce="PostOnly", orderLinkId="taking")
    kit.placed("spot", price="40000", orderLinkId="spot-standing")
    kit.post("/v5/order/create", category="inverse", symbol="BTCUSD", side="Sell", orderType="Market", qty="300")
    kit.post("/v5/position/trading-stop", **CONTRACT, stopLoss="45000", tpslMode="Full", positionIdx=0)
    kit.placed(side="Sell", qty="0.005", reduceOnly=True)
    kit.now += SECOND
    return kit


def batch(kit: Kit, path: str, **more: Any) -> Any:
    first = {"symbol": "BTCUSDT", "orderLinkId": "standing"}
    return kit.post(
        path, category="linear", request=[first | more, {"symbol": "BTCUSDT", "orderId": "nothing"} | more]
    ).data


NEW = {"side": "Buy", "orderType": "Limit", "qty": "0.01", "price": "30000"}


def isolated(kit: Kit) -> Any:
    fresh = Kit()
    assert fresh.post("/v5/account/set-margin-mode", setMarginMode="ISOLATED_MARGIN").code == 0
    fresh.placed(qty="0.02")
    return fresh.post("/v5/position/add-margin", **CONTRACT, margin="10").data


def protected(kit: Kit) -> Any:
    for product in ("SPOT", "DERIVATIVES"):
        assert kit.post("/v5/order/disconnected-cancel-all", product=product, timeWindow=10).code == 0
    return kit.get("/v5/account/query-dcp-info").data


def refused_mode(kit: Kit) -> Any:
    answer = kit.post("/v5/account/set-margin-mode", setMarginMode="PORTFOLIO_MARGIN")
    return {name: answer.data[name] for name in ("retCode", "retMsg", "result")}


def stream(kit: Kit, path: str, *frames: dict[str, Any]) -> list[Any]:
    connection = Stream(kit, path)
    said: list[Any] = []
    for frame in frames:
        said += connection.say(frame)
    return said


def private(kit: Kit, *frames: dict[str, Any]) -> list[Any]:
    return stream(kit, "/v5/private", Stream.login(kit), *frames)


def trade(kit: Kit, *frames: dict[str, Any]) -> list[Any]:
    return stream(kit, "/v5/trade", Stream.login(kit), *frames)


HEADER = {"X-BAPI-TIMESTAMP": "1767225602000"}


def event(kit: Kit, topic: str) -> Any:
    kit.placed(side="Sell", qty="0.002", reduceOnly=True)
    return json.loads([push for push in kit.pushes if push.channel == topic][-1].render())


def delta(kit: Kit) -> Any:
    connection = Stream(kit, "/v5/public/linear")
    connection.say({"op": "subscribe", "args": ["orderbook.50.BTCUSDT"]})
    kit.placed(qty="0.02")
    kit.placed(price="45000")
    return connection.wait(0.1)[-1]


def public_trade(kit: Kit) -> Any:
    connection = Stream(kit, "/v5/public/linear")
    connection.say({"op": "subscribe", "args": ["publicTrade.BTCUSDT"]})
    kit.placed(qty="0.02")
    return connection.wait(0.1)[-1]


def fast(kit: Kit) -> Any:
    private(kit, {"op": "subscribe", "args": ["execution.fast"]})
    return event(kit, "execution.fast")


def get(path: str, **params: Any) -> Callable[[Kit], Any]:
    return lambda kit: kit.get(path, **params).data


def post(path: str, **params: Any) -> Callable[[Kit], Any]:
    return lambda kit: kit.post(path, **params).data


def one(path: str, **params: Any) -> Callable[[Kit], Any]:
    """A list of one kind only: the sample's own."""

    def ask(kit: Kit) -> Any:
        data = kit.get(path, **params).data
        data["result"]["list"] = data["result"]["list"][:1]
        return data

    return ask


ASK = {"op": "subscribe", "req_id": "10001"}
CASES: dict[str, tuple[Callable[[Kit], Any], str]] = {
    "guide_0": (post("/v5/position/set-leverage", **CONTRACT, buyLeverage="5", sellLeverage="5"), ""),
    "market_time_0": (get("/v5/market/time"), ""),
    "market_instrument_2": (get("/v5/market/instruments-info", category="spot"), ""),
    "market_orderbook_0": (get("/v5/market/orderbook", category="spot", symbol="BTCUSDT"), ""),
    "market_tickers_0": (get("/v5/market/tickers", category="inverse", symbol="BTCUSD"), ""),
    "market_tickers_2": (get("/v5/market/tickers", category="spot", symbol="BTCUSDT"), ""),
    "market_recent-trade_0": (
        lambda kit: (
            kit.get("/v5/market/recent-trade", category="spot", symbol="BTCUSDT"),
            kit.placed("spot", qty="100"),
            kit.get("/v5/market/recent-trade", category="spot", symbol="BTCUSDT").data,
        )[-1],
        "",
    ),
    "market_kline_0": (get("/v5/market/kline", category="inverse", symbol="BTCUSD", interval="60"), ""),
    "market_mark-kline_0": (get("/v5/market/mark-price-kline", category="linear", symbol="BTCUSDT", interval="60"), ""),
    "market_index-kline_0": (
        get("/v5/market/index-price-kline", category="inverse", symbol="BTCUSD", interval="1"),
        "",
    ),
    "market_premium-index-kline_0": (get("/v5/market/premium-index-kline", **CONTRACT, interval="D"), ""),
    "market_open-interest_0": (get("/v5/market/open-interest", **CONTRACT, intervalTime="1h"), ""),
    "account_instrument_0": (get("/v5/account/instruments-info", category="linear"), ""),
    "account_collateral-info_0": (get("/v5/account/collateral-info", currency="BTC"), ""),
    "account_unified-trans-amnt_0": (get("/v5/account/withdrawal", coinName="BTC,USDT"), "availableWithdrawalMap"),
    "market_history-fund-rate_0": (get("/v5/market/funding/history", **CONTRACT), ""),
    "market_order-price-limit_0": (get("/v5/market/price-limit", symbol="BTCUSDT"), ""),
    "order_create-order_0": (post("/v5/order/create", **CONTRACT, **NEW), ""),
    "order_amend-order_0": (post("/v5/order/amend", **CONTRACT, orderLinkId="standing", price="41000"), ""),
    "order_cancel-order_0": (post("/v5/order/cancel", **CONTRACT, orderLinkId="standing"), ""),
    "order_cancel-all_0": (post("/v5/order/cancel-all", **CONTRACT), ""),
    "order_batch-place_0": (
        lambda kit: kit.post("/v5/order/create-batch", category="linear", request=[{"symbol": "BTCUSDT"} | NEW]).data,
        "",
    ),
    "order_batch-amend_0": (lambda kit: batch(kit, "/v5/order/amend-batch", price="41000"), ""),
    "order_batch-cancel_0": (lambda kit: batch(kit, "/v5/order/cancel-batch"), ""),
    "order_pre-check-order_0": (post("/v5/order/pre-check", **CONTRACT, **NEW), ""),
    "order_spot-borrow-quota_0": (
        get("/v5/order/spot-borrow-check", category="spot", symbol="BTCUSDT", side="Buy"),
        "",
    ),
    "order_open-order_0": (one("/v5/order/realtime", **CONTRACT, orderLinkId="market"), r"cumFeeDetail"),
    "order_order-list_0": (one("/v5/order/history", **CONTRACT, orderLinkId="market"), r"cumFeeDetail"),
    "order_execution_0": (one("/v5/execution/list", **CONTRACT), ""),
    "position_position_0": (get("/v5/position/list", category="inverse", symbol="BTCUSD"), ""),
    "position_position-mode_0": (lambda kit: Kit().post("/v5/position/switch-mode", **CONTRACT, mode=3).data, ""),
    "position_leverage_0": (post("/v5/position/set-leverage", **CONTRACT, buyLeverage="5", sellLeverage="5"), ""),
    "position_trading-stop_0": (
        post("/v5/position/trading-stop", **CONTRACT, takeProfit="60000", tpslMode="Full", positionIdx=0),
        "",
    ),
    "position_manual-add-margin_0": (isolated, ""),
    "position_close-pnl_0": (get("/v5/position/closed-pnl", category="linear"), ""),
    "account_wallet-balance_0": (get("/v5/account/wallet-balance", accountType="UNIFIED"), DEPRECATED),
    "account_fee-rate_0": (get("/v5/account/fee-rate", **CONTRACT), ""),
    "account_transaction-log_0": (get("/v5/account/transaction-log", category="linear"), NO_FUNDING),
    "account_set-margin-mode_0": (refused_mode, ""),
    "account_dcp-info_0": (protected, ""),
    "account_smp-group_0": (get("/v5/account/smp-group"), ""),
    "user_apikey-info_0": (get("/v5/user/query-api"), r"permissions\."),
    "asset_coin-info_0": (get("/v5/asset/coin/query-info", coin="BTC"), ""),
    "asset_balance_all-balance_0": (
        get("/v5/asset/transfer/query-account-coins-balance", accountType="FUND", coin="USDT"),
        "",
    ),
    "asset_balance_account-coin-balance_0": (
        get("/v5/asset/transfer/query-account-coin-balance", accountType="UNIFIED", coin="USDT"),
        "ransferSafeAmount",
    ),
    "websocket_private_order_1": (lambda kit: event(kit, "order"), r"cumFeeDetail|leavesQty|leavesValue"),
    "websocket_private_execution_1": (lambda kit: event(kit, "execution"), r"extraFees"),
    "websocket_private_fast-execution_1": (fast, ""),
    "websocket_private_position_1": (lambda kit: event(kit, "position"), ""),
    "websocket_private_wallet_1": (lambda kit: event(kit, "wallet"), DEPRECATED + "|totalOrderIM|totalPosition"),
    "websocket_public_orderbook_1": (delta, ""),
    "websocket_public_trade_0": (public_trade, ""),
    "websocket_trade_guideline_1": (lambda kit: trade(kit)[0], ""),
    "websocket_trade_guideline_3": (
        lambda kit: trade(kit, {"reqId": "1", "header": HEADER, "op": "order.create", "args": [CONTRACT | NEW]})[1],
        "",
    ),
    "websocket_trade_guideline_5": (
        lambda kit: trade(
            kit,
            {
                "header": HEADER,
                "op": "order.create-batch",
                "args": [{"category": "linear", "request": [{"symbol": "BTCUSDT", "positionIdx": 1} | NEW]}],
            },
        )[1],
        "",
    ),
    "websocket_trade_guideline_7": (lambda kit: trade(kit, {"op": "ping"})[1], ""),
    "websocket_wss-authentication_1": (lambda kit: private(kit)[0], ""),
    "websocket_wss-authentication_3": (lambda kit: stream(kit, "/v5/public/spot", {"op": "ping"})[0], ""),
    "websocket_wss-authentication_6": (lambda kit: private(kit, {"op": "ping", "req_id": "test"})[1], ""),
    "websocket_wss-authentication_10": (lambda kit: private(kit, ASK | {"args": ["order"]})[1], ""),
    "websocket_wss-authentication_11": (
        lambda kit: stream(kit, "/v5/public/spot", ASK | {"args": ["publicTrade.BTCUSDT"]})[0],
        "",
    ),
    "websocket_wss-authentication_12": (
        lambda kit: stream(kit, "/v5/public/linear", {"op": "subscribe", "args": ["publicTrade.BTCUSDT"]})[0],
        "",
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_shape(
    shared: Path, wire_compare: ModuleType, record_property: Callable[[str, object], None], name: str
) -> None:
    path = shared / "fixtures" / FOLDER / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"no sample {name}")
    sample = json.loads(path.read_text())
    make, ignored = CASES[name]
    mine = json.loads(json.dumps(make(prepared())))
    result = wire_compare.compare(sample, mine, venue="bybit", ignore=(ignored,) if ignored else ())
    record_property("coverage", result["coverage"])
    hard = [finding for finding in result["findings"] if finding["hard"]]
    assert hard == [], hard
    assert result["coverage"] >= 95, result
