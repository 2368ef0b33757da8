"""One clock for everything, one source of randomness, nothing of the real ones."""

from __future__ import annotations

import asyncio
import datetime
import os
import random
import secrets
import ssl
import sys
import time
import uuid
from pathlib import Path
from time import monotonic as monotonic_by_name
from typing import Any

import pytest
from apps import EPOCH, Log, make

from outtrade.sim import NS

_early = random.Random()


def test_all_clocks_advance_together() -> None:
    world = make()

    def read() -> dict[str, float]:
        return {
            "time": time.time(),
            "time_ns": time.time_ns() / 1e9,
            "monotonic": time.monotonic(),
            "monotonic_ns": time.monotonic_ns() / 1e9,
            "by name": monotonic_by_name(),
            "perf_counter": time.perf_counter(),
            "perf_counter_ns": time.perf_counter_ns() / 1e9,
            "clock_gettime": time.clock_gettime(time.CLOCK_REALTIME),
            "clock_monotonic": time.clock_gettime(time.CLOCK_MONOTONIC),
            "now": datetime.datetime.now(datetime.UTC).timestamp(),
            "utcnow": datetime.datetime.utcnow().replace(tzinfo=datetime.UTC).timestamp(),
            "local": datetime.datetime.now().timestamp(),
            "today": datetime.datetime.today().timestamp(),
            "loop": asyncio.new_event_loop().time(),
        }

    with world:
        before = read()
        time.sleep(90)
        after = read()
    for name in before:
        assert after[name] - before[name] == pytest.approx(90, abs=0.001), name
    for name in ("time", "now", "utcnow", "local", "clock_gettime"):
        assert before[name] == pytest.approx(EPOCH / NS, abs=0.001), name
    assert before["loop"] == pytest.approx(before["monotonic"], abs=0.001)


def test_calendar_functions_follow() -> None:
    with make():
        assert time.strftime("%Y-%m-%d", time.gmtime()) == "2026-01-01"
        assert time.gmtime().tm_year == time.localtime().tm_year == 2026 or time.timezone != 0
        assert datetime.datetime.utcnow().isoformat().startswith("2026-01-01T00:00:00")
        assert abs(datetime.date.today() - datetime.date(2026, 1, 1)) <= datetime.timedelta(days=1)
        assert "202" in time.ctime() and "202" in time.asctime()
        assert time.gmtime(0).tm_year == 1970
        assert time.strftime("%Y", time.gmtime(0)) == "1970"


def test_datetime_stays_the_class_it_is() -> None:
    class Own(datetime.datetime):
        pass

    with make():
        assert type(Own.now()) is Own
        assert type(datetime.datetime.now()) is datetime.datetime
        assert datetime.datetime.now(tz=datetime.UTC).tzinfo is datetime.UTC
    assert abs(datetime.datetime.now().timestamp() - time.time()) < 60
    assert isinstance(Own.now(), Own)


def test_each_reading_moves_the_clock_by_a_microsecond() -> None:
    world = make()
    with world:
        first, second = time.time_ns(), time.time_ns()
        inside = world.now
        world.call_later(1, lambda: seen.append((time.time_ns(), time.time_ns())))
        seen: list[tuple[int, int]] = []
        time.sleep(1)
    assert second - first == 1000
    assert seen == [(inside + NS, inside + NS)], "for the harness the clock stands still"


def test_sleeps_are_told() -> None:
    world = make()
    log = world.observer = Log()
    assert isinstance(log, Log)

    async def agent() -> None:
        await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        await asyncio.sleep(2.5)

    with world:
        time.sleep(0.005)
        time.sleep(1.5)
        world.run_async(agent)
    assert log.events == [("slept", 1.5), ("slept", 2.5)]


def test_observer_may_be_any_object() -> None:
    told: list[float] = []

    class Partial:
        def slept(self, seconds: float) -> None:
            told.append(seconds)

    world = make()
    world.observer = Partial()
    with world:
        time.sleep(2)
    assert told == [2]


def draw() -> list[Any]:
    return [
        os.urandom(8),
        random.random(),
        random.getrandbits(64),
        random.Random().random(),
        random.SystemRandom().random(),
        secrets.token_hex(8),
        str(uuid.uuid4()),
        str(uuid.uuid1()),
        _early.random(),
        ssl.RAND_bytes(4),
        os.getrandom(4),
    ]


def test_entropy_is_the_worlds() -> None:
    def sample(seed: int) -> list[Any]:
        with make(seed):
            first = draw()
            random.seed()
            return [*first, random.random()]

    one, same, other = sample(1), sample(1), sample(2)
    assert one == same
    assert all(a != b for a, b in zip(one, other, strict=True))


def test_randomness_outside_is_untouched() -> None:
    random.seed(5)
    expected = [random.random(), random.random()]
    random.seed(5)
    got = [random.random()]
    with make():
        random.random()
    got.append(random.random())
    assert got == expected
    assert os.urandom(16) != os.urandom(16)


def test_seeded_generators_keep_their_seed() -> None:
    with make():
        assert random.Random(5).random() == random.Random(5).random()


def test_streams_are_independent_of_each_other() -> None:
    alone = make()
    a = [alone.rng("a").random() for _ in range(3)]
    mixed = make()
    b = []
    for _ in range(3):
        mixed.rng("other").random()
        b.append(mixed.rng("a").random())
    assert a == b
    assert make().rng("a").random() != make().rng("b").random()


def test_a_world_can_be_left_and_entered_again() -> None:
    whole, parts = make(), make()
    with whole:
        expected = [random.random(), os.urandom(4), random.random()]
    got: list[Any] = []
    with parts:
        got.append(random.random())
        got.append(os.urandom(4))
    with parts:
        got.append(random.random())
    assert got == expected


def test_a_new_incarnation_draws_new_numbers() -> None:
    world = make()
    with world:
        first = [random.random(), uuid.uuid4()]
        world.kill()
        world.revive()
        second = [random.random(), uuid.uuid4()]
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_imports_by_the_agent_leave_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "import os, random, time, inspect\nSTART = time.time()\nRNG = random.Random()\nTOKEN = os.urandom(4)\n"
    (tmp_path / "imported_by_the_agent.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))

    def run() -> list[Any]:
        import imported_by_the_agent as module

        assert module.__spec__.loader.get_source("imported_by_the_agent") == source
        return [time.time(), os.urandom(4), random.random(), module.RNG.random(), random.Random().random()]

    def world() -> list[Any]:
        made = make()
        with made:
            return made.run_blocking(run)

    first = world()
    assert first == world()
    del sys.modules["imported_by_the_agent"]
