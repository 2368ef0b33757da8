"""Worlds come and go in one process, and leave nothing: no objects, no descriptors, no threads."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import os
import sys
import threading
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from outtrade.engine.run import run
from outtrade.model.fault import Crash
from outtrade.sim import World
from outtrade.sim.conn import Conn
from outtrade.sim.loop import SimLoop
from outtrade.sim.network import Network
from outtrade.sim.sockets import SimSocket
from outtrade.sim.transport import SimTransport
from outtrade.targets import resolve
from outtrade_suites.spaces import generate

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = (World, Network, Conn, SimSocket, SimLoop, SimTransport, asyncio.Task, threading.Thread)
WARM_UP, ROUNDS = 10, 60
"""Rounds of five Worlds each: the first fill caches."""


@pytest.fixture(scope="module")
def worlds() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_worlds", ROOT / "bench" / "worlds.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def objects() -> tuple[Counter[str], int]:
    """How many of our own kinds live, and how many objects there are at all."""
    gc.collect()
    gc.collect()
    everything = gc.get_objects()
    found = Counter(kind.__name__ for o in everything for kind in OURS if isinstance(o, kind))
    return found, len(everything)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")
def test_three_hundred_worlds_leave_nothing_behind(worlds: ModuleType) -> None:
    turns = worlds.turns()
    looked: list[Any] = []
    others = objects()[0]
    for number in range(ROUNDS):
        for turn in turns:
            turn(number % 12)
        if number in (WARM_UP, ROUNDS - 1):
            kinds, total = objects()
            looked.append((kinds - others, descriptors(), threading.active_count()))
            looked.append(total)
    before, total_before, after, total_after = looked
    assert after == before
    assert not after[0] - Counter(Thread=1)
    # caches of libraries still fill a little; a World that stayed would be some 400 objects
    assert total_after - total_before < 4 * (ROUNDS - WARM_UP)


def test_a_crashed_async_agent_does_not_keep_its_world() -> None:
    """anyio kept the state of tasks that died in the middle of a request."""
    target = resolve("agent:httpx")
    crashing = [
        s for s in (generate("binance_spot", 1, n) for n in range(120)) if any(isinstance(f, Crash) for f in s.faults)
    ]
    run(target, crashing[0])
    before = objects()[0]
    for scenario in crashing[1:7]:
        run(target, scenario)
    assert len(crashing) >= 7
    assert not objects()[0] - before
