"""Every unified call that was captured elsewhere, sent again by real ccxt: the same bytes, and an answer that it reads.

Ids of orders that never were are refused in the venue's words; all else is understood.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ccxt
import pytest
from direct import MS, Wire

UNKNOWN = "123456789"
BATCH = [{"symbol": "", "type": "limit", "side": "buy", "amount": 0.5, "price": price} for price in (30_000, 29_000)]
Make = Callable[[Any, str], Any]


def create(kind: str, side: str, price: float | None = None, amount: float = 0.5, **params: Any) -> Make:
    return lambda exchange, symbol: exchange.create_order(symbol, kind, side, amount, price, dict(params))


CALLS: dict[str, Make] = {
    "fetchTime": lambda e, s: e.fetch_time(),
    "fetchStatus": lambda e, s: e.fetch_status(),
    "fetchMarkets": lambda e, s: e.fetch_markets(),
    "fetchTicker": lambda e, s: e.fetch_ticker(s),
    "fetchOrderBook": lambda e, s: e.fetch_order_book(s, 10),
    "createOrder limit": create("limit", "buy", 30_000.1, clientOrderId="cid-1"),
    "createOrder limit IOC": create("limit", "buy", 30_000.1, timeInForce="IOC"),
    "createOrder limit postOnly": create("limit", "buy", 30_000.1, postOnly=True),
    "createOrder market buy": create("market", "buy", createMarketBuyOrderRequiresPrice=False),
    "createOrder market sell": create("market", "sell"),
    "createOrder stop-market (triggerPrice)": create("market", "sell", triggerPrice=25_000),
    "createOrder stop-limit": create("limit", "sell", 24_900, triggerPrice=25_000),
    "createOrder stopLossPrice": create("market", "sell", stopLossPrice=25_000),
    "createOrder takeProfitPrice": create("market", "sell", takeProfitPrice=55_000),
    "createOrder attached SL/TP": create(
        "limit", "buy", 30_000, stopLoss={"triggerPrice": 25_000}, takeProfit={"triggerPrice": 45_000}
    ),
    "createOrder trailingPercent": create("market", "sell", trailingPercent=1.0),
    "createOrder reduceOnly": create("market", "sell", reduceOnly=True),
    "createOrders": lambda e, s: e.create_orders([one | {"symbol": s} for one in BATCH]),
    "editOrder": lambda e, s: e.edit_order(UNKNOWN, s, "limit", "buy", 0.4, 30_001),
    "cancelOrder": lambda e, s: e.cancel_order(UNKNOWN, s),
    "cancelOrder by clientOrderId": lambda e, s: e.cancel_order(None, s, {"clientOrderId": "cid-1"}),
    "cancelOrder trigger": lambda e, s: e.cancel_order(UNKNOWN, s, {"trigger": True}),
    "cancelAllOrders": lambda e, s: e.cancel_all_orders(s),
    "cancelOrders": lambda e, s: e.cancel_orders([UNKNOWN, "22"], s),
    "cancelAllOrdersAfter": lambda e, s: e.cancel_all_orders_after(60_000),
    "fetchOrder": lambda e, s: e.fetch_order(UNKNOWN, s),
    "fetchOpenOrders": lambda e, s: e.fetch_open_orders(s),
    "fetchOpenOrders trigger": lambda e, s: e.fetch_open_orders(s, None, None, {"trigger": True}),
    "fetchClosedOrders": lambda e, s: e.fetch_closed_orders(s),
    "fetchOrders": lambda e, s: e.fetch_orders(s),
    "fetchMyTrades": lambda e, s: e.fetch_my_trades(s),
    "fetchBalance": lambda e, s: e.fetch_balance(),
    "fetchPositions": lambda e, s: e.fetch_positions([s]),
    "fetchTradingFee": lambda e, s: e.fetch_trading_fee(s),
    "setLeverage": lambda e, s: e.set_leverage(5, s),
}
REFUSED: dict[str, type[Exception]] = {
    "editOrder": ccxt.OrderNotFound,
    "cancelOrder": ccxt.OrderNotFound,
    "cancelOrder by clientOrderId": ccxt.BadRequest,
    "cancelOrder trigger": ccxt.OrderNotFound,
}
"""Orders that never were; and ccxt names a client id in a field that Bybit does not know."""
ONLY_SWAP: dict[str, type[Exception]] = {
    "createOrder reduceOnly": ccxt.InvalidOrder,  # no position to reduce
}
ONLY_SPOT: dict[str, type[Exception]] = {
    "fetchPositions": ccxt.BadRequest,  # positions are of contracts
}
CHANGED = {"createOrder takeProfitPrice": ("45000", "55000")}
"""The captures' price would trigger at once at ours."""


@pytest.fixture(scope="module")
def wire() -> Wire:
    wire = Wire("bybit")
    wire.load()
    return wire


@pytest.mark.parametrize("symbol", ["BTC/USDT", "BTC/USDT:USDT"])
@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_captured_call(wire: Wire, shared: Path, name: str, symbol: str) -> None:
    pair, swap = ("bybit swap", True) if symbol.endswith(":USDT") else ("bybit spot", False)
    recorded = json.loads((shared / "venues" / "ccxt_requests.json").read_text())[pair][name]
    wire.restart("bybit", 0, maker_rate=0.0, taker_rate=0.0, volatility_bps=0.0, depth="5")
    sent: list[Any] = []
    wire.seen = lambda request, call, commit, answer: sent.append((request, answer))
    wanted = REFUSED.get(name) or (ONLY_SWAP if swap else ONLY_SPOT).get(name)
    try:
        result = CALLS[name](wire.ccxt, symbol)
        assert wanted is None, f"{name} is to be refused"
        assert result is not None
    except (ccxt.ArgumentsRequired, ccxt.NotSupported) as error:
        assert isinstance(recorded, str), error
        return
    except ccxt.BaseError as error:
        assert wanted is not None and isinstance(error, wanted), error
    assert not isinstance(recorded, str), "ccxt refused it itself"
    found = [one for one in sent if not one[0].target.startswith(("/v5/user/query-api", "/v5/account/info"))]
    for (request, answer), capture in zip(found, recorded, strict=name != "fetchMarkets"):
        body = capture["body"]
        for old, new in (CHANGED[name],) if name in CHANGED else ():
            body = body.replace(old, new)
        assert request.method == capture["method"]
        assert f"https://{request.host}{request.target}" == capture["url"]
        assert (request.body.decode() or None) == body
        if "X-BAPI-API-KEY" in capture["headers"]:
            assert re.fullmatch(r"[0-9a-f]{64}", request.headers["x-bapi-sign"])
            assert request.headers["x-bapi-timestamp"] == str(wire.now // MS)
        assert answer.status == 200


def test_every_captured_call_is_there(shared: Path) -> None:
    recorded = json.loads((shared / "venues" / "ccxt_requests.json").read_text())
    assert set(recorded["bybit spot"]) == set(recorded["bybit swap"]) == set(CALLS)
