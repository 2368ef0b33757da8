"""Reference agent on plain httpx: signs its own requests, listens to the private stream.

outtrade run py:outtrade_suites.agents.httpx_agent:execute
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import urlencode

import httpx

from outtrade.dialects.binance_spot import (
    PAGE,
    order_params,
    pair_params,
    parsed,
    read_answer,
    read_balances,
    read_cancelled,
    read_fill,
    read_order,
    read_pair,
    read_quote,
    read_rules,
)
from outtrade.model.task import Report
from outtrade_suites.agents.brain import Brain
from outtrade_suites.agents.pacing import Backoff
from outtrade_suites.agents.port import (
    Access,
    Doubtful,
    Fill,
    Link,
    NotSent,
    OrderState,
    Quote,
    Refused,
    RunTask,
    Terms,
    plain,
)
from outtrade_suites.agents.stream import PING, PrivateStream

SILENCE_TIMEOUT = 10.0
"""Seconds without a byte after which an answer is given up; Binance's own engine gives up after 10."""
TOTAL_TIMEOUT = 20.0
"""Seconds for a whole answer, however it trickles in."""
RECV_WINDOW = 5000
"""Milliseconds for which a request is valid on its way."""


VENUES = ("binance_spot",)
"""Where these agents can trade: they speak its wire."""
LACKS = ("dead_man", "fallback")
"""What it has not got: it speaks one wire."""


class HttpxPort:
    """Binance spot over ``httpx.AsyncClient`` and ``websockets``."""

    stream_class = PrivateStream
    contracts = None
    switch = None
    offers = frozenset({"amend", "pair", "trail"})

    def __init__(self, venue: Access, backoff: Backoff) -> None:
        self.venue = venue
        self.skew = 0.0
        """Seconds by which the venue's clock is ahead of ours."""
        silence, self._total = self.timeouts()
        self._http = httpx.AsyncClient(base_url=venue.rest_url, timeout=silence)
        self._silent_until = 0.0
        """UNIX seconds; a ban covers the stream as well."""
        self._stream: PrivateStream | None = None
        if venue.stream_url:
            names = {name: symbol for symbol, name in venue.symbols.items()}
            self._stream = self.stream_class(
                venue.stream_url, names, self.sign_stream, backoff, lambda: max(0.0, self._silent_until - time.time())
            )
        self.link: Link | None = self._stream.link if self._stream else None

    # ------------------------------------------------------------ life
    def timeouts(self) -> tuple[float | None, float | None]:
        """Seconds without a byte, and seconds for a whole answer, after which a request is given up."""
        return SILENCE_TIMEOUT, TOTAL_TIMEOUT

    def keep_alive(self, silence: float) -> None:
        """Ping the stream often enough to notice in half of ``silence`` seconds that it is dead."""
        if self._stream:
            self._stream.ping = min(PING, silence / 4)

    async def start(self) -> None:
        """Begin to listen."""
        if self._stream:
            self._stream.start()

    async def close(self) -> None:
        """Leave the stream, close all connections."""
        if self._stream:
            await self._stream.close()
        await self._http.aclose()

    async def wait(self, seconds: float) -> None:
        """Until ``seconds`` have passed or the stream has something to tell."""
        if self._stream is None:
            await asyncio.sleep(seconds)
            return
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._stream.stirred.wait()
        except TimeoutError:
            pass
        self._stream.stirred.clear()

    def events(self) -> Sequence[OrderState]:
        """What the stream has told since the last call."""
        if self._stream is None:
            return ()
        return self._stream.take()

    # -------------------------------------------------------- requests
    def timestamp(self) -> int:
        """The venue's time in milliseconds, as far as it is known."""
        return int((time.time() + self.skew) * 1000)

    def signature(self, query: str) -> str:
        """HMAC-SHA256 over the query string."""
        return hmac.new(self.venue.secret.encode(), query.encode(), hashlib.sha256).hexdigest()

    def sign_stream(self, params: dict[str, str]) -> dict[str, str]:
        """Parameters of a WebSocket API request, signed over their alphabetical order."""
        full = params | {"apiKey": self.venue.key, "timestamp": str(self.timestamp())}
        return full | {"signature": self.signature(urlencode(sorted(full.items())))}

    async def call(self, method: str, path: str, params: dict[str, str], *, signed: bool = True) -> Any:
        """One request; the answer's JSON, or NotSent, Refused, Doubtful."""
        headers = {}
        query = urlencode(params)
        if signed:
            query = urlencode(params | {"recvWindow": str(RECV_WINDOW), "timestamp": str(self.timestamp())})
            query += f"&signature={self.signature(query)}"
            headers["X-MBX-APIKEY"] = self.venue.key
        try:
            answer = await self.send(method, f"{path}?{query}" if query else path, headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSent(repr(error)) from None
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise Doubtful(repr(error)) from None
        try:
            return read_answer(answer.status_code, answer.headers, answer.text, now=time.time())
        except Refused as refusal:
            if refusal.kind == "clock":
                await self.adjust_clock()
            elif refusal.kind == "ban":
                self._silent_until = time.time() + (refusal.retry_after or SILENCE_TIMEOUT)
            raise

    async def send(self, method: str, url: str, headers: dict[str, str]) -> httpx.Response:
        """One request over the wire; raises TimeoutError when the whole answer takes too long."""
        async with asyncio.timeout(self._total):
            return await self._http.request(method, url, headers=headers)

    async def adjust_clock(self) -> None:
        """Read the venue's time; if that fails, the next clock error tries again."""
        try:
            data = await self.call("GET", "/api/v3/time", {}, signed=False)
            self.skew = parsed(lambda: int(data["serverTime"])) / 1000 - time.time()
        except (NotSent, Doubtful, Refused):
            pass

    # -------------------------------------------------------- the port
    async def place(self, client_id: str, terms: Terms) -> OrderState:
        params = order_params(self.venue.symbols[terms.symbol], client_id, terms)
        data = await self.call("POST", "/api/v3/order", params)
        return parsed(lambda: read_order(data, terms.symbol))

    async def place_pair(self, legs: Sequence[tuple[str, Terms]]) -> list[OrderState]:
        symbol = legs[0][1].symbol
        data = await self.call("POST", "/api/v3/orderList/oco", pair_params(self.venue.symbols[symbol], legs))
        return parsed(lambda: read_pair(data, symbol))

    async def cancel(self, symbol: str, venue_id: str, cancel_id: str | None) -> OrderState:
        params = {"symbol": self.venue.symbols[symbol], "orderId": venue_id}
        if cancel_id is not None:
            params["newClientOrderId"] = cancel_id
        data = await self.call("DELETE", "/api/v3/order", params)
        return parsed(lambda: read_cancelled(data, symbol, venue_id))

    async def amend(self, symbol: str, venue_id: str, quantity: Decimal, new_id: str) -> None:
        params = {"symbol": self.venue.symbols[symbol], "orderId": venue_id, "newQty": plain(quantity)}
        await self.call("PUT", "/api/v3/order/amend/keepPriority", params | {"newClientOrderId": new_id})

    async def order(self, symbol: str, *, venue_id: str | None = None, client_id: str | None = None) -> OrderState:
        which = {"orderId": venue_id} if venue_id is not None else {"origClientOrderId": str(client_id)}
        data = await self.call("GET", "/api/v3/order", {"symbol": self.venue.symbols[symbol], **which})
        return parsed(lambda: read_order(data, symbol))

    async def open_orders(self, symbol: str) -> list[OrderState]:
        rows = await self.call("GET", "/api/v3/openOrders", {"symbol": self.venue.symbols[symbol]})
        return parsed(lambda: [read_order(row, symbol) for row in rows])

    async def all_orders(self, symbol: str, since: float) -> list[OrderState]:
        params = {"symbol": self.venue.symbols[symbol], "limit": str(PAGE)}
        rows = page = await self.call("GET", "/api/v3/allOrders", params | {"startTime": str(int(since * 1000))})
        while parsed(lambda page=page: len(page)) == PAGE:  # type: ignore[misc]
            page = await self.call("GET", "/api/v3/allOrders", params | {"orderId": str(page[-1]["orderId"] + 1)})
            rows = rows + page
        return parsed(lambda: [read_order(row, symbol) for row in rows])

    async def fills(self, symbol: str, *, since: float | None = None, order: str | None = None) -> list[Fill]:
        params = {"symbol": self.venue.symbols[symbol], "limit": str(PAGE)}
        if order is not None:
            params["orderId"] = order
        first = {} if since is None else {"startTime": str(int(since * 1000))}
        rows = page = await self.call("GET", "/api/v3/myTrades", params | first)
        while parsed(lambda page=page: len(page)) == PAGE:  # type: ignore[misc]
            page = await self.call("GET", "/api/v3/myTrades", params | {"fromId": str(page[-1]["id"] + 1)})
            rows = rows + page
        return parsed(lambda: [read_fill(row, symbol) for row in rows])

    async def balances(self) -> dict[str, Any]:
        data = await self.call("GET", "/api/v3/account", {})
        return parsed(lambda: read_balances(data))

    async def quote(self, symbol: str) -> Quote:
        data = await self.call(
            "GET", "/api/v3/depth", {"symbol": self.venue.symbols[symbol], "limit": "5"}, signed=False
        )
        return parsed(lambda: read_quote(data))

    async def rules(self, symbol: str) -> dict[str, Any]:
        name = self.venue.symbols[symbol]
        data = await self.call("GET", "/api/v3/exchangeInfo", {"symbol": name}, signed=False)
        return parsed(lambda: read_rules(data))


class HttpxAgent(Brain):
    """The decisions, over httpx."""

    port_class = HttpxPort

    def __init__(self, task: RunTask, venue: Access) -> None:
        port = self.port_class(venue, Backoff(Random(), base=0.5, cap=15.0))
        port.keep_alive(task.bounds.silence)
        super().__init__(task, venue, port)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent: see the contract."""
    return await HttpxAgent(task, venue).run()
