"""What one create_order costs in the World, as a ratio to the same client replaying a vcrpy cassette.

Run ``python bench/world.py``. Both sides run the unmodified ccxt client against the same answer, in alternating batches
in one process, so that the noise of the machine hits both; the median of the batches' ratios is printed. Below 1.0 the
simulated exchange costs less than playing a recording back. Also printed: what entering and leaving a World costs, and
one hand-over between two threads.
"""

from __future__ import annotations

import asyncio
import gc
import json
import queue
import statistics
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ccxt
import ccxt.async_support
import vcr
import yaml

from outtrade.sim import NS, Conn, World
from outtrade.sim.timewrap import real_seconds

HOST = "api.binance.com"
BATCHES, ORDERS, HANDOVERS = 15, 100, 10_000

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


class Venue:
    """Answers at once, with the same bytes as the cassette."""

    def __init__(self, conn: Conn) -> None:
        self.conn = conn

    def on_data(self, data: bytes) -> None:
        if b"\r\n\r\n" not in data:
            return
        method, target, _ = data.decode().split(" ", 2)
        body = json.dumps(ANSWERS[method, target.partition("?")[0]])
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: {len(body)}\r\n\r\n"
        self.conn.send(head.encode() + body.encode())

    def on_eof(self) -> None:
        self.conn.close()

    def on_reset(self) -> None:
        """Nothing to do."""


def world() -> World:
    """A World with the venue in it."""
    made = World(epoch_ns=1_767_225_600 * NS)
    made.net.listen(HOST, 443, Venue)
    return made


def cassette(folder: Path) -> Path:
    """Write the cassette that is played back."""
    interactions = [
        {
            "request": {"method": method, "uri": f"https://{HOST}{path}", "body": None, "headers": {}},
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"Content-Type": ["application/json;charset=UTF-8"]},
                "body": {"string": json.dumps(answer)},
            },
        }
        for (method, path), answer in ANSWERS.items()
    ]
    file = folder / "order.yaml"
    file.write_text(yaml.safe_dump({"version": 1, "interactions": interactions}))
    return file


def player(file: Path) -> Any:
    """The recorder in play-back mode."""
    recorder = vcr.VCR(record_mode="none", match_on=["method", "host", "path"])
    return recorder.use_cassette(str(file), allow_playback_repeats=True)


def place_sync() -> float:
    """Seconds of real time for one order, constructor and markets not counted."""
    exchange = ccxt.binance(OPTIONS)
    exchange.load_markets()
    exchange.create_order(*ARGUMENTS)
    start = real_seconds()
    for _ in range(ORDERS):
        exchange.create_order(*ARGUMENTS)
    return (real_seconds() - start) / ORDERS


async def place_async() -> float:
    """As ``place_sync``, with the asyncio client."""
    exchange = ccxt.async_support.binance(OPTIONS)
    try:
        await exchange.load_markets()
        await exchange.create_order(*ARGUMENTS)
        start = real_seconds()
        for _ in range(ORDERS):
            await exchange.create_order(*ARGUMENTS)
        return (real_seconds() - start) / ORDERS
    finally:
        await exchange.close()


def compare(name: str, in_world: Callable[[], float], replayed: Callable[[], float]) -> None:
    """Alternate batches and print medians and the median ratio."""
    in_world()
    replayed()
    pairs = []
    for _ in range(BATCHES):
        gc.collect()
        pairs.append((in_world(), replayed()))
    ours, theirs = (statistics.median(column) * 1e6 for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"{name:5}  World {ours:7,.0f} us   vcrpy {theirs:7,.0f} us   ratio {ratio:.2f}")


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
    """Print the ratios, and the cost of a World itself."""
    with tempfile.TemporaryDirectory() as folder:
        file = cassette(Path(folder))

        def world_sync() -> float:
            made = world()
            with made:
                return made.run_blocking(place_sync)

        def world_async() -> float:
            made = world()
            with made:
                return made.run_async(place_async)

        def vcr_sync() -> float:
            with player(file):
                return place_sync()

        def vcr_async() -> float:
            with player(file):
                return asyncio.run(place_async())

        compare("sync", world_sync, vcr_sync)
        compare("async", world_async, vcr_async)
    times = []
    for _ in range(200):
        start = real_seconds()
        with world():
            pass
        times.append(real_seconds() - start)
    print(f"making, entering and leaving a World: {statistics.median(times) * 1e6:,.0f} us")
    made = world()
    with made:
        costs = [made.run_blocking(hand_over) for _ in range(5)]
    print(f"one hand-over between two threads: {statistics.median(costs) * 1e6:,.0f} us")


if __name__ == "__main__":
    main()
