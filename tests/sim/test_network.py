"""What a broken network looks like to clients, and what the World tells about it."""

from __future__ import annotations

import errno
import select
import selectors
import socket
from typing import Any

import aiohttp
import httpx
import pytest
import requests
from apps import EPOCH, HOST, OK, Log, Server, http, make

from outtrade.sim import NS, Conn, ConnectPlan, World

URL = f"https://{HOST}/x"


def get(timeout: float | None = 5) -> bytes:
    return requests.get(URL, timeout=timeout).content


async def get_async(timeout: float | None = 5) -> bytes:
    options = aiohttp.ClientTimeout(total=timeout)
    async with aiohttp.ClientSession(timeout=options) as session, session.get(URL) as response:
        return await response.read()


def world_with(answer: Any = None) -> tuple[World, Server, Log]:
    world = make()
    log = world.observer = Log()
    assert isinstance(log, Log)
    return world, Server(world, answer), log


def run(world: World, asynchronous: bool, timeout: float | None = 5) -> Any:
    with world:
        if asynchronous:
            return world.run_async(lambda: get_async(timeout))
        return world.run_blocking(lambda: get(timeout))


both = pytest.mark.parametrize("asynchronous", [False, True])
ERRORS = (requests.ConnectionError, aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)


@both
def test_unknown_host_is_a_dns_failure(asynchronous: bool) -> None:
    world = make()
    log = world.observer = Log()
    with pytest.raises(ERRORS) as caught:
        run(world, asynchronous)
    assert "Name or service not known" in str(caught.value)
    assert log.events == [("resolved", HOST, False)]


@both
def test_dns_failure_on_demand(asynchronous: bool) -> None:
    world, server, _log = world_with()
    world.net.on_resolve = lambda host: False
    with pytest.raises(ERRORS) as caught:
        run(world, asynchronous)
    assert "Temporary failure in name resolution" in str(caught.value)
    assert server.transcript == []


@both
def test_refused(asynchronous: bool) -> None:
    world, server, log = world_with()
    world.net.on_connect = lambda host, port: ConnectPlan("refused", delay=0.5)
    with pytest.raises(ERRORS):
        run(world, asynchronous)
    assert log.events[-1] == ("connected", 0, HOST, 443, "refused")
    assert 500_000_000 <= world.run_ns < 600_000_000
    assert server.transcript == []


@both
def test_lost_connect_times_out(asynchronous: bool) -> None:
    world, _server, log = world_with()
    world.net.on_connect = lambda host, port: ConnectPlan("lost")
    with pytest.raises((requests.ConnectTimeout, TimeoutError)):
        run(world, asynchronous)
    assert ("connected", 0, HOST, 443, "lost") in log.events
    assert 5 * NS <= world.run_ns < 6.1 * NS, "aiohttp rounds up to whole seconds"


@both
def test_lost_connect_without_a_timeout_ends_as_the_kernel_ends_it(asynchronous: bool) -> None:
    world, _, _ = world_with()
    world.net.on_connect = lambda host, port: ConnectPlan("lost")
    with pytest.raises(ERRORS):
        run(world, asynchronous, None)
    assert 127 * NS <= world.run_ns < 128 * NS


@both
def test_a_slow_connect_is_a_slow_connect(asynchronous: bool) -> None:
    world, _, _log = world_with()
    world.net.on_connect = lambda host, port: ConnectPlan(delay=2)
    assert run(world, asynchronous) == OK
    assert 2 * NS <= world.run_ns < 2.1 * NS


@both
def test_lost_answer_is_a_timeout(asynchronous: bool) -> None:
    world, server, _ = world_with(lambda conn, request: None)
    with pytest.raises((requests.ReadTimeout, TimeoutError)):
        run(world, asynchronous)
    assert 5 * NS <= world.run_ns < 6.1 * NS, "aiohttp rounds up to whole seconds"
    assert server.transcript[-1][2] == "eof", "the client hung up"


@both
def test_reset_instead_of_an_answer(asynchronous: bool) -> None:
    world, _server, _ = world_with(lambda conn, request: conn.reset())
    with pytest.raises(ERRORS) as caught:
        run(world, asynchronous)
    assert "reset" in str(caught.value).lower()


@both
def test_fin_in_the_middle_of_a_body(asynchronous: bool) -> None:
    def half(conn: Conn, request: bytes) -> None:
        conn.send(http()[:-5])
        conn.world.call_later(1, conn.close)

    world, _, _ = world_with(half)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, *ERRORS)):
        run(world, asynchronous)
    assert NS <= world.run_ns < 1.1 * NS


@both
def test_trickle(asynchronous: bool) -> None:
    def trickle(conn: Conn, request: bytes) -> None:
        for n, byte in enumerate(http()):
            conn.world.call_later(0.1 * (n + 1), conn.send, bytes([byte]))

    world, _, _ = world_with(trickle)
    assert run(world, asynchronous, 60) == OK
    assert world.run_ns >= 0.1 * len(http()) * NS


@both
def test_dropped_connection_hears_and_tells_nothing(asynchronous: bool) -> None:
    def drop(conn: Conn, request: bytes) -> None:
        conn.drop()
        conn.send(http())

    world, server, log = world_with(drop)
    with pytest.raises((requests.ReadTimeout, TimeoutError)):
        run(world, asynchronous)
    assert server.transcript[-1][2] == "data", "not even the client's FIN arrives"
    assert ("client_closed", 0, "fin") in log.events


def test_sent_bytes_arrive_before_send_returns() -> None:
    world, server, _ = world_with()
    with world:
        sock = socket.create_connection((HOST, 443))
        sock.sendall(b"abc")
        assert [entry[3] for entry in server.transcript] == [b"", b"abc"]


def test_a_socket_after_reset_reads_what_it_had_then_the_error_then_nothing() -> None:
    world = make()
    conns: list[Conn] = []
    world.net.listen(HOST, 443, lambda conn: conns.append(conn) or Server(make()).accept(conn))  # type: ignore[func-returns-value]
    with world:
        sock = socket.create_connection((HOST, 443))
        conns[0].send(b"left")
        conns[0].reset()
        assert sock.recv(100) == b"left"
        with pytest.raises(ConnectionResetError):
            sock.recv(100)
        assert sock.recv(100) == b""
        with pytest.raises(BrokenPipeError):
            sock.send(b"x")


def test_data_to_a_closed_peer_brings_a_reset() -> None:
    world = make()
    conns: list[Conn] = []

    class Silent:
        def on_data(self, data: bytes) -> None: ...
        def on_eof(self) -> None: ...
        def on_reset(self) -> None: ...

    def accept(conn: Conn) -> Silent:
        conns.append(conn)
        return Silent()

    world.net.listen(HOST, 443, accept)
    with world:
        sock = socket.create_connection((HOST, 443))
        conns[0].close()
        sock.send(b"into the void")
        with pytest.raises(ConnectionResetError):
            sock.recv(1)


def test_half_close_still_reads() -> None:
    world = make()

    class Late:
        def __init__(self, conn: Conn) -> None:
            self.conn = conn

        def on_data(self, data: bytes) -> None: ...
        def on_eof(self) -> None:
            self.conn.world.call_later(1, self.conn.send, b"bye")

        def on_reset(self) -> None: ...

    world.net.listen(HOST, 443, Late)
    with world:
        sock = socket.create_connection((HOST, 443))
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(10) == b"bye"


def test_nonblocking_connect_and_poll() -> None:
    world, _, _ = world_with()
    world.net.on_connect = lambda host, port: ConnectPlan(delay=1)
    with world:
        sock = socket.socket()
        sock.setblocking(False)
        assert sock.connect_ex((HOST, 443)) == errno.EINPROGRESS
        poll = select.poll()
        poll.register(sock, select.POLLOUT)
        assert poll.poll(10) == []
        assert poll.poll(5000) == [(sock.fileno(), select.POLLOUT)]
        sock.send(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(BlockingIOError):
            sock.recv(10)
        assert select.select([sock], [], [], 0) == ([], [], [])
        assert select.select([sock], [], [], 5) == ([sock], [], [])
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ, "data")
            assert [(key.data, events) for key, events in selector.select(1)] == [("data", selectors.EVENT_READ)]
        assert sock.recv(1 << 16).endswith(OK)


def test_socketpair_works_in_memory() -> None:
    world = make()
    with world:
        left, right = socket.socketpair()
        left.send(b"x")
        assert right.recv(1) == b"x"
        right.close()
        assert left.recv(1) == b""


def test_reads_of_all_sizes_take_what_they_say() -> None:
    world = make()
    with world:
        left, right = socket.socketpair()
        left.sendall(b"abcdef")
        left.sendall(memoryview(b"gh"))
        assert right.recv(2) == b"ab"
        assert right.recv(100, socket.MSG_PEEK) == b"cdefgh"
        assert right.recv(3, socket.MSG_PEEK) == b"cde"
        assert right.recv(6) == b"cdefgh"
        left.sendall(b"")
        right.setblocking(False)
        with pytest.raises(BlockingIOError):
            right.recv(1)


def test_a_collected_socket_hangs_up() -> None:
    world, server, log = world_with()
    with world:
        sock = socket.create_connection((HOST, 443))
        del sock
    assert ("client_closed", 0, "fin") in log.events
    assert server.transcript[-1][2] == "eof"


def test_a_pooled_connection_closed_by_the_server_is_noticed() -> None:
    def once(conn: Conn, request: bytes) -> None:
        conn.send(http())
        conn.world.call_later(1, conn.close)

    world, server, _ = world_with(once)

    def agent() -> None:
        import time

        with httpx.Client() as client:
            client.get(URL)
            time.sleep(2)
            assert client.get(URL).content == OK

    with world:
        world.run_blocking(agent)
    assert [entry[2] for entry in server.transcript].count("open") == 2


def test_background_and_cancelled_events() -> None:
    world = make()
    seen: list[str] = []
    world.call_later(2, seen.append, "late")
    world.call_later(1, seen.append, "early", background=True)
    world.call_later(1, seen.append, "never").cancel()
    world.call_at(EPOCH, seen.append, "first")
    world.run_until(EPOCH + 3 * NS)
    assert seen == ["first", "early", "late"]
    assert world.run_ns == 3 * NS
    assert world.foreground == 0


def test_everything_is_real_again_outside() -> None:
    with make():
        pass
    left, right = socket.socketpair()
    with left, right:
        left.send(b"x")
        assert select.select([right], [], [], 5)[0] == [right]
        assert isinstance(left, socket.socket)
        assert left.fileno() < 1 << 20
