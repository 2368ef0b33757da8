"""A cassette instead of a venue in the World: real clients dial the recorded hosts and get the recorded answers.

``playing`` is made for a test or a pytest fixture::

    @pytest.fixture
    def recorded():
        with playing(Path("cassettes/my_run.yaml")) as world:
            yield world


    def test_my_client(recorded):
        recorded.run_blocking(my_client.fetch_balances)

A request that was not recorded is answered with 501 and fails the test at the end, whatever the client made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from outtrade.sim import NS, Conn, World
from outtrade_mocks import cassettes
from outtrade_mocks.cassettes import Cassette
from outtrade_mocks.replay import Replay, ReplayError
from outtrade_mocks.wire.http import CONTINUE, Continue, HttpConnection, Malformed, Received, error_response, response

EPOCH = 1_767_225_600
"""When the World's clock starts by default: 1 January 2026, in seconds of UNIX time."""


@contextmanager
def playing(
    cassette: Path | Cassette,
    *,
    in_order: bool = False,
    ignore: Iterable[str] = (),
    complete: bool = False,
    epoch: float = EPOCH,
    seed: int = 0,
    latency: float = 0.02,
) -> Iterator[World]:
    """A World in which the hosts of a cassette answer what was recorded, after ``latency`` virtual seconds.

    At the end ReplayError is raised if a request was refused or, with ``complete``, if a recording was not asked for.
    """
    tape = cassette if isinstance(cassette, Cassette) else cassettes.read(cassette, foreign=True)
    replay = Replay(tape, in_order=in_order, ignore=ignore)
    world = World(epoch_ns=int(epoch * NS), seed=seed)
    listen(world, replay, latency=latency)
    with world:
        yield world
    if replay.refused or complete:
        replay.check()


def listen(world: World, replay: Replay, *, latency: float = 0.02) -> None:
    """Answer for every recorded host and port in a World that exists already."""
    for host, port in replay.hosts:
        world.net.listen(host, port, _factory(world, replay, latency))


def _factory(world: World, replay: Replay, latency: float) -> Callable[[Conn], _Side]:
    return lambda conn: _Side(world, conn, replay, latency)


class _Side:
    """One connection to a recorded host."""

    def __init__(self, world: World, conn: Conn, replay: Replay, latency: float) -> None:
        self._world, self._conn, self._replay, self._latency = world, conn, replay, latency
        self._http = HttpConnection()

    def on_data(self, data: bytes) -> None:
        for event in self._http.receive(data):
            if isinstance(event, Continue):
                self._conn.send(CONTINUE)
            elif isinstance(event, Received):
                self._later(self._answer(event), event.keep_alive)
            elif isinstance(event, Malformed):
                self._later(error_response(event), keep_alive=False)
            else:
                self._replay.refused.append(f"{event.request.host}: a WebSocket; cassettes hold none")
                self._later(_refusal("cassettes hold no WebSocket"), keep_alive=False)

    def _answer(self, event: Received) -> bytes:
        try:
            answer = self._replay.answer(event.request)
        except ReplayError as error:
            return _refusal(str(error))
        return response(
            answer.status,
            answer.body,
            headers=answer.headers,
            content_type=answer.content_type,
            keep_alive=event.keep_alive,
            method=event.request.method,
        )

    def _later(self, data: bytes, keep_alive: bool) -> None:
        self._world.call_later(self._latency, self._send, data, keep_alive)

    def _send(self, data: bytes, keep_alive: Any) -> None:
        self._conn.send(data)
        if not keep_alive:
            self._conn.close()

    def on_eof(self) -> None:
        self._conn.close()

    def on_reset(self) -> None:
        return None


def _refusal(why: str) -> bytes:
    return response(501, why.encode("utf-8"), content_type="text/plain;charset=UTF-8")
