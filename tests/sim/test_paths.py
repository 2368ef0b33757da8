"""Latency, bandwidth, order, back-pressure, half-close, limits: what a real network does to clients."""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import time
from random import Random
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import websockets
from apps import EPOCH, HOST, Log, Server, http, make

from outtrade.sim import NS, Conn, ConnectPlan, Fixed, Killed, Lognormal, Path, Spikes, Uniform, World
from outtrade.sim.conn import SEND_BUFFER

URL = f"https://{HOST}/x"


class Sink:
    """Keeps what arrives, with its time; tests steer its connection."""

    def __init__(self, conn: Conn) -> None:
        self.conn, self.data, self.times, self.ends = conn, b"", [], []

    def on_data(self, data: bytes) -> None:
        self.data += data
        self.times.append(self.conn.world.run_ns)

    def on_eof(self) -> None:
        self.ends.append("eof")

    def on_reset(self) -> None:
        self.ends.append("reset")


def sink(world: World, host: str = "sink.example", **options: Any) -> list[Sink]:
    made: list[Sink] = []

    def accept(conn: Conn) -> Sink:
        made.append(Sink(conn))
        return made[-1]

    world.net.listen(host, 443, accept, **options)
    return made


def dial(host: str = "sink.example", timeout: float | None = 60) -> socket.socket:
    return socket.create_connection((host, 443), timeout=timeout)


# ------------------------------------------------------------------ latency and bandwidth
def test_latency_models_draw_what_they_say() -> None:
    rng = Random(1)
    assert Fixed(0.02).draw(rng) == 0.02
    uniform = [Uniform(0.01, 0.03).draw(rng) for _ in range(4000)]
    assert 0.01 <= min(uniform) < 0.0101 and 0.0299 < max(uniform) <= 0.03
    normal = sorted(Lognormal(0.02, 0.5).draw(rng) for _ in range(4001))
    assert 0.019 < normal[2000] < 0.021 and normal[3366] == pytest.approx(0.02 * 2.718**0.5, rel=0.08)
    spikes = [Spikes(0.02, 0.1, 1.0).draw(rng) for _ in range(4000)]
    assert 320 < sum(seconds > 1 for seconds in spikes) < 480


@pytest.mark.parametrize(
    "make_it",
    [
        lambda: Fixed(-1),
        lambda: Uniform(2, 1),
        lambda: Lognormal(0, 1),
        lambda: Spikes(0, 2, 1),
        lambda: Fixed(float("nan")),
        lambda: Path(bandwidth=0),
    ],
)
def test_impossible_models_are_refused(make_it: Any) -> None:
    with pytest.raises(ValueError):
        make_it()


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_request_takes_a_round_trip_for_the_handshake_and_one_for_itself(asynchronous: bool) -> None:
    world = make()
    Server(world, lambda conn, request: conn.send(http()))
    world.net.paths[HOST] = Path(up=Fixed(0.03), down=Fixed(0.05))

    async def get() -> int:
        async with aiohttp.ClientSession() as session, session.get(URL) as answer:
            return answer.status

    with world:
        status = world.run_async(get) if asynchronous else world.run_blocking(lambda: requests.get(URL).status_code)
    assert status == 200
    assert world.run_ns == pytest.approx(2 * 0.08 * NS, abs=1e6)


def test_bandwidth_spreads_a_body_over_time_and_bytes_keep_their_order() -> None:
    world = make()
    body = bytes(range(256)) * 400
    Server(world, lambda conn, request: conn.send(http(body)))
    world.net.paths[HOST] = Path(bandwidth=10_000)
    with world:
        assert world.run_blocking(lambda: requests.get(URL, timeout=60).content) == body
    assert world.run_ns / NS == pytest.approx(len(body) / 10_000, rel=0.05)


def test_sends_of_one_connection_queue_for_its_bandwidth() -> None:
    world = make()
    sinks = sink(world)
    world.net.paths["sink.example"] = Path(bandwidth=1_000)

    def agent() -> None:
        sock = dial()
        for _ in range(5):
            sock.sendall(b"x" * 1_000)
        time.sleep(10)

    with world:
        world.run_blocking(agent)
    assert [round(at / NS) for at in sinks[0].times] == [1, 2, 3, 4, 5]


def test_another_connection_shifts_no_delay_of_this_one() -> None:
    def times(others: int) -> list[int]:
        world = make()
        sinks = sink(world)
        world.net.paths["sink.example"] = Path(up=Lognormal(0.05, 1.0), connect=ConnectPlan())

        def agent() -> None:
            socks = [dial() for _ in range(1 + others)]
            for second in range(1, 6):
                time.sleep(second - world.run_ns / NS)
                for sock in reversed(socks):
                    sock.sendall(b"x")
            time.sleep(5)

        with world:
            world.run_blocking(agent)
        return [round(at / 1e6) for at in sinks[0].times]

    assert times(0) == times(1) == times(3)


def test_within_a_connection_nothing_is_reordered_across_connections_it_is() -> None:
    world = make(seed=3)
    sinks = sink(world)
    world.net.paths["sink.example"] = Path(up=Uniform(0.0, 1.0))

    def agent() -> None:
        ones = [dial() for _ in range(8)]
        for n in range(40):
            for sock in ones:
                sock.sendall(bytes([n]))
            time.sleep(0.001)
        time.sleep(3)

    with world:
        world.run_blocking(agent)
    assert all(one.data == bytes(range(40)) for one in sinks)
    firsts = [one.times[0] for one in sinks]
    assert firsts != sorted(firsts), "the first bytes of eight connections arrived in the order of sending"


def test_the_same_seed_draws_the_same_delays() -> None:
    def times(seed: int) -> list[int]:
        world = make(seed=seed)
        sinks = sink(world)
        world.net.paths["sink.example"] = Path(up=Lognormal(0.05, 1.0))

        def agent() -> None:
            sock = dial()
            for _ in range(10):
                sock.sendall(b"x")
                time.sleep(0.5)

        with world:
            world.run_blocking(agent)
        return sinks[0].times

    assert times(1) == times(1) != times(2)


# ------------------------------------------------------------------ addresses
def test_asyncio_tries_every_address_and_happy_eyeballs_does_not_wait_for_a_dead_one() -> None:
    def connect(**options: Any) -> tuple[float, str]:
        world = make()
        six, four = world.net.name("sink.example", v6=1, v4=1)
        sink(world)
        world.net.paths[six] = Path(connect=ConnectPlan("lost"))

        async def agent() -> str:
            _, writer = await asyncio.open_connection("sink.example", 443, **options)
            return str(writer.get_extra_info("peername")[0])

        with world:
            peer = world.run_async(agent)
        assert peer == four
        return world.run_ns / NS, peer

    assert connect()[0] == pytest.approx(127, abs=0.01)
    assert connect(happy_eyeballs_delay=0.25)[0] == pytest.approx(0.25, abs=0.01)


def test_aiohttp_and_anyio_race_the_families_and_blocking_clients_try_in_turn() -> None:
    async def with_aiohttp() -> None:
        async with aiohttp.ClientSession() as session, session.get(URL) as answer:
            assert answer.status == 200

    async def with_httpx() -> None:
        async with httpx.AsyncClient(timeout=30) as client:
            assert (await client.get(URL)).status_code == 200

    for agent, seconds in ((with_aiohttp, 0.25), (with_httpx, 0.25)):
        world = make()
        six = world.net.name(HOST, v6=1, v4=1)[0]
        Server(world)
        world.net.paths[six] = Path(connect=ConnectPlan("lost"))
        with world:
            world.run_async(agent)
        assert world.run_ns / NS == pytest.approx(seconds + 0.02, abs=0.01), agent

    world = make()
    six = world.net.name(HOST, v6=1, v4=1)[0]
    Server(world)
    world.net.paths[six] = Path(connect=ConnectPlan("refused", delay=0.5))
    log = world.observer = Log()
    with world:
        world.run_blocking(lambda: requests.get(URL, timeout=5))
    assert [event[-1] for event in log.events if event[0] == "connected"] == ["refused", "ok"]


def test_all_addresses_refused_names_the_reason() -> None:
    world = make()
    world.net.name("nobody.example", v4=2, v6=1)

    async def agent() -> None:
        await asyncio.open_connection("nobody.example", 443)

    with world, pytest.raises(OSError, match="Connect call failed"):
        world.run_async(agent)


def test_a_socket_of_the_other_family_is_refused_and_shows_four_part_addresses() -> None:
    world = make()
    six, four = world.net.name("sink.example", v6=1, v4=1)
    sink(world)

    def agent() -> tuple[Any, Any]:
        with socket.socket(socket.AF_INET6) as wrong, pytest.raises(OSError, match="not supported"):
            wrong.connect((four, 443))
        with socket.create_connection((six, 443)) as right:
            return right.getpeername(), right.getsockname()

    with world:
        peer, local = world.run_blocking(agent)
    assert peer == (six, 443, 0, 0) and len(local) == 4


# ------------------------------------------------------------------ buffers
def test_a_blocking_send_waits_until_the_listener_reads() -> None:
    world = make()
    sinks = sink(world)
    size = 3 * SEND_BUFFER

    def agent() -> float:
        sock = dial()
        sinks[0].conn.pause_reading()
        world.call_later(5, sinks[0].conn.resume_reading)
        sock.sendall(b"x" * size)
        return world.run_ns / NS

    with world:
        assert world.run_blocking(agent) == pytest.approx(5, abs=0.01)
    assert len(sinks[0].data) == size


def test_a_full_buffer_times_out_or_would_block() -> None:
    world = make()
    sinks = sink(world)

    def agent() -> None:
        sock = dial(timeout=2)
        sinks[0].conn.pause_reading()
        with pytest.raises(TimeoutError):
            sock.sendall(b"x" * (SEND_BUFFER + 1))
        assert world.run_ns / NS == pytest.approx(2, abs=0.01)
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.send(b"x")
        import select

        assert select.select([], [sock], [], 1) == ([], [], [])
        sinks[0].conn.resume_reading()
        assert select.select([], [sock], [], 1) == ([], [sock], [])

    with world:
        world.run_blocking(agent)
    assert len(sinks[0].data) == SEND_BUFFER


def test_a_send_takes_what_fits() -> None:
    world = make()
    sinks = sink(world)

    def agent() -> int:
        sock = dial()
        sinks[0].conn.pause_reading()
        return sock.send(b"x" * (SEND_BUFFER + 100))

    with world:
        assert world.run_blocking(agent) == SEND_BUFFER


def test_asyncio_drain_waits_and_close_flushes_first() -> None:
    world = make()
    sinks = sink(world)
    size = 2 * SEND_BUFFER

    async def agent() -> float:
        _, writer = await asyncio.open_connection("sink.example", 443)
        sinks[0].conn.pause_reading()
        world.call_later(7, sinks[0].conn.resume_reading)
        writer.write(b"x" * size)
        await writer.drain()
        drained = world.run_ns / NS
        sinks[0].conn.pause_reading()
        writer.write(b"y" * size)
        writer.close()
        assert not sinks[0].ends
        world.call_later(1, sinks[0].conn.resume_reading)
        await writer.wait_closed()
        return drained

    with world:
        assert world.run_async(agent) == pytest.approx(7, abs=0.01)
    assert sinks[0].data == b"x" * size + b"y" * size and sinks[0].ends == ["eof"]


def test_abort_throws_away_what_has_not_left() -> None:
    world = make()
    sinks = sink(world)

    async def agent() -> None:
        _, writer = await asyncio.open_connection("sink.example", 443)
        sinks[0].conn.pause_reading()
        writer.write(b"x" * (2 * SEND_BUFFER))
        writer.transport.abort()
        await asyncio.sleep(1)
        sinks[0].conn.resume_reading()

    with world:
        world.run_async(agent)
    assert len(sinks[0].data) == SEND_BUFFER and sinks[0].ends == ["eof"]


def test_loop_sock_sendall_waits_for_room() -> None:
    world = make()
    sinks = sink(world)

    async def agent() -> None:
        loop = asyncio.get_running_loop()
        sock = socket.socket()
        sock.setblocking(False)
        await loop.sock_connect(sock, (world.net.resolve("sink.example"), 443))
        sinks[0].conn.pause_reading()
        world.call_later(3, sinks[0].conn.resume_reading)
        await loop.sock_sendall(sock, b"x" * (2 * SEND_BUFFER))

    with world:
        world.run_async(agent)
    assert len(sinks[0].data) == 2 * SEND_BUFFER and world.run_ns / NS == pytest.approx(3, abs=0.01)


def test_a_narrow_lane_fills_the_buffer_too() -> None:
    world = make()
    sinks = sink(world)
    world.net.paths["sink.example"] = Path(bandwidth=SEND_BUFFER / 10)

    def agent() -> float:
        dial().sendall(b"x" * (SEND_BUFFER * 2))
        return world.run_ns / NS

    with world:
        sent = world.run_blocking(agent)
        assert sent == pytest.approx(10, rel=0.1), "the second half was taken when the first had left"
        world.run_until(EPOCH + 30 * NS)
    assert len(sinks[0].data) == 2 * SEND_BUFFER


# ------------------------------------------------------------------ ends
def test_half_close_by_the_venue_lets_the_client_go_on_sending() -> None:
    world = make()
    sinks = sink(world)

    def agent() -> bytes:
        sock = dial()
        sinks[0].conn.send(b"last words")
        sinks[0].conn.shutdown()
        read = sock.recv(100) + sock.recv(100)
        sock.sendall(b"still here")
        return read

    with world:
        assert world.run_blocking(agent) == b"last words"
    assert sinks[0].data == b"still here"


def test_fin_in_flight_a_request_on_an_idle_connection_is_answered_with_rst() -> None:
    """The race of keep-alive: the venue closes an idle connection while a request is on its way."""
    world = make()
    seen: list[bytes] = []

    class Once(Sink):
        def on_data(self, data: bytes) -> None:
            seen.append(data)
            self.conn.send(http())

    world.net.listen(HOST, 443, Once, idle=10)
    world.net.paths[HOST] = Path(up=Fixed(0.2), down=Fixed(0.2))

    def agent() -> int:
        with requests.Session() as session:
            session.get(URL)
            time.sleep(9.7)
            with pytest.raises(requests.ConnectionError, match="without response"):
                session.post(URL, data=b"order")
            return session.get(URL).status_code

    with world:
        assert world.run_blocking(agent) == 200
    assert len(seen) == 2, "the venue never saw the order"


def test_an_idle_connection_is_closed_and_a_busy_one_is_not() -> None:
    world = make()
    sinks = sink(world, idle=5)

    def agent() -> float:
        sock = dial(timeout=None)
        for _ in range(4):
            time.sleep(3)
            sock.sendall(b"x")
        assert sock.recv(1) == b""
        return world.run_ns / NS

    with world:
        assert world.run_blocking(agent) == pytest.approx(17, abs=0.01)
    assert sinks[0].data == b"xxxx"


def test_linger_with_no_time_and_unread_bytes_close_with_rst() -> None:
    world = make()
    sinks = sink(world)
    log = world.observer = Log()

    def agent() -> None:
        hard = dial()
        hard.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        hard.close()
        unread = dial()
        sinks[1].conn.send(b"never read")
        unread.close()
        dial().close()

    with world:
        world.run_blocking(agent)
    assert [one.ends for one in sinks] == [["reset"], ["reset"], ["eof"]]
    assert [event[2] for event in log.events if event[0] == "client_closed"] == ["rst", "rst", "fin"]


def test_data_for_a_closed_client_comes_back_as_rst() -> None:
    world = make()
    sinks = sink(world)
    world.net.paths["sink.example"] = Path(up=Fixed(0.1), down=Fixed(0.1))

    def agent() -> None:
        sock = dial()
        sinks[0].conn.send(b"in flight")
        sock.close()
        time.sleep(1)

    with world:
        world.run_blocking(agent)
    assert sinks[0].ends == ["eof", "reset"]


# ------------------------------------------------------------------ limits
@pytest.mark.parametrize(
    ("full", "error"), [("refused", ConnectionRefusedError), ("lost", TimeoutError), ("reset", ConnectionResetError)]
)
def test_one_connection_too_many(full: Any, error: type[OSError]) -> None:
    world = make()
    sink(world, limit=2, full=full)

    def agent() -> None:
        first, _second = dial(), dial()
        with pytest.raises(error):
            dial(timeout=3).recv(1)
        first.close()
        dial().close()

    with world:
        world.run_blocking(agent)


def test_an_unreachable_address() -> None:
    world = make()
    sink(world)
    world.net.paths["sink.example"] = Path(connect=ConnectPlan("unreachable"))
    with world, pytest.raises(OSError) as caught:
        world.run_blocking(dial)
    assert caught.value.errno == errno.ENETUNREACH


def test_a_stream_survives_jitter_in_order() -> None:
    from test_clients import WebSocketServer

    world = make(seed=5)
    world.net.listen("ws-api.binance.com", 443, WebSocketServer)
    world.net.paths["ws-api.binance.com"] = Path(up=Lognormal(0.05, 1), down=Lognormal(0.05, 1), bandwidth=100_000)

    async def agent() -> list[Any]:
        async with websockets.connect("wss://ws-api.binance.com/ws") as stream:
            for n in range(20):
                await stream.send(str(n))
            return [await stream.recv() for _ in range(20)]

    with world:
        got = world.run_async(agent)
    assert [str(n) in str(text) for n, text in enumerate(got)] == [True] * 20


# ------------------------------------------------------------------ what waits while the listener does not read
def test_bytes_into_a_black_hole_fill_the_buffer() -> None:
    world = make()
    sinks = sink(world)

    def agent() -> None:
        sock = dial(timeout=5)
        sinks[0].conn.drop()
        sock.sendall(b"x" * SEND_BUFFER)
        with pytest.raises(TimeoutError):
            sock.sendall(b"x")

    with world:
        world.run_blocking(agent)


def test_the_end_waits_behind_unread_bytes_and_a_reset_throws_them_away() -> None:
    world = make()
    sinks = sink(world)
    seen: list[tuple[bytes, list[str]]] = []

    def agent() -> None:
        for hard in (False, True):
            sock = dial()
            conn = sinks[-1].conn
            conn.pause_reading()
            sock.sendall(b"last order")
            if hard:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
            seen.append((sinks[-1].data, list(sinks[-1].ends)))
            conn.resume_reading()

    with world:
        world.run_blocking(agent)
    assert seen == [(b"", []), (b"", ["reset"])]
    assert [(one.data, one.ends) for one in sinks] == [(b"last order", ["eof"]), (b"", ["reset"])]


def test_an_end_of_writing_follows_what_was_written() -> None:
    world = make()
    sinks = sink(world)

    async def agent() -> None:
        _, writer = await asyncio.open_connection("sink.example", 443)
        sinks[0].conn.pause_reading()
        writer.write(b"x" * (SEND_BUFFER + 1))
        writer.write_eof()
        await asyncio.sleep(1)
        sinks[0].conn.resume_reading()
        await asyncio.sleep(1)

    with world:
        world.run_async(agent)
    assert len(sinks[0].data) == SEND_BUFFER + 1 and sinks[0].ends == ["eof"]


@pytest.mark.parametrize("how", ["close", "abort"])
def test_an_asyncio_transport_lingers_as_it_is_told(how: str) -> None:
    world = make()
    sinks = sink(world)

    async def agent() -> None:
        _, writer = await asyncio.open_connection("sink.example", 443)
        off = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, off)
        getattr(writer.transport, how)()
        await asyncio.sleep(1)

    with world:
        world.run_async(agent)
    assert sinks[0].ends == ["reset"]


def test_a_killed_client_leaves_its_place_to_the_next() -> None:
    world = make()
    sink(world, limit=1)

    def dies() -> None:
        sock = dial()
        world.call_later(1, world.kill)
        sock.recv(1)

    with world:
        with pytest.raises(Killed):
            world.run_blocking(dies)
        world.revive()
        world.run_blocking(lambda: dial().close())


def test_an_address_has_its_own_path_before_its_names() -> None:
    world = make()
    sink(world)
    world.net.paths["sink.example"] = Path(connect=ConnectPlan("refused"))
    world.net.paths[world.net.resolve("sink.example")] = Path(up=Fixed(1), down=Fixed(1))
    with world:
        world.run_blocking(lambda: dial().close())
    assert world.run_ns / NS == pytest.approx(2, abs=0.01)
