"""The other side of the tools' steps: real HTTP by httpx, blocking or asynchronous.

Every way in which httpx fails is one of two: nothing left (``NotSent``), or something may have (``Doubtful``). A
request is given up after ``SILENCE`` seconds without a byte, or ``TOTAL`` seconds however it trickles in. Nothing is
ever sent twice.
"""

from __future__ import annotations

import asyncio
import ssl
import time
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


def _options(origin: str, ca_file: str | None) -> dict[str, Any]:
    verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=ca_file) if ca_file else True
    return {"base_url": origin, "timeout": SILENCE, "trust_env": False, "verify": verify}


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
        self._dialect = dialect
        self._http = httpx.Client(**_options(origin, ca_file))

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
        wire, body = self._dialect.wire(step), _Body()
        try:
            with self._http.stream(step.method, wire.target, headers=wire.headers) as answer:
                for part in answer.iter_bytes():
                    body.add(part)
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
        self._dialect = dialect
        self._http = httpx.AsyncClient(**_options(origin, ca_file))

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
        wire, body = self._dialect.wire(step), _Body()
        try:
            async with (
                asyncio.timeout(TOTAL),
                self._http.stream(step.method, wire.target, headers=wire.headers) as answer,
            ):
                async for part in answer.aiter_bytes():
                    body.add(part)
        except _NOT_SENT as error:
            raise NotSent(repr(error)) from None
        except _DOUBTFUL as error:
            raise Doubtful(repr(error)) from None
        return self._dialect.answer(answer.status_code, answer.headers, body.text)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()
