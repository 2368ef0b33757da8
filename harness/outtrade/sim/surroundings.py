"""What a World takes over of the process while it is active, and gives back when it is left.

The state of the module-level random generator, the event loop policy, the cyclic garbage collector, the hooks for
errors in finalisers and threads, the counters that name threads, and the environment variables that send HTTP clients
through a proxy.
"""

from __future__ import annotations

import gc
import os
import random
import sys
from asyncio import events
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from outtrade.sim import entropy, threads
from outtrade.sim.errors import WorldStop

if TYPE_CHECKING:
    from outtrade.sim.world import World

_PROXIES = tuple(n for s in ("http", "https", "all", "ws", "wss", "no") for n in (f"{s}_proxy", f"{s}_proxy".upper()))
_policies: Any = events


def take_over(world: World, random_state: Any) -> ExitStack:
    """Make this process the World's; closing the stack undoes it. ``random_state``: from an earlier stay, or None."""
    from outtrade.sim.install import install
    from outtrade.sim.loop import SimPolicy

    install()
    undo = ExitStack()
    undo.callback(random.setstate, random.getstate())
    if random_state is None:
        random.seed(f"{world.seed}/random/{world.incarnation}")
        entropy.reseed(world)
    else:
        random.setstate(random_state)
    undo.callback(events.set_event_loop_policy, _policies._event_loop_policy)
    events.set_event_loop_policy(SimPolicy(world))
    undo.callback(setattr, sys, "unraisablehook", sys.unraisablehook)
    sys.unraisablehook = _quiet(world, sys.unraisablehook)
    for name in _PROXIES:
        if name in os.environ:
            undo.callback(os.environ.__setitem__, name, os.environ.pop(name))
    threads.take_over(world, undo)
    if gc.isenabled():
        gc.disable()
        undo.callback(gc.enable)
    return undo


def _quiet(world: World, hook: Callable[[Any], object]) -> Callable[[Any], object]:
    """An unraisablehook that does not report what finalisers of a dead agent ran into."""

    def unraisable(args: Any) -> object:
        dead = world.stopped is not None or world.copy_died
        return None if dead or issubclass(args.exc_type, WorldStop) else hook(args)

    return unraisable
