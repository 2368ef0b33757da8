"""Unmodified client libraries reach a listener behind the address they have built in."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
import websockets
from apps import HOST, OK, Server, make
from apps import http as answer
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from outtrade.sim import Conn, World

URL = f"https://{HOST}/api/v3/time"


def with_requests() -> bytes:
    with requests.Session() as session:
        session.get(URL, timeout=5)
        return session.post(URL, data={"a": "1"}, timeout=5).content


def with_httpx() -> bytes:
    with httpx.Client() as client:
        client.get(URL)
        return client.get(URL).content


def with_urllib3() -> bytes:
    return urllib3.PoolManager().request("GET", URL).data


def with_http_client() -> bytes:
    connection = http.client.HTTPSConnection(HOST, timeout=5)
    connection.request("GET", "/api/v3/time")
    return connection.getresponse().read()


def with_nested_asyncio_run() -> bytes:
    return asyncio.run(with_aiohttp())


async def with_aiohttp() -> bytes:
    async with aiohttp.ClientSession() as session:
        await (await session.get(URL)).read()
        return await (await session.get(URL)).read()


async def with_httpx_async() -> bytes:
    async with httpx.AsyncClient() as client:
        await client.get(URL)
        return (await client.get(URL)).content


async def with_streams() -> bytes:
    reader, writer = await asyncio.open_connection(HOST, 443, ssl=True)
    writer.write(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    writer.close()
    return OK


@pytest.mark.parametrize("agent", [with_requests, with_httpx, with_urllib3, with_http_client, with_nested_asyncio_run])
def test_blocking_clients(agent: Any) -> None:
    world = make()
    server = Server(world)
    with world:
        assert world.run_blocking(agent) == OK
    assert 20_000_000 <= world.run_ns < 100_000_000, "only the answers' latency has passed"
    assert f"Host: {HOST}".lower().encode() in server.transcript[1][3].lower()


@pytest.mark.parametrize("agent", [with_aiohttp, with_httpx_async, with_streams])
def test_async_clients(agent: Any) -> None:
    world = make()
    server = Server(world)
    with world:
        assert world.run_async(agent) == OK
    assert 20_000_000 <= world.run_ns < 100_000_000
    assert server.transcript[0][2] == "open"


@pytest.mark.parametrize("agent", [with_requests, with_httpx])
def test_a_pooled_connection_is_used_again(agent: Any) -> None:
    world = make()
    server = Server(world)
    with world:
        world.run_blocking(agent)
    assert [entry[2] for entry in server.transcript].count("open") == 1


class WebSocketServer:
    """Echoes text frames in upper case after 50 ms; the venue's side is ``websockets`` without I/O."""

    def __init__(self, conn: Conn) -> None:
        self.conn = conn
        self.protocol = ServerProtocol()

    def flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                self.conn.send(data)
            else:
                self.conn.close()

    def on_data(self, data: bytes) -> None:
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            if isinstance(event, Request):
                self.protocol.send_response(self.protocol.accept(event))
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self.conn.world.call_later(0.05, self.say, bytes(event.data).upper())
        self.flush()

    def say(self, text: bytes) -> None:
        self.protocol.send_text(text)
        self.flush()

    def on_eof(self) -> None:
        self.conn.close()

    def on_reset(self) -> None:
        pass


WS_URL = "wss://ws-api.binance.com:443/ws-api/v3"


async def ws_websockets() -> str:
    async with websockets.connect(WS_URL) as socket:
        await socket.send("ping")
        return str(await socket.recv())


async def ws_aiohttp() -> str:
    async with aiohttp.ClientSession() as session, session.ws_connect(WS_URL) as socket:
        await socket.send_str("ping")
        return str(await socket.receive_str())


@pytest.mark.parametrize("agent", [ws_websockets, ws_aiohttp])
def test_websocket_clients(agent: Any) -> None:
    world = make()
    world.net.listen("ws-api.binance.com", 443, WebSocketServer)
    with world:
        assert world.run_async(agent) == "PING"
    assert world.run_ns < 1_000_000_000


MARKET = {
    "symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT", "baseAssetPrecision": 8,
    "quotePrecision": 8, "quoteAssetPrecision": 8, "orderTypes": ["LIMIT", "MARKET"], "icebergAllowed": True,
    "ocoAllowed": True, "isSpotTradingAllowed": True, "isMarginTradingAllowed": False, "permissions": ["SPOT"],
    "permissionSets": [["SPOT"]],
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
    ],
}  # fmt: skip


def test_a_client_with_a_thread_of_its_own() -> None:
    """websocket-client reads in one thread, pings in another, and is told to close by a third."""
    websocket = pytest.importorskip("websocket")

    def session() -> tuple[list[Any], int, int]:
        world = make()
        world.net.listen("ws-api.binance.com", 443, WebSocketServer)
        seen: list[Any] = []

        def agent() -> None:
            app = websocket.WebSocketApp(
                WS_URL,
                on_open=lambda app: app.send("hello"),
                on_message=lambda app, text: seen.append(text),
                on_pong=lambda app, data: seen.append(round(time.time()) - 1_767_225_600),
                on_close=lambda app, code, reason: seen.append(code),
            )
            thread = threading.Thread(target=lambda: app.run_forever(ping_interval=20, ping_timeout=10), daemon=True)
            thread.start()
            time.sleep(70)
            app.send("again")
            time.sleep(5)
            app.close()
            thread.join()

        with world:
            world.run_blocking(agent)
        return seen, world.now, world.handovers

    first = session()
    assert first[0] == ["HELLO", 20, 40, 60, "AGAIN", 1000]
    assert first == session()


def venue(conn: Conn, request: bytes) -> None:
    """Enough of Binance for a limit order of ccxt."""
    line = request.split(b" ", 2)[1]
    if b"exchangeInfo" in line:
        body: Any = {"timezone": "UTC", "serverTime": 1, "rateLimits": [], "symbols": [MARKET]}
    elif b"/order" in line:
        body = {"symbol": "BTCUSDT", "orderId": 28, "clientOrderId": "x", "status": "NEW", "side": "BUY",
                "type": "LIMIT",
                "origQty": "0.1", "executedQty": "0", "price": "50000", "transactTime": 1, "fills": []}  # fmt: skip
    else:
        body = {}
    conn.world.call_later(0.02, conn.send, answer(json.dumps(body).encode()))


OPTIONS = {
    "apiKey": "k",
    "secret": "s",
    "options": {"defaultType": "spot", "fetchMarkets": ["spot"], "fetchCurrencies": False},
}


def ccxt_world() -> tuple[World, Server]:
    world = make()
    return world, Server(world, venue)


def test_ccxt() -> None:
    import ccxt

    def agent() -> Any:
        exchange = ccxt.binance(OPTIONS)
        exchange.options["fetchCurrencies"] = False
        return exchange.create_order("BTC/USDT", "limit", "buy", 0.1, 50000)["id"]

    world, server = ccxt_world()
    with world:
        assert world.run_blocking(agent) == "28"
    assert any(b"POST /api/v3/order" in entry[3] for entry in server.transcript)


@pytest.mark.parametrize("name", ["ccxt.async_support", "ccxt.pro"])
def test_ccxt_async(name: str) -> None:
    module = pytest.importorskip(name)

    async def agent() -> Any:
        exchange = module.binance(OPTIONS)
        try:
            return (await exchange.create_order("BTC/USDT", "limit", "buy", 0.1, 50000))["id"]
        finally:
            await exchange.close()

    world, server = ccxt_world()
    with world:
        assert world.run_async(agent) == "28"
    assert any(b"POST /api/v3/order" in entry[3] for entry in server.transcript)


def test_ccxt_pro_watches_a_stream() -> None:
    pro = pytest.importorskip("ccxt.pro")
    trade = {"e": "trade", "E": 1, "s": "BTCUSDT", "t": 77, "p": "50000", "q": "0.1", "T": 1, "m": False, "M": True}

    class Stream(WebSocketServer):
        def say(self, text: bytes) -> None:
            request = json.loads(text.lower())
            super().say(json.dumps({"result": None, "id": request["id"]}).encode())
            self.conn.world.call_later(5, super().say, json.dumps(trade).encode())

    async def agent() -> Any:
        exchange = pro.binance(OPTIONS)
        try:
            return (await exchange.watch_trades("BTC/USDT"))[-1]["id"]
        finally:
            await exchange.close()

    world, _ = ccxt_world()
    world.net.listen("stream.binance.com", 9443, Stream)
    with world:
        assert world.run_async(agent) == "77"
    assert 5_000_000_000 < world.run_ns < 10_000_000_000
