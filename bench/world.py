"""What one call costs in the World, as ratios to other ways of testing the same client.

Run ``python bench/world.py`` (``pip install "outtrade[bench]"``). The unmodified client makes the same call
(create_order of ccxt, a GET of the plain libraries, a message and its echo over a WebSocket) in four ways: in the
World; replayed by vcrpy; answered by the library's own mock (respx for httpx, ``responses`` for requests,
``aioresponses`` for aiohttp); and over loopback TCP to a bare uvicorn in a process of its own. Batches of the four ways
alternate in one process, so that the noise of the machine hits all of them; medians are printed. A ratio below 1.0 says
that the World costs less. vcrpy and the mocks replace the client's transport: its connections, HTTP and TLS do not run.
For httpx a fifth way shows what the client costs by itself, everything of it running: in a World, but over a stream
that answers at once out of memory ("alone"). What the World's call costs more is the network; the rest is httpx's own.

Wall time and processor time of this process are given; the latter leaves out what the uvicorn process uses, and other
work on the machine hardly changes it. The cyclic garbage collector is off while calls are timed, in all ways (a World
turns it off anyway). Constructors, ``load_markets`` and the first call are not counted. Also printed: what making,
entering and leaving a World costs, and one hand-over between two threads.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import queue
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import aioresponses
import ccxt
import ccxt.async_support
import httpcore
import httpx
import requests
import responses
import respx
import urllib3
import uvicorn
import vcr
import websockets
import yaml

from outtrade.sim import NS, Conn, World
from outtrade.sim.timewrap import real_seconds
from outtrade_mocks import wire

HOST = "api.binance.com"
BASE = f"https://{HOST}"
PLAIN = "/api/v3/time"

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
ORDER = {
    "symbol": "BTCUSDT", "orderId": 28, "orderListId": -1, "clientOrderId": "x-1", "transactTime": 1767225600000,
    "price": "50000.00", "origQty": "0.10000", "executedQty": "0.00000", "cummulativeQuoteQty": "0.00", "status": "NEW",
    "timeInForce": "GTC", "type": "LIMIT", "side": "BUY", "workingTime": 1767225600000, "fills": [],
    "selfTradePreventionMode": "EXPIRE_MAKER",
}  # fmt: skip
INFO = {"timezone": "UTC", "serverTime": 1767225600000, "rateLimits": [], "exchangeFilters": [], "symbols": [MARKET]}
ANSWERS: dict[tuple[str, str], Any] = {
    ("GET", PLAIN): {"serverTime": 1767225600000},
    ("GET", "/api/v3/exchangeInfo"): INFO,
    ("GET", "/sapi/v1/margin/allPairs"): [],
    ("GET", "/sapi/v1/margin/isolated/allPairs"): [],
    ("POST", "/api/v3/order"): ORDER,
}
OPTIONS = {
    "apiKey": "k" * 64, "secret": "s" * 64, "enableRateLimit": False,
    "options": {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False, "defaultType": "spot"},
}  # fmt: skip
ARGUMENTS = ("BTC/USDT", "limit", "buy", 0.1, 50000)


# ------------------------------------------------------------------ the clock
@dataclass(frozen=True)
class Cost:
    """Seconds a call."""

    wall: float
    processor: float


CALLS, HANDOVERS = 60, 10_000


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def timing(costs: list[Cost]) -> Iterator[None]:
    """Add the cost of one of ``CALLS`` calls made in the block."""
    was_on = gc.isenabled()
    gc.disable()
    wall, processor = real_seconds(), _processor()
    yield
    costs.append(Cost((real_seconds() - wall) / CALLS, (_processor() - processor) / CALLS))
    if was_on:
        gc.enable()


def timed(call: Callable[[], object]) -> Cost:
    """The first call is not counted."""
    costs: list[Cost] = []
    call()
    with timing(costs):
        for _ in range(CALLS):
            call()
    return costs[0]


async def timed_async(call: Callable[[], Awaitable[object]]) -> Cost:
    """As ``timed``."""
    costs: list[Cost] = []
    await call()
    with timing(costs):
        for _ in range(CALLS):
            await call()
    return costs[0]


# ------------------------------------------------------------------ the clients
def _moved(urls: Any, base: str) -> Any:
    if isinstance(urls, dict):
        return {name: _moved(url, base) for name, url in urls.items()}
    return urls.replace(BASE, base)


def ccxt_sync(base: str) -> Cost:
    """create_order of the blocking client."""
    exchange = ccxt.binance(OPTIONS)
    exchange.urls["api"] = _moved(exchange.urls["api"], base)
    exchange.load_markets()
    return timed(lambda: exchange.create_order(*ARGUMENTS))


async def ccxt_async(base: str) -> Cost:
    """create_order of the asyncio client."""
    exchange = ccxt.async_support.binance(OPTIONS)
    exchange.urls["api"] = _moved(exchange.urls["api"], base)
    try:
        await exchange.load_markets()
        return await timed_async(lambda: exchange.create_order(*ARGUMENTS))
    finally:
        await exchange.close()


def httpx_sync(base: str) -> Cost:
    """A GET."""
    with httpx.Client() as client:
        return timed(lambda: client.get(base + PLAIN).json())


async def httpx_async(base: str) -> Cost:
    """A GET."""
    async with httpx.AsyncClient() as client:
        return await timed_async(lambda: client.get(base + PLAIN))


def requests_get(base: str) -> Cost:
    """A GET of a session."""
    with requests.Session() as session:
        return timed(lambda: session.get(base + PLAIN).json())


def urllib3_get(base: str) -> Cost:
    """A GET of a pool."""
    with urllib3.PoolManager() as pool:
        return timed(lambda: pool.request("GET", base + PLAIN).json())


async def aiohttp_get(base: str) -> Cost:
    """A GET of a session."""
    async with aiohttp.ClientSession() as session:

        async def call() -> None:
            async with session.get(base + PLAIN) as answer:
                await answer.json()

        return await timed_async(call)


async def websockets_echo(base: str) -> Cost:
    """A message and its echo."""
    async with websockets.connect(base.replace("http", "ws", 1) + "/ws") as socket:

        async def call() -> None:
            await socket.send("ping")
            assert await socket.recv() == "ping"

        return await timed_async(call)


# ------------------------------------------------------------------ the World
class Venue:
    """Answers at once, with the same bytes as the others; echoes over a WebSocket."""

    def __init__(self, conn: Conn) -> None:
        self.conn = conn
        self.ws: wire.WebSocketConnection | None = None

    def on_data(self, data: bytes) -> None:
        if self.ws is not None:
            self._frames(self.ws.receive(data))
        elif b"Upgrade: websocket" in data:
            event = wire.HttpConnection().receive(data)[0]
            assert isinstance(event, wire.Upgrade)
            self.ws = wire.WebSocketConnection(event.request)
            self._frames(self.ws.receive(event.rest))
        elif b"\r\n\r\n" in data:
            method, target, _ = data.decode().split(" ", 2)
            body = json.dumps(ANSWERS[method, target.partition("?")[0]])
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self.conn.send(head.encode() + body.encode())

    def _frames(self, events: list[wire.WebSocketEvent]) -> None:
        assert self.ws is not None
        for event in events:
            if isinstance(event, wire.Opening):
                self.ws.accept()
            elif isinstance(event, wire.Text):
                self.ws.send_text(event.text)
        self.conn.send(self.ws.outgoing())

    def on_eof(self) -> None:
        self.conn.close()

    def on_reset(self) -> None:
        """Nothing to do."""


def world() -> World:
    """A World with the venue in it."""
    made = World(epoch_ns=1_767_225_600 * NS)
    made.net.listen(HOST, 443, Venue)
    return made


def in_world(play: Callable[[str], Any]) -> Cost:
    """Play in a World of its own."""
    made = world()
    with made:
        if asyncio.iscoroutinefunction(play):
            found: Cost = made.run_async(lambda: play(BASE))
        else:
            found = made.run_blocking(lambda: play(BASE))
    return found


# ------------------------------------------------------------------ httpx by itself
BODY = json.dumps(ANSWERS["GET", PLAIN]).encode()
BYTES = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


class Stream(httpcore.NetworkStream):
    """Answers every request at once."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return BYTES

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        pass

    def close(self) -> None:
        pass

    def start_tls(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        return self

    def get_extra_info(self, info: str) -> Any:
        return None


class AsyncStream(httpcore.AsyncNetworkStream):
    """The same for asyncio."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return BYTES

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        pass

    async def aclose(self) -> None:
        pass

    async def start_tls(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return self

    def get_extra_info(self, info: str) -> Any:
        return None


class Streams(httpcore.NetworkBackend):
    """Connects to nothing."""

    def connect_tcp(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        return Stream()


class AsyncStreams(httpcore.AsyncNetworkBackend):
    """The same for asyncio."""

    async def connect_tcp(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return AsyncStream()


def httpx_alone(base: str) -> Cost:
    """As ``httpx_sync``, without a network."""
    transport: Any = httpx.HTTPTransport()
    transport._pool = httpcore.ConnectionPool(network_backend=Streams())
    with httpx.Client(transport=transport) as client:
        return timed(lambda: client.get(base + PLAIN).json())


async def httpx_async_alone(base: str) -> Cost:
    """As ``httpx_async``, without a network."""
    transport: Any = httpx.AsyncHTTPTransport()
    transport._pool = httpcore.AsyncConnectionPool(network_backend=AsyncStreams())
    async with httpx.AsyncClient(transport=transport) as client:
        return await timed_async(lambda: client.get(base + PLAIN))


# ------------------------------------------------------------------ the other ways
def outside(play: Callable[[str], Any], base: str, around: Any) -> Cost:
    """Play in the real world, inside the context ``around``."""
    with around:
        found: Cost = asyncio.run(play(base)) if asyncio.iscoroutinefunction(play) else play(base)
    return found


def cassette(folder: Path) -> Path:
    """Write the cassette that vcrpy plays back."""
    interactions = [
        {
            "request": {"method": method, "uri": BASE + path, "body": None, "headers": {}},
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"Content-Type": ["application/json"]},
                "body": {"string": json.dumps(answer)},
            },
        }
        for (method, path), answer in ANSWERS.items()
    ]
    file = folder / "order.yaml"
    file.write_text(yaml.safe_dump({"version": 1, "interactions": interactions}))
    return file


def replayed(file: Path) -> Any:
    """vcrpy in play-back mode."""
    recorder = vcr.VCR(record_mode="none", match_on=["method", "host", "path"])
    return recorder.use_cassette(str(file), allow_playback_repeats=True)


@contextmanager
def by_respx() -> Iterator[None]:
    """httpx's mock."""
    with respx.mock(assert_all_called=False) as mock:
        for (method, path), answer in ANSWERS.items():
            mock.route(method=method, url__startswith=BASE + path).respond(json=answer)
        yield


@contextmanager
def by_responses() -> Iterator[None]:
    """The mock of requests."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for (method, path), answer in ANSWERS.items():
            mock.add(method, BASE + path, json=answer)
        yield


@contextmanager
def by_aioresponses() -> Iterator[None]:
    """aiohttp's mock."""
    with aioresponses.aioresponses() as mock:
        for (method, path), answer in ANSWERS.items():
            mock.add(re.compile(re.escape(BASE + path) + r"(\?.*)?$"), method, payload=answer, repeat=True)
        yield


@dataclass(frozen=True)
class Client:
    """One row: who calls, which mock of its own it has, and how it calls without a network."""

    name: str
    play: Callable[[str], Any]
    mock: Callable[[], Any] | None
    replayable: bool = True
    alone: Callable[[str], Any] | None = None


CLIENTS = (
    Client("ccxt sync, create_order", ccxt_sync, by_responses),
    Client("ccxt async, create_order", ccxt_async, by_aioresponses),
    Client("httpx sync", httpx_sync, by_respx, alone=httpx_alone),
    Client("httpx async", httpx_async, by_respx, alone=httpx_async_alone),
    Client("requests", requests_get, by_responses),
    Client("urllib3", urllib3_get, None),
    Client("aiohttp", aiohttp_get, by_aioresponses),
    Client("websockets, send and receive", websockets_echo, None, replayable=False),
)


# ------------------------------------------------------------------ the bare server
async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An ASGI application with the same answers."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
    elif scope["type"] == "http":
        body = json.dumps(ANSWERS[scope["method"], scope["path"]]).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def serve() -> None:
    """Serve on a free port of the loopback interface, and print its number."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await task


@contextmanager
def bare_server() -> Iterator[str]:
    """A uvicorn in a process of its own; its address."""
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


# ------------------------------------------------------------------ the table
WAYS = ("World", "vcrpy", "mock", "loopback", "alone")


def compare(client: Client, ways: dict[str, Callable[[], Cost]], batches: int) -> None:
    """Alternate batches; print medians, and medians of the ratios of neighbours."""
    for name, way in list(ways.items()):
        try:
            way()
        except TypeError as error:  # a mock that does not know its library's present version
            if name != "mock":
                raise
            del ways[name]
            print(f"{client.name}: its mock does not work: {error}")
    rounds: list[dict[str, Cost]] = []
    for _ in range(batches):
        gc.collect()
        rounds.append({name: way() for name, way in ways.items()})
    for clock in ("wall", "processor"):
        cells = []
        for name in WAYS:
            if name not in ways:
                cells.append(f"{'-':>15}")
                continue
            cost = statistics.median(getattr(one[name], clock) for one in rounds) * 1e6
            if name == "World":
                cells.append(f"{cost:8,.0f} us")
            else:
                ratio = statistics.median(getattr(one["World"], clock) / getattr(one[name], clock) for one in rounds)
                cells.append(f"{cost:6,.0f} us {ratio:5.2f}")
        print(f"{client.name if clock == 'wall' else '':29} {clock:9} {' '.join(cells)}", flush=True)


def hand_over() -> float:
    """Seconds of real time for one hand-over of the baton between two threads that wait for each other."""
    there, back = queue.SimpleQueue[bool](), queue.SimpleQueue[bool]()

    def answer() -> None:
        while there.get():
            back.put(True)

    thread = threading.Thread(target=answer)
    thread.start()
    start = real_seconds()
    for _ in range(HANDOVERS // 2):
        there.put(True)
        back.get()
    taken = real_seconds() - start
    there.put(False)
    thread.join()
    return taken / HANDOVERS


def main() -> None:
    """Print the table, and the cost of a World itself."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--batches", type=int, default=15)
    parser.add_argument("--only", default="", help="clients whose name contains this")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        asyncio.run(serve())
        return
    print(f"{'':29} {'time':9} {'World':>11} {'/ vcrpy':>15} {'/ own mock':>15} {'/ loopback':>15} {'/ alone':>15}")
    with tempfile.TemporaryDirectory() as folder, bare_server() as address:
        file = cassette(Path(folder))
        for client in CLIENTS:
            if args.only not in client.name:
                continue
            play = client.play
            ways: dict[str, Callable[[], Cost]] = {"World": lambda play=play: in_world(play)}
            if client.replayable:
                ways["vcrpy"] = lambda play=play: outside(play, BASE, replayed(file))
            if client.mock is not None:
                ways["mock"] = lambda play=play, mock=client.mock: outside(play, BASE, mock())
            ways["loopback"] = lambda play=play: outside(play, address, nullcontext())
            if client.alone is not None:
                ways["alone"] = lambda play=client.alone: in_world(play)
            compare(client, ways, args.batches)
    times = []
    for _ in range(200):
        start = _processor()
        with world():
            pass
        times.append(_processor() - start)
    print(f"making, entering and leaving a World: {statistics.mean(times) * 1e6:,.0f} us of processor time")
    made = world()
    with made:
        costs = [made.run_blocking(hand_over) for _ in range(5)]
    print(f"one hand-over between two threads: {statistics.median(costs) * 1e6:,.0f} us of real time")
    print(f"load average (1 min): {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
