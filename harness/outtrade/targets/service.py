"""``http://host:port`` targets: an agent that runs already, spoken to in bodies of ``POST /execute``.

The messages are those of ``targets.protocol``. ``init`` is answered by ``ready``; the answer to ``execute`` is the
``report``, alone or after lines of ``publish`` and ``store`` as they happen; each ``store`` is acknowledged by a
``stored`` in a POST of its own. ``ServiceConversation`` has the methods of ``targets.conversation.Conversation``, and
ends like it in ``NoReportReason``.

Nobody can kill a service from outside. A crash of the plan breaks the connection of ``execute``, which tells the agent
that its task has died, and takes the venue away from it (``WireServer.cut``): the next incarnation trades at another
port. Only services on this machine are spoken to, as the venue listens on loopback alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx

from outtrade.targets.conversation import Listener, NoReportReason, Slain
from outtrade.targets.protocol import (
    Execute,
    FromAgent,
    Init,
    Lines,
    Message,
    ProtocolError,
    Publish,
    Ready,
    ReportMessage,
    Stored,
    StoreMessage,
    read_line,
    write_line,
)

PATH = "/execute"
SHORT = 10.0
"""Seconds for the answer to a ``stored``."""


def url_of(text: str) -> str:
    """The address to POST to. Raises ValueError with one line for what is no plain http address on this machine."""
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
    except ValueError as error:
        raise ValueError(f"is no address: {error}") from None
    if parts.scheme != "http" or not host or port is None or parts.query or parts.fragment or parts.username:
        raise ValueError("is no address; write http://127.0.0.1:PORT")
    if not _is_loopback(host):
        raise ValueError(
            f"{host} is not this machine; the exchange listens on 127.0.0.1 only, so run the agent here (or reach both "
            "through a tunnel)"
        )
    return f"http://{parts.netloc}{parts.path.rstrip('/')}{PATH}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def why_unreachable(url: str) -> str | None:
    """Whether nobody listens there, in words; None if somebody does."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port or 80), timeout=SHORT):
            return None
    except OSError as error:
        return f"nobody listens at {parts.netloc} ({error.strerror or error}); start the agent first"


class ServiceConversation:
    """With one service, for one incarnation. ``close`` (or ``kill``) it in any case."""

    def __init__(self, url: str, listener: Listener) -> None:
        self._url = url
        self._listener = listener
        self._client = httpx.AsyncClient(trust_env=False, timeout=httpx.Timeout(SHORT, read=None))
        self._work: asyncio.Task[dict[str, Any]] | None = None
        self._told: set[asyncio.Task[None]] = set()
        self._slain = False

    # ------------------------------------------------------------------ what the run does
    async def greet(self, init: Init, *, limit: float) -> None:
        """POST ``init`` and wait for ``ready``, at most ``limit`` seconds. Raises NoReportReason."""
        await self._within(self._greeting(init), limit, f'no "ready" within {limit:g} s')

    async def execute(self, message: Execute, *, limit: float) -> dict[str, Any]:
        """POST the task and wait for its report, at most ``limit`` seconds. Raises NoReportReason, Slain."""
        return await self._within(self._talk(message, self._during), limit, "no report in time")

    async def close(self) -> None:
        """Hang up. The service goes on."""
        self.kill()
        await asyncio.gather(*self._told, return_exceptions=True)
        await self._client.aclose()

    def kill(self) -> None:
        """Break the connection now; who waits for a report gets Slain."""
        self._slain = True
        for task in (self._work, *self._told):
            if task is not None:
                task.cancel()

    # ------------------------------------------------------------------ the conversation
    async def _within(self, work: Any, limit: float, late: str) -> dict[str, Any]:
        self._work = asyncio.create_task(work)
        try:
            async with asyncio.timeout(limit):
                return await self._work
        except TimeoutError:
            raise NoReportReason("late", late) from None
        except asyncio.CancelledError:
            if self._slain:
                raise Slain from None
            raise
        except httpx.HTTPError as error:
            raise NoReportReason("raised", f"{self._url}: {str(error) or type(error).__name__}"[:300]) from None
        except ProtocolError as error:
            raise NoReportReason("budget" if error.flood else "invalid", str(error)) from None

    async def _greeting(self, init: Init) -> dict[str, Any]:
        return await self._talk(init, lambda message: {} if isinstance(message, Ready) else _out_of_turn(message))

    async def _talk(self, message: Message, heard: Any) -> dict[str, Any]:
        """POST a message; the first result that ``heard`` makes of a line of the answer."""
        lines = Lines()
        headers = {"Content-Type": "application/x-ndjson", "Accept-Encoding": "identity"}
        async with self._client.stream("POST", self._url, content=write_line(message), headers=headers) as answer:
            if answer.status_code != httpx.codes.OK:
                raise ProtocolError(f"HTTP status {answer.status_code} instead of 200")
            async for data in answer.aiter_raw():
                for line in lines.feed(data):
                    result = heard(read_line(line))
                    if result is not None:
                        return dict(result)
            if lines.rest.strip():  # the last line may lack its newline
                result = heard(read_line(lines.rest))
                if result is not None:
                    return dict(result)
        raise NoReportReason("raised", "the answer ended before its report")

    def _during(self, message: FromAgent) -> dict[str, Any] | None:
        if isinstance(message, ReportMessage):
            return message.report
        if isinstance(message, Publish):
            self._listener.published(message.view, message.data)
        elif isinstance(message, StoreMessage):
            self._listener.stored(message.key, message.value, delete=message.delete)
            if not self._slain:
                task = asyncio.create_task(self._acknowledge(Stored(id=message.id, key=message.key)))
                self._told.add(task)
                task.add_done_callback(self._told.discard)
        else:
            _out_of_turn(message)
        return None

    async def _acknowledge(self, stored: Stored) -> None:
        with contextlib.suppress(httpx.HTTPError):  # an agent may do without
            await self._client.post(self._url, content=write_line(stored), timeout=SHORT)


def _out_of_turn(message: FromAgent) -> None:
    raise ProtocolError(f"{message.type}: out of turn")
