"""Randomness of agent code: everything that asks the operating system asks the World's stream ``entropy`` instead.

Covered: ``os.urandom``, ``os.getrandom``, ``ssl.RAND_bytes``, ``secrets``, ``uuid.uuid4`` and ``uuid1``, the functions
of ``random``, and instances of ``random.Random`` that seeded themselves from the operating system. Of the latter, those
made inside a World are seeded by its stream; those made before (aiohttp keeps one as a default argument) are reseeded
when a World is entered, each by the module that made it. Instances with a seed of their own are left alone.
"""

from __future__ import annotations

import os
import random
import sys
import uuid
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, ref

from outtrade.sim import sources
from outtrade.sim.active import current

if TYPE_CHECKING:
    from outtrade.sim.world import World

_real_seed = random.Random.seed
_real_urandom = os.urandom
_real_uuid1 = uuid.uuid1
_NO_DRAWS = ("seed", "getstate", "setstate")
_counting = False
_made_outside: dict[str, ReferenceType[random.Random]] = {}


def sim_urandom(size: int) -> bytes:
    """Replaces ``os.urandom``, ``random._urandom`` and ``ssl.RAND_bytes``."""
    world = current()
    if world is None:
        return _real_urandom(size)
    world.check()
    sources.drew("os.urandom")
    return world.rng("import" if world.importing else "entropy").randbytes(size)


def sim_getrandom(size: int, flags: int = 0) -> bytes:
    """Replaces ``os.getrandom``."""
    return sim_urandom(size)


def sim_uuid1(node: int | None = None, clock_seq: int | None = None) -> uuid.UUID:
    """Replaces ``uuid.uuid1``: no MAC address, no real time."""
    world = current()
    if world is None:
        return _real_uuid1(node, clock_seq)
    sources.drew("uuid1")
    stream = world.rng("entropy")
    ticks = world.tick() // 100 + 0x01B21DD213814000
    sequence = stream.getrandbits(14) if clock_seq is None else clock_seq
    return uuid.UUID(
        fields=(
            ticks & 0xFFFFFFFF,
            ticks >> 32 & 0xFFFF,
            ticks >> 48 & 0x0FFF,
            sequence >> 8 & 0x3F,
            sequence & 0xFF,
            0x02_42_C6_12_00_01 if node is None else node,
        ),
        version=1,
    )


def sim_seed(self: random.Random, a: Any = None, version: int = 2) -> None:
    """Replaces ``random.Random.seed``."""
    if a is not None or isinstance(self, random.SystemRandom):
        _real_seed(self, a, version)
        return
    world = current()
    if world is not None and not world.importing:
        sources.drew("random.Random()")
        _real_seed(self, world.rng("entropy").getrandbits(128))
        return
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__") == "random":
        frame = frame.f_back
    place = remember(self, str(frame.f_globals.get("__name__")))
    _real_seed(self, None if world is None else f"{world.seed}/{place}")


def _counted(name: str, real: Any) -> Any:
    def draw(*args: Any, **kwargs: Any) -> Any:
        if sources.WATCH is not None and current() is not None:
            sources.drew(name)
        return real(*args, **kwargs)

    draw.__name__ = draw.__qualname__ = name.removeprefix("random.")
    return draw


def count_functions() -> None:
    """From now on the functions of ``random``, and copies of them that modules hold by name, tell who watches of each
    draw. They are methods in C and often called, so they stay what they are in processes in which nobody watches."""
    global _counting
    if _counting:
        return
    _counting = True
    copies = {}
    for name in random.__all__:
        real = getattr(random, name)
        if getattr(real, "__self__", None) is random._inst and name not in _NO_DRAWS:
            copies[id(real)] = _counted(f"random.{name}", real)
    for module_name, module in list(sys.modules.items()):
        if not module_name.startswith(("hypothesis", "_pytest")):
            for name, value in list(getattr(module, "__dict__", {}).items()):
                if id(value) in copies:
                    setattr(module, name, copies[id(value)])


def remember(instance: random.Random, module: str) -> str:
    """Reseed this instance at the entry of every World; returns the name of its place: the module and a count."""
    count = 0
    while (known := _made_outside.get(f"{module}#{count}")) is not None and known() not in (None, instance):
        count += 1
    place = f"{module}#{count}"
    _made_outside[place] = ref(instance)
    return place


def reseed(world: World) -> None:
    """Seed the instances that had seeded themselves before the World began."""
    for place, reference in list(_made_outside.items()):
        instance = reference()
        if instance is None:
            del _made_outside[place]
        else:
            _real_seed(instance, f"{world.seed}/{place}")
