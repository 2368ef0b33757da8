"""Connections over real sockets: what the system tells about them, and what a fault does to them.

A ``Door`` is the asyncio protocol of one accepted connection. To the engine it is a ``Connection`` (send, close, reset,
drop); to the engine's link it reports data, FIN and RST. HTTP answers leave in one write with Nagle's algorithm off;
two writes with it on cost 40 ms each (delayed acknowledgement).

``reset`` aborts with SO_LINGER 0, which makes the kernel send RST. ``drop`` is a black hole: what arrives is thrown
away, nothing is sent, and the connection stays up until the client gives up. What differs from the World: the kernel
completes a connect before we see it, so a black hole lets connects through and answers nothing afterwards (through TLS
it lets the handshake through).
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Any, Protocol, cast

from outtrade.engine.link import Link

if TYPE_CHECKING:
    from outtrade.engine.server import Server
    from outtrade.wire.world import RealWorld
    from outtrade_mocks import wire

RST_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER: on, 0 seconds. Closing then discards what is unsent and sends RST."""


class WireLink(Link):
    """A link on a port that serves REST and streams alike: it knows only at the upgrade which of them it is."""

    __slots__ = ()

    def _upgrade(self, event: wire.Upgrade) -> None:
        window = self.server.plan.window("stream_close", self.server.world.run_ns)
        if window is not None:
            self.server.landed_once(window, conn=self.conn.id)
            self.reset()
        else:
            super()._upgrade(event)


class _App(Protocol):
    def on_data(self, data: bytes) -> None: ...
    def on_eof(self) -> None: ...
    def on_reset(self) -> None: ...


class Door(asyncio.Protocol):
    """One accepted connection. ``doors`` are those that are open, ``most`` how many there may be: a further one is
    reset at once, unseen by the engine (the process would run out of file descriptors otherwise)."""

    __slots__ = ("_app", "_dropped", "_most", "_open", "_server", "_transport", "_world", "doors", "host", "id", "port")

    def __init__(self, world: RealWorld, server: Server, number: int, doors: dict[int, Door], most: int = 500) -> None:
        self._world = world
        self._server = server
        self._app: _App | None = None
        self._transport: asyncio.Transport | None = None
        self._open = False
        self._dropped = False
        self._most = most
        self.id = number
        self.host = ""
        self.port = 0
        self.doors = doors

    # ------------------------------------------------------------------ what the system tells
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accepted (and, with TLS, shaken hands)."""
        self._transport = cast(asyncio.Transport, transport)
        if len(self.doors) >= self._most:
            self.reset()
            return
        self._open = True
        self.doors[self.id] = self
        name = transport.get_extra_info("sockname")
        if name:
            self.host, self.port = name[0], name[1]
        sock: Any = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._world.enter(self._decide)

    def _decide(self) -> None:
        decide = self._world.net.on_connect
        plan = None if decide is None else decide(self.host, self.port)
        outcome = "ok" if plan is None else plan.outcome
        self._server.connected(self.id, self.host, self.port, outcome)
        if outcome == "refused":
            self.reset()
            return
        link = WireLink(self._server, self)
        self._app = link
        if outcome == "lost":
            link.vanish()

    def data_received(self, data: bytes) -> None:
        """Bytes of the client."""
        if self._app is not None and self._open and not self._dropped:
            self._world.enter(self._app.on_data, data)

    def eof_received(self) -> bool:
        """FIN of the client."""
        self._gone("fin")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over; without a FIN before, the client reset it."""
        self._gone("rst" if exc is not None else "fin")
        self.doors.pop(self.id, None)

    def _gone(self, how: str) -> None:
        if self._open:
            self._open = False
            self._world.enter(self._tell, how)

    def _tell(self, how: str) -> None:
        self._server.client_closed(self.id, how)
        if self._app is not None and not self._dropped:
            (self._app.on_reset if how == "rst" else self._app.on_eof)()

    # ------------------------------------------------------------------ for the engine
    def send(self, data: bytes) -> None:
        """Give bytes to the kernel in one write."""
        if self._open and not self._dropped and data and self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        """FIN, after what was sent."""
        self._open = False
        if self._transport is not None and not self._dropped:
            self._transport.close()

    def reset(self) -> None:
        """RST."""
        self._open = False
        if self._transport is not None:
            sock: Any = self._transport.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
            self._transport.abort()

    def abandon(self) -> None:
        """As if the client had reset the connection: it is dead, and the system closed what it had open."""
        self._gone("rst")
        self.reset()

    def drop(self) -> None:
        """Nothing travels any more, and the client is not told."""
        self._dropped = True
