"""Reports from nothing but histories: judged again, counted again, and from there on like any stored run.

    outtrade report history.jsonl --html page.html --junit junit.xml

A History holds its scenario, its target and everything that a check may read, so verdicts, findings, the fault ledger,
scores and timelines are those of the run that wrote it. What only the run knew is left out, never guessed: when and
for how long it ran, with which libraries, its seed and how many scenarios it planned, whether a failure shows without
faults, too (that took a second run), and smaller scenarios of a failure (many runs).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outtrade import suites
from outtrade.engine.events import Failure, FailureFound, RunFinished
from outtrade.engine.judging import judge_history
from outtrade.engine.many import gathered
from outtrade.engine.plan import Kit, Plan
from outtrade.engine.results import Examined, failing, summarise
from outtrade.gate import Policy
from outtrade.model.history import History
from outtrade.model.scenario import Scenario, ScenarioError
from outtrade.report.results import FailureRow, ReportError, Results, build, saved_failure
from outtrade.report.stored import MAX_FILE, Stored, again
from outtrade.report.text import clean, count
from outtrade.suites import Suite
from outtrade.targets import Target, TargetError


@dataclass(frozen=True, slots=True)
class Gathered(Stored):
    """Histories as a stored run. ``scenarios``, ``histories``: what a failure (by fingerprint) is shown in."""

    scenarios: Mapping[str, bytes]
    histories: Mapping[str, bytes]

    @property
    def source(self) -> str:
        """What all of it was made from, for people."""
        return count(self.results.scenarios, "stored history", "stored histories")

    def replay(self, failure: FailureRow) -> str:
        """The command that shows a failure again: a History holds its scenario."""
        return again(self.results.target, Path(failure.file), suite=self.results.suite)

    def scenario(self, failure: FailureRow) -> bytes:
        """The scenario of a failure, as a file that ``outtrade replay`` runs."""
        return self.scenarios[failure.fingerprint]

    def history(self, failure: FailureRow) -> bytes:
        """Its History, as it was read."""
        return self.histories[failure.fingerprint]


class _Kit(Kit):
    """A plan whose runs are over."""

    def __init__(self, plan: Plan, target: Target, suite: Suite, scenarios: Sequence[Scenario]) -> None:
        super().__init__(plan, target, suite)
        self._scenarios = tuple(scenarios)
        self.space = ", ".join(dict.fromkeys(scenario.space for scenario in scenarios))

    def scenario(self, index: int) -> Scenario:
        """The scenario of history ``index``."""
        return self._scenarios[index]


@dataclass(frozen=True, slots=True)
class _One:
    """A history file, read."""

    file: Path
    data: bytes
    history: History
    scenario: Scenario


def is_history(path: Path) -> bool:
    """Whether ``path`` names a history file, not a report folder or its results.json."""
    return path.suffix == ".jsonl"


def gather(files: Sequence[Path], *, suite: str = suites.CORE, policy: Policy | None = None) -> Gathered:
    """Judge ``files`` again; several are one run of many scenarios, in this order. Raises ReportError with one line."""
    policy = policy or Policy()
    read = _once([_read(file) for file in files])
    header = read[0].history.header
    for one in read[1:]:
        there = one.history.header
        if (there.target, there.scope) != (header.target, header.scope):
            raise ReportError(
                f"{one.file}: of {clean(there.target, 80)}, and {read[0].file} is of {clean(header.target, 80)}:"
                " a report is about one target"
            )
    target = Target(name=header.target, scope=header.scope, is_async=False, load=_nobody)
    plan = Plan(header.target, suite=suite, scenarios=len(read), baseline=False)
    kit = _Kit(plan, target, suites.load(suite), [one.scenario for one in read])
    done = [_examined(kit, index, one) for index, one in enumerate(read)]
    results, failures = _results(kit, done, policy)
    by_hash = {examined.result.history: one for examined, one in zip(done, read, strict=True)}
    rows, scenarios, histories = [], {}, {}
    for failure, row in zip(failures, results.failures, strict=True):
        one = by_hash[failure.hash]
        rows.append(row.model_copy(update={"file": str(one.file)}))
        saved = saved_failure(kit, failure.scenario, [failure.judged], failure.hash)
        scenarios[row.fingerprint] = saved.to_json().encode()
        histories[row.fingerprint] = one.data
    results = results.model_copy(update={"failures": tuple(rows)})
    return Gathered(files[0].parent, results, scenarios, histories)


def _read(file: Path) -> _One:
    try:
        if file.stat().st_size > MAX_FILE:
            raise ReportError(f"{file}: larger than {MAX_FILE // 1024**2} MiB")
        data = file.read_bytes()
        history = History.from_jsonl(data)
        return _One(file, data, history, Scenario.from_json(json.dumps(history.header.scenario)))
    except OSError as error:
        raise ReportError(f"{file}: {error.strerror or error}") from None
    except ScenarioError as error:
        raise ReportError(f"{file}: the scenario in its header: {error}") from None
    except RecursionError:
        raise ReportError(f"{file}: not a history file: nested too deep") from None
    except ReportError:
        raise
    except ValueError as error:
        raise ReportError(f"{file}: {error}") from None


def _once(read: Sequence[_One]) -> list[_One]:
    """Each history once: the smallest scenario of a failure is often one that was run."""
    found: dict[str, _One] = {}
    for one in read:
        found.setdefault(one.history.hash(), one)
    return list(found.values())


def _examined(kit: Kit, index: int, one: _One) -> Examined:
    try:
        findings = judge_history(one.history, kit.properties)
        result = summarise(index, one.scenario, one.history, findings)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ReportError(f"{one.file}: its events do not fit together: {type(error).__name__}: {error}") from None
    bad = failing(findings)
    return Examined(result, one.scenario.to_json() if bad else "", one.data if bad else b"")


def _results(kit: Kit, done: Sequence[Examined], policy: Policy) -> tuple[Results, list[Failure]]:
    failures: list[Failure] = []
    for event in gathered(kit, done, wall_seconds=0.0, policy=policy):
        if isinstance(event, FailureFound):
            failures.append(event.failure)
        if isinstance(event, RunFinished):
            card = event.card
    made = build(
        kit,
        card,
        [examined.result for examined in done],
        tuple(failures),
        files={},
        policy=policy,
        interrupted=False,
        started="",
        wall_seconds=0.0,
    )
    return made.model_copy(update={"finished": "", "libraries": {}, "seed": None}), failures


def _nobody() -> Any:
    raise TargetError("a history is judged, not run")
