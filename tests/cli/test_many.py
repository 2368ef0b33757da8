"""Running many scenarios: order, independence of the number of workers, dying workers, Ctrl-C, grouping."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from cli.conftest import BAD, GOOD, agent
from outtrade.engine.determinism import STATE
from outtrade.engine.events import (
    Event,
    FailureFound,
    Interrupted,
    MinimisingStarted,
    RunFinished,
    RunStarted,
    ScenarioDone,
)
from outtrade.engine.many import run_many
from outtrade.engine.plan import Plan, prepare
from outtrade.engine.results import Result
from outtrade.score import ERROR, GATE, INCOMPLETE, OK


def go(spec: str, *, scenarios: int = 12, workers: int = 1, budget: int = 40, **more: object) -> list[Event]:
    kit = prepare(Plan(spec, scenarios=scenarios, **more))  # type: ignore[arg-type]
    return list(run_many(kit, workers=workers, budget=budget, limit=5))


def results(events: list[Event]) -> list[Result]:
    return [event.examined.result for event in events if isinstance(event, ScenarioDone)]


def finish(events: list[Event]) -> RunFinished:
    last = events[-1]
    assert isinstance(last, RunFinished)
    return last


def without_time(result: Result) -> Result:
    import msgspec

    return msgspec.structs.replace(result, wall_seconds=0.0)


def test_events_come_in_order_and_a_good_agent_passes(engine: Path) -> None:
    events = go(agent(engine, GOOD), scenarios=5)
    assert [type(event) for event in events] == [RunStarted, *[ScenarioDone] * 5, RunFinished]
    assert [r.index for r in results(events)] == [0, 1, 2, 3, 4]
    assert finish(events).card.code == OK
    assert finish(events).failures == ()


def test_the_number_of_workers_does_not_show(engine: Path) -> None:
    spec = agent(engine, BAD)
    runs = [go(spec, workers=workers, scenarios=30) for workers in (0, 1, 3)]
    first, *others = [[without_time(result) for result in results(events)] for events in runs]
    assert len(first) == 30
    for other in others:
        assert other == first
    assert finish(runs[0]).failures == finish(runs[1]).failures == finish(runs[2]).failures
    assert finish(runs[0]).card == finish(runs[2]).card


def test_slow_scenarios_do_not_change_the_order(engine: Path) -> None:
    # The first scenario waits until a later one, run by the other worker, has left a file.
    body = (
        "import pathlib, select\n"
        "mark = pathlib.Path('later')\n"
        "if task.id.endswith('-0'):\n"
        "    while not mark.exists():\n"
        "        select.select([], [], [], 0.01)\n"
        "if task.id.endswith('-5'):\n"
        "    mark.touch()\n"
        "return []"
    )
    events = go(agent(engine, body), workers=2, scenarios=8)
    assert [r.index for r in results(events)] == list(range(8))
    assert finish(events).card.code == OK


def test_distinct_failures_are_minimised_and_ordered_by_severity(engine: Path) -> None:
    body = (
        "bad = ['PAR-01', 'RTY-14']\n"
        "if any(f.kind == 'lost_answer' for f in scenario.faults):\n"
        "    bad.append('RTY-01')\n"
        "return bad"
    )
    events = go(agent(engine, body), scenarios=8)
    failures = finish(events).failures
    assert [f.judged.property for f in failures] == ["RTY-01", "PAR-01", "RTY-14"]
    assert [f.scenarios for f in failures] == [4, 8, 8]
    exposure, prices, _ = failures
    assert all(failure.minimal and failure.runs <= 41 for failure in failures)
    assert exposure.scenario.count('"kind": "lost_answer"') == 1
    assert exposure.scenario.count('"kind": "order"') == 1
    assert '"faults"' not in prices.scenario
    assert (exposure.judged.baseline, prices.judged.baseline) == (False, True)
    assert sum(isinstance(event, FailureFound) for event in events) == 3
    assert MinimisingStarted(3) in events


def test_without_a_budget_the_smallest_scenario_is_shown_as_it_is(engine: Path) -> None:
    failure = finish(go(agent(engine, BAD), budget=0)).failures[0]
    assert not failure.minimal
    assert failure.scenario.count('"kind": "order"') == 3
    assert failure.history


def test_an_agent_that_raises_is_a_finding(engine: Path) -> None:
    events = go(agent(engine, "raise RuntimeError('no [bold]idea[/]')"), scenarios=3)
    card = finish(events).card
    assert (card.code, card.errors, card.critical) == (GATE, 0, 3)
    assert results(events)[0].ended == "raised: RuntimeError: no [bold]idea[/]"


@pytest.mark.parametrize("workers", [1, 2])
def test_an_agent_that_ends_the_process_costs_its_own_scenario_only(engine: Path, workers: int) -> None:
    body = "import os\nif task.id.endswith('-3'):\n    os._exit(7)\nreturn []"
    events = go(agent(engine, body), workers=workers, scenarios=8)
    done = results(events)
    assert [r.index for r in done] == list(range(8))
    assert done[3].verdicts["REC-12"] == "fail"
    assert done[3].ended == "watchdog: the process ended itself with exit status 7"
    assert [r.verdicts["REC-12"] for r in done if r.index != 3] == ["pass"] * 7
    assert finish(events).card.code == GATE


def test_an_agent_killed_by_a_signal_is_named(engine: Path) -> None:
    body = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    assert results(go(agent(engine, body), scenarios=1))[0].ended == "watchdog: the process was ended by SIGKILL"


@pytest.mark.parametrize("times", [1, 2])
def test_who_is_asked_to_end_has_failed_only_if_it_happens_again(engine: Path, tmp_path: Path, times: int) -> None:
    """Whoever stops a run ends its workers as well, often a moment before the run itself."""
    body = f"""
import os, pathlib, signal
said = pathlib.Path({str(tmp_path)!r}, 'said')
if task.id.endswith('-1') and len(said.read_text() if said.exists() else '') < {times}:
    with said.open('a') as file:
        file.write('x')
    os.kill(os.getpid(), signal.SIGTERM)
return []"""
    done = results(go(agent(engine, body), workers=1, scenarios=3))
    assert [r.verdicts["REC-12"] for r in done] == ["pass", "pass" if times == 1 else "fail", "pass"]
    assert (done[1].ended == "watchdog: the process was ended by SIGTERM") is (times == 2)


def test_an_agent_that_never_comes_back_is_stopped(engine: Path) -> None:
    kit = prepare(Plan(agent(engine, "if task.id.endswith('-1'):\n    while True: pass\nreturn []"), scenarios=3))
    done = results(list(run_many(kit, workers=1, limit=3)))
    assert done[1].ended.startswith("watchdog: nothing came back for")
    assert [r.verdicts.get("REC-12") for r in done] == ["pass", "fail", "pass"]


def test_a_check_that_crashes_and_an_engine_that_fails_are_errors_of_the_harness(
    engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = finish(go(agent(engine, "return {'PAR-01': 'crash'}"), scenarios=2)).card
    assert (card.code, card.errors) == (ERROR, 2)
    import outtrade.engine.run as real

    def fails(*_: object) -> None:
        raise ValueError("the engine broke\nwith two lines")

    monkeypatch.setattr(real, "run", fails)
    events = go(agent(engine, GOOD), scenarios=2)
    assert [r.error for r in results(events)] == ["ValueError: the engine broke"] * 2
    assert finish(events).card.code == ERROR


def test_undecided_scenarios_make_the_run_incomplete(engine: Path) -> None:
    assert finish(go(agent(engine, "return {'PAR-01': 'undecided'}"), scenarios=2)).card.code == INCOMPLETE


@pytest.mark.parametrize("workers", [0, 2])
def test_ctrl_c_keeps_what_is_finished(engine: Path, workers: int) -> None:
    kit = prepare(Plan(agent(engine, BAD), scenarios=500))
    before = signal.getsignal(signal.SIGINT)
    events: list[Event] = []
    for event in run_many(kit, workers=workers):
        events.append(event)
        if isinstance(event, ScenarioDone) and event.examined.result.index == 5:
            os.kill(os.getpid(), signal.SIGINT)
    done = results(events)
    assert 6 <= len(done) < 500
    indexes = [r.index for r in done]
    assert indexes == sorted(set(indexes))
    assert Interrupted(len(done), 500) in events
    last = finish(events)
    assert last.interrupted
    assert last.card.code == GATE  # a violation was already proven
    assert f"only {len(done)} of 500 scenarios were run" in last.card.reasons
    assert last.failures and not last.failures[0].minimal
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_on_a_good_agent_is_incomplete(engine: Path) -> None:
    kit = prepare(Plan(agent(engine, GOOD), scenarios=500))
    for event in run_many(kit, workers=1):
        if isinstance(event, ScenarioDone) and event.examined.result.index == 3:
            os.kill(os.getpid(), signal.SIGINT)
    assert isinstance(event, RunFinished)
    assert event.card.code == INCOMPLETE


def test_no_worker_is_left_behind(engine: Path) -> None:
    import multiprocessing

    go(agent(engine, GOOD), workers=3)
    assert multiprocessing.active_children() == []


def test_the_determinism_check_names_the_first_difference(engine: Path) -> None:
    body = (
        "import itertools, sys\nn = sys.__dict__.setdefault('_demo_count', itertools.count())\nreturn {'log': next(n)}"
    )
    events = go(agent(engine, body), scenarios=2, workers=0, check_determinism=True)
    differs = results(events)[0].differs
    assert differs == f"event 3 at 6.000000 s (Log): text is '0', then '1'; {STATE}"
    assert finish(events).card.code == ERROR
    calm = go(agent(engine, GOOD), scenarios=2, check_determinism=True)
    assert [r.differs for r in results(calm)] == ["", ""]
    assert finish(calm).card.code == OK


def test_a_failure_that_does_not_show_again_is_kept_as_it_was(engine: Path) -> None:
    body = "import sys\nfirst = not sys.__dict__.setdefault('_demo_done', False)\nsys._demo_done = True\n"
    body += "return ['RTY-01'] if first else []"
    (failure,) = finish(go(agent(engine, body), scenarios=2, workers=0, baseline=False)).failures
    assert not failure.minimal
    assert failure.scenario
    import sys

    del sys._demo_done  # type: ignore[attr-defined]
