"""Each unified call that was captured from real ccxt, once more against the mock: the same request leaves, and ccxt
makes sense of the answer. The captures stand in the reference material (skipped where it is absent)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from outtrade.targets.access import VenueAccess

pytest.importorskip("ccxt")
from usdm_kit import BTC
from world_kit import play, quiet

VENUE = "binance_usdm"
STAGE: dict[str, Any] = {
    "symbols": (BTC,),
    "balances": {"USDT": 1_000_000},
    "markets": {BTC: quiet("50000", depth="5")},
}
Check = Callable[[Any], bool]
Call = Callable[[Any], Any]


def placed(ex: Any, **params: Any) -> Any:
    return ex.create_order(BTC, "limit", "buy", 0.5, 49_000, params)


def waiting(ex: Any) -> Any:
    return ex.create_order(BTC, "market", "sell", 0.5, None, {"triggerPrice": 45_000})


def _open(one: Any) -> bool:
    return bool(one["status"] == "open" and one["id"])


def _same(one: Any) -> bool:
    return bool(one["id"])


TWO = [{"symbol": BTC, "type": "limit", "side": "buy", "amount": 0.5, "price": price} for price in (49_000, 48_500)]

CALLS: dict[str, tuple[Call, Check]] = {
    "fetchTime": (lambda ex: ex.fetch_time(), lambda time: time > 10**12),
    "fetchStatus": (lambda ex: ex.fetch_status(), lambda status: status["status"] == "ok"),
    "fetchMarkets": (lambda ex: ex.fetch_markets(), lambda found: found[0]["symbol"] == BTC),
    "fetchTicker": (lambda ex: ex.fetch_ticker(BTC), lambda one: one["last"] > 0),
    "fetchOrderBook": (lambda ex: ex.fetch_order_book(BTC, 10), lambda book: len(book["bids"]) == 10),
    "createOrder limit": (lambda ex: placed(ex, newClientOrderId="cid-1"), _open),
    "createOrder limit IOC": (
        lambda ex: placed(ex, timeInForce="IOC"),
        lambda one: one["status"] == "expired" and one["filled"] == 0,
    ),
    "createOrder limit postOnly": (lambda ex: placed(ex, postOnly=True), lambda one: one["timeInForce"] == "PO"),
    "createOrder market buy": (
        lambda ex: ex.create_order(BTC, "market", "buy", 0.5, None, {"createMarketBuyOrderRequiresPrice": False}),
        lambda one: one["status"] == "closed",
    ),
    "createOrder market sell": (
        lambda ex: ex.create_order(BTC, "market", "sell", 0.5),
        lambda one: one["status"] == "closed" and one["average"] > 0,
    ),
    "createOrder stop-market (triggerPrice)": (waiting, lambda one: one["triggerPrice"] == 45_000),
    "createOrder stop-limit": (
        lambda ex: ex.create_order(BTC, "limit", "sell", 0.5, 44_900, {"triggerPrice": 45_000}),
        lambda one: (one["price"], one["triggerPrice"]) == (44_900, 45_000),
    ),
    "createOrder stopLossPrice": (
        lambda ex: ex.create_order(BTC, "market", "sell", 0.5, None, {"stopLossPrice": 45_000}),
        _open,
    ),
    "createOrder takeProfitPrice": (
        lambda ex: ex.create_order(BTC, "market", "sell", 0.5, None, {"takeProfitPrice": 55_000}),
        _open,
    ),
    "createOrder attached SL/TP": (
        lambda ex: placed(ex, stopLoss={"triggerPrice": 45_000}, takeProfit={"triggerPrice": 55_000}),
        _open,
    ),
    "createOrder trailingPercent": (
        lambda ex: ex.create_order(BTC, "market", "sell", 0.5, None, {"trailingPercent": 1.0}),
        _open,
    ),
    "createOrder reduceOnly": (
        lambda ex: (
            ex.create_order(BTC, "market", "buy", 0.5),
            ex.create_order(BTC, "market", "sell", 0.5, None, {"reduceOnly": True}),
        )[1],
        lambda one: one["reduceOnly"] is True and one["status"] == "closed",
    ),
    "createOrders": (lambda ex: ex.create_orders(TWO), lambda both: [one["status"] for one in both] == ["open"] * 2),
    "editOrder": (
        lambda ex: ex.edit_order(placed(ex)["id"], BTC, "limit", "buy", 0.4, 48_900),
        lambda one: (one["amount"], one["price"]) == (0.4, 48_900),
    ),
    "cancelOrder": (lambda ex: ex.cancel_order(placed(ex)["id"], BTC), lambda one: one["status"] == "canceled"),
    "cancelOrder by clientOrderId": (
        lambda ex: (
            placed(ex, newClientOrderId="cid-1"),
            ex.cancel_order("", BTC, {"origClientOrderId": "cid-1"}),
        )[1],
        lambda one: one["clientOrderId"] == "cid-1",
    ),
    "cancelOrder trigger": (lambda ex: ex.cancel_order(waiting(ex)["id"], BTC, {"trigger": True}), _same),
    "cancelAllOrders": (lambda ex: (placed(ex), ex.cancel_all_orders(BTC))[1], lambda done: done is not None),
    "cancelOrders": (
        lambda ex: ex.cancel_orders([one["id"] for one in ex.create_orders(TWO)], BTC),
        lambda both: [one["status"] for one in both] == ["canceled"] * 2,
    ),
    "fetchOrder": (lambda ex: ex.fetch_order(placed(ex)["id"], BTC), _open),
    "fetchOpenOrders": (lambda ex: (placed(ex), ex.fetch_open_orders(BTC))[1], lambda found: len(found) == 1),
    "fetchOpenOrders trigger": (
        lambda ex: (waiting(ex), ex.fetch_open_orders(BTC, None, None, {"trigger": True}))[1],
        lambda found: found[0]["triggerPrice"] == 45_000,
    ),
    "fetchClosedOrders": (
        lambda ex: (ex.create_order(BTC, "market", "buy", 0.5), ex.fetch_closed_orders(BTC))[1],
        lambda found: found[0]["filled"] == 0.5,
    ),
    "fetchOrders": (lambda ex: (placed(ex), ex.fetch_orders(BTC))[1], lambda found: len(found) == 1),
    "fetchMyTrades": (
        lambda ex: (ex.create_order(BTC, "market", "buy", 0.5), ex.fetch_my_trades(BTC))[1],
        lambda found: found[0]["takerOrMaker"] == "taker",
    ),
    "fetchBalance": (lambda ex: ex.fetch_balance(), lambda held: held["USDT"]["total"] == 1_000_000),
    "fetchPositions": (
        lambda ex: (ex.create_order(BTC, "market", "buy", 0.5), ex.fetch_positions())[1],
        lambda found: found[0]["contracts"] == 0.5,
    ),
    "fetchTradingFee": (lambda ex: ex.fetch_trading_fee(BTC), lambda fee: fee["taker"] > 0),
    "setLeverage": (lambda ex: ex.set_leverage(5, BTC), lambda done: done["leverage"] == 5),
}


@pytest.mark.parametrize("name", sorted(CALLS))
def test_captured_call(shared: Path, name: str) -> None:
    captured = json.loads((shared / "venues" / "ccxt_requests.json").read_text())["binanceusdm swap"][name]
    call, check = CALLS[name]

    def body(access: VenueAccess) -> None:
        ex = access.ccxt()
        ex.load_markets()
        assert check(call(ex))

    history = play(VENUE, body, **STAGE)
    sent = [(event.method, event.path) for event in history.events if type(event).__name__ == "Request"]
    for request in captured:
        assert (request["method"], urlsplit(request["url"]).path) in sent


def test_every_captured_call_is_here(shared: Path) -> None:
    captured = json.loads((shared / "venues" / "ccxt_requests.json").read_text())["binanceusdm swap"]
    made = {name for name, requests in captured.items() if isinstance(requests, list)}
    assert made == set(CALLS)
