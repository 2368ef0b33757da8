"""Reference agent with threads: the private stream in one, requests in others, decisions in the main thread.

outtrade run py:outtrade_suites.agents.threaded_agent:execute

It decides as the others do and speaks to the venue as ``httpx_agent`` does, with blocking clients. Three things are
what threads make of it:

* a blocking client has no limit for a whole answer that trickles in, so each request runs in a pool and its future is
  waited for; one that had not begun when time was up is taken back, and was provably not sent;
* the stream's thread hands its news over through a deque and wakes the main thread by an event; it never decides;
* pings are sent from the reading thread, when nothing came for a while.
"""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from outtrade.model.task import Report
from outtrade_suites.agents.brain import Brain
from outtrade_suites.agents.httpx_agent import HttpxPort
from outtrade_suites.agents.pacing import Backoff
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.stream import OPEN_TIMEOUT, PING, StreamReader

WORKERS = 4
"""Requests that may be under way: one that is waited for, and some that were given up and still trickle in."""


VENUES = ("binance_spot",)
"""Where these agents can trade: they speak its wire."""
LACKS = ("dead_man", "fallback")
"""What it has not got: it speaks one wire."""


class StreamThread(StreamReader):
    """Keeps one subscription alive, in a thread."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.stirred = threading.Event()
        self._leave = threading.Event()
        self._socket: ClientConnection | None = None
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)

    def start(self) -> None:
        """Begin to connect, in the background."""
        if not self._thread.is_alive():
            self._thread.start()

    def close(self) -> None:
        """Leave; nothing is sent afterwards."""
        self._leave.set()
        socket = self._socket
        if socket is not None:
            socket.close()
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        while not self._leave.wait(self._may_connect()):
            try:
                with connect(self._url, open_timeout=OPEN_TIMEOUT, close_timeout=2) as socket:
                    self._socket = socket
                    try:
                        if not self._leave.is_set():
                            self._listen(socket)
                    finally:
                        self._change(up=False)  # before the farewell, which takes time
            except (OSError, WebSocketException, TimeoutError, ValueError):
                pass
            finally:
                self._socket = None
            self._leave.wait(self._backoff.next())

    def _listen(self, socket: ClientConnection) -> None:
        socket.send(self.subscription())
        end = time.monotonic() + OPEN_TIMEOUT
        while not self.subscribed(json.loads(socket.recv(timeout=max(0.0, end - time.monotonic())))):
            pass
        self._change(up=True)
        self._backoff.reset()
        pong = None
        while True:
            try:
                message = socket.recv(timeout=self.ping)  # ends with the connection; a wait for the pong would not
            except TimeoutError:
                if pong is not None and not pong.is_set():
                    return
                pong = socket.ping()
                continue
            if not self.receive(json.loads(message)):
                return


class ThreadedPort(HttpxPort):
    """Binance spot over ``httpx.Client`` and ``websockets.sync``. Its methods block, and never suspend."""

    def __init__(self, venue: Access, backoff: Backoff) -> None:
        self.venue = venue
        self.skew = 0.0
        silence, self._total = self.timeouts()
        self._client = httpx.Client(base_url=venue.rest_url, timeout=silence)
        self._pool = ThreadPoolExecutor(WORKERS, "rest")
        self._silent_until = 0.0
        self._listener: StreamThread | None = None
        if venue.stream_url:
            names = {name: symbol for symbol, name in venue.symbols.items()}
            silent = lambda: max(0.0, self._silent_until - time.time())  # noqa: E731
            self._listener = StreamThread(venue.stream_url, names, self.sign_stream, backoff, silent)
        self.link = self._listener.link if self._listener else None

    def keep_alive(self, silence: float) -> None:
        """Ping the stream often enough to notice in half of ``silence`` seconds that it is dead."""
        if self._listener:
            self._listener.ping = min(PING, silence / 4)

    async def start(self) -> None:
        if self._listener:
            self._listener.start()

    async def close(self) -> None:
        if self._listener:
            self._listener.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    async def wait(self, seconds: float) -> None:
        if self._listener is None:
            time.sleep(max(0.0, seconds))
            return
        self._listener.stirred.wait(max(0.0, seconds))
        self._listener.stirred.clear()

    def events(self) -> Any:
        return self._listener.take() if self._listener else ()

    async def send(self, method: str, url: str, headers: dict[str, str]) -> httpx.Response:
        future = self._pool.submit(self._client.request, method, url, headers=headers)
        try:
            return future.result(timeout=self._total)
        except TimeoutError:
            if future.cancel():
                raise httpx.PoolTimeout("no worker was free: never sent") from None
            raise


class ThreadedAgent(Brain):
    """The decisions, in the main thread."""

    port_class = ThreadedPort

    def __init__(self, task: RunTask, venue: Access) -> None:
        port = self.port_class(venue, Backoff(Random(), base=0.5, cap=15.0))
        port.keep_alive(task.bounds.silence)
        super().__init__(task, venue, port)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent: see the contract."""
    return drive(ThreadedAgent(task, venue).run())
