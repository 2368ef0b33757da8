"""Every unified call that was captured elsewhere, sent again by real ccxt: the same bytes, and an answer that it reads.

Ids of orders that never were are refused in the venue's words; all else is understood. Prices that the captures chose
below this market are taken as they are: a take-profit that is reached already triggers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ccxt
import pytest
from direct import Wire

SYMBOL = "BTC/USD"
UNKNOWN = "123456789"
BATCH = [
    {"symbol": SYMBOL, "type": "limit", "side": "buy", "amount": 0.5, "price": price} for price in (30_000, 29_000)
]
Make = Callable[[Any], Any]


def create(kind: str, side: str, price: float | None = None, **params: Any) -> Make:
    return lambda exchange: exchange.create_order(SYMBOL, kind, side, 0.5, price, dict(params))


CALLS: dict[str, Make] = {
    "fetchTime": lambda e: e.fetch_time(),
    "fetchStatus": lambda e: e.fetch_status(),
    "fetchMarkets": lambda e: e.fetch_markets(),
    "fetchTicker": lambda e: e.fetch_ticker(SYMBOL),
    "fetchOrderBook": lambda e: e.fetch_order_book(SYMBOL, 10),
    "createOrder limit": create("limit", "buy", 30_000.1, clientOrderId="cid-1"),
    "createOrder limit IOC": create("limit", "buy", 30_000.1, timeInForce="IOC"),
    "createOrder limit postOnly": create("limit", "buy", 30_000.1, postOnly=True),
    "createOrder market buy": create("market", "buy", createMarketBuyOrderRequiresPrice=False),
    "createOrder market sell": create("market", "sell"),
    "createOrder stop-market (triggerPrice)": create("market", "sell", triggerPrice=25_000),
    "createOrder stop-limit": create("limit", "sell", 24_900, triggerPrice=25_000),
    "createOrder stopLossPrice": create("market", "sell", stopLossPrice=25_000),
    "createOrder takeProfitPrice": create("market", "sell", takeProfitPrice=45_000),
    "createOrder attached SL/TP": create(
        "limit", "buy", 30_000, stopLoss={"triggerPrice": 25_000}, takeProfit={"triggerPrice": 45_000}
    ),
    "createOrder trailingPercent": create("market", "sell", trailingPercent="1.0"),
    "createOrder reduceOnly": create("market", "sell", reduceOnly=True),
    "createOrders": lambda e: e.create_orders([dict(one) for one in BATCH]),
    "editOrder": lambda e: e.edit_order(UNKNOWN, SYMBOL, "limit", "buy", 0.4, 30_001),
    "cancelOrder": lambda e: e.cancel_order(UNKNOWN, SYMBOL),
    "cancelOrder by clientOrderId": lambda e: e.cancel_order(None, SYMBOL, {"clientOrderId": "cid-1"}),
    "cancelOrder trigger": lambda e: e.cancel_order(UNKNOWN, SYMBOL, {"trigger": True}),
    "cancelAllOrders": lambda e: e.cancel_all_orders(SYMBOL),
    "cancelOrders": lambda e: e.cancel_orders([UNKNOWN, "22"], SYMBOL),
    "cancelAllOrdersAfter": lambda e: e.cancel_all_orders_after(60_000),
    "fetchOrder": lambda e: e.fetch_order(UNKNOWN, SYMBOL),
    "fetchOpenOrders": lambda e: e.fetch_open_orders(SYMBOL),
    "fetchOpenOrders trigger": lambda e: e.fetch_open_orders(SYMBOL, None, None, {"trigger": True}),
    "fetchClosedOrders": lambda e: e.fetch_closed_orders(SYMBOL),
    "fetchOrders": lambda e: e.fetch_orders(SYMBOL),
    "fetchMyTrades": lambda e: e.fetch_my_trades(SYMBOL),
    "fetchBalance": lambda e: e.fetch_balance(),
    "fetchPositions": lambda e: e.fetch_positions([SYMBOL]),
    "fetchTradingFee": lambda e: e.fetch_trading_fee(SYMBOL),
    "setLeverage": lambda e: e.set_leverage(5, SYMBOL),
}
REFUSED: dict[str, tuple[type[Exception], str]] = {
    "createOrder reduceOnly": (ccxt.ExchangeError, "EOrder:Reduce only:No position exists"),
    "editOrder": (ccxt.InvalidOrder, "EOrder:Invalid order"),
    "cancelOrder": (ccxt.InvalidOrder, "EOrder:Unknown order"),
    "cancelOrder by clientOrderId": (ccxt.InvalidOrder, "EOrder:Unknown order"),
    "cancelOrder trigger": (ccxt.InvalidOrder, "EOrder:Unknown order"),
    "cancelOrders": (ccxt.InvalidOrder, "EOrder:Unknown order"),
    "fetchOrder": (ccxt.InvalidOrder, "EOrder:Invalid order"),
}
"""Orders that never were (a number reads as a user reference), and what needs a position."""


@pytest.fixture(scope="module")
def wire() -> Wire:
    wire = Wire("kraken_spot")
    wire.load()
    return wire


def unsigned(body: str | None) -> str | None:
    """A body without what differs by nature: the nonce, and the pair, of which the captures had another name."""
    if body is None:
        return None
    return re.sub(r"(nonce\W+)\d+", r"\1N", body).replace("XXBTZUSD", "XBTUSD")


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_captured_call(wire: Wire, shared: Path, name: str) -> None:
    recorded = json.loads((shared / "venues" / "ccxt_requests.json").read_text())["kraken spot"][name]
    wire.restart("kraken_spot", 0, maker_rate=0.0, taker_rate=0.0, volatility_bps=0.0, depth="5")
    sent: list[Any] = []
    wire.seen = lambda request, call, commit, answer: sent.append((request, answer))
    wanted = REFUSED.get(name)
    try:
        result = CALLS[name](wire.ccxt)
        assert wanted is None, f"{name} is to be refused"
        assert result is not None
    except (ccxt.ArgumentsRequired, ccxt.NotSupported) as error:
        assert isinstance(recorded, str), error
        return
    except ccxt.BaseError as error:
        assert wanted is not None, error
        assert isinstance(error, wanted[0]) and wanted[1] in str(error), error
    assert not isinstance(recorded, str), "ccxt refused it itself"
    for (request, answer), capture in zip(sent, recorded, strict=True):
        assert request.method == capture["method"]
        assert unsigned(f"https://{request.host}{request.target}") == capture["url"]
        assert unsigned(request.body.decode() or None) == unsigned(capture["body"])
        assert answer.status == 200 and b"error" in answer.body


def test_every_captured_call_is_there(shared: Path) -> None:
    assert set(json.loads((shared / "venues" / "ccxt_requests.json").read_text())["kraken spot"]) == set(CALLS)
