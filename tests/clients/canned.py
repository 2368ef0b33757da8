"""A canned venue for any client: JSON answers by method and path, and scripted WebSocket conversations.

It proves the transport (name, TLS, HTTP dialect, compression offers, upgrade, frames, pings, close), not the venue's
logic. An answer that a case did not script is a 404 which the runner reports: a client that asks for something
unexpected can't pass by accident. Everything that arrives is kept in ``seen``, with its virtual time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httptools
from websockets.frames import Opcode
from websockets.http11 import Request as Upgrade
from websockets.server import ServerProtocol

from outtrade.sim import Conn, World

LATENCY = 0.02
"""Seconds from a request to its answer."""


class Asked:
    """One HTTP request."""

    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        parts = urlsplit(target)
        self.method, self.path, self.headers, self.body = method, parts.path, headers, body
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        form = "json" not in headers.get("content-type", "")
        self.form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)) if form and body else {}
        self.json = json.loads(body) if body and not form else None


Answer = Any
Route = Callable[[Asked], Answer] | Answer
Talk = Callable[["Stream", Any], None]


class Stream:
    """One WebSocket connection, as the case's ``talk(stream, message)`` sees it; the first call has message None."""

    def __init__(self, world: World, conn: Conn, protocol: ServerProtocol, path: str) -> None:
        self.world, self.conn, self.protocol, self.path = world, conn, protocol, path
        self.notes: dict[str, Any] = {}

    def send(self, message: Any, after: float = LATENCY) -> None:
        """Send a JSON text frame (bytes: a binary frame) in ``after`` seconds."""
        self.world.call_later(after, self._send, message)

    def _send(self, message: Any) -> None:
        if isinstance(message, bytes):
            self.protocol.send_binary(message)
        else:
            text = message if isinstance(message, str) else json.dumps(message, separators=(",", ":"))
            self.protocol.send_text(text.encode())
        self.flush()

    def close(self, code: int = 1000, after: float = LATENCY) -> None:
        """Close from the venue's side."""
        self.world.call_later(after, self._close, code)

    def _close(self, code: int) -> None:
        self.protocol.send_close(code)
        self.flush()

    def flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                self.conn.send(data)
            else:
                self.conn.close()


class Canned:
    """A venue: ``routes`` maps "METHOD host/path" to JSON (or a function of the request), ``streams`` host to talk."""

    def __init__(self, world: World, routes: dict[str, Route], streams: dict[str, Talk] | None = None) -> None:
        self.world = world
        self.routes, self.streams = routes, streams or {}
        self.seen: list[str] = []
        self.bytes = hashlib.sha256()
        """Over every byte that arrived, with its time: headers, signatures and the masks of frames included."""
        self.unexpected: list[str] = []
        hosts: Iterable[str] = [*(key.split(" ", 1)[1].split("/", 1)[0] for key in routes), *self.streams]
        for host in dict.fromkeys(hosts):
            name, _, port = host.partition(":")
            world.net.listen(name, int(port or 443), lambda conn, host=host: _Side(self, host, conn))

    def note(self, text: str) -> None:
        self.seen.append(f"{self.world.run_ns / 1e9:.6f} {text}")


class _Side:
    """One connection: HTTP requests, until one of them upgrades it."""

    def __init__(self, venue: Canned, host: str, conn: Conn) -> None:
        self.venue, self.host, self.conn = venue, host, conn
        self.stream: Stream | None = None
        self.raw = b""
        self._fresh()

    def _fresh(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        self.headers: dict[str, str] = {}
        self.target, self.body = "", b""

    def on_url(self, url: bytes) -> None:
        self.target += url.decode()

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        if self.headers.get("upgrade", "").lower() == "websocket":
            return
        asked = Asked(self.parser.get_method().decode(), self.target, dict(self.headers), self.body)
        self.venue.note(f"{asked.method} {self.host}{self.target} {self.body.decode('utf-8', 'replace')}".strip())
        self.venue.world.call_later(LATENCY, self.conn.send, self._answer(asked))
        self._fresh_later = True

    def _answer(self, asked: Asked) -> bytes:
        key = f"{asked.method} {self.host}{asked.path}"
        status = "200 OK"
        if key in self.venue.routes:
            route = self.venue.routes[key]
            body = route(asked) if callable(route) else route
        else:
            status, body = "404 Not Found", {"canned": f"nothing for {key}"}
            self.venue.unexpected.append(key)
        text = json.dumps(body, separators=(",", ":")).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        return head.encode() + text

    def on_data(self, data: bytes) -> None:
        self.venue.bytes.update(f"{self.venue.world.now} {self.conn.id} ".encode() + data)
        if self.stream is not None:
            self._frames(data)
            return
        self.raw += data
        self._fresh_later = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._upgrade()
            return
        if self._fresh_later:
            self.raw = b""
            self._fresh()

    def _upgrade(self) -> None:
        protocol = ServerProtocol()
        protocol.receive_data(self.raw)
        request = next(event for event in protocol.events_received() if isinstance(event, Upgrade))
        self.venue.note(f"upgrade {self.host}{request.path}")
        protocol.send_response(protocol.accept(request))
        self.stream = Stream(self.venue.world, self.conn, protocol, request.path)
        self.stream.flush()
        self.venue.streams[self.host](self.stream, None)

    def _frames(self, data: bytes) -> None:
        assert self.stream is not None
        self.stream.protocol.receive_data(data)
        for frame in self.stream.protocol.events_received():
            if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
                self.venue.note(f"frame {self.host} {frame.data.decode('utf-8', 'replace')}")
                try:
                    message = json.loads(frame.data)
                except ValueError:
                    message = frame.data.decode("utf-8", "replace")
                self.venue.streams[self.host](self.stream, message)
            elif frame.opcode in (Opcode.PING, Opcode.CLOSE):
                self.venue.note(f"{frame.opcode.name.lower()} {self.host}")
        self.stream.flush()

    def on_eof(self) -> None:
        if self.stream is not None:
            self.stream.protocol.receive_eof()
        self.conn.close()

    def on_reset(self) -> None:
        self.venue.note(f"reset {self.host}")
