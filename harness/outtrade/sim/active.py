"""The one World that is active in this process, and in which thread.

Every wrapper that the sim installs in the standard library starts with ``current()``: None means "no World here, do the
real thing". The thread that entered the World lives in it, and the threads that were started there: of them exactly one
runs at a time, and ``World.thread`` is its number. Other threads (a progress bar, a test runner) keep real time and
real sockets.
"""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from outtrade.sim.errors import Killed

if TYPE_CHECKING:
    from outtrade.sim.world import World

WORLD: World | None = None
OUTLAWS: set[int] = set()
"""Threads of agents that did not end when they had to. They have no World any more, and get nothing real either."""


def current() -> World | None:
    """The World that this thread lives in, or None."""
    world = WORLD
    if world is not None and world.thread == get_ident():
        return world
    if OUTLAWS and get_ident() in OUTLAWS:
        raise Killed()
    return None


@contextmanager
def outside() -> Iterator[None]:
    """For code of the harness: real time, real randomness and real descriptors in the thread that lives in the World.

    The World's clock stands still meanwhile, its other threads wait for the baton, and the watchdog does not count."""
    global WORLD
    world, WORLD = WORLD, None
    try:
        yield
    finally:
        WORLD = world
