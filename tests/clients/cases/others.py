"""Clients of venues that have no stateful mock here yet: canned answers prove transport, signing and streams."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from table import Try, case

from cases.support import KEY, SECRET, asynchronous, blocking, canned


# ------------------------------------------------------------------ Bybit
def bybit(result: Any) -> dict[str, Any]:
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": 1767225600000}


@case(package="pybit", door="unified_trading.HTTP", server="canned", env="venues")
def pybit_http(done: Try) -> None:
    """Server time, tickers, place order, open orders: signed GET and POST."""

    def agent() -> None:
        from pybit.unified_trading import HTTP

        session = HTTP(api_key=KEY, api_secret=SECRET)
        assert session.get_server_time()["result"]["timeSecond"] == "1767225600"
        order = {"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01"}
        assert session.place_order(**order, price="50000", orderLinkId="mine-1")["result"]["orderId"] == "1"
        assert session.get_open_orders(category="spot", symbol="BTCUSDT")["result"]["list"] == []

    routes = {
        "GET api.bybit.com/v5/market/time": bybit({"timeSecond": "1767225600", "timeNano": "1767225600000000000"}),
        "POST api.bybit.com/v5/order/create": lambda asked: bybit(
            {"orderId": "1", "orderLinkId": asked.json["orderLinkId"]}
        ),
        "GET api.bybit.com/v5/order/realtime": bybit({"list": [], "category": "spot", "nextPageCursor": ""}),
    }
    with canned(done, routes) as world:
        blocking(world, agent)


@case(package="pybit", door="unified_trading.WebSocket", server="canned", env="venues")
def pybit_stream(done: Try) -> None:
    """The private stream in threads: authentication, subscription, an order event, its own pings, exit."""
    import time

    def talk(stream: Any, message: Any) -> None:
        if message is None:
            return
        if message["op"] == "auth":
            stream.send({"success": True, "ret_msg": "", "op": "auth", "conn_id": "c"})
        elif message["op"] == "subscribe":
            stream.send({"success": True, "ret_msg": "", "op": "subscribe", "req_id": message.get("req_id", "")})
            stream.send({"topic": "order", "id": "1", "creationTime": 1, "data": [{"orderId": "1"}]}, after=1.0)
        elif message["op"] == "ping":
            stream.send({"success": True, "ret_msg": "pong", "op": "ping"})

    def agent() -> None:
        from pybit.unified_trading import WebSocket

        got: list[Any] = []
        stream = WebSocket(testnet=False, channel_type="private", api_key=KEY, api_secret=SECRET)
        stream.order_stream(callback=got.append)
        time.sleep(65)
        stream.exit()
        assert [message["data"] for message in got] == [[{"orderId": "1"}]], got

    with canned(done, {}, {"stream.bybit.com": talk}) as world:
        blocking(world, agent)


# ------------------------------------------------------------------ OKX
@case(package="python-okx", door="Trade, Account", server="canned", env="venues")
def okx_rest(done: Try) -> None:
    """Balance, place order: signed, HTTP/2 offered and declined."""

    def agent() -> None:
        from okx import Account, Trade

        account = Account.AccountAPI(KEY, SECRET, "phrase", flag="0", debug=False)
        assert account.get_account_balance()["code"] == "0"
        trade = Trade.TradeAPI(KEY, SECRET, "phrase", flag="0", debug=False)
        placed = trade.place_order("BTC-USDT", "cash", "buy", "limit", "0.01", px="50000", clOrdId="mine1")
        assert placed["data"][0]["clOrdId"] == "mine1"

    def place(asked: Any) -> Any:
        order = {"clOrdId": asked.json["clOrdId"], "ordId": "1", "sCode": "0", "sMsg": "", "tag": ""}
        return {"code": "0", "msg": "", "data": [order]}

    def text(route: Any) -> Any:
        def read(asked: Any) -> Any:
            asked.json = json.loads(asked.body)
            return route(asked)

        return read

    routes = {
        "GET www.okx.com/api/v5/account/balance": {"code": "0", "msg": "", "data": [{"details": []}]},
        "POST www.okx.com/api/v5/trade/order": text(place),
    }
    with canned(done, routes) as world:
        blocking(world, agent)


@case(package="python-okx", door="WsPrivateAsync", server="canned", env="venues")
def okx_stream(done: Try) -> None:
    """Login, subscription, an order event."""

    def talk(stream: Any, message: Any) -> None:
        if isinstance(message, dict) and message["op"] == "login":
            stream.send({"event": "login", "code": "0", "msg": "", "connId": "c"})
        elif isinstance(message, dict) and message["op"] == "subscribe":
            stream.send({"event": "subscribe", "arg": message["args"][0], "connId": "c"})
            stream.send({"arg": message["args"][0], "data": [{"ordId": "1", "state": "live"}]}, after=1.0)

    async def agent() -> None:
        from okx.websocket.WsPrivateAsync import WsPrivateAsync

        got: list[Any] = []
        stream = WsPrivateAsync(KEY, "phrase", SECRET, "wss://ws.okx.com:8443/ws/v5/private")
        await stream.connect()
        reading = asyncio.ensure_future(stream.consume())
        await stream.subscribe([{"channel": "orders", "instType": "SPOT"}], lambda text: got.append(json.loads(text)))
        await asyncio.sleep(5)
        reading.cancel()
        await stream.factory.close()
        assert [message.get("event", "data") for message in got][-2:] == ["subscribe", "data"], got

    with canned(done, {}, {"ws.okx.com:8443": talk}) as world:
        asynchronous(world, agent)


# ------------------------------------------------------------------ Kraken
@case(package="krakenex", door="API", server="canned", env="venues")
def krakenex_api(done: Try) -> None:
    """Time, balance and AddOrder: nonce and signature."""

    def agent() -> None:
        import krakenex

        api = krakenex.API(KEY, SECRET)
        assert api.query_public("Time")["result"]["unixtime"] == 1767225600
        assert api.query_private("Balance")["result"] == {"ZUSD": "1.0"}
        order = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "price": "50000", "volume": "0.01"}
        assert api.query_private("AddOrder", order)["result"]["txid"] == ["O1"]

    routes = {
        "GET api.kraken.com/0/public/Time": {"error": [], "result": {"unixtime": 1767225600}},
        "POST api.kraken.com/0/private/Balance": {"error": [], "result": {"ZUSD": "1.0"}},
        "POST api.kraken.com/0/private/AddOrder": {"error": [], "result": {"descr": {}, "txid": ["O1"]}},
    }
    with canned(done, routes) as world:
        blocking(world, agent)


@case(package="python-kraken-sdk", door="spot.Trade", server="canned", env="venues")
def kraken_sdk(done: Try) -> None:
    """A limit order and open orders."""

    def agent() -> None:
        from kraken.spot import Trade, User

        trade = Trade(key=KEY, secret=SECRET)
        assert trade.create_order(ordertype="limit", side="buy", pair="XBTUSD", volume=0.01, price=50000, userref=1)[
            "txid"
        ] == ["O1"]
        assert User(key=KEY, secret=SECRET).get_open_orders() == {"open": {}}

    routes = {
        "POST api.kraken.com/0/private/AddOrder": {"error": [], "result": {"descr": {}, "txid": ["O1"]}},
        "POST api.kraken.com/0/private/OpenOrders": {"error": [], "result": {"open": {}}},
    }
    with canned(done, routes) as world:
        blocking(world, agent)


@case(package="python-kraken-sdk", door="SpotWSClient", server="canned", env="venues")
def kraken_stream(done: Try) -> None:
    """Ticker subscription on API v2, pings, a message in the callback, close."""

    def talk(stream: Any, message: Any) -> None:
        if message is None:
            stream.send({"channel": "status", "type": "update", "data": [{"system": "online", "api_version": "v2"}]})
        elif message["method"] == "subscribe":
            stream.send({"method": "subscribe", "success": True, "result": message["params"]})
            stream.send({"channel": "ticker", "type": "snapshot", "data": [{"symbol": "BTC/USD", "last": 1}]})
        elif message["method"] == "ping":
            stream.send({"method": "pong"})

    async def agent() -> None:
        from kraken.spot import SpotWSClient

        got: list[Any] = []

        async def on_message(message: Any) -> None:
            got.append(message)

        client = SpotWSClient(callback=on_message)
        await client.start()
        await client.subscribe(params={"channel": "ticker", "symbol": ["BTC/USD"]})
        await asyncio.sleep(25)
        await client.close()
        assert any(message.get("channel") == "ticker" for message in got), got

    with canned(done, {}, {"ws.kraken.com": talk}) as world:
        asynchronous(world, agent)


# ------------------------------------------------------------------ Alpaca
ALPACA_ORDER = {
    "id": "61e69015-8549-4bfd-b9c3-01e75843f47d", "client_order_id": "mine-1", "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z", "submitted_at": "2026-01-01T00:00:00Z", "filled_at": None,
    "expired_at": None, "canceled_at": None, "failed_at": None, "replaced_at": None, "replaced_by": None,
    "replaces": None, "asset_id": "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415", "symbol": "AAPL",
    "asset_class": "us_equity", "notional": None, "qty": "1", "filled_qty": "0", "filled_avg_price": None,
    "order_class": "simple", "order_type": "limit", "type": "limit", "side": "buy", "time_in_force": "day",
    "limit_price": "100", "stop_price": None, "status": "accepted", "extended_hours": False, "legs": None,
    "trail_percent": None, "trail_price": None, "hwm": None,
}  # fmt: skip


@case(package="alpaca-py", door="TradingClient", server="canned", env="venues")
def alpaca_rest(done: Try) -> None:
    """A limit order by the typed request, query by client order id."""

    def agent() -> None:
        from alpaca.trading.client import TradingClient
        from alpaca.trading.enums import OrderSide, TimeInForce
        from alpaca.trading.requests import LimitOrderRequest

        client = TradingClient(KEY, SECRET, paper=True)
        request = LimitOrderRequest(
            symbol="AAPL", qty=1, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, limit_price=100,
            client_order_id="mine-1",
        )  # fmt: skip
        assert client.submit_order(request).client_order_id == "mine-1"
        assert client.get_order_by_client_id("mine-1").status == "accepted"

    routes = {
        "POST paper-api.alpaca.markets/v2/orders": ALPACA_ORDER,
        "GET paper-api.alpaca.markets/v2/orders:by_client_order_id": ALPACA_ORDER,
    }
    with canned(done, routes) as world:
        blocking(world, agent)


@case(package="alpaca-py", door="TradingStream", server="canned", env="venues")
def alpaca_stream(done: Try) -> None:
    """run() with an event loop of its own: authentication, listen, a trade update in binary, pings, stop."""
    update = {"event": "new", "execution_id": None, "order": ALPACA_ORDER, "timestamp": "2026-01-01T00:00:01Z"}

    def talk(stream: Any, message: Any) -> None:
        if message is None:
            return
        if message["action"] == "authenticate":
            stream.send(b'{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}')
        else:
            stream.send({"stream": "listening", "data": {"streams": ["trade_updates"]}})
            stream.send(json.dumps({"stream": "trade_updates", "data": update}).encode(), after=15.0)

    def agent() -> None:
        from alpaca.trading.stream import TradingStream

        got: list[str] = []
        stream = TradingStream(KEY, SECRET, paper=True)

        async def on_update(message: Any) -> None:
            got.append(message.event)
            await stream.stop_ws()

        stream.subscribe_trade_updates(on_update)
        stream.run()
        assert got == ["new"], got

    with canned(done, {}, {"paper-api.alpaca.markets": talk}) as world:
        blocking(world, agent)


# ------------------------------------------------------------------ Hyperliquid
def hyperliquid_info(asked: Any) -> Any:
    kind = asked.json["type"]
    if kind == "spotMeta":
        return {"tokens": [], "universe": []}
    if kind == "meta":
        return {"universe": [{"name": "BTC", "szDecimals": 5, "maxLeverage": 40}]}
    return {"BTC": "50000.0"}


HYPERLIQUID = {"POST api.hyperliquid.xyz/info": hyperliquid_info}


@case(package="hyperliquid-python-sdk", door="Info, Exchange", server="canned", env="venues")
def hyperliquid_rest(done: Try) -> None:
    """Mids, and an order signed by an Ethereum key."""

    def agent() -> None:
        import eth_account
        from hyperliquid.exchange import Exchange
        from hyperliquid.info import Info

        assert Info(skip_ws=True).all_mids() == {"BTC": "50000.0"}
        exchange = Exchange(eth_account.Account.from_key("0x" + "11" * 32))
        placed = exchange.order("BTC", True, 0.01, 50000, {"limit": {"tif": "Gtc"}})
        assert placed["status"] == "ok"

    resting = {"type": "order", "data": {"statuses": [{"resting": {"oid": 1}}]}}
    routes = HYPERLIQUID | {"POST api.hyperliquid.xyz/exchange": {"status": "ok", "response": resting}}
    with canned(done, routes) as world:
        blocking(world, agent)


@case(package="hyperliquid-python-sdk", door="Info with WebSocket threads", server="canned", env="venues")
def hyperliquid_stream(done: Try) -> None:
    """Two threads of the library: subscription to mids, messages, its ping every 50 s, disconnect."""
    import time

    def talk(stream: Any, message: Any) -> None:
        if message is None:
            stream.send("Websocket connection established.")
        elif message["method"] == "subscribe":
            stream.send({"channel": "subscriptionResponse", "data": message})
            stream.send({"channel": "allMids", "data": {"mids": {"BTC": "50001.0"}}}, after=1.0)
        elif message["method"] == "ping":
            stream.send({"channel": "pong"})

    def agent() -> None:
        from hyperliquid.info import Info

        got: list[Any] = []
        info = Info()
        info.subscribe({"type": "allMids"}, got.append)
        time.sleep(70)
        info.disconnect_websocket()
        assert [message["data"]["mids"] for message in got] == [{"BTC": "50001.0"}], got

    with canned(done, HYPERLIQUID, {"api.hyperliquid.xyz": talk}) as world:
        blocking(world, agent)
    assert sum('"ping"' in line for line in done.wire) == 1
