"""A network of byte streams in memory: names, addresses, listeners, connection attempts.

Without further words there is no latency: bytes are handed over at the instant at which they are sent, and whoever
listens (the harness that serves a venue) delays, cuts or loses them with ``World.call_later`` and the methods of
``Conn``. A ``Path`` gives a host, or one of its addresses, latency, bandwidth and its own way to end attempts.

    class Echo:
        def __init__(self, conn): self.conn = conn
        def on_data(self, data): self.conn.send(data)
        def on_eof(self): self.conn.close()
        def on_reset(self): pass

    world.net.listen("echo.example", 7, Echo)

A name has one IPv4 address, or as many of either family as ``name`` gives it: then clients try them in turn, or at
once (happy eyeballs), as they do on a real network.

Determinism: connections are numbered in the order of their attempts, addresses in the order of their making; a crash
closes connections in that order. Addresses come from 198.18.0.0/15 and 2001:2::/48, reserved for benchmarks (RFC 2544,
RFC 5180): no real host has one.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from outtrade.sim.conn import SEND_BUFFER, Address, App, ClientEnd, Conn
from outtrade.sim.paths import ConnectPlan, Path

if TYPE_CHECKING:
    from outtrade.sim.process import Process
    from outtrade.sim.world import Timer, World

__all__ = ["SEND_BUFFER", "Address", "App", "ClientEnd", "Conn", "ConnectPlan", "Network", "Path"]

SYN_TIMEOUT = 127.0
"""Seconds after which a kernel gives up an unanswered connect (Linux: tcp_syn_retries = 6)."""

LOCAL_ADDRESS = "198.19.255.1"
LOCAL_ADDRESS_6 = "2001:2::ffff"
"""The agent's own addresses."""

Factory = Callable[[Conn], App]
Done = Callable[[OSError | None, Conn | None], None]


@dataclass(frozen=True, slots=True)
class _Listener:
    """``limit``: connections at a time; one more is treated as ``full`` says. ``idle``: seconds, 0 for never."""

    factory: Factory
    limit: int | None
    full: Literal["refused", "lost", "reset"]
    idle: float


class Attempt:
    """A connection attempt under way; ``cancel`` when the client gives up."""

    __slots__ = ("dialled", "done", "host", "number", "port", "process", "timer")

    def __init__(self, done: Done, process: Process, number: int, host: str, port: int, dialled: str) -> None:
        self.done: Done | None = done
        self.process = process
        self.number, self.host, self.port, self.dialled = number, host, port, dialled
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
        self._listeners: dict[Address, _Listener] = {}
        self._taken: dict[Address, int] = {}
        self._addresses_of: dict[str, tuple[str, ...]] = {"localhost": ("127.0.0.1",)}
        self._name_of: dict[str, str] = {}
        self._made = {4: 0, 6: 0}
        self._attempts = 0
        self.open: dict[int, Conn] = {}
        """Connections whose client end is open, in the order of their numbers."""
        self.paths: dict[str, Path] = {}
        """What lies between the agent and a name or an address (the address's own goes first)."""
        self.on_resolve: Callable[[str], bool] | None = None
        """Decides about a known name; False is a DNS failure. Unknown names always fail."""
        self.on_connect: Callable[[str, int], ConnectPlan | None] | None = None
        """Decides about a connection attempt; None is "as usual"."""
        self.pushing = 0
        self.dialling: Attempt | None = None
        """The connection attempt that is being decided, or was last."""
        """On how many connections the venue may speak without being asked. The owner of the venue keeps it."""

    # ---------------------------------------------------------------- names and listeners
    def name(self, host: str, *, v4: int = 1, v6: int = 0) -> tuple[str, ...]:
        """Give a name that many new addresses; returns them, IPv6 first, as resolvers do (RFC 6724)."""
        addresses = tuple(self._address(6) for _ in range(v6)) + tuple(self._address(4) for _ in range(v4))
        self._addresses_of[host] = addresses
        for address in addresses:
            self._name_of[address] = host
        return addresses

    def _address(self, version: int) -> str:
        self._made[version] += 1
        number = self._made[version]
        return f"2001:2::{number:x}" if version == 6 else f"198.18.{number >> 8}.{number & 255}"

    def listen(
        self,
        host: str,
        port: int,
        factory: Factory,
        *,
        limit: int | None = None,
        full: Literal["refused", "lost", "reset"] = "refused",
        idle: float = 0.0,
    ) -> None:
        """Serve ``host:port``; on TLS ports the plain bytes arrive (null cipher). Replaces an earlier listener.

        ``limit`` is the number of connections at a time; one more is refused, never answered ("lost"), or accepted and
        reset. ``idle``: seconds after which a connection on which nothing passes is closed (0: never)."""
        if host not in self._addresses_of and not _is_address(host):
            self.name(host)
        self._listeners[host, port] = _Listener(factory, limit, full, idle)

    def addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of a name; an address is its own. Raises socket.gaierror."""
        world = self._world
        if _is_address(host):
            return (host,)
        host = host.rstrip(".").lower()
        found = self._addresses_of.get(host)
        ok = found is not None and (self.on_resolve is None or bool(world.call_harness(self.on_resolve, host)))
        world.call_harness(world.observe.resolved, host, ok)
        if found is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if not ok:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return found

    def resolve(self, host: str) -> str:
        """The first IPv4 address of a name, or else its first. Raises socket.gaierror."""
        found = self.addresses(host)
        return next((address for address in found if ":" not in address), found[0])

    def getaddrinfo(
        self, host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[tuple[Any, ...]]:
        """As ``socket.getaddrinfo``: a stream address for each address of the name. Raises socket.gaierror."""
        if isinstance(host, bytes):
            host = host.decode("ascii")
        if family not in (0, socket.AF_INET, socket.AF_INET6):
            raise socket.gaierror(socket.EAI_FAMILY, "ai_family not supported")
        number = {"https": 443, "http": 80}.get(port) or int(port or 0) if isinstance(port, str) else int(port or 0)
        kind = socket.SOCK_STREAM if type in (0, socket.SOCK_STREAM) else type
        found: list[tuple[Any, ...]] = []
        for address in self.addresses(host) if host else ("127.0.0.1",):
            of = socket.AF_INET6 if ":" in address else socket.AF_INET
            if family in (0, of):
                where = (address, number, 0, 0) if of == socket.AF_INET6 else (address, number)
                found.append((of, kind, socket.IPPROTO_TCP, "", where))
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return found

    # ---------------------------------------------------------------- connecting
    def path(self, address: str, host: str) -> Path | None:
        """What lies between the agent and an address of a host."""
        paths = self.paths
        return (paths.get(address) or paths.get(host)) if paths else None

    def connect(self, address: Address, client: Callable[[], ClientEnd | None], done: Done) -> Attempt:
        """Start connecting. ``done(error, conn)`` is called when it is decided, which may be before this returns."""
        world = self._world
        dialled, port = address[0], address[1]
        host = self._name_of.get(dialled, dialled)
        number = self._attempts
        self._attempts += 1
        attempt = Attempt(done, world.process, number, host, port, dialled)
        plan = None
        if self.on_connect is not None:
            plan = world.call_harness(self.on_connect, host, port)
        path = self.path(dialled, host)
        if plan is None:
            plan = self._usual(path, number)
        if plan.outcome == "lost":
            return self._swallow(attempt)
        if plan.delay > 0:
            attempt.timer = world.call_later(plan.delay, self._decide, attempt, client, plan, path)
        else:
            world.call_harness(self._decide, attempt, client, plan, path)
        return attempt

    def _usual(self, path: Path | None, number: int) -> ConnectPlan:
        if path is None:
            return ConnectPlan(delay=self._latency)
        if path.connect is not None:
            return path.connect
        rng = self._world.rng(f"net/{number}/connect")
        return ConnectPlan(delay=self._latency + path.up.draw(rng) + path.down.draw(rng))

    def _swallow(self, attempt: Attempt) -> Attempt:
        """No answer ever comes; the kernel gives up after a while."""
        world, self.dialling = self._world, attempt
        world.call_harness(world.observe.connected, attempt.number, attempt.host, attempt.port, "lost")
        error = TimeoutError(errno.ETIMEDOUT, "Connection timed out")
        attempt.timer = world.call_later(SYN_TIMEOUT, self._fail, attempt, error)
        return attempt

    def _fail(self, attempt: Attempt, error: OSError) -> None:
        if attempt.done is not None and self._wanted(attempt):
            attempt.done(error, None)

    def _wanted(self, attempt: Attempt) -> bool:
        return attempt.process.alive

    def _decide(
        self, attempt: Attempt, client: Callable[[], ClientEnd | None], plan: ConnectPlan, path: Path | None
    ) -> None:
        done, world, self.dialling = attempt.done, self._world, attempt
        if done is None or not self._wanted(attempt):
            return
        at = (attempt.host, attempt.port)
        listener = self._listeners.get(at) if plan.outcome == "ok" else None
        full = listener is not None and listener.limit is not None and self._taken.get(at, 0) >= listener.limit
        if listener is not None and full and listener.full == "lost":
            self._swallow(attempt)
            return
        if listener is None or (full and listener.full == "refused"):
            world.observe.connected(attempt.number, *at, "refused")
            known = attempt.dialled in self._name_of or attempt.dialled.startswith("127.")
            if known and plan.outcome != "unreachable":
                done(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), None)
            else:
                done(OSError(errno.ENETUNREACH, "Network is unreachable"), None)
            return
        conn = Conn(world, attempt.number, at, client, path=path, process=attempt.process)
        self.open[attempt.number] = conn
        world.observe.connected(attempt.number, *at, "ok")
        if full:
            conn.app = _Silent()
            done(None, conn)
            conn.reset()
            return
        if listener.limit is not None:
            self._taken[at] = self._taken.get(at, 0) + 1
            conn.on_over = self._over
        factory = listener.factory if world.tls is None else world.tls.served(listener.factory)
        conn.app = factory(conn)
        if listener.idle > 0:
            conn.close_when_idle(listener.idle)
        done(None, conn)

    def _over(self, conn: Conn) -> None:
        self._taken[conn.host, conn.port] -= 1

    # ---------------------------------------------------------------- the end of a process
    def _ends_of(self, process: Process) -> list[Conn]:
        return [conn for conn in self.open.values() if conn.process is process]

    def hang_up(self) -> None:
        """Close (FIN) every connection of the process that runs whose client end is still open, as its end does."""
        for conn in self._ends_of(self._world.process):
            conn.client_close()

    def kill_clients(self, process: Process) -> None:
        """A process of the agent died: every client end of it is gone."""
        ended = self._ends_of(process)
        for conn in ended:
            del self.open[conn.id]
        for conn in ended:
            conn.client_killed()


class _Silent:
    """Nobody: the listening side of a connection that was accepted only to be reset."""

    def on_data(self, data: bytes) -> None:
        """Unread."""

    def on_eof(self) -> None:
        """Unread."""

    def on_reset(self) -> None:
        """Unread."""


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
