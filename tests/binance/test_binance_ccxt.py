"""Real, unmodified ccxt against the venue in process: its session hands requests over, everything else is its own.

What it sends is held against captures made elsewhere, and what it understands of the answers against the truth.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from http.client import responses
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import ccxt
import pytest
import requests
from binance_kit import KEY, MARKETS, SECOND, SECRET, Kit
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from outtrade_mocks.venues.api import HttpRequest

SYMBOL = "BTC/USDT"


class VenueAdapter(BaseAdapter):
    """A requests transport that asks the venue instead of the network, at the time stamped on the request."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self.kit = kit
        self.sent: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        self.sent.append(request)
        url = urlsplit(request.url or "")
        body = request.body or b""
        answer = self.kit.raw(
            HttpRequest(
                method=request.method or "",
                target=url.path + (f"?{url.query}" if url.query else ""),
                host=url.hostname or "",
                headers={name.lower(): value for name, value in request.headers.items()},
                body=body if isinstance(body, bytes) else body.encode(),
            )
        )
        response = requests.Response()
        response.status_code = answer.status
        response.reason = responses.get(answer.status, "Unknown")
        response.headers.update(answer.headers | {"Content-Type": "application/json"})
        response.url = request.url or ""
        response.request = request
        response.raw = HTTPResponse(body=b"", preload_content=False)
        response._content = json.dumps(answer.data).encode()
        return response

    def close(self) -> None:
        pass


@pytest.fixture
def client(kit: Kit) -> tuple[Any, VenueAdapter]:
    return build_client(kit)


def build_client(kit: Kit, **config: Any) -> tuple[Any, VenueAdapter]:
    exchange = ccxt.binance({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False} | config)
    adapter = VenueAdapter(kit)
    exchange.session.mount("https://", adapter)
    exchange.milliseconds = lambda: kit.now // 1_000_000  # the venue's clock, so that the test needs no other
    return exchange, adapter


def test_load_markets_with_keys_and_default_options(client: tuple[Any, VenueAdapter]) -> None:
    exchange, adapter = client
    markets = exchange.load_markets()
    assert set(markets) == {"BTC/USDT", "ETH/USDT", "ETH/BTC", "DOGE/USDT"}
    asked = [urlsplit(request.url or "").path for request in adapter.sent]
    assert "/sapi/v1/capital/config/getall" in asked
    assert "/fapi/v1/exchangeInfo" in asked
    market = markets[SYMBOL]
    assert (market["precision"]["amount"], market["precision"]["price"]) == (1e-05, 0.01)
    assert market["limits"]["cost"]["min"] == 5.0
    assert market["active"]
    assert exchange.currencies["BTC"]["active"] is not None


def test_margin_pairs_are_answered(kit: Kit) -> None:
    exchange, _ = build_client(kit, options={"fetchMargins": True, "fetchMarkets": {"types": ["spot"]}})
    assert not exchange.load_markets()[SYMBOL]["margin"]


def test_limit_order_life(kit: Kit, client: tuple[Any, VenueAdapter]) -> None:
    exchange, _ = client
    order = exchange.create_order(SYMBOL, "limit", "buy", 0.5, 40000.1, {"clientOrderId": "life-1"})
    assert (order["status"], order["clientOrderId"], order["filled"]) == ("open", "life-1", 0.0)
    assert exchange.fetch_order(order["id"], SYMBOL)["price"] == 40000.1
    assert [each["id"] for each in exchange.fetch_open_orders(SYMBOL)] == [order["id"]]
    assert exchange.fetch_balance()["USDT"]["used"] == 20000.05
    cancelled = exchange.cancel_order(order["id"], SYMBOL)
    assert cancelled["status"] == "canceled"
    assert cancelled["clientOrderId"] != "life-1"
    assert exchange.fetch_open_orders(SYMBOL) == []
    assert [each["status"] for each in exchange.fetch_closed_orders(SYMBOL)] == []
    assert [each["status"] for each in exchange.fetch_orders(SYMBOL)] == ["canceled"]
    with pytest.raises(ccxt.OrderNotFound):
        exchange.cancel_order(order["id"], SYMBOL)
    with pytest.raises(ccxt.OrderNotFound):
        exchange.fetch_order("123456789", SYMBOL)


def test_market_order_fills_and_fees(kit: Kit, client: tuple[Any, VenueAdapter]) -> None:
    exchange, _ = client
    before = exchange.fetch_balance()
    order = exchange.create_order(SYMBOL, "market", "buy", 0.7)
    assert order["status"] == "closed"
    assert order["filled"] == 0.7
    assert len(order["trades"]) > 1, "more than one level"
    trades = exchange.fetch_my_trades(SYMBOL)
    assert sum(trade["amount"] for trade in trades) == pytest.approx(0.7)
    assert {trade["fee"]["currency"] for trade in trades} == {"BTC"}
    fee = sum(trade["fee"]["cost"] for trade in trades)
    assert fee == pytest.approx(0.0007)
    after = exchange.fetch_balance()
    assert after["BTC"]["total"] - before["BTC"]["total"] == pytest.approx(0.7 - fee)
    assert before["USDT"]["total"] - after["USDT"]["total"] == pytest.approx(order["cost"])
    assert exchange.fetch_order_trades(order["id"], SYMBOL)[0]["order"] == order["id"]
    assert [each["id"] for each in exchange.fetch_closed_orders(SYMBOL)] == [order["id"]]
    by_quote = exchange.create_market_buy_order_with_cost(SYMBOL, 1000)
    assert by_quote["cost"] == pytest.approx(1000, abs=1)


def test_edit_order_is_a_cancel_replace(kit: Kit, client: tuple[Any, VenueAdapter]) -> None:
    exchange, adapter = client
    order = exchange.create_order(SYMBOL, "limit", "buy", 0.5, 40000)
    edited = exchange.edit_order(order["id"], SYMBOL, "limit", "buy", 0.4, 41000)
    assert (adapter.sent[-1].url or "").endswith("/api/v3/order/cancelReplace")
    assert edited["id"] != order["id"]
    [standing] = exchange.fetch_open_orders(SYMBOL)
    assert (standing["id"], standing["amount"], standing["price"]) == (edited["id"], 0.4, 41000.0)
    with pytest.raises(ccxt.BaseError):
        exchange.edit_order(order["id"], SYMBOL, "limit", "buy", 0.4, 41000)
    assert len(exchange.fetch_open_orders(SYMBOL)) == 1, "STOP_ON_FAILURE: nothing new"


def test_cancel_all(client: tuple[Any, VenueAdapter]) -> None:
    exchange, _ = client
    for price in (40000, 41000):
        exchange.create_order(SYMBOL, "limit", "buy", 0.1, price)
    assert len(exchange.cancel_all_orders(SYMBOL)) == 2
    with pytest.raises(ccxt.OrderNotFound):
        exchange.cancel_all_orders(SYMBOL)


def test_errors_become_the_right_exceptions(kit: Kit, client: tuple[Any, VenueAdapter]) -> None:
    exchange, _ = client
    exchange.load_markets()
    with pytest.raises(ccxt.InsufficientFunds):
        exchange.create_order(SYMBOL, "limit", "buy", 50, 40000)
    with pytest.raises(ccxt.BadRequest, match="NOTIONAL"):
        exchange.create_order(SYMBOL, "limit", "buy", 0.00002, 40000)
    with pytest.raises(ccxt.OrderImmediatelyFillable):
        exchange.create_order(SYMBOL, "limit", "buy", 0.1, 50100, {"postOnly": True})
    with pytest.raises(ccxt.InvalidOrder):
        exchange.create_order(SYMBOL, "market", "sell", 0.1, None, {"stopLossPrice": 55000})
    exchange.create_order(SYMBOL, "limit", "buy", 0.1, 40000, {"clientOrderId": "twice"})
    with pytest.raises(ccxt.InvalidOrder):
        exchange.create_order(SYMBOL, "limit", "buy", 0.1, 40000, {"clientOrderId": "twice"})
    exchange.milliseconds = lambda: kit.now // 1_000_000 - 20_000
    with pytest.raises(ccxt.InvalidNonce):
        exchange.fetch_balance()
    exchange.milliseconds = lambda: kit.now // 1_000_000
    exchange.secret = "wrong"
    with pytest.raises(ccxt.AuthenticationError):
        exchange.fetch_balance()
    exchange.apiKey = "bad"
    with pytest.raises(ccxt.AuthenticationError):
        exchange.fetch_balance()


def test_rate_limit_exceptions(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(knobs={"weight_per_minute": 100, "ban_after": 2})
    exchange, _ = build_client(kit, options={"fetchMarkets": {"types": ["spot"]}})
    exchange.load_markets()
    for _ in range(4):
        exchange.fetch_balance()
    for _ in range(2):
        with pytest.raises(ccxt.DDoSProtection, match="429 Too Many Requests"):
            exchange.fetch_balance()
    with pytest.raises(ccxt.DDoSProtection, match="banned until"):
        exchange.fetch_balance()
    kit.now += 121 * SECOND
    assert exchange.fetch_balance()["BTC"]["total"] == 2.0


def test_public_calls(client: tuple[Any, VenueAdapter]) -> None:
    exchange, _ = client
    ticker = exchange.fetch_ticker(SYMBOL)
    assert ticker["bid"] < ticker["ask"]
    book = exchange.fetch_order_book(SYMBOL, 5)
    assert len(book["bids"]) == 5
    assert book["bids"][0][0] == ticker["bid"]
    assert exchange.fetch_status()["status"] == "ok"
    assert exchange.fetch_time() == exchange.milliseconds()
    assert exchange.fetch_trading_fee(SYMBOL)["taker"] == 0.001
    assert set(exchange.fetch_tickers([SYMBOL, "ETH/USDT"])) == {SYMBOL, "ETH/USDT"}
    assert exchange.fetch_bids_asks([SYMBOL])[SYMBOL]["bid"] == ticker["bid"]
    assert exchange.fetch_trades(SYMBOL) == []
    exchange.create_order(SYMBOL, "market", "sell", 0.1)
    [trade] = exchange.fetch_trades(SYMBOL)
    assert (trade["side"], trade["amount"]) == ("sell", 0.1)


# ------------------------------------------------------- what ccxt sends
CALLS: dict[str, Callable[[Any], Any]] = {
    "fetchTime": lambda e: e.fetch_time(),
    "fetchStatus": lambda e: e.fetch_status(),
    "fetchMarkets": lambda e: e.fetch_markets(),
    "fetchTicker": lambda e: e.fetch_ticker(SYMBOL),
    "fetchOrderBook": lambda e: e.fetch_order_book(SYMBOL, 10),
    "createOrder limit": lambda e: e.create_order(SYMBOL, "limit", "buy", 0.5, 30000.1, {"clientOrderId": "cid-1"}),
    "createOrder limit IOC": lambda e: e.create_order(SYMBOL, "limit", "buy", 0.5, 30000.1, {"timeInForce": "IOC"}),
    "createOrder limit postOnly": lambda e: e.create_order(SYMBOL, "limit", "buy", 0.5, 30000.1, {"postOnly": True}),
    "createOrder market buy": lambda e: e.create_order(
        SYMBOL, "market", "buy", 0.5, None, {"createMarketBuyOrderRequiresPrice": False}
    ),
    "createOrder market sell": lambda e: e.create_order(SYMBOL, "market", "sell", 0.5),
    "createOrder stop-market (triggerPrice)": lambda e: e.create_order(
        SYMBOL, "market", "sell", 0.5, None, {"triggerPrice": 25000}
    ),
    "createOrder stop-limit": lambda e: e.create_order(SYMBOL, "limit", "sell", 0.5, 24900, {"triggerPrice": 25000}),
    "createOrder stopLossPrice": lambda e: e.create_order(
        SYMBOL, "market", "sell", 0.5, None, {"stopLossPrice": 25000}
    ),
    "createOrder takeProfitPrice": lambda e: e.create_order(
        SYMBOL, "market", "sell", 0.5, None, {"takeProfitPrice": 45000}
    ),
    "createOrder attached SL/TP": lambda e: e.create_order(
        SYMBOL,
        "limit",
        "buy",
        0.5,
        30000,
        {"stopLoss": {"triggerPrice": 25000}, "takeProfit": {"triggerPrice": 45000}},
    ),
    "createOrder reduceOnly": lambda e: e.create_order(SYMBOL, "market", "sell", 0.5, None, {"reduceOnly": True}),
    "editOrder": lambda e: e.edit_order("123456789", SYMBOL, "limit", "buy", 0.4, 30001),
    "cancelOrder": lambda e: e.cancel_order("123456789", SYMBOL),
    "cancelOrder by clientOrderId": lambda e: e.cancel_order(None, SYMBOL, {"clientOrderId": "cid-1"}),
    "cancelOrder trigger": lambda e: e.cancel_order("123456789", SYMBOL, {"trigger": True}),
    "cancelAllOrders": lambda e: e.cancel_all_orders(SYMBOL),
    "fetchOrder": lambda e: e.fetch_order("123456789", SYMBOL),
    "fetchOpenOrders": lambda e: e.fetch_open_orders(SYMBOL),
    "fetchOpenOrders trigger": lambda e: e.fetch_open_orders(SYMBOL, None, None, {"trigger": True}),
    "fetchClosedOrders": lambda e: e.fetch_closed_orders(SYMBOL),
    "fetchOrders": lambda e: e.fetch_orders(SYMBOL),
    "fetchMyTrades": lambda e: e.fetch_my_trades(SYMBOL),
    "fetchBalance": lambda e: e.fetch_balance(),
    "fetchTradingFee": lambda e: e.fetch_trading_fee(SYMBOL),
}
NOT_SPOT = {"fetchPositions"}
"""Goes to the futures host."""


def normalised(text: str | None) -> str | None:
    if text is None:
        return None
    text = re.sub(r"timestamp=\d+", "timestamp=<ms>", text)
    text = re.sub(r"signature=[0-9a-f]+", "signature=<sig>", text)
    return re.sub(r"(newClientOrderId=x-TKT5PX2F)[0-9a-f]+", r"\1<id>", text)


def capture(request: requests.PreparedRequest) -> SimpleNamespace:
    body = request.body.decode() if isinstance(request.body, bytes) else request.body
    kept = {name: request.headers[name] for name in ("X-MBX-APIKEY", "Content-Type") if name in request.headers}
    if "X-MBX-APIKEY" in kept:
        kept["X-MBX-APIKEY"] = "K"
    return SimpleNamespace(
        method=request.method, url=normalised(request.url), headers=kept, body=normalised(body or None)
    )


@pytest.mark.parametrize("name", sorted(CALLS))
def test_ccxt_sends_what_was_captured(kit: Kit, shared: Path, name: str) -> None:
    recorded = json.loads((shared / "venues" / "ccxt_requests.json").read_text())["binance spot"]
    exchange, adapter = build_client(kit, options={"fetchMarkets": {"types": ["spot"]}, "fetchMargins": False})
    exchange.load_markets()
    adapter.sent.clear()
    try:
        CALLS[name](exchange)
    except ccxt.BaseError as error:
        assert not isinstance(error, ccxt.AuthenticationError), error
    wanted = recorded[name]
    got = [capture(request) for request in adapter.sent]
    assert [(each.method, each.url, each.body) for each in got] == [
        (each["method"], normalised(each["url"]), normalised(each["body"])) for each in wanted
    ]
    for mine, theirs in zip(got, wanted, strict=True):
        assert mine.headers.get("X-MBX-APIKEY") == theirs["headers"].get("X-MBX-APIKEY")
        if "Content-Type" in theirs["headers"]:
            assert mine.headers["Content-Type"] == theirs["headers"]["Content-Type"]


def test_every_captured_call_is_compared(shared: Path) -> None:
    recorded = json.loads((shared / "venues" / "ccxt_requests.json").read_text())["binance spot"]
    sent = {name for name, value in recorded.items() if isinstance(value, list)}
    assert sent - NOT_SPOT == set(CALLS)


# ------------------------------------------------------- what ccxt makes of the answers
PLACED: dict[str, dict[str, Any]] = {
    "createOrder limit": {"status": "open", "type": "limit", "price": 30000.1, "clientOrderId": "cid-1"},
    "createOrder limit IOC": {"status": "expired", "timeInForce": "IOC", "filled": 0.0},
    "createOrder limit postOnly": {"status": "open", "type": "limit", "postOnly": True},
    "createOrder market buy": {"status": "closed", "filled": 0.5, "side": "buy"},
    "createOrder market sell": {"status": "closed", "filled": 0.5, "side": "sell"},
    "createOrder stop-market (triggerPrice)": {"status": "open", "triggerPrice": 25000.0},
    "createOrder stop-limit": {"status": "open", "triggerPrice": 25000.0, "price": 24900.0},
    "createOrder stopLossPrice": {"status": "open", "triggerPrice": 25000.0},
    "createOrder takeProfitPrice": {"status": "open", "triggerPrice": 45000.0},
    "createOrder attached SL/TP": {"status": "open", "price": 30000.0, "triggerPrice": None},
    "createOrder reduceOnly": {"status": "closed", "filled": 0.5},
}
READ: dict[str, Callable[[Any], bool]] = {
    "fetchTime": lambda got: got > 1_700_000_000_000,
    "fetchStatus": lambda got: got["status"] == "ok",
    "fetchMarkets": lambda got: {"BTC/USDT"} <= {market["symbol"] for market in got},
    "fetchTicker": lambda got: 34_000 < got["bid"] < got["ask"] < 36_000,
    "fetchOrderBook": lambda got: len(got["bids"]) == len(got["asks"]) == 10,
    "cancelOrder by clientOrderId": lambda got: got["status"] == "canceled",
    "cancelAllOrders": lambda got: [each["status"] for each in got] == ["canceled"],
    "fetchOpenOrders": lambda got: [each["clientOrderId"] for each in got] == ["cid-1"],
    "fetchOpenOrders trigger": lambda got: [each["clientOrderId"] for each in got] == ["cid-1"],
    "fetchClosedOrders": lambda got: [each["status"] for each in got] == ["closed"],
    "fetchOrders": lambda got: [each["status"] for each in got] == ["open", "closed"],
    "fetchMyTrades": lambda got: sum(each["amount"] for each in got) == pytest.approx(0.1),
    "fetchBalance": lambda got: got["USDT"]["used"] == pytest.approx(0.5 * 30000.1),
    "fetchTradingFee": lambda got: (got["maker"], got["taker"]) == (0.001, 0.001),
}
"""An order cid-1 stands, and one was filled."""
REFUSED: dict[str, tuple[type[Exception], Callable[[Any], Any]]] = {
    "cancelOrder": (ccxt.OrderNotFound, CALLS["cancelOrder"]),
    "cancelOrder trigger": (ccxt.OrderNotFound, CALLS["cancelOrder trigger"]),
    "editOrder": (ccxt.BadResponse, CALLS["editOrder"]),
    "fetchOrder": (ccxt.OrderNotFound, CALLS["fetchOrder"]),
    "createOrder trailingPercent": (
        ccxt.InvalidOrder,
        lambda e: e.create_order(SYMBOL, "market", "sell", 0.5, None, {"trailingPercent": 1}),
    ),
    "createOrders": (
        ccxt.NotSupported,
        lambda e: e.create_orders([{"symbol": SYMBOL, "type": "market", "side": "buy"}]),
    ),
    "cancelOrders": (ccxt.BadRequest, lambda e: e.cancel_orders(["1"], SYMBOL)),
    "cancelAllOrdersAfter": (ccxt.NotSupported, lambda e: e.cancel_all_orders_after(10_000)),
    "setLeverage": (ccxt.NotSupported, lambda e: e.set_leverage(2, SYMBOL)),
    "fetchPositions": (ccxt.BaseError, lambda e: e.fetch_positions()),
}
"""By the venue (there is no order 123456789, and positions are futures'), or by ccxt itself."""


def at_35000(make_kit: Callable[..., Kit]) -> Any:
    kit = make_kit(markets=MARKETS | {"BTC/USDT": MARKETS["BTC/USDT"] | {"mid": "35000"}})
    exchange, _ = build_client(kit, options={"fetchMarkets": {"types": ["spot"]}, "fetchMargins": False})
    exchange.load_markets()
    return exchange


@pytest.mark.parametrize("name", sorted(PLACED))
def test_what_was_placed(make_kit: Callable[..., Kit], name: str) -> None:
    exchange = at_35000(make_kit)
    placed = CALLS[name](exchange)
    order = exchange.fetch_order(placed["id"], SYMBOL)
    assert {field: order[field] for field in PLACED[name]} == PLACED[name]
    assert (placed["id"], placed["symbol"]) == (order["id"], SYMBOL)


@pytest.mark.parametrize("name", sorted(READ))
def test_what_is_understood(make_kit: Callable[..., Kit], name: str) -> None:
    exchange = at_35000(make_kit)
    CALLS["createOrder limit"](exchange)
    exchange.create_order(SYMBOL, "market", "buy", 0.1)
    assert READ[name](CALLS[name](exchange))


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_refused(make_kit: Callable[..., Kit], name: str) -> None:
    error, call = REFUSED[name]
    with pytest.raises(error):
        call(at_35000(make_kit))


def test_every_captured_call_has_a_result(shared: Path) -> None:
    recorded = json.loads((shared / "venues" / "ccxt_requests.json").read_text())["binance spot"]
    assert set(recorded) == set(PLACED) | set(READ) | set(REFUSED)


def test_unknown_parameters_pass_and_change_nothing(kit: Kit, client: tuple[Any, VenueAdapter]) -> None:
    exchange, _ = client
    order = exchange.create_order(SYMBOL, "limit", "buy", 0.1, 40000, {"reduceOnly": True, "someThing": "else"})
    assert order["status"] == "open"
    call = kit.venue.read(kit.request("POST", "/api/v3/order", {"symbol": "BTCUSDT", "reduceOnly": "true"}))
    assert call.order is not None
    assert call.order["reduce_only"] is True
