"""WebSocket, server side, without I/O (RFC 6455), on top of the sans-I/O protocol of ``websockets``.

The opening handshake has been read by `outtrade_mocks.wire.http`, which hands over the request. The first event of
``receive`` is always ``Opening``; answer it with ``accept`` or ``reject``. Then whole text and binary messages come
out (fragments are joined), pings are answered by themselves, and ``send_text``, ``send_binary``, ``ping`` and ``close``
put frames in. ``outgoing`` takes the bytes that are due; the caller may send them, hold them back or drop them, which
is how a stream goes silent while it stays open.

    >>> from outtrade_mocks.venues.api import HttpRequest
    >>> request = HttpRequest("GET", "/ws-api/v3", "ws-api.binance.com", {
    ...     "upgrade": "websocket", "connection": "Upgrade",
    ...     "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version": "13"})
    >>> ws = WebSocketConnection(request)
    >>> [type(event).__name__ for event in ws.receive(b"")]
    ['Opening']
    >>> ws.accept()
    >>> ws.outgoing().startswith(b"HTTP/1.1 101 Switching Protocols")
    True
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Handshake
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from outtrade_mocks.venues.api import HttpRequest

_QUIET = logging.getLogger("outtrade_mocks.wire.websocket")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False

MAX_MESSAGE = 1_048_576
"""Longest message taken from a client, in bytes."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The opening handshake; ``accept`` or ``reject`` it."""

    request: HttpRequest


@dataclass(frozen=True, slots=True)
class Text:
    """A whole text message."""

    text: str


@dataclass(frozen=True, slots=True)
class Binary:
    """A whole binary message."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Ping:
    """The client pinged; the pong is already among the outgoing bytes."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pong:
    """The client answered a ping (or sent a pong unasked)."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The WebSocket is over: a close frame from the client, a protocol error of the client's, or its FIN (1006)."""

    code: int
    reason: str


WebSocketEvent = Opening | Text | Binary | Ping | Pong | Closed


class WebSocketConnection:
    """One WebSocket: bytes in, events out, and the other way round. It never raises on what a client sends."""

    __slots__ = ("_answered", "_early", "_ended", "_handshake", "_message", "_opcode", "_protocol", "eof", "request")

    def __init__(self, request: HttpRequest, *, max_message: int = MAX_MESSAGE) -> None:
        self.request = request
        self.eof = False
        """True once the outgoing bytes end with FIN: close the connection after sending them."""
        self._protocol = ServerProtocol(max_size=max_message, logger=_QUIET)
        self._message: list[bytes] = []
        self._opcode = Opcode.TEXT
        self._ended = False
        self._handshake: Handshake | None = None
        self._answered = False
        self._early = b""

    @property
    def open(self) -> bool:
        """True between the accepted handshake and the first close frame."""
        return self._protocol.state is OPEN

    def receive(self, data: bytes) -> list[WebSocketEvent]:
        """Feed bytes as they arrived; returns the events they complete.

        What comes before the handshake is answered is kept: call ``receive(b"")`` after ``accept``.
        """
        events: list[WebSocketEvent] = []
        if self._ended:
            return events
        if self._handshake is None:
            self._protocol.receive_data(_head(self.request))
            for event in self._protocol.events_received():
                if isinstance(event, Handshake):
                    self._handshake = event
            if self._handshake is None:
                self._ended = True
                return [Closed(1002, "unreadable opening handshake")]
            events.append(Opening(self.request))
        if not self._answered:
            self._early += data
        elif data or self._early:
            data, self._early = self._early + data, b""
            self._protocol.receive_data(data)
            self._collect(events)
        return events

    def receive_eof(self) -> list[WebSocketEvent]:
        """The client sent FIN; a ``Closed`` event follows unless one came before."""
        events: list[WebSocketEvent] = []
        if not self._ended:
            self._protocol.receive_eof()
            self._collect(events)
            if not self._ended:
                self._ended = True
                events.append(Closed(1006, "connection closed without a close frame"))
        return events

    def accept(self) -> None:
        """Answer the handshake with 101, or with the fitting refusal where its headers are wrong."""
        if self._handshake is None:
            raise InvalidState("no opening handshake received")
        answer = self._protocol.accept(self._handshake)
        del answer.headers["Date"]  # the wall clock
        self._protocol.send_response(answer)
        self._answered = True

    def reject(self, status: int, text: str) -> None:
        """Refuse the handshake with an HTTP answer."""
        answer = self._protocol.reject(status, text)
        del answer.headers["Date"]
        self._protocol.send_response(answer)
        self._ended = True

    def send_text(self, text: str) -> bool:
        """Queue a text message; False if the WebSocket is not open (nothing is sent then)."""
        if not self.open:
            return False
        self._protocol.send_text(text.encode("utf-8"))
        return True

    def send_binary(self, data: bytes) -> bool:
        """Queue a binary message; False if the WebSocket is not open (nothing is sent then)."""
        if not self.open:
            return False
        self._protocol.send_binary(data)
        return True

    def ping(self, data: bytes) -> bool:
        """Queue a ping (at most 125 bytes); False if the WebSocket is not open."""
        if not self.open:
            return False
        self._protocol.send_ping(data)
        return True

    def close(self, code: int = 1000, reason: str = "") -> bool:
        """Start the closing handshake; False if it is not open (any more)."""
        if not self.open:
            return False
        self._protocol.send_close(code, reason)
        return True

    def outgoing(self) -> bytes:
        """Take the bytes that are due; sets ``eof`` when the connection is to be closed after them."""
        chunks = self._protocol.data_to_send()
        if b"" in chunks:
            self.eof = True
        return b"".join(chunks)

    def _collect(self, events: list[WebSocketEvent]) -> None:
        protocol = self._protocol
        for frame in protocol.events_received():
            if isinstance(frame, Frame) and not self._frame(frame, events):
                return
        if protocol.parser_exc is not None and not self._ended:
            self._ended = True
            code = protocol.close_sent.code if protocol.close_sent is not None else 1006
            events.append(Closed(int(code), str(protocol.parser_exc)))

    def _frame(self, frame: Frame, events: list[WebSocketEvent]) -> bool:
        """Append what a frame completes; False once the WebSocket is over."""
        opcode, data = frame.opcode, bytes(frame.data)
        if opcode is Opcode.PING:
            events.append(Ping(data))
        elif opcode is Opcode.PONG:
            events.append(Pong(data))
        elif opcode is Opcode.CLOSE:
            self._ended = True
            received = self._protocol.close_rcvd
            events.append(Closed(int(received.code) if received else 1005, received.reason if received else ""))
            return False
        else:
            if opcode is not Opcode.CONT:
                self._opcode = opcode
            self._message.append(data)
            if frame.fin:
                return self._whole(events)
        return True

    def _whole(self, events: list[WebSocketEvent]) -> bool:
        data, self._message = b"".join(self._message), []
        if self._opcode is Opcode.BINARY:
            events.append(Binary(data))
            return True
        try:
            events.append(Text(data.decode("utf-8")))
        except UnicodeDecodeError:
            self._ended = True
            self._protocol.fail(1007, "invalid UTF-8")
            events.append(Closed(1007, "invalid UTF-8"))
            return False
        return True


def _head(request: HttpRequest) -> bytes:
    lines = [f"GET {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
