"""The private stream of Binance spot: ``userDataStream.subscribe.signature`` over the WebSocket API.

One task keeps it up. Three things make it trustworthy:

* ``link.up`` falls in the moment in which the close is seen, and each acknowledged subscription starts a new
  *generation*: what happened in between is not replayed, so the account must be read again;
* pings go out every 20 s and an unanswered one ends the connection, so that a stream that is open but dead is
  noticed within 40 s;
* nothing in it is trusted to be complete: the loop polls working orders as well.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from outtrade.dialects.binance_spot import parsed, read_event
from outtrade_suites.agents.pacing import Backoff
from outtrade_suites.agents.port import Doubtful, Link, OrderState

PATH = "/ws-api/v3"
OPEN_TIMEOUT = 10.0
PING = 20.0


class StreamReader:
    """What a stream has told: events, and whether it is up. Keeping it up is its children's business."""

    stirred: Any
    """An event that is set whenever there is something to tell."""
    ping: float | None = PING
    """Seconds between pings, and until an unanswered one ends the connection; None: none are sent."""

    def __init__(
        self,
        origin: str,
        symbols: Mapping[str, str],
        sign: Callable[[dict[str, str]], dict[str, str]],
        backoff: Backoff,
        may_connect: Callable[[], float],
    ) -> None:
        """``origin``: of the WebSocket API; ``symbols``: venue id -> unified; ``may_connect``: seconds to wait before
        knocking (a ban, say)."""
        self.link = Link()
        self.events: deque[OrderState] = deque()
        self._url = origin.rstrip("/") + ("" if origin.rstrip("/").endswith(PATH) else PATH)
        self._symbols = symbols
        self._sign = sign
        self._backoff = backoff
        self._may_connect = may_connect

    def take(self) -> tuple[OrderState, ...]:
        """What was told since the last call."""
        return tuple(self.events.popleft() for _ in range(len(self.events)))

    def subscription(self) -> str:
        """The request that subscribes, signed now."""
        return json.dumps({"id": "1", "method": "userDataStream.subscribe.signature", "params": self._sign({})})

    def subscribed(self, message: dict[str, Any]) -> bool:
        """Whether this is the answer to the subscription; raises ValueError if it was refused."""
        if message.get("id") != "1":
            self.receive(message)
            return False
        if message.get("status") != 200:
            raise ValueError(f"subscription refused: {message.get('error')}")
        return True

    def _change(self, *, up: bool) -> None:
        if self.link.up != up:
            self.link.up = up
            self.link.generation += up
            self.stirred.set()

    def receive(self, message: dict[str, Any]) -> bool:
        """One message; False: the venue is about to end the stream. What cannot be read is left to polling."""
        event = message.get("event", message)
        if event.get("e") in ("eventStreamTerminated", "serverShutdown"):
            return False
        try:
            state = parsed(lambda: read_event(event, self._symbols))
        except Doubtful:
            return True
        if state is not None:
            self.events.append(state)
            self.stirred.set()
        return True


class PrivateStream(StreamReader):
    """Keeps one subscription alive, in a task."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect, in the background."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Leave; nothing is sent afterwards."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._may_connect())
            try:
                async with connect(
                    self._url,
                    open_timeout=OPEN_TIMEOUT,
                    ping_interval=self.ping,
                    ping_timeout=self.ping,
                    close_timeout=2,
                ) as socket:
                    await self._subscribe(socket)
                    self._change(up=True)
                    self._backoff.reset()
                    async for message in socket:
                        if not self.receive(json.loads(message)):
                            break
            except (OSError, WebSocketException, TimeoutError, ValueError):
                pass
            finally:
                self._change(up=False)
            await asyncio.sleep(self._backoff.next())

    async def _subscribe(self, socket: ClientConnection) -> None:
        await socket.send(self.subscription())
        async with asyncio.timeout(OPEN_TIMEOUT):
            while not self.subscribed(json.loads(await socket.recv())):
                pass
