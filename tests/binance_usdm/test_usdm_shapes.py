"""Shapes held against independent samples of real answers (skipped where the reference material is absent).

The samples show fields of several kinds of orders at once (trailing stops, coin-margined contracts, batches where one
item failed); those that an answer of this kind never has are left out of the comparison, by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from usdm_kit import SECOND, Kit

OTHER_KINDS = (
    r"\.(cumBase|baseQty|pair|activatePrice|priceRate|code|msg|modifyId)$|exchangeFilters\[\]|\.notionalCoef|"
    r"\.(settlePlan|maxQty|minQty|stepSize|notional|multiplierUp|multiplierDown|multiplierDecimal|limit|permissionSets)$|"
    r"\.rateLimits"
)
TICKERS = (r"\$(\[\])?\.(o|ps)$",)
"""An opening price, and the pair: the comparer takes them for an order type and a position side."""
CUT = (r"\$\[\]\[\]",)
"""The samples of candles were cut after their first number."""
"""``pair`` and ``modifyId`` are held where amends are told; filters by type below."""
FOLDER = "binance_connector_py/binance_usdm"


def prepared() -> Kit:
    kit = Kit()
    kit.now += SECOND
    kit.market(quantity="0.01")
    kit.limit("48000", "0.01", newClientOrderId="standing")
    return kit


def resting(kit: Kit) -> int:
    return int(kit.get("/fapi/v1/openOrders").data[0]["orderId"])


def waiting(kit: Kit) -> dict[str, Any]:
    return dict(kit.algo("TAKE_PROFIT", triggerPrice="55000", price="55000", quantity="0.01").data)


def amend(kit: Kit) -> Any:
    fields = {"symbol": "BTCUSDT", "side": "BUY", "orderId": resting(kit), "quantity": "0.02", "price": "48100"}
    return kit.ask("PUT", "/fapi/v1/order", **fields).data


def isolated(kit: Kit) -> Any:
    kit.ask("POST", "/fapi/v1/marginType", symbol="ETHUSDT", marginType="ISOLATED")
    kit.market(symbol="ETHUSDT", quantity="1")
    return kit.ask("POST", "/fapi/v1/positionMargin", symbol="ETHUSDT", amount="10", type=1).data


def liquidated(kit: Kit) -> Any:
    kit = Kit(balances={"USDT": Decimal(1000)})
    kit.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=100)
    kit.market(quantity="0.5")
    kit.move("48000")
    return kit.get("/fapi/v1/forceOrders").data


def batch(kit: Kit, method: str, items: list[dict[str, Any]]) -> Any:
    return kit.ask(method, "/fapi/v1/batchOrders", batchOrders=json.dumps(items)).data


ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "price": "48000",
    "quantity": "0.01",
}


def by_frame(kit: Kit, method: str, **params: Any) -> Any:
    session = kit.session("/ws-fapi/v1", "ws-fapi.binance.com")
    return kit.say(session, {"id": "1", "method": method, "params": kit.signed(params)})


def first(kit: Kit, name: str) -> Any:
    """The first event of a stream that has something to say."""
    session = kit.session(f"/market/ws/{name}")
    kit.market(quantity="0.02")
    kit.limit("49000", "0.02")
    return kit.heard(session, 5)[0]


CASES: dict[str, Callable[[Kit], Any]] = {
    "account_information_v2": lambda kit: kit.get("/fapi/v2/account").data,
    "account_information_v3": lambda kit: kit.get("/fapi/v3/account").data,
    "account_trade_list": lambda kit: kit.get("/fapi/v1/userTrades", symbol="BTCUSDT").data,
    "all_orders": lambda kit: kit.get("/fapi/v1/allOrders", symbol="BTCUSDT").data,
    "cancel_algo_order": lambda kit: (
        kit.ask("DELETE", "/fapi/v1/algoOrder", symbol="BTCUSDT", algoId=waiting(kit)["algoId"]).data
    ),
    "cancel_multiple_orders": lambda kit: (
        kit.ask("DELETE", "/fapi/v1/batchOrders", symbol="BTCUSDT", orderIdList=f"[{resting(kit)}]").data
    ),
    "cancel_order": lambda kit: kit.ask("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=resting(kit)).data,
    "compressed_aggregate_trades_list": lambda kit: kit.public("/fapi/v1/aggTrades", symbol="BTCUSDT").data,
    "continuous_contract_kline_candlestick_data": lambda kit: (
        kit.public("/fapi/v1/continuousKlines", pair="BTCUSDT", contractType="PERPETUAL", interval="1m").data
    ),
    "current_all_algo_open_orders": lambda kit: (waiting(kit), kit.get("/fapi/v1/openAlgoOrders").data)[1],
    "exchange_information": lambda kit: kit.public("/fapi/v1/exchangeInfo").data,
    "futures_account_balance_v2": lambda kit: kit.get("/fapi/v2/balance").data,
    "get_current_position_mode": lambda kit: kit.get("/fapi/v1/positionSide/dual").data,
    "get_funding_rate_history": lambda kit: kit.public("/fapi/v1/fundingRate", symbol="BTCUSDT").data,
    "get_income_history": lambda kit: kit.get("/fapi/v1/income").data,
    "get_order_modify_history": lambda kit: (
        amend(kit),
        kit.get("/fapi/v1/orderAmendment", symbol="BTCUSDT", orderId=resting(kit)).data,
    )[1],
    "get_position_margin_change_history": lambda kit: (
        isolated(kit),
        kit.get("/fapi/v1/positionMargin/history", symbol="ETHUSDT").data,
    )[1],
    "kline_candlestick_data": lambda kit: kit.public("/fapi/v1/klines", symbol="BTCUSDT", interval="1m").data,
    "modify_isolated_position_margin": isolated,
    "modify_multiple_orders": lambda kit: batch(
        kit,
        "PUT",
        [{"symbol": "BTCUSDT", "side": "BUY", "orderId": resting(kit), "quantity": "0.02", "price": "48100"}],
    ),
    "modify_order": amend,
    "new_algo_order": waiting,
    "new_order": lambda kit: kit.limit("48000", "0.01").data,
    "notional_and_leverage_brackets": lambda kit: kit.get("/fapi/v1/leverageBracket", symbol="BTCUSDT").data,
    "old_trades_lookup": lambda kit: kit.public("/fapi/v1/historicalTrades", symbol="BTCUSDT").data,
    "order": lambda kit: kit.ask("POST", "/fapi/v1/order/test", **ORDER).data,
    "place_multiple_orders": lambda kit: batch(kit, "POST", [ORDER]),
    "position_adl_quantile_estimation": lambda kit: kit.get("/fapi/v1/adlQuantile").data,
    "position_information_v2": lambda kit: kit.get("/fapi/v2/positionRisk").data,
    "position_information_v3": lambda kit: kit.get("/fapi/v3/positionRisk").data,
    "query_algo_order": lambda kit: kit.get("/fapi/v1/algoOrder", algoId=waiting(kit)["algoId"]).data,
    "query_all_algo_orders": lambda kit: (waiting(kit), kit.get("/fapi/v1/allAlgoOrders", symbol="BTCUSDT").data)[1],
    "query_order": lambda kit: kit.get("/fapi/v1/order", symbol="BTCUSDT", orderId=resting(kit)).data,
    "query_user_rate_limit": lambda kit: kit.get("/fapi/v1/rateLimit/order").data,
    "recent_trades_list": lambda kit: kit.public("/fapi/v1/trades", symbol="BTCUSDT").data,
    "rpi_order_book": lambda kit: kit.public("/fapi/v1/rpiDepth", symbol="BTCUSDT").data,
    "symbol_configuration": lambda kit: kit.get("/fapi/v1/symbolConfig").data,
    "symbol_order_book_ticker": lambda kit: kit.public("/fapi/v1/ticker/bookTicker", symbol="BTCUSDT").data,
    "symbol_price_ticker": lambda kit: kit.public("/fapi/v1/ticker/price", symbol="BTCUSDT").data,
    "user_commission_rate": lambda kit: kit.get("/fapi/v1/commissionRate", symbol="BTCUSDT").data,
    "users_force_orders": liquidated,
    "keepalive_user_data_stream": lambda kit: (
        kit.ask("POST", "/fapi/v1/listenKey"),
        kit.ask("PUT", "/fapi/v1/listenKey").data,
    )[1],
    "wsapi_account_information": lambda kit: by_frame(kit, "account.status"),
    "wsapi_account_information_v2": lambda kit: by_frame(kit, "v2/account.status"),
    "wsapi_futures_account_balance": lambda kit: by_frame(kit, "account.balance"),
    "wsapi_symbol_order_book_ticker": lambda kit: by_frame(kit, "ticker.book", symbol="BTCUSDT"),
    "wsapi_symbol_price_ticker": lambda kit: by_frame(kit, "ticker.price", symbol="BTCUSDT"),
    "wsapi_cancel_algo_order": lambda kit: by_frame(kit, "algoOrder.cancel", algoId=waiting(kit)["algoId"]),
    "wsapi_cancel_order": lambda kit: by_frame(kit, "order.cancel", symbol="BTCUSDT", orderId=resting(kit)),
    "wsapi_modify_order": lambda kit: by_frame(
        kit, "order.modify", symbol="BTCUSDT", orderId=resting(kit), side="BUY", quantity="0.02", price="48100"
    ),
    "wsapi_new_algo_order": lambda kit: by_frame(
        kit,
        "algoOrder.place",
        algoType="CONDITIONAL",
        symbol="BTCUSDT",
        side="SELL",
        type="TAKE_PROFIT",
        quantity="0.01",
        price="55000",
        triggerPrice="55000",
    ),
    "wsapi_new_order": lambda kit: by_frame(kit, "order.place", **ORDER),
    "wsapi_position_information": lambda kit: by_frame(kit, "account.position"),
    "wsapi_position_information_v2": lambda kit: by_frame(kit, "v2/account.position"),
    "wsapi_query_order": lambda kit: by_frame(kit, "order.status", symbol="BTCUSDT", orderId=resting(kit)),
    "wsapi_start_user_data_stream": lambda kit: by_frame(kit, "userDataStream.start"),
    "wsapi_keepalive_user_data_stream": lambda kit: (
        by_frame(kit, "userDataStream.start"),
        by_frame(kit, "userDataStream.ping"),
    )[1],
    "wsapi_close_user_data_stream": lambda kit: (
        by_frame(kit, "userDataStream.start"),
        by_frame(kit, "userDataStream.stop"),
    )[1],
    "aggregate_trade_streams_subscription": lambda kit: first(kit, "btcusdt@aggTrade"),
    "all_market_mini_tickers_stream_subscription": lambda kit: first(kit, "!miniTicker@arr"),
    "all_market_tickers_streams_subscription": lambda kit: first(kit, "!ticker@arr"),
    "individual_symbol_mini_ticker_stream_subscription": lambda kit: first(kit, "btcusdt@miniTicker"),
    "individual_symbol_ticker_streams_subscription": lambda kit: first(kit, "btcusdt@ticker"),
    "mark_price_stream_subscription": lambda kit: first(kit, "btcusdt@markPrice"),
    "mark_price_stream_for_all_market_subscription": lambda kit: first(kit, "!markPrice@arr"),
    "all_book_tickers_stream_subscription": lambda kit: first(kit, "!bookTicker"),
    "diff_book_depth_streams_subscription": lambda kit: first(kit, "btcusdt@depth"),
    "partial_book_depth_streams_subscription": lambda kit: first(kit, "btcusdt@depth10@100ms"),
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
    ignore = (OTHER_KINDS, *(TICKERS if "ticker" in name else CUT if "kline" in name else ()))
    result = wire_compare.compare(sample, mine, venue="binance_usdm", ignore=ignore)
    record_property("coverage", result["coverage"])
    print(f"{name}: coverage {result['coverage']} % of {result['paths']} paths")
    hard = [finding for finding in result["findings"] if finding["hard"]]
    assert hard == [], hard
    assert mine not in ([], {})
    assert result["coverage"] >= 95, result
