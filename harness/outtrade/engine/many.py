"""Run many scenarios against one target: a generator of small events, in the order of the scenarios.

::

    RunStarted ─► ScenarioDone × n ─► [Interrupted] ─► MinimisingStarted ─► FailureFound × m ─► RunFinished

The engine runs, judges, groups failures by fingerprint and makes the smallest scenario of each group smaller still.
Who shows or writes any of this is a handler (``outtrade.report``).

The first Ctrl-C stops handing out scenarios and ends the workers; everything finished is judged and written. A second
one ends the program.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any

from outtrade.engine.events import (
    Event,
    Failure,
    FailureFound,
    Interrupted,
    MinimisingStarted,
    RunFinished,
    RunStarted,
    ScenarioDone,
)
from outtrade.engine.minimise import BUDGET
from outtrade.engine.plan import Kit
from outtrade.engine.pool import LIMIT, Answer, Done, Lost, Pool, RunJob, ShrinkJob, Shrunk
from outtrade.engine.results import FAILING, Examined, Judged, Result
from outtrade.judge.api import Property
from outtrade.score import Policy, score

if TYPE_CHECKING:
    from outtrade.outside.tape import Recorder

MAX_DISTINCT = 30
"""Most distinct failures that are minimised; the rest is shown with the smallest scenario that was run."""

_RANK = {"critical": 0, "major": 1, "minor": 2}


class Stop:
    """Whether the user wants to stop. Catches SIGINT and SIGTERM while it is entered (main thread only)."""

    def __init__(self) -> None:
        self.wanted = False
        self._previous: dict[int, Any] = {}

    def __call__(self) -> bool:
        return self.wanted

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._caught)
        return self

    def __exit__(self, *_: object) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)

    def _caught(self, number: int, frame: FrameType | None) -> None:
        if self.wanted:
            raise KeyboardInterrupt
        self.wanted = True


@dataclass(slots=True)
class _Group:
    """Scenarios that fail in the same way."""

    judged: Judged
    smallest: Examined
    scenarios: int = 1
    baseline: bool = False

    def add(self, judged: Judged, examined: Examined) -> None:
        self.scenarios += 1
        self.baseline = self.baseline or judged.baseline
        if (examined.result.size, examined.result.index) < (self.smallest.result.size, self.smallest.result.index):
            self.judged, self.smallest = judged, examined


class Groups:
    """Failing scenarios by what failed: a distinct failure is a fingerprint."""

    def __init__(self) -> None:
        self._by_fingerprint: dict[str, _Group] = {}

    def add(self, examined: Examined) -> None:
        """One more scenario."""
        for judged in examined.result.findings:
            if judged.verdict not in FAILING:
                continue
            known = self._by_fingerprint.get(judged.fingerprint)
            if known is None:
                self._by_fingerprint[judged.fingerprint] = _Group(judged, examined, baseline=judged.baseline)
            else:
                known.add(judged, examined)

    def ordered(self, properties: Sequence[Property]) -> list[tuple[Property, _Group]]:
        """MUST before SHOULD, severe before mild, often before rare."""
        by_id = {prop.id: prop for prop in properties}

        def key(item: tuple[Property, _Group]) -> tuple[Any, ...]:
            prop, group = item
            return (prop.level != "MUST", _RANK[prop.severity], -group.scenarios, prop.id, group.judged.fingerprint)

        return sorted(((by_id[group.judged.property], group) for group in self._by_fingerprint.values()), key=key)

    def as_they_are(self, kit: Kit) -> Iterator[Failure]:
        """Every distinct failure in the smallest scenario that was run; nothing is run for it."""
        return _failures(kit, None, self.ordered(kit.properties), 0)


def run_many(
    kit: Kit,
    *,
    workers: int = 1,
    policy: Policy | None = None,
    budget: int = BUDGET,
    limit: float = LIMIT,
    stop: Stop | None = None,
    kept: Mapping[int, Examined] | None = None,
    recorder: Recorder | None = None,
) -> Iterator[Event]:
    """Run all scenarios of ``kit.plan``. ``workers`` 0 stays in this process; ``budget`` 0 does not minimise;
    ``limit`` is the most real seconds one scenario may take in a worker; ``kept``: by index, what an earlier run
    finished and this one takes over; ``recorder``: takes down what real hosts say, where the plan lets through to some.
    """
    began = time.perf_counter()
    results: list[Result] = []
    groups = Groups()
    planned = kit.plan.scenarios
    with stop or Stop() as stopped, Pool(kit, workers=workers, stopped=stopped, limit=limit, recorder=recorder) as pool:
        yield RunStarted(kit, planned)
        for examined in _all(kit, pool, kept or {}):
            results.append(examined.result)
            groups.add(examined)
            yield ScenarioDone(examined)
        interrupted = len(results) < planned
        if interrupted:
            yield Interrupted(len(results), planned)
        failures: list[Failure] = []
        ordered = groups.ordered(kit.properties)
        if ordered:
            yield MinimisingStarted(min(len(ordered), MAX_DISTINCT) if budget and not interrupted else 0)
        for failure in _failures(kit, pool, ordered, 0 if interrupted else budget):
            failures.append(failure)
            yield FailureFound(failure)
    card = score(results, kit.properties, planned=planned, policy=policy, repeats=kit.plan.repeats)
    yield RunFinished(card, tuple(failures), interrupted, time.perf_counter() - began, pool.isolation)


def _all(kit: Kit, pool: Pool, kept: Mapping[int, Examined]) -> Iterator[Examined]:
    """Every scenario in the order of the index: the kept ones as they are, the others run now."""
    missing = [index for index in range(kit.plan.scenarios) if index not in kept]
    ready = deque(sorted(index for index in kept if index < kit.plan.scenarios))
    for position, answer in pool.run([RunJob(index) for index in missing]):
        while ready and ready[0] < missing[position]:
            yield kept[ready.popleft()]
        yield _examined(kit, missing[position], answer)
    for index in ready:
        yield kept[index]


def _examined(kit: Kit, index: int, answer: Answer) -> Examined:
    if isinstance(answer, Done):
        return answer.examined
    assert isinstance(answer, Lost)
    return kit.perished(index, answer.reason)


def gathered(
    kit: Kit, done: Sequence[Examined], *, wall_seconds: float, policy: Policy | None = None
) -> Iterator[Event]:
    """The end of a run whose scenarios somebody else ran (``outtrade.mcp``): everything after the last ScenarioDone.
    Nothing is run again, so no failure is made smaller."""
    groups = Groups()
    for examined in done:
        groups.add(examined)
    planned = kit.plan.scenarios
    if len(done) < planned:
        yield Interrupted(len(done), planned)
    failures: list[Failure] = []
    for failure in groups.as_they_are(kit):
        failures.append(failure)
        yield FailureFound(failure)
    card = score(
        [examined.result for examined in done], kit.properties, planned=planned, policy=policy, repeats=kit.plan.repeats
    )
    yield RunFinished(card, tuple(failures), len(done) < planned, wall_seconds)


def _failures(kit: Kit, pool: Pool | None, ordered: list[tuple[Property, _Group]], budget: int) -> Iterator[Failure]:
    chosen = [(prop, group) for prop, group in ordered if not group.smallest.result.ended.startswith("watchdog")]
    chosen = chosen[:MAX_DISTINCT] if budget else []
    jobs = [
        ShrinkJob(
            group.smallest.scenario, prop.id, group.judged.fingerprint, group.judged.baseline, budget, kit.plan.repeats
        )
        for prop, group in chosen
    ]
    shrunk: dict[str, Shrunk] = {}
    for position, answer in pool.run(jobs) if pool is not None else ():
        if isinstance(answer, Shrunk):
            shrunk[jobs[position].fingerprint] = answer
    for prop, group in ordered:
        small = shrunk.get(group.judged.fingerprint)
        yield Failure(
            judged=small.judged if small else group.judged,
            title=prop.title,
            level=prop.level,
            severity=prop.severity,
            scenarios=group.scenarios,
            first=group.smallest.result.scenario,
            scenario=small.scenario if small else group.smallest.scenario,
            history=small.history if small else group.smallest.history,
            hash=small.hash if small else group.smallest.result.history,
            minimal=small is not None,
            runs=small.runs if small else 0,
            one_minimal=small.one_minimal if small else False,
            shown=small.shown if small else (1, 1),
        )
