"""The one World that is active in this process, and in which thread.

Every wrapper that the sim installs in the standard library starts with ``current()``: None means "no World here, do the
real thing". Only the thread that entered the World lives in it; other threads (a progress bar, a test runner) keep real
time and real sockets.
"""

from __future__ import annotations

from _thread import get_ident
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outtrade.sim.world import World

WORLD: World | None = None


def current() -> World | None:
    """The World that this thread lives in, or None."""
    world = WORLD
    return world if world is not None and world.thread == get_ident() else None
