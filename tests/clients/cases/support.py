"""What the cases share: a mock venue with its wire, a canned venue, and keys that were made for these tests alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from canned import Canned, Route, Talk
from table import EPOCH_NS, Try

from outtrade.sim import World

KEY, SECRET = "k" * 32, "czNjcmV0" * 8
"""A key, and a secret that is also valid base64 (Kraken decodes it)."""


@contextmanager
def canned(done: Try, routes: dict[str, Route], streams: dict[str, Talk] | None = None) -> Iterator[World]:
    """Inside: a World in which a canned venue answers. What it saw is in ``done.wire``, also after a failure."""
    world = World(epoch_ns=EPOCH_NS, seed=1)
    venue = Canned(world, routes, streams)
    try:
        yield world
    finally:
        done.wire += [*venue.seen, f"sha256 {venue.bytes.hexdigest()}"]
        done.note(f"{len(venue.seen)} requests and frames in {world.run_ns / 1e9:.3f} virtual s")
    assert not venue.unexpected, f"asked for {venue.unexpected}"
    assert venue.seen, "nothing arrived"


@contextmanager
def binance(done: Try, **changes: Any) -> Iterator[Any]:
    """Inside: the stateful mock of Binance spot (``outtrade.testing.venue.served``), or with ``changes`` of another
    venue."""
    from outtrade.testing.venue import scenario, served

    with served(scenario(**changes)) as venue:
        try:
            yield venue
        finally:
            for request in venue.requests:
                done.wire.append(
                    f"{request.seconds:.6f} {request.method} {request.host}{request.path} {request.params}"
                )
            done.note(f"{len(venue.requests)} requests in {venue.world.run_ns / 1e9:.3f} virtual s")
    assert done.wire, "nothing arrived"


def blocking(world: World, agent: Callable[[], Any]) -> Any:
    """Run a blocking agent in the World."""
    with world:
        return world.run_blocking(agent)


def asynchronous(world: World, agent: Callable[[], Any]) -> Any:
    """Run an asyncio agent in the World."""
    with world:
        return world.run_async(agent)
