"""HTTP/1.1, server side, without I/O.

A connection is a sequence of requests. ``HttpConnection.receive`` takes whatever bytes arrived, in pieces of any size,
and returns the events they complete, in order:

* ``Received``: a whole request (chunked bodies are joined). Several may come at once: pipelining. Answers must be
  sent in the same order; ``keep_alive`` says whether the client wants the connection kept afterwards.
* ``Continue``: the client waits for ``100 Continue`` before it sends the body; send ``CONTINUE``.
* ``Upgrade``: the request asks for a WebSocket; the HTTP part of the connection is over, ``rest`` is what followed.
* ``Malformed``: the bytes are no HTTP, or break a limit; answer with ``error_response`` and close. Nothing is read
  after it.

``response`` builds the whole answer as one byte string: one write, so that Nagle's algorithm and delayed
acknowledgements never add 40 ms between head and body.

    >>> connection = HttpConnection()
    >>> [event] = connection.receive(b"GET /api/v3/ping HTTP/1.1\\r\\nHost: api.binance.com\\r\\n\\r\\n")
    >>> event.request.method, event.request.target, event.keep_alive
    ('GET', '/api/v3/ping', True)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import httptools

from outtrade_mocks.venues.api import HttpRequest

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""What a client that sent ``Expect: 100-continue`` waits for (RFC 9110, 10.1.1)."""

_REASONS = {status.value: status.phrase for status in HTTPStatus} | {418: "I'm a teapot"}
_NO_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What one request may hold, in bytes (``headers`` also counts their names), and how many header lines."""

    target: int = 16_384
    headers: int = 65_536
    header_lines: int = 256
    body: int = 1_048_576


@dataclass(frozen=True, slots=True)
class Received:
    """A whole request has arrived."""

    request: HttpRequest
    keep_alive: bool


@dataclass(frozen=True, slots=True)
class Continue:
    """The client sent ``Expect: 100-continue`` and waits; send ``CONTINUE`` (or a final answer, and close)."""

    request: HttpRequest


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A WebSocket opening handshake; ``rest`` are the bytes after it."""

    request: HttpRequest
    rest: bytes


@dataclass(frozen=True, slots=True)
class Malformed:
    """Not HTTP, or beyond a limit. ``status`` is the fitting answer (400, 413, 414, 431)."""

    status: int
    reason: str


HttpEvent = Received | Continue | Upgrade | Malformed


class _TooMuch(Exception):
    """A limit was passed inside a parser callback."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class HttpConnection:
    """One client connection: feed it bytes, get events. It never raises on what a client sends."""

    __slots__ = (
        "_body",
        "_body_size",
        "_closed",
        "_events",
        "_head_size",
        "_headers",
        "_lines",
        "_parser",
        "_reading",
        "_request",
        "_target",
        "limits",
    )

    def __init__(self, *, limits: HttpLimits | None = None) -> None:
        self.limits = limits or HttpLimits()
        self._events: list[HttpEvent] = []
        self._request: HttpRequest | None = None
        self._closed = False
        self._reading = False
        self._reset()
        self._parser = httptools.HttpRequestParser(self)

    @property
    def closed(self) -> bool:
        """True after ``Malformed`` or ``Upgrade``: no more HTTP is read from this connection."""
        return self._closed

    @property
    def mid_request(self) -> bool:
        """True while a request has begun and not ended: an EOF now is a truncated request."""
        return self._reading

    def receive(self, data: bytes) -> list[HttpEvent]:
        """Feed bytes as they arrived; returns the events they complete (none after the connection is closed)."""
        self._events = []
        while data and not self._closed:
            try:
                self._parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as stop:
                rest = data[stop.args[0] :]
                data = self._upgraded(rest)
            except httptools.HttpParserError as error:
                self._fail(error)
        return self._events

    def eof(self) -> list[HttpEvent]:
        """The client sent FIN. A request cut in the middle is dropped without an event, as real servers do."""
        self._closed = True
        return []

    # ---- called by httptools
    def on_message_begin(self) -> None:
        self._reset()
        self._reading = True

    def on_url(self, data: bytes) -> None:
        self._target += data
        if len(self._target) > self.limits.target:
            raise _TooMuch(414, "request target too long")

    def on_header(self, name: bytes, value: bytes | None) -> None:
        value = value or b""
        self._head_size += len(name) + len(value)
        self._lines += 1
        if self._head_size > self.limits.headers or self._lines > self.limits.header_lines:
            raise _TooMuch(431, "header fields too large")
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        known = self._headers.get(key)
        self._headers[key] = text if known is None else f"{known}, {text}"

    def on_headers_complete(self) -> None:
        if not self._target.isascii():
            raise _TooMuch(400, "request target is not ASCII")
        self._request = HttpRequest(
            method=self._parser.get_method().decode("latin-1"),
            target=self._target.decode("latin-1"),
            host=self._headers.get("host", "").partition(":")[0].lower(),
            headers=self._headers,
        )
        if self._headers.get("expect", "").lower() == "100-continue" and self._parser.get_http_version() == "1.1":
            self._events.append(Continue(self._request))

    def on_body(self, data: bytes) -> None:
        self._body_size += len(data)
        if self._body_size > self.limits.body:
            raise _TooMuch(413, "request body too large")
        self._body.append(data)

    def on_message_complete(self) -> None:
        self._reading = False
        request = self._request
        if request is None:  # pragma: no cover - the parser always completes the headers first
            raise _TooMuch(400, "request without headers")
        request.body = b"".join(self._body)
        if self._wants_websocket(request):
            return  # the parser stops now, and says where: see _upgraded
        self._events.append(Received(request, bool(self._parser.should_keep_alive())))

    # ---- ours
    @staticmethod
    def _wants_websocket(request: HttpRequest) -> bool:
        headers = request.headers
        return (
            request.method == "GET"
            and headers.get("upgrade", "").lower() == "websocket"
            and "upgrade" in headers.get("connection", "").lower()
        )

    def _upgraded(self, rest: bytes) -> bytes:
        """The parser met an Upgrade: hand a WebSocket over; any other upgrade is ignored (RFC 9110, 7.8)."""
        request = self._request
        if request is not None and self._wants_websocket(request):
            self._closed = True
            self._events.append(Upgrade(request, rest))
            return b""
        self._parser = httptools.HttpRequestParser(self)
        return rest

    def _fail(self, error: Exception) -> None:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, _TooMuch):
            cause = cause.__cause__ or cause.__context__
        self._closed = True
        self._reading = False
        if isinstance(cause, _TooMuch):
            self._events.append(Malformed(cause.status, str(cause)))
        else:
            self._events.append(Malformed(400, str(error) or type(error).__name__))

    def _reset(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._head_size = self._lines = self._body_size = 0
        self._body: list[bytes] = []
        self._request = None


def response(
    status: int,
    body: bytes = b"",
    *,
    headers: Mapping[str, str] | None = None,
    content_type: str | None = "application/json;charset=UTF-8",
    keep_alive: bool = True,
    method: str = "GET",
) -> bytes:
    """The bytes of a whole answer with Content-Length. To ``HEAD``, and with 204 and 304, the body is left out.

    Header values are sent as given; line breaks in them raise ValueError (they would split the answer).
    """
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}"]
    if status not in _NO_BODY:
        if content_type is not None:
            lines.append(f"Content-Type: {content_type}")
        lines.append(f"Content-Length: {len(body)}")
    lines.append("Connection: keep-alive" if keep_alive else "Connection: close")
    if headers:
        lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1:
        raise ValueError("line break in a header")
    if method == "HEAD" or status in _NO_BODY:
        body = b""
    return head.encode("latin-1") + b"\r\n\r\n" + body


def error_response(event: Malformed) -> bytes:
    """The front server's own answer to bytes it cannot read: HTML, as a proxy sends it, and the connection closes."""
    reason = _REASONS.get(event.status, "Bad Request")
    page = (
        f"<html>\r\n<head><title>{event.status} {reason}</title></head>\r\n"
        f"<body>\r\n<center><h1>{event.status} {reason}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    return response(event.status, page.encode("ascii"), content_type="text/html", keep_alive=False)
