"""Create-order requests a second over loopback: ``outtrade serve`` / a bare uvicorn handler.

    python bench/wire.py [SECONDS]

The same client (raw keep-alive connections, requests signed beforehand), the same number of connections, the same run,
in turns. Each server is a process of its own. The bare handler answers with bytes of the same length and does nothing;
ours checks the signature, limits and filters, matches the order, moves the account and renders the answer. ``serve``
keeps no record here (no ``--save``), as anyone who measures load would run it; ``recorded`` keeps one.
Needs uvicorn (extra ``test``).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

CONNECTIONS = 8
ROUNDS = 5
SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
KEY, SECRET = "outtradeTESTkey" + "0" * 49, "outtradeTESTsecret" + "0" * 46

BARE = """
BODY = b"x" * %d
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]

async def app(scope, receive, send):
    assert scope["type"] == "http"
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
"""


def request(number: int) -> bytes:
    """An immediate-or-cancel order far from the market: accepted, matched against nothing, expired."""
    terms: dict[str, object] = {"symbol": "BTCUSDT"}
    terms |= {"side": "BUY", "type": "LIMIT", "timeInForce": "IOC", "price": "40000", "quantity": "0.01"}
    terms |= {"newClientOrderId": f"bench-{number}", "recvWindow": 60000, "timestamp": int(time.time() * 1000)}
    query = urlencode(terms)
    signature = hmac.new(SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()
    head = f"POST /api/v3/order?{query}&signature={signature} HTTP/1.1\r\nHost: api.binance.com\r\n"
    return f"{head}X-MBX-APIKEY: {KEY}\r\nContent-Length: 0\r\n\r\n".encode()


class Client(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last is whole."""

    def __init__(self, requests: list[bytes]) -> None:
        self.requests, self.count, self.bad = requests, 0, 0
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.next()

    def next(self) -> None:
        self.transport.write(self.requests.pop())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, blank, body = self.buffer.partition(b"\r\n\r\n")
        if not blank:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(None, 1)[0])
        if len(body) < length:
            return
        self.count += 1
        self.bad += not head.startswith(b"HTTP/1.1 200")
        self.buffer = b""
        if self.requests:
            self.next()


async def load(port: int, requests: list[bytes], seconds: float) -> tuple[int, float, int]:
    """Requests done, seconds, and how many were not answered by 200."""
    loop = asyncio.get_running_loop()
    clients = []
    shares = [requests[n::CONNECTIONS] for n in range(CONNECTIONS)]
    start = time.perf_counter()
    for share in shares:
        _, client = await loop.create_connection(lambda share=share: Client(share), "127.0.0.1", port)
        clients.append(client)
    while (spent := time.perf_counter() - start) < seconds and all(client.requests for client in clients):
        await asyncio.sleep(0.02)
    spent = time.perf_counter() - start
    done, bad = sum(client.count for client in clients), sum(client.bad for client in clients)
    for client in clients:
        client.transport.abort()
    return done, spent, bad


def scenario() -> str:
    """A quiet market whose limits are out of the way."""
    from outtrade.model.scenario import Market, Scenario
    from outtrade.model.task import Bounds

    limits = {"weight_per_minute": 10**9, "orders_per_10s": 10**9, "orders_per_day": 10**9}
    return Scenario(
        id="bench",
        seed=1,
        symbols=("BTC/USDT",),
        balances={"USDT": 1_000_000},
        markets={"BTC/USDT": Market(mid=50_000, depth="0.5", taker_size="0.05")},
        latency=0,
        knobs=limits,
        intents=(),
        until=864_000,
        bounds=Bounds(settle=0),
    ).to_json()


class Server:
    """A server in a process of its own; ``port`` once it listens."""

    def __init__(self, words: list[str], mark: str) -> None:
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if mark in line:
                self.port = int(line.rpartition(":")[2].split()[0].strip("/ "))
                return
        sys.exit(f"{words}: did not start")

    def cpu(self) -> float:
        """Seconds of processor time so far (Linux)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate()


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "scenario.json").write_text(scenario())
        (folder / "bare.py").write_text(BARE % 420)
        serve = [sys.executable, "-m", "outtrade", "serve", "binance_spot", "--scenario", str(folder / "scenario.json")]
        bare = [sys.executable, "-m", "uvicorn", "--app-dir", name, "bare:app", "--port", "0", "--no-access-log"]
        servers = {
            "bare uvicorn": Server([*bare, "--http", "httptools", "--loop", "asyncio"], "running on"),
            "outtrade serve": Server(serve, "REST:"),
            "recorded": Server([*serve, "--save", str(folder / "history.jsonl")], "REST:"),
        }
        rates: dict[str, list[float]] = {label: [] for label in servers}
        costs: dict[str, list[float]] = {label: [] for label in servers}
        try:
            for round_ in range(ROUNDS + 1):
                for label, server in servers.items():
                    requests = [request(n) for n in range(int(SECONDS * 12_000))]
                    before = server.cpu()
                    done, spent, bad = asyncio.run(load(server.port, requests, SECONDS))
                    if bad:
                        sys.exit(f"{label}: {bad} requests were refused")
                    if round_:  # the first warms up
                        rates[label].append(done / spent)
                        costs[label].append((server.cpu() - before) / done * 1e6)
        finally:
            for server in servers.values():
                server.stop()
    for label, found in rates.items():
        ratios = [one / bare for one, bare in zip(found, rates["bare uvicorn"], strict=True)]
        cost, bare_cost = statistics.median(costs[label]), statistics.median(costs["bare uvicorn"])
        print(
            f"{label:16} {statistics.median(found):6.0f} a second, ratio {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} to {max(ratios):.2f}); {cost:4.0f} us of processor time a request, "
            f"ratio {bare_cost / cost:.2f}"
        )


if __name__ == "__main__":
    main()
