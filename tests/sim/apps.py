"""A tiny HTTP and WebSocket server for the World's tests: canned answers, and whatever a test makes it do wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outtrade.sim import NS, Conn, Observer, World

EPOCH = 1_767_225_600 * NS
HOST = "api.binance.com"
OK = b'{"ok":true}'


def http(body: bytes = OK, status: str = "200 OK", extra: str = "") -> bytes:
    """An HTTP/1.1 answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


class Server:
    """Listens on a host; ``answer(conn, request)`` is called for every whole request and sends what it likes."""

    def __init__(self, world: World, answer: Callable[[Conn, bytes], Any] | None = None, host: str = HOST) -> None:
        self.world = world
        self.answer = answer or self.canned
        self.transcript: list[tuple[int, int, str, bytes]] = []
        world.net.listen(host, 443, self.accept)

    def accept(self, conn: Conn) -> Any:
        return _Side(self, conn)

    def canned(self, conn: Conn, request: bytes) -> None:
        self.world.call_later(0.02, conn.send, http())

    def saw(self, conn: Conn, what: str, data: bytes = b"") -> None:
        self.transcript.append((self.world.run_ns, conn.id, what, data))


class _Side:
    def __init__(self, server: Server, conn: Conn) -> None:
        self.server, self.conn, self.data = server, conn, b""
        server.saw(conn, "open")

    def on_data(self, data: bytes) -> None:
        self.server.saw(self.conn, "data", data)
        self.data += data
        while b"\r\n\r\n" in self.data:
            head, _, rest = self.data.partition(b"\r\n\r\n")
            length = next(
                (int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length")), 0
            )
            if len(rest) < length:
                return
            request, self.data = head + b"\r\n\r\n" + rest[:length], rest[length:]
            self.server.answer(self.conn, request)

    def on_eof(self) -> None:
        self.server.saw(self.conn, "eof")
        self.conn.close()

    def on_reset(self) -> None:
        self.server.saw(self.conn, "reset")


class Log(Observer):
    """Remembers what the World told."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def resolved(self, host: str, ok: bool) -> None:
        self.events.append(("resolved", host, ok))

    def connected(self, conn: int, host: str, port: int, outcome: str) -> None:
        self.events.append(("connected", conn, host, port, outcome))

    def client_closed(self, conn: int, how: str) -> None:
        self.events.append(("client_closed", conn, how))

    def slept(self, seconds: float) -> None:
        self.events.append(("slept", seconds))

    def escaped(self, what: str) -> None:
        self.events.append(("escaped", what))


def make(seed: int = 7, **options: Any) -> World:
    """A World that starts at the epoch."""
    return World(epoch_ns=EPOCH, seed=seed, **options)
