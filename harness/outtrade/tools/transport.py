"""The other side of the tools' steps: real HTTP by httpx, blocking or asynchronous.

Every way in which httpx fails is one of two: nothing left (``NotSent``), or something may have (``Doubtful``). A
request is given up after ``SILENCE`` seconds without a byte, or ``TOTAL`` seconds however it trickles in. Nothing is
ever sent twice.

It is httpx's transport that is used, below its client: cookies, redirects and authentication are nothing that an
exchange's API asks for, and the client's share of a call was a fifth of its time. What goes out is the same, byte for
byte.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from functools import lru_cache
from typing import Any

import httpx

from outtrade.dialects.words import Doubtful, NotSent, PortError
from outtrade.tools.steps import Dialect, Pause, Send, Steps

SILENCE = 10.0
"""Seconds without a byte after which an answer is given up."""
TOTAL = 20.0
"""Seconds for a whole answer."""
LIMIT = 16_000_000
"""Bytes of an answer; more is no answer."""

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_DOUBTFUL = (httpx.HTTPError, httpx.StreamError, OSError)
_EXTENSIONS = {"timeout": httpx.Timeout(SILENCE).as_dict()}


def _options(ca_file: str | None) -> dict[str, Any]:
    verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=ca_file) if ca_file else True
    return {"trust_env": False, "verify": verify}


class _Requests:
    """Makes requests as httpx's client makes them."""

    def __init__(self, dialect: Dialect, origin: str) -> None:
        self._dialect, self._origin = dialect, origin
        self._headers = _usual_headers()

    def make(self, step: Send) -> httpx.Request:
        """The request of a step, signed now."""
        wire = self._dialect.wire(step)
        headers = [*self._headers, *((name.encode(), value.encode()) for name, value in wire.headers.items())]
        return httpx.Request(step.method, self._origin + wire.target, headers=headers, extensions=_EXTENSIONS)


@lru_cache
def _usual_headers() -> tuple[tuple[bytes, bytes], ...]:
    """What httpx's client sends with every request."""
    with httpx.Client(trust_env=False, transport=httpx.BaseTransport()) as client:
        return tuple(client.headers.raw)


class _Body:
    """Collects an answer within its limits."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._deadline = time.monotonic() + TOTAL

    def add(self, part: bytes) -> None:
        self._parts.append(part)
        self._size += len(part)
        if self._size > LIMIT:
            raise Doubtful(f"an answer of more than {LIMIT} bytes")
        if time.monotonic() > self._deadline:
            raise Doubtful(f"no whole answer within {TOTAL:g} s")

    @property
    def text(self) -> str:
        return b"".join(self._parts).decode("utf-8", "replace")


class Blocking:
    """Runs steps where waiting blocks."""

    def __init__(self, dialect: Dialect, origin: str, ca_file: str | None) -> None:
        self._dialect, self._requests = dialect, _Requests(dialect, origin)
        self._http = httpx.HTTPTransport(**_options(ca_file))

    def run(self, steps: Steps) -> Any:
        """The result of the steps; raises PortError where they did not handle one."""
        try:
            step = next(steps)
            while True:
                try:
                    given = self._do(step)
                except PortError as problem:
                    step = steps.throw(problem)
                else:
                    step = steps.send(given)
        except StopIteration as end:
            return end.value

    def _do(self, step: Send | Pause) -> Any:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        request, body = self._requests.make(step), _Body()
        try:
            answer = self._http.handle_request(request)
            answer.request = request
            try:
                for part in answer.iter_bytes():
                    body.add(part)
            finally:
                answer.close()
        except _NOT_SENT as error:
            raise NotSent(repr(error)) from None
        except _DOUBTFUL as error:
            raise Doubtful(repr(error)) from None
        return self._dialect.answer(answer.status_code, answer.headers, body.text)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()


class Asynchronous:
    """Runs steps on an event loop."""

    def __init__(self, dialect: Dialect, origin: str, ca_file: str | None) -> None:
        self._dialect, self._requests = dialect, _Requests(dialect, origin)
        self._http = httpx.AsyncHTTPTransport(**_options(ca_file))

    async def run(self, steps: Steps) -> Any:
        """The result of the steps; raises PortError where they did not handle one."""
        try:
            step = next(steps)
            while True:
                try:
                    given = await self._do(step)
                except PortError as problem:
                    step = steps.throw(problem)
                else:
                    step = steps.send(given)
        except StopIteration as end:
            return end.value

    async def _do(self, step: Send | Pause) -> Any:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            return None
        request, body = self._requests.make(step), _Body()
        try:
            async with asyncio.timeout(TOTAL):
                answer = await self._http.handle_async_request(request)
                answer.request = request
                try:
                    async for part in answer.aiter_bytes():
                        body.add(part)
                finally:
                    await answer.aclose()
        except _NOT_SENT as error:
            raise NotSent(repr(error)) from None
        except _DOUBTFUL as error:
            raise Doubtful(repr(error)) from None
        return self._dialect.answer(answer.status_code, answer.headers, body.text)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()
