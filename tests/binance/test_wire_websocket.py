"""WebSocket without I/O, against the client side of the same library."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from outtrade_mocks.wire.http import HttpConnection, Upgrade
from outtrade_mocks.wire.websocket import Binary, Closed, Opening, Ping, Pong, Text, WebSocketConnection

URI = "wss://ws-api.binance.com:443/ws-api/v3"


def connected() -> tuple[ClientProtocol, WebSocketConnection]:
    client = ClientProtocol(parse_uri(URI))
    client.send_request(client.connect())
    [upgrade] = HttpConnection().receive(b"".join(client.data_to_send()))
    assert isinstance(upgrade, Upgrade)
    server = WebSocketConnection(upgrade.request)
    [opening] = server.receive(upgrade.rest)
    assert isinstance(opening, Opening)
    assert opening.request.target == "/ws-api/v3"
    server.accept()
    deliver(server, client)
    assert client.handshake_exc is None
    client.events_received()
    assert server.open
    return client, server


def deliver(server: WebSocketConnection, client: ClientProtocol) -> None:
    data = server.outgoing()
    if data:
        client.receive_data(data)


def frames(client: ClientProtocol) -> list[Frame]:
    return [event for event in client.events_received() if isinstance(event, Frame)]


def test_the_handshake_shows_no_wall_clock() -> None:
    client = ClientProtocol(parse_uri(URI))
    client.send_request(client.connect())
    [upgrade] = HttpConnection().receive(b"".join(client.data_to_send()))
    assert isinstance(upgrade, Upgrade)
    server = WebSocketConnection(upgrade.request)
    server.receive(b"")
    server.accept()
    assert b"\r\nDate:" not in server.outgoing()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=5), st.integers(1, 40))
def test_text_travels_both_ways_in_any_pieces(texts: list[str], size: int) -> None:
    client, server = connected()
    for text in texts:
        client.send_text(text.encode("utf-8", "surrogatepass") if text.isascii() else text.encode())
    data, events = b"".join(client.data_to_send()), []
    for start in range(0, len(data), size):
        events += server.receive(data[start : start + size])
    assert [event.text for event in events if isinstance(event, Text)] == texts
    for text in texts:
        assert server.send_text(text)
    deliver(server, client)
    assert [bytes(frame.data).decode() for frame in frames(client)] == texts


def test_fragments_are_joined() -> None:
    client, server = connected()
    client.send_text(b'{"id":', fin=False)
    client.send_continuation(b"1}", fin=True)
    client.send_binary(b"\x00")
    events = server.receive(b"".join(client.data_to_send()))
    assert events == [Text('{"id":1}'), Binary(b"\x00")]


def test_pings_are_answered_and_pongs_heard() -> None:
    client, server = connected()
    client.send_ping(b"hello")
    assert server.receive(b"".join(client.data_to_send())) == [Ping(b"hello")]
    deliver(server, client)
    [pong] = frames(client)
    assert (pong.opcode, bytes(pong.data)) == (Opcode.PONG, b"hello")
    assert server.ping(b"20")
    deliver(server, client)
    assert server.receive(b"".join(client.data_to_send())) == [Pong(b"20")]


def test_outgoing_bytes_can_be_withheld() -> None:
    client, server = connected()
    server.send_text("lost")
    assert server.outgoing()
    server.send_text("seen")
    deliver(server, client)
    assert [bytes(frame.data) for frame in frames(client)] == [b"seen"]


def test_the_client_closes() -> None:
    client, server = connected()
    client.send_close(1000, "done")
    assert server.receive(b"".join(client.data_to_send())) == [Closed(1000, "done")]
    assert server.outgoing()
    assert server.eof
    assert not server.open
    assert not server.send_text("too late")
    assert server.receive(b"anything") == []


def test_the_venue_closes() -> None:
    client, server = connected()
    assert server.close(1001, "24 hours")
    deliver(server, client)
    assert client.close_rcvd is not None
    assert client.close_rcvd.code == 1001
    assert server.receive(b"".join(client.data_to_send())) == [Closed(1001, "24 hours")]
    assert not server.close()


def test_a_fin_without_a_close_frame_is_abnormal() -> None:
    _, server = connected()
    [closed] = server.receive_eof()
    assert isinstance(closed, Closed)
    assert closed.code == 1006
    assert server.receive_eof() == []


@pytest.mark.parametrize("missing", ["sec-websocket-key", "sec-websocket-version"])
def test_a_bad_handshake_is_refused(missing: str) -> None:
    client = ClientProtocol(parse_uri(URI))
    client.send_request(client.connect())
    [upgrade] = HttpConnection().receive(b"".join(client.data_to_send()))
    assert isinstance(upgrade, Upgrade)
    del upgrade.request.headers[missing]
    server = WebSocketConnection(upgrade.request)
    server.receive(b"")
    server.accept()
    assert server.outgoing().startswith(b"HTTP/1.1 400 ")
    assert not server.open


def test_rejecting_a_handshake() -> None:
    client = ClientProtocol(parse_uri(URI))
    client.send_request(client.connect())
    [upgrade] = HttpConnection().receive(b"".join(client.data_to_send()))
    assert isinstance(upgrade, Upgrade)
    server = WebSocketConnection(upgrade.request)
    server.receive(b"")
    server.reject(403, "no")
    client.receive_data(server.outgoing())
    assert server.eof
    assert client.handshake_exc is not None


def test_invalid_utf8_ends_the_connection() -> None:
    client, server = connected()
    client.send_text(b"\xff\xfe")
    [closed] = server.receive(b"".join(client.data_to_send()))
    assert closed == Closed(1007, "invalid UTF-8")
    assert server.receive(b"more") == []


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=60), max_size=6))
def test_no_bytes_crash_it(pieces: list[bytes]) -> None:
    _, server = connected()
    for piece in pieces:
        server.receive(piece)
        server.outgoing()
    server.receive_eof()
