"""Reference agent on ccxt.pro: the private stream first, REST to place, to cancel and to fill gaps; at every venue.

    outtrade run agent:ccxt_pro --scenarios 100
    outtrade run agent:ccxt_pro --space kraken_spot --scenarios 100

``watch_orders`` connects, logs in, subscribes and gives what is new; it raises where the connection ends. ccxt does not
say when a subscription is acknowledged, so the stream counts as up ``GRACE`` seconds after its connection stood, and
each such moment is a new *generation*: what happened in between is not replayed, the account is read again. Nothing in
it is trusted to be complete: working orders are polled as well. What is only heard of by the venue's id, and is no
order known here, is left alone until an answer says whose it is.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any

from ccxt.base.errors import NetworkError

from outtrade.dialects.words import Doubtful, OrderState, Refused
from outtrade.model.task import Report
from outtrade_mocks.venues import NAMES
from outtrade_suites.agents.brain import Brain
from outtrade_suites.agents.branching import Branching
from outtrade_suites.agents.ccxt_port import CcxtPort
from outtrade_suites.agents.pacing import Backoff
from outtrade_suites.agents.port import Access, Link, RunTask

VENUES = NAMES
"""Where it can trade."""
LACKS = ("sessions",)
"""What it has not got: of Alpaca ccxt knows the coins alone."""
GRACE = 5.0
"""Seconds from a connection that stands to a subscription that is taken to stand. *Inferred*."""
LOOK = 0.25
"""Seconds between two looks at whether the connection stands yet."""
FRESH = 4.0
"""Seconds a connection may take. ccxt signs what subscribes before it connects, and venues refuse what was signed too
long ago (Binance: 5 s): a later connection is given up, and what is sent over the next one is signed anew."""
CHECK = 2.0
"""Seconds between two looks at whether it still does."""


class CcxtProPort(CcxtPort):
    """A venue over ``ccxt.pro``."""

    def __init__(self, venue: Access, backoff: Backoff, silence: float) -> None:
        """``silence``: seconds within which a dead stream has to be noticed; ccxt gives a connection up after about
        three pings."""
        super().__init__(venue)
        self.link = self._up = Link()
        self.exchange.streaming["keepAlive"] = int(min(10.0, silence / 12) * 1000)
        self._backoff = backoff
        self._news: deque[OrderState] = deque()
        self._stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._silent_until = 0.0

    def make(self) -> Any:
        return self.venue.ccxt(pro=True)

    async def start(self) -> None:
        if self.own.gets:
            self.exchange.open()
            self.exchange.session._retry_connection = False  # as aiohttp's own test client does: no GET is sent twice
        await super().start()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._listen())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.exchange.close()

    async def wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._stirred.wait()
        except TimeoutError:
            pass
        self._stirred.clear()

    def events(self) -> Sequence[OrderState]:
        return tuple(self._news.popleft() for _ in range(len(self._news)))

    def understood(self) -> Any:
        """As every port; a ban covers the stream as well."""
        try:
            return super().understood()
        except Refused as refusal:
            if refusal.kind == "ban":
                self._silent_until = time.time() + (refusal.retry_after or 120.0)
            raise

    # ---------------------------------------------------------- the stream
    async def _listen(self) -> None:
        """Keep one subscription alive."""
        while True:
            await asyncio.sleep(max(0.0, self._silent_until - time.time()))
            watching = asyncio.ensure_future(self._watch())
            try:
                await self._mind(watching)
            finally:
                watching.cancel()
                self._change(up=False)
            for client in self.exchange.clients.values():
                if client.connection is None:  # ccxt would go on connecting, and send over it what it signed long ago
                    client.connected.reject(NetworkError("given up"))
            with suppress(Exception):
                await self.exchange.close_ws_clients()
            await asyncio.sleep(self._backoff.next())

    async def _watch(self) -> None:
        """Hand on what is told, until the connection is gone or the subscription is refused."""
        with suppress(Exception):
            while True:
                for order in await self.exchange.watch_orders():
                    self._tell(order)

    async def _mind(self, watching: asyncio.Future[None]) -> None:
        """Until the stream has ended, or comes too late: say that it is up once its connection has stood for a while,
        and notice its end, of which ccxt does not tell a waiting ``watch_orders`` where the venue announced it: it only
        forgets what was subscribed to."""
        stood, waited, subscribed = 0.0, 0.0, 0
        while not watching.done():
            await asyncio.wait({watching}, timeout=LOOK if stood < GRACE else CHECK)
            clients = list(self.exchange.clients.values())
            alive = [client for client in clients if client.connection is not None and not client.closed()]
            now = sum(len(client.subscriptions) for client in alive)
            if stood and (not alive or now < subscribed):
                return
            subscribed = now
            stood += LOOK if alive else 0.0
            waited += 0.0 if stood else LOOK
            if waited >= FRESH:
                return
            if stood >= GRACE and not self._up.up:
                self._backoff.reset()
                self._change(up=True)

    def _change(self, *, up: bool) -> None:
        if self._up.up != up:
            self._up.up = up
            self._up.generation += up
            self._stirred.set()

    def _tell(self, order: Any) -> None:
        """One order of the stream; what cannot be read is left to polling."""
        symbol = order.get("symbol")
        if symbol not in self.venue.symbols:
            return
        try:
            self._news.extend(self.states([order], symbol))
        except Doubtful:
            return
        self._stirred.set()


class CcxtProAgent(Branching):
    """The decisions, over ccxt.pro."""

    port_class = CcxtProPort

    def __init__(self, task: RunTask, venue: Access) -> None:
        backoff = Backoff(Random(), base=0.5, cap=15.0)
        super().__init__(task, venue, self.port_class(venue, backoff, task.bounds.silence))

    def elsewhere(self, task: RunTask, venue: Access) -> Brain:
        return type(self)(task, venue)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent: see the contract."""
    return await CcxtProAgent(task, venue).run()
