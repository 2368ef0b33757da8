"""One connection: what its listener can do with it, and what the agent's end does to it.

Bytes pass at once, or along the lanes of a ``Path``. Either way they keep their order, and FIN and RST travel behind
the bytes sent before them. A listener that pauses reading, or a narrow lane, fills the agent's send buffer: then a
blocking send waits, a non-blocking one would block, and an asyncio transport pauses its protocol.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol

from outtrade.sim.paths import NS, Lane, Path

if TYPE_CHECKING:
    from outtrade.sim.process import Process
    from outtrade.sim.world import World

Address = tuple[str, int]

SEND_BUFFER = 256 * 1024
"""Bytes that a client may have sent and its listener not taken: both kernels' buffers together."""


class App(Protocol):
    """The listening side of one connection."""

    def on_data(self, data: bytes) -> None:
        """Bytes that the client sent."""

    def on_eof(self) -> None:
        """The client sent FIN."""

    def on_reset(self) -> None:
        """The client aborted, or was killed."""


class ClientEnd(Protocol):
    """The agent's side of one connection: a blocking socket or an asyncio transport."""

    def received(self, data: bytes) -> None: ...
    def received_eof(self) -> None: ...
    def received_reset(self) -> None: ...
    def space(self) -> None:
        """There is room in the send buffer again."""


class Conn:
    """One connection as its listener sees it. Methods whose names begin with ``client_`` belong to the other end."""

    __slots__ = (
        "_active", "_client", "_down", "_ended", "_fin", "_held", "_idle", "_unread", "_up", "app", "buffered",
        "client_open", "dropped", "host", "id", "on_over", "port", "process", "reading", "server_open", "world",
    )  # fmt: skip

    def __init__(
        self,
        world: World,
        number: int,
        address: Address,
        client: Callable[[], ClientEnd | None],
        app: App | None = None,
        path: Path | None = None,
        process: Process | None = None,
    ) -> None:
        self.world = world
        self.process = process or world.process
        """Whose connection it is."""
        self.id = number
        self.host, self.port = address
        self._client = client
        self._fin = False
        self._ended = False
        self.app = app
        self.client_open = True
        """Whether the client has not closed its end (a half-closed client still reads)."""
        self.server_open = True
        """Whether the listener still sends."""
        self.dropped = False
        self.reading = True
        self.buffered = 0
        """Bytes in the client's send buffer."""
        self._held: deque[bytes] = deque()
        self._unread: list[Callable[[App], object]] = []
        self._up: Lane | None = None
        self._down: Lane | None = None
        self.on_over: Callable[[Conn], object] | None = None
        """Called once, when the client's end is closed."""
        self._idle = 0
        self._active = world.now
        if path is not None:
            self._up = Lane(world, f"{number}/up", path.up, path.bandwidth)
            self._down = Lane(world, f"{number}/down", path.down, path.bandwidth)

    def __repr__(self) -> str:
        return f"<Conn {self.id} {self.host}:{self.port}>"

    def _peer(self) -> ClientEnd | None:
        return self._client() if self.client_open and not self.dropped else None

    # ---------------------------------------------------------------- for the listener
    def send(self, data: bytes) -> None:
        """Deliver bytes to the client; nothing happens once either side is closed."""
        if not data or not self.server_open or self._ended:
            return
        self._active = self.world.now
        if self._down is not None:
            self._down.carry(len(data), self._to_client, data)
        elif (client := self._peer()) is not None:
            client.received(data)

    def shutdown(self) -> None:
        """FIN: the client reads what it has, then end of file; the listener goes on reading (half-close)."""
        if not self._ended and self.server_open:
            self._ended = True
            if self._down is not None:
                self._down.carry(0, self._eof_to_client)
            else:
                self._eof_to_client()

    def close(self) -> None:
        """FIN, and the listener reads no more: data from the client is answered with RST."""
        if self.server_open:
            self.shutdown()
            self.server_open = False

    def reset(self) -> None:
        """RST: the client reads what it has, then "connection reset by peer"."""
        if self.server_open:
            self._ended = True
            if self._down is not None:
                self._down.carry(0, self._reset_to_client)
                self.server_open = False
            else:
                client = self._peer()
                self.server_open = False
                if client is not None:
                    client.received_reset()

    def drop(self) -> None:
        """From now on nothing is delivered either way, and neither side learns of it."""
        self.dropped = True

    def pause_reading(self) -> None:
        """Take no more bytes: they stay in the client's send buffer, up to ``SEND_BUFFER`` of them."""
        self.reading = False

    def resume_reading(self) -> None:
        """Take what waits, and go on."""
        self.reading = True
        while self._held and self.reading:
            data = self._held.popleft()
            self._freed(len(data))
            if self.server_open and self.app is not None:
                self.app.on_data(data)
        if not self._held and self.reading and self.app is not None:
            ends, self._unread = self._unread, []
            for end in ends:
                end(self.app)

    def close_when_idle(self, seconds: float) -> None:
        """FIN once nothing has passed either way for that long, as servers do with connections kept alive."""
        self._idle = round(seconds * NS)
        self.world.call_at(self._active + self._idle, self._look_idle)

    def _look_idle(self) -> None:
        if self.client_open and self.server_open and not self.dropped:
            due = self._active + self._idle
            if due <= self.world.now:
                self.close()
            else:
                self.world.call_at(due, self._look_idle)

    # ---------------------------------------------------------------- arriving at the client
    def _to_client(self, data: bytes) -> None:
        client = self._peer()
        if client is not None:
            client.received(data)
        elif not self.client_open and not self.dropped and self.server_open and self._up is not None:
            self._up.carry(0, self._told_reset)  # data for a closed socket is answered with RST

    def _eof_to_client(self) -> None:
        client = self._peer()
        if client is not None:
            client.received_eof()

    def _reset_to_client(self) -> None:
        client = self._peer()
        if client is not None:
            client.received_reset()

    def _told_reset(self) -> None:
        if self.server_open:
            self.server_open = False
            if self.app is not None:
                self.app.on_reset()

    # ---------------------------------------------------------------- for the client's end
    def client_attach(self, client: Callable[[], ClientEnd | None]) -> None:
        """Another object takes over the client's end (asyncio adopting a connected socket)."""
        self._client = client

    def client_space(self) -> int:
        """How many bytes the send buffer still takes."""
        return SEND_BUFFER - self.buffered

    def client_send(self, data: bytes) -> None:
        """Bytes from the agent, no more than ``client_space``. Without a lane, the listener's ``on_data`` runs before
        this returns. May raise WorldStop."""
        world = self.world
        world.sends += 1
        if self.dropped:
            self.buffered += len(data)  # never acknowledged
            return
        if self._up is None:
            world.call_harness(self._arrived, data)
            return
        left = self._up.carry(len(data), self._arrived, data)
        if left > world.now:
            self.buffered += len(data)
            world.call_at(left, self._freed, len(data))

    def _arrived(self, data: bytes) -> None:
        if self.dropped:
            return
        self._active = self.world.now
        if not self.server_open:
            # a closed port answers data with RST
            if self._down is not None:
                self._down.carry(0, self._reset_to_client)
            else:
                self._reset_to_client()
        elif not self.reading or self._held:
            self._held.append(data)
            self.buffered += len(data)
        else:
            assert self.app is not None
            self.app.on_data(data)

    def _freed(self, size: int) -> None:
        full, self.buffered = self.buffered >= SEND_BUFFER, self.buffered - size
        client = self._peer()
        if full and client is not None and self.buffered < SEND_BUFFER:
            client.space()

    def _end_arrived(self, how: Literal["fin", "rst"]) -> None:
        if not self.server_open or self.dropped or self.app is None:
            return
        if how == "rst":
            self._held.clear()
            self.app.on_reset()
        elif self._held or not self.reading:
            self._unread.append(lambda app: app.on_eof())
        else:
            self.app.on_eof()

    def _end(self, how: Literal["fin", "rst"]) -> None:
        if self._up is not None:
            self._up.carry(0, self._end_arrived, how)
        else:
            self.world.call_harness(self._end_arrived, how)

    def client_shutdown(self) -> None:
        """FIN from the client, which goes on reading."""
        if self.client_open and not self._fin:
            self._fin = True
            self._end("fin")

    def client_close(self, how: Literal["fin", "rst"] = "fin") -> None:
        """The client closes its end for good."""
        if not self.client_open:
            return
        self.client_open = False
        world = self.world
        world.net.open.pop(self.id, None)
        if self.on_over is not None:
            self.on_over(self)
        world.call_harness(world.observe.client_closed, self.id, how)
        if not (self._fin and how == "fin"):
            self._end(how)

    def client_killed(self) -> None:
        """The agent's process died: the listener is told RST by an event of the current instant, not by agent code."""
        if not self.client_open:
            return
        self.client_open = False
        if self.on_over is not None:
            self.on_over(self)
        self.world.observe.client_closed(self.id, "rst")
        if self._up is not None:
            self._up.carry(0, self._end_arrived, "rst")
        else:
            self.world.call_at(self.world.now, self._end_arrived, "rst")
