"""A network of byte streams in memory: names, listeners, connections.

There is no latency here: bytes are handed over at the instant at which they are sent, and whoever listens (the harness
that serves a venue) delays, cuts or loses them with ``World.call_later`` and the methods of ``Conn``. What the network
itself decides is whether a name resolves and how a connection attempt ends.

    class Echo:
        def __init__(self, conn): self.conn = conn
        def on_data(self, data): self.conn.send(data)
        def on_eof(self): self.conn.close()
        def on_reset(self): pass

    world.net.listen("echo.example", 7, Echo)

Determinism: connections are numbered in the order of their attempts, addresses in the order of ``listen``; a crash
closes them in that order. Addresses come from 198.18.0.0/15, reserved for benchmarks (RFC 2544): no real host has one.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from outtrade.sim.world import Timer, World

Address = tuple[str, int]

SYN_TIMEOUT = 127.0
"""Seconds after which a kernel gives up an unanswered connect (Linux: tcp_syn_retries = 6)."""

LOCAL_ADDRESS = "198.19.255.1"
"""The agent's own address."""


class App(Protocol):
    """The listening side of one connection."""

    def on_data(self, data: bytes) -> None:
        """Bytes that the client sent."""

    def on_eof(self) -> None:
        """The client sent FIN."""

    def on_reset(self) -> None:
        """The client aborted, or was killed."""


Factory = Callable[["Conn"], App]


class ClientEnd(Protocol):
    """The agent's side of one connection: a blocking socket or an asyncio transport."""

    def received(self, data: bytes) -> None: ...
    def received_eof(self) -> None: ...
    def received_reset(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ConnectPlan:
    """How a connection attempt ends, after ``delay`` seconds. ``lost``: nothing ever answers."""

    outcome: Literal["ok", "refused", "lost"] = "ok"
    delay: float = 0.0


class Conn:
    """One connection as its listener sees it. Methods whose names begin with ``client_`` belong to the other end."""

    __slots__ = ("_client", "_fin", "app", "client_open", "dropped", "host", "id", "port", "server_open", "world")

    def __init__(
        self,
        world: World,
        number: int,
        address: Address,
        client: Callable[[], ClientEnd | None],
        app: App | None = None,
    ) -> None:
        self.world = world
        self.id = number
        self.host, self.port = address
        self._client = client
        self._fin = False
        self.app = app
        self.client_open = True
        """Whether the client has not closed its end (a half-closed client still reads)."""
        self.server_open = True
        self.dropped = False

    def __repr__(self) -> str:
        return f"<Conn {self.id} {self.host}:{self.port}>"

    def _peer(self) -> ClientEnd | None:
        return self._client() if self.client_open and not self.dropped else None

    # ---------------------------------------------------------------- for the listener
    def send(self, data: bytes) -> None:
        """Deliver bytes to the client now; nothing happens once either side is closed."""
        client = self._peer()
        if client is not None and self.server_open and data:
            client.received(data)

    def close(self) -> None:
        """FIN: the client reads what it has, then end of file."""
        if self.server_open:
            client = self._peer()
            self.server_open = False
            if client is not None:
                client.received_eof()

    def reset(self) -> None:
        """RST: the client reads what it has, then "connection reset by peer"."""
        if self.server_open:
            client = self._peer()
            self.server_open = False
            if client is not None:
                client.received_reset()

    def drop(self) -> None:
        """From now on nothing is delivered either way, and neither side learns of it."""
        self.dropped = True

    # ---------------------------------------------------------------- for the client's end
    def client_attach(self, client: Callable[[], ClientEnd | None]) -> None:
        """Another object takes over the client's end (asyncio adopting a connected socket)."""
        self._client = client

    def client_send(self, data: bytes) -> None:
        """Bytes from the agent; the listener's ``on_data`` runs before this returns. May raise WorldStop."""
        world = self.world
        world.sends += 1
        if self.dropped:
            return
        if self.server_open:
            assert self.app is not None
            world.call_harness(self.app.on_data, data)
        else:
            # a closed port answers data with RST
            client = self._peer()
            if client is not None:
                client.received_reset()

    def client_shutdown(self) -> None:
        """FIN from the client, which goes on reading."""
        if self.client_open and not self._fin:
            self._fin = True
            if self.server_open and not self.dropped:
                assert self.app is not None
                self.world.call_harness(self.app.on_eof)

    def client_close(self, how: Literal["fin", "rst"] = "fin") -> None:
        """The client closes its end for good."""
        if not self.client_open:
            return
        self.client_open = False
        world = self.world
        world.net.open.pop(self.id, None)
        world.call_harness(world.observe.client_closed, self.id, how)
        if self.server_open and not self.dropped and not (self._fin and how == "fin"):
            assert self.app is not None
            world.call_harness(self.app.on_reset if how == "rst" else self.app.on_eof)

    def client_killed(self) -> None:
        """The agent's process died: the listener is told RST by an event of the current instant, not by agent code."""
        if not self.client_open:
            return
        self.client_open = False
        self.world.observe.client_closed(self.id, "rst")
        if self.server_open and not self.dropped:
            assert self.app is not None
            self.world.call_at(self.world.now, self.app.on_reset)


Done = Callable[[OSError | None, "Conn | None"], None]


class Attempt:
    """A connection attempt under way; ``cancel`` when the client gives up."""

    __slots__ = ("done", "incarnation", "timer")

    def __init__(self, done: Done, incarnation: int) -> None:
        self.done: Done | None = done
        self.incarnation = incarnation
        self.timer: Timer | None = None

    def cancel(self) -> None:
        """Forget it: nothing is accepted, nobody is called."""
        self.done = None
        if self.timer is not None:
            self.timer.cancel()


class Network:
    """Names, listeners and connections of one World."""

    def __init__(self, world: World, latency: float = 0.0) -> None:
        self._world = world
        self._latency = latency
        self._listeners: dict[Address, Factory] = {}
        self._address_of: dict[str, str] = {"localhost": "127.0.0.1"}
        self._name_of: dict[str, str] = {}
        self._attempts = 0
        self.open: dict[int, Conn] = {}
        """Connections whose client end is open, in the order of their numbers."""
        self.on_resolve: Callable[[str], bool] | None = None
        """Decides about a known name; False is a DNS failure. Unknown names always fail."""
        self.on_connect: Callable[[str, int], ConnectPlan | None] | None = None
        """Decides about a connection attempt; None is "as usual"."""
        self.pushing = 0
        """On how many connections the venue may speak without being asked. The owner of the venue keeps it."""

    def listen(self, host: str, port: int, factory: Factory) -> None:
        """Serve ``host:port``; on TLS ports the plain bytes arrive (null cipher). Replaces an earlier listener."""
        if host not in self._address_of and not _is_address(host):
            number = len(self._address_of)
            address = f"198.18.{number >> 8}.{number & 255}"
            self._address_of[host] = address
            self._name_of[address] = host
        self._listeners[host, port] = factory

    def resolve(self, host: str) -> str:
        """The address of a name. Raises socket.gaierror."""
        world = self._world
        if _is_address(host):
            return host
        host = host.rstrip(".").lower()
        address = self._address_of.get(host)
        ok = address is not None and (self.on_resolve is None or bool(world.call_harness(self.on_resolve, host)))
        world.call_harness(world.observe.resolved, host, ok)
        if address is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if not ok:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return address

    def connect(self, address: Address, client: Callable[[], ClientEnd | None], done: Done) -> Attempt:
        """Start connecting. ``done(error, conn)`` is called when it is decided, which may be before this returns."""
        world = self._world
        host, port = self._name_of.get(address[0], address[0]), address[1]
        number = self._attempts
        self._attempts += 1
        plan = None
        if self.on_connect is not None:
            plan = world.call_harness(self.on_connect, host, port)
        if plan is None:
            plan = ConnectPlan(delay=self._latency)
        attempt = Attempt(done, world.incarnation)
        if plan.outcome == "lost":
            world.call_harness(world.observe.connected, number, host, port, "lost")
            attempt.timer = world.call_later(SYN_TIMEOUT, self._lost, attempt)
            return attempt
        factory = self._listeners.get((host, port)) if plan.outcome == "ok" else None
        args = (attempt, number, (host, port), client, factory, address)
        if plan.delay > 0:
            attempt.timer = world.call_later(plan.delay, self._decide, *args)
        else:
            world.call_harness(self._decide, *args)
        return attempt

    def _lost(self, attempt: Attempt) -> None:
        if attempt.done is not None and self._wanted(attempt):
            attempt.done(TimeoutError(errno.ETIMEDOUT, "Connection timed out"), None)

    def _wanted(self, attempt: Attempt) -> bool:
        return self._world.stopped is None and attempt.incarnation == self._world.incarnation

    def _decide(
        self,
        attempt: Attempt,
        number: int,
        address: Address,
        client: Callable[[], ClientEnd | None],
        factory: Factory | None,
        dialled: Address,
    ) -> None:
        done, world = attempt.done, self._world
        if done is None or not self._wanted(attempt):
            return
        if factory is None:
            world.observe.connected(number, *address, "refused")
            if dialled[0] in self._name_of or dialled[0].startswith("127."):
                done(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), None)
            else:
                done(OSError(errno.ENETUNREACH, "Network is unreachable"), None)
            return
        conn = Conn(world, number, address, client)
        self.open[number] = conn
        world.observe.connected(number, *address, "ok")
        conn.app = factory(conn)
        done(None, conn)

    def hang_up(self) -> None:
        """Close (FIN) every connection whose client end is still open, as the end of a process does."""
        for conn in list(self.open.values()):
            conn.client_close()

    def kill_clients(self) -> None:
        """The agent's process died: every client end is gone."""
        ended, self.open = list(self.open.values()), {}
        for conn in ended:
            conn.client_killed()

    def getaddrinfo(
        self, host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[tuple[Any, ...]]:
        """As ``socket.getaddrinfo``: one IPv4 stream address for a name that resolves."""
        if isinstance(host, bytes):
            host = host.decode("ascii")
        if family not in (0, socket.AF_INET):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        address = self.resolve(host) if host else "127.0.0.1"
        number = {"https": 443, "http": 80}.get(port) or int(port or 0) if isinstance(port, str) else int(port or 0)
        kind = socket.SOCK_STREAM if type in (0, socket.SOCK_STREAM) else type
        return [(socket.AF_INET, kind, socket.IPPROTO_TCP, "", (address, number))]


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
