"""The server side of the wire, without I/O: HTTP/1.1 and WebSocket.

Each protocol is an object that is fed the bytes a client sent and returns typed events; answers are turned into bytes
that the caller sends, cuts, delays or drops. Nothing here knows a socket, a clock or a venue, so the same classes
serve the simulated network and a real TCP listener, and a fault has every byte of both directions in its hands::

    http = HttpConnection()
    for event in http.receive(data):
        if isinstance(event, Upgrade):        # hand the connection over
            ws = WebSocketConnection(event.request)
            events = ws.receive(event.rest)

`outtrade_mocks.wire.http` parses with httptools, `outtrade_mocks.wire.websocket` with the sans-I/O part of
``websockets``.
"""

from outtrade_mocks.wire.http import (
    CONTINUE,
    Continue,
    HttpConnection,
    HttpEvent,
    HttpLimits,
    Malformed,
    Received,
    Upgrade,
    error_response,
    response,
)
from outtrade_mocks.wire.websocket import (
    Binary,
    Closed,
    Opening,
    Ping,
    Pong,
    Text,
    WebSocketConnection,
    WebSocketEvent,
)

__all__ = [
    "CONTINUE",
    "Binary",
    "Closed",
    "Continue",
    "HttpConnection",
    "HttpEvent",
    "HttpLimits",
    "Malformed",
    "Opening",
    "Ping",
    "Pong",
    "Received",
    "Text",
    "Upgrade",
    "WebSocketConnection",
    "WebSocketEvent",
    "error_response",
    "response",
]
