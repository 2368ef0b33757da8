"""--check-determinism names the first difference with the agent's line, and lists who drew on clock and entropy."""

from __future__ import annotations

from pathlib import Path

import pytest

from outtrade.engine.events import ScenarioDone
from outtrade.engine.many import run_many
from outtrade.engine.plan import Plan, prepare
from outtrade.engine.results import Result
from outtrade.sim import sources

REPORT = "    return {'outcomes': {}, 'orders': []}\n"
KEPT = "import sys\nnumbers = sys.__dict__.setdefault('_kept_by_the_agent', [])\n"
"""State that outlives a run: a module that is not the agent's own keeps it."""

BROKEN = {
    "state kept from run to run": (
        KEPT + "def execute(task, venue):\n    numbers.append(1)\n    print(len(numbers))\n",
        "agent.py:5 in execute: print(len(numbers))",
    ),
    "real time past the World": (
        "import ctypes\ndef execute(task, venue):\n"
        "    class Time(ctypes.Structure):\n        _fields_ = [('s', ctypes.c_long), ('ns', ctypes.c_long)]\n"
        "    now = Time()\n    ctypes.CDLL(None).clock_gettime(1, ctypes.byref(now))\n    print(now.s, now.ns)\n",
        "agent.py:7 in execute: print(now.s, now.ns)",
    ),
    "order by address": (
        KEPT + "class Thing:\n    pass\ndef execute(task, venue):\n"
        "    things = [Thing() for _ in range(3)]\n    numbers.append(things)\n    print(id(things[0]))\n",
        "agent.py:8 in execute: print(id(things[0]))",
    ),
    "in a thread": (
        KEPT + "import threading\ndef say():\n    numbers.append(1)\n    print(len(numbers))\n"
        "def execute(task, venue):\n    t = threading.Thread(target=say)\n    t.start()\n    t.join()\n",
        "agent.py:6 in say: print(len(numbers))",
    ),
}


def checked(tmp_path: Path, code: str, workers: int = 1) -> Result:
    (tmp_path / "agent.py").write_text(code + REPORT)
    kit = prepare(
        Plan(f"py:{tmp_path / 'agent.py'}:execute", space="smoke", scenarios=1, baseline=False, check_determinism=True)
    )
    (done,) = (e for e in run_many(kit, workers=workers, budget=0) if isinstance(e, ScenarioDone))
    assert done.examined.result.error == ""
    return done.examined.result


@pytest.mark.parametrize("cause", BROKEN)
def test_the_first_difference_is_named_with_the_line_that_caused_it(tmp_path: Path, cause: str) -> None:
    code, line = BROKEN[cause]
    differs = checked(tmp_path, code).differs
    assert differs.startswith("event 3 at 0.0"), differs
    assert "(Log): text is " in differs
    assert f"; from {line}" in differs


def test_the_lines_that_draw_on_clock_and_entropy_are_counted(tmp_path: Path) -> None:
    code = (
        "import os, random, time, uuid\ndef execute(task, venue):\n    for _ in range(3):\n        time.time()\n"
        "    os.urandom(4)\n    uuid.uuid4()\n    random.Random()\n    print(random.random(), uuid.uuid1())\n"
    )
    result = checked(tmp_path, code)
    assert result.differs == ""
    assert result.entropy["clock: agent.py:4 in execute: time.time()"] == 3
    assert result.entropy["os.urandom: agent.py:5 in execute: os.urandom(4)"] == 1
    assert result.entropy["os.urandom: agent.py:6 in execute: uuid.uuid4()"] == 1
    assert result.entropy["random.Random(): agent.py:7 in execute: random.Random()"] == 1
    assert any(name.startswith("uuid1: agent.py:8") for name in result.entropy)


def test_watching_changes_nothing(tmp_path: Path) -> None:
    from outtrade.engine.run import run

    kit = prepare(Plan("agent:ccxt", scenarios=1))
    plain = run(kit.target, kit.scenario(0))
    with sources.watching() as watch:
        watched = run(kit.target, kit.scenario(0))
    assert plain.hash() == watched.hash()
    assert any(watch.origin(event.seq) for event in watched.events)
    assert sources.WATCH is None


def repeats_itself(space: str | None, scenarios: int) -> None:
    from outtrade import suites

    names = ["agent:ccxt", "agent:httpx", "agent:threaded", *(f"zoo:{bad.name}" for bad in suites.load("core").zoo)]
    assert len(names) > 20
    for name in names:
        kit = prepare(Plan(name, space=space, scenarios=scenarios, baseline=False, check_determinism=True))
        for index in range(scenarios):
            result = kit.examine(index).result
            assert (result.differs, result.error) == ("", ""), name


def test_every_agent_of_the_zoo_repeats_itself() -> None:
    repeats_itself("smoke", 1)


@pytest.mark.slow
def test_every_agent_of_the_zoo_repeats_itself_in_many_scenarios() -> None:
    repeats_itself(None, 10)
