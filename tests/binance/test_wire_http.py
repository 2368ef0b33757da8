"""HTTP/1.1 without I/O: whatever the pieces, the same requests come out; whatever the bytes, nothing crashes."""

from __future__ import annotations

import httptools
from hypothesis import given, settings
from hypothesis import strategies as st

from outtrade_mocks.wire.http import (
    Continue,
    HttpConnection,
    HttpLimits,
    Malformed,
    Received,
    Upgrade,
    error_response,
    response,
)

ORDER = (
    b"POST /api/v3/order?symbol=BTCUSDT HTTP/1.1\r\nHost: api.binance.com\r\nX-MBX-APIKEY: K\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 8\r\n\r\nside=BUY"
)
CHUNKED = (
    b"POST /api/v3/order HTTP/1.1\r\nHost: api.binance.com:443\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nside=\r\n3\r\nBUY\r\n0\r\n\r\n"
)
PING = b"GET /api/v3/ping HTTP/1.1\r\nHost: api.binance.com\r\n\r\n"


def received(events: list[object]) -> list[Received]:
    assert all(isinstance(event, Received) for event in events), events
    return [event for event in events if isinstance(event, Received)]


def test_a_whole_request_is_read() -> None:
    [event] = received(list(HttpConnection().receive(ORDER)))
    assert event.keep_alive
    assert event.request.method == "POST"
    assert event.request.target == "/api/v3/order?symbol=BTCUSDT"
    assert event.request.host == "api.binance.com"
    assert event.request.headers["x-mbx-apikey"] == "K"
    assert event.request.body == b"side=BUY"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([ORDER, CHUNKED, PING]), min_size=1, max_size=5), st.data())
def test_pipelined_requests_survive_any_segmentation(requests: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(requests)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    connection, events = HttpConnection(), []
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        events += connection.receive(whole[start:end])
    bodies = [event.request.body for event in received(events)]
    assert bodies == [b"" if request is PING else b"side=BUY" for request in requests]
    assert not connection.mid_request


def test_connection_close_is_seen() -> None:
    [event] = received(list(HttpConnection().receive(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")))
    assert not event.keep_alive
    [old] = received(list(HttpConnection().receive(b"GET / HTTP/1.0\r\n\r\n")))
    assert not old.keep_alive


def test_expect_continue_is_announced_before_the_body() -> None:
    connection = HttpConnection()
    head, body = b"POST /o HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", b"ab"
    [first] = connection.receive(head)
    assert isinstance(first, Continue)
    assert connection.mid_request
    [second] = received(list(connection.receive(body)))
    assert second.request.body == b"ab"


def test_repeated_headers_are_joined() -> None:
    [event] = received(list(HttpConnection().receive(b"GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\n\r\n")))
    assert event.request.headers["x-a"] == "1, 2"


def test_limits_answer_with_their_own_status() -> None:
    limits = HttpLimits(target=50, headers=100, header_lines=3, body=10)
    cases = {
        414: b"GET /" + b"a" * 60 + b" HTTP/1.1\r\n\r\n",
        431: b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"b" * 200 + b"\r\n\r\n",
        413: b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n" + b"c" * 11,
        400: b"NONSENSE\r\n\r\n",
    }
    for status, data in cases.items():
        connection = HttpConnection(limits=limits)
        [event] = connection.receive(data)
        assert isinstance(event, Malformed)
        assert event.status == status
        assert connection.closed
        assert connection.receive(PING) == []
        assert error_response(event).startswith(b"HTTP/1.1 %d " % status)


def test_a_websocket_upgrade_hands_over_the_rest() -> None:
    head = (
        b"GET /ws-api/v3 HTTP/1.1\r\nHost: ws-api.binance.com\r\nConnection: keep-alive, Upgrade\r\n"
        b"Upgrade: WebSocket\r\n\r\n"
    )
    connection = HttpConnection()
    [event] = connection.receive(head + b"\x81\x00")
    assert isinstance(event, Upgrade)
    assert event.rest == b"\x81\x00"
    assert connection.closed


def test_another_upgrade_is_ignored_and_the_request_answered() -> None:
    head = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
    events = received(list(HttpConnection().receive(head + PING)))
    assert [event.request.target for event in events] == ["/", "/api/v3/ping"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=80) | st.sampled_from([PING, ORDER, CHUNKED, b"\r\n", b"GET "]), max_size=6))
def test_no_bytes_crash_the_parser(pieces: list[bytes]) -> None:
    connection = HttpConnection()
    for piece in pieces:
        for event in connection.receive(piece):
            if isinstance(event, Malformed):
                assert 400 <= event.status < 500


class _Reader:
    def __init__(self) -> None:
        self.body, self.headers, self.done = b"", {}, False
        self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode().lower()] = value.decode()

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.done = self.parser.should_keep_alive()


@given(st.sampled_from([200, 400, 401, 404, 409, 418, 429, 500, 504]), st.binary(max_size=300))
def test_an_answer_reads_back_as_it_was(status: int, body: bytes) -> None:
    reader = _Reader()
    parser = reader.parser
    parser.feed_data(response(status, body, headers={"Retry-After": "7"}))
    assert reader.done
    assert parser.get_status_code() == status
    assert reader.body == body
    assert reader.headers["retry-after"] == "7"


def test_answers_without_a_body() -> None:
    head = response(200, b"{}", method="HEAD")
    assert head.endswith(b"\r\n\r\n")
    assert b"Content-Length: 2\r\n" in head
    assert b"Content-Length" not in response(204)


def test_a_header_cannot_split_the_answer() -> None:
    try:
        response(200, b"", headers={"X": "a\r\nSet-Cookie: b"})
    except ValueError:
        return
    raise AssertionError("a line break in a header was sent")
