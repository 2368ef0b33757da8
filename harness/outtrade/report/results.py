"""``results.json``: the whole run as data, with a versioned schema, and the files of what failed.

::

    reports/<name>/results.json            this file; every other report is made from it
    reports/<name>/report.html             with --html, or by outtrade report
    reports/<name>/failures/<id>.json      every failing scenario, to be replayed
    reports/<name>/failures/<id>.jsonl     its History (the first few scenarios of each distinct failure)
    reports/<name>/failures/<FAILURE>.min.json, .min.jsonl    the smallest scenario of each distinct failure

While the run goes on, results.json holds what is finished (``interrupted``), so that a killed run can be resumed.
Two equal runs write equal bytes, but for the declared time fields, which ``declared_time_fields`` names; neither the
number of workers nor the folder stands in the file. ``docs/results.schema.json`` is the JSON Schema of ``Results``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from outtrade.baseline import Known, Standing
from outtrade.engine.events import (
    Event,
    Failure,
    Interrupted,
    MinimisingStarted,
    RunFinished,
    RunStarted,
    ScenarioDone,
)
from outtrade.engine.many import Groups
from outtrade.engine.plan import Kit
from outtrade.engine.replay import Expected, SavedFailure
from outtrade.engine.results import FAILING, Examined, Judged, Result
from outtrade.gate import Policy
from outtrade.report.text import count
from outtrade.score import PropertyScore, Scorecard, score

if TYPE_CHECKING:
    from outtrade.outside import Allowed
    from outtrade.profile import Profile
    from outtrade.reference import Recorded

VERSION: Literal[2] = 2
"""Written by this version. Version 1 has no gate, no expected failures and no kinds; it is still read."""
TIME_FIELDS = ("started", "finished", "wall_seconds", "results[].wall_seconds", "isolation")
"""Paths of the fields in which two equal runs may differ: times, and what the machine allows."""

KEPT_HISTORIES = 5
"""Histories kept of each distinct failure; every other one can be made again by ``outtrade replay``."""

FAILURES = "failures"

CHECKPOINT = 5.0
"""Real seconds between two writings of what is finished so far."""
SHARE = 20
"""The run goes on for so many times as long as the last one took."""


class ReportError(ValueError):
    """The report folder cannot be used; the message is one line for the user."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(_Model):
    """A 95 % confidence interval over scenarios, as shares."""

    low: float
    high: float


class DimensionRow(_Model):
    """Score of a dimension: the mean of its properties' rates; null where nothing was decided."""

    name: str
    score: float | None
    interval: Interval
    properties: int = Field(description="properties that were decided in at least one scenario")
    scenarios: int = Field(description="scenarios in which at least one of them was decided")


class PropertyRow(_Model):
    """One property over all scenarios."""

    id: str
    title: str
    level: Literal["MUST", "SHOULD"]
    severity: Literal["critical", "major", "minor"]
    dimension: str
    rate: float | None = Field(description="scenarios passed / scenarios in which it applied and was decided")
    interval: Interval
    counts: dict[str, int] = Field(
        description="scenarios by verdict; 'incomplete' includes passes while a due fault did not land, "
        "'not-exercised' are passes in scenarios of which no planned fault was exercised"
    )
    baseline: int = Field(description="violations that happen without any fault, too")
    waiver: str | None = Field(description="why it was allowed to be waived")
    expected: int = Field(default=0, description="violations that the baseline excuses; they count in the rate")
    tolerated: int = Field(default=0, description="further violations that --fail-under or --max-critical let pass")


class FaultRow(_Model):
    """One variant of fault over all scenarios."""

    variant: str
    planned: int
    landed: int
    not_exercised: int
    incomplete: int


class FailureRow(_Model):
    """A distinct failure: same property, same kind of violation."""

    fingerprint: str
    property: str
    title: str
    level: Literal["MUST", "SHOULD"]
    severity: Literal["critical", "major", "minor"]
    scenarios: int
    baseline: bool
    message: str
    evidence: tuple[int, ...] = Field(description="sequence numbers of events in the history")
    first: str = Field(description="id of the scenario it was minimised from")
    minimal: bool
    runs: int = Field(description="runs spent on minimising")
    one_minimal: bool = Field(default=False, description="no fault, intent or odd value can go alone")
    shown: tuple[int, int] = Field(
        default=(1, 1), description="with repeats: in how many of how many runs of the smallest scenario it showed"
    )
    file: str = Field(description="scenario file, relative to this file; outtrade replay runs it")
    history: str = Field(description="SHA-256 of the history that the file gives")
    expected: int = Field(default=0, description="scenarios in which the baseline expects it")
    reason: str = Field(default="", description="why it is expected")


class ViolationRow(_Model):
    """One thing that a check found in one scenario."""

    message: str
    evidence: tuple[int, ...]
    subject: str


class FindingRow(_Model):
    """A property that did not pass in one scenario."""

    property: str
    verdict: str
    fingerprint: str
    baseline: bool
    violations: tuple[ViolationRow, ...]
    more: int
    kinds: tuple[str, ...] = Field(default=(), description="all fingerprints, where there is more than the one")


class ScenarioFault(_Model):
    """What became of one planned fault of a scenario."""

    fault: int
    variant: str
    status: str
    times: int


class ScenarioRow(_Model):
    """One scenario."""

    index: int
    scenario: str
    seed: int
    space: str
    pair: str | None
    history: str = Field(description="SHA-256 of the history")
    events: int
    verdicts: dict[str, str]
    findings: tuple[FindingRow, ...]
    faults: tuple[ScenarioFault, ...]
    ended: str = Field(description="how the target ended where it gave no usable report")
    differs: str = Field(description="first difference between two runs, with the determinism check")
    entropy: dict[str, int] = Field(
        default={}, description="with the determinism check: source and line that drew on it -> how often"
    )
    escapes: tuple[str, ...] = Field(
        default=(), description="what the target tried that the World does not simulate; it got an error"
    )
    outside: dict[str, int] = Field(default={}, description="host that the run lets through -> requests to it")
    lacks: tuple[str, ...] = Field(
        default=(), description="capabilities that it needs and the target lacks: it was not run (waived)"
    )
    untracked: tuple[str, ...] = Field(default=(), description="parts that its report left out")
    error: str = Field(description="error of the harness")
    file: str | None = Field(description="scenario file, where something failed")
    wall_seconds: float


class Exit(_Model):
    """0 pass, 1 the gate failed, 2 usage or harness error, 3 incomplete."""

    code: Literal[0, 1, 2, 3]
    reasons: tuple[str, ...]


class ExpectationRow(_Model):
    """An entry of the baseline and what became of it."""

    property: str
    fingerprint: str | None
    scenario: str | None
    fault: str | None
    reason: str
    owner: str | None
    expires: str | None = Field(description="the last day on which it excuses anything")
    status: Literal["seen", "stale", "expired", "not met"]
    seen: int = Field(description="scenarios in which it excused a violation")
    chances: int = Field(description="scenarios that it names and in which its property was decided")


class GateRow(_Model):
    """By what the exit code was decided."""

    max_incomplete: float
    fail_under: dict[str, float] = Field(description="dimension, or 'all' -> lowest score in per cent")
    max_critical: int
    expected: tuple[ExpectationRow, ...]
    notes: tuple[str, ...] = Field(description="what was excused, tolerated, or could not be held against this run")


class NetworkRow(_Model):
    """Who did the network faults of a run over real sockets."""

    by: str = Field(description="toxiproxy with its version and place, or own with the reason")
    faults: dict[str, tuple[str, ...]] = Field(
        description="with a Toxiproxy: by variant of fault in the run's scenarios, the toxic or why the server did it"
    )


class OutsideRow(_Model):
    """The real hosts that agents were let through to."""

    live: bool = Field(description="whether they were reached; else a recording answered, without the network")
    hosts: dict[str, int] = Field(description="host -> requests in all scenarios")
    latency: float | None = Field(description="virtual seconds that an answer took; null: as recorded")
    recording: str = Field(description="the file, as it was named")
    sha256: str | None = Field(description="of the file that answered")
    provenance: str | None = Field(description="what the header of that file says")

    def words(self) -> str:
        """All of it in one line."""
        asked = ", ".join(f"{host}: {count(times, 'request')}" for host, times in self.hosts.items())
        if not self.live:
            return f"{asked}; answered from {self.recording} ({self.provenance}), no real host was reached"
        return f"REAL HOSTS {asked}; recorded in {self.recording}"


class ReferenceRow(_Model):
    """The recording of ``--reference``."""

    source: str
    sha256: str = Field(description="of the file")
    provenance: str
    symbols: tuple[str, ...]


class ProfileRow(_Model):
    """The frozen profile that was run."""

    name: str
    sha256: str = Field(description="names its content and its scenarios; compare it with the published one")
    requires: tuple[str, ...] = Field(description="parts that every report has to hold")
    coverage: dict[str, int] = Field(description="property -> least number of scenarios that have to decide it")


class Results(_Model):
    """The file."""

    format: Literal["outtrade.results"] = "outtrade.results"
    version: Literal[1, 2] = VERSION
    declared_time_fields: tuple[str, ...] = TIME_FIELDS
    outtrade: str
    libraries: dict[str, str]
    target: str
    scope: Literal["A", "G"]
    suite: str
    space: str
    venue: str | None
    seed: int | None = Field(description="null in a frozen profile, and where nothing but histories was at hand")
    reference: ReferenceRow | None = Field(
        default=None, description="the recording whose instruments, fees and markets the mock started from"
    )
    profile: ProfileRow | None = Field(default=None, description="null where scenarios came from a space and a seed")
    planned: int
    chosen: tuple[int, ...] = Field(default=(), description="indices of the space that were run; empty: the first ones")
    repeats: int = Field(default=1, ge=1, description="runs of each scenario; results[] holds every run")
    scenarios: int
    interrupted: bool
    started: str
    finished: str
    wall_seconds: float
    network: NetworkRow | None = Field(default=None, description="null where the target ran in a simulated world")
    isolation: str = Field(
        default="",
        description="what kept agents from the real network: 'network namespace', or 'audit hook only', which C "
        "libraries can pass; empty over real sockets, and in older files",
    )
    outside: OutsideRow | None = Field(
        default=None, description="null where agents were let through to no real host (--allow-host, --allow-replay)"
    )
    exit: Exit
    gate: GateRow | None = Field(default=None, description="absent in files of version 1")
    critical: int = Field(description="critical violations of a MUST: scenario x property")
    incomplete: int
    not_exercised: int
    waived: int = Field(default=0, description="scenarios that were not run, because the target lacks what they need")
    lacks: dict[str, int] = Field(default={}, description="capability that the target lacks -> scenarios that need it")
    errors: int = Field(default=0, description="scenarios in which the harness failed or a check crashed; in no rate")
    pass_k: tuple[float, ...] = Field(
        default=(), description="with repeats: pass^1, pass^2, ...: the chance that so many runs of a scenario all pass"
    )
    flaky: int = Field(default=0, description="with repeats: scenarios of which some runs passed and others did not")
    dimensions: tuple[DimensionRow, ...]
    properties: tuple[PropertyRow, ...]
    faults: tuple[FaultRow, ...]
    failures: tuple[FailureRow, ...]
    results: tuple[ScenarioRow, ...]


def as_json(results: Results) -> str:
    """The text of the file."""
    return json.dumps(results.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


def schema() -> str:
    """The JSON Schema of results.json, as it is kept in docs/."""
    return json.dumps(Results.model_json_schema(), indent=1, ensure_ascii=False) + "\n"


def open_folder(folder: Path) -> Path:
    """Make sure that reports can be written to ``folder``. Raises ReportError."""
    try:
        (folder / FAILURES).mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise ReportError(f"cannot write reports to {folder}: {error.strerror or error}") from None
    return folder


def slug(text: str, limit: int = 60) -> str:
    """A file name of letters, digits, dots and hyphens; a short hash stands for what would be lost.

    >>> slug("RTY-01:second-order")
    'RTY-01-second-order'
    """
    name = re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-.")[:limit]
    if name and len(text) <= limit and re.fullmatch(r"[A-Za-z0-9._:-]+", text):
        return name
    return f"{name or 'x'}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def folder_name(target: str) -> str:
    """The name of a target's folder under reports/: short, and the same wherever its file lies.

    >>> folder_name("py:some/folder/agent.py:execute"), folder_name("ccxt:binance")
    ('agent.execute', 'ccxt-binance')

    Of a command only the program is named; its words may hold a key.
    """
    kind, _, rest = target.partition(":")
    if kind == "cmd":
        words = rest.split()
        name = slug(f"cmd-{Path(words[0]).name}" if words else "cmd")
        return name + (f"-{hashlib.sha256(target.encode()).hexdigest()[:6]}" if words[1:] else "")
    if kind != "py":
        return slug(target)
    place, _, thing = rest.rpartition(":")
    return slug(f"{Path(place).name.removesuffix('.py')}.{thing}")


class ResultsFile:
    """Handler that writes the folder. ``folder`` must have passed ``open_folder``."""

    def __init__(
        self,
        folder: Path,
        *,
        waivers: Mapping[str, str] | None = None,
        policy: Policy | None = None,
        earlier: Mapping[int, Examined] | None = None,
    ) -> None:
        self.folder = folder
        self.written = False
        """Whether results.json of the whole run is there."""
        self._policy = policy or Policy(waivers=dict(waivers or {}))
        self._earlier = dict(earlier or {})
        self._kit: Kit | None = None
        self._results: list[Result] = []
        self._groups = Groups()
        self._mine: set[str] = set()
        self._shown: dict[str, str] = {}
        self._began = self._due = 0.0
        self._files: dict[int, str] = {}
        self._kept: Counter[str] = Counter()
        self._interrupted = False
        self._isolation = ""
        self._started = ""

    def handle(self, event: Event) -> None:
        """Write failing scenarios as they come, results so far now and then, everything else at the end."""
        if isinstance(event, RunStarted):
            self._kit = event.kit
            self._started = _now()
            self._began = time.monotonic()
            if not self._earlier:  # else it stays until there is something newer
                self._clear()
                (self.folder / "results.json").unlink(missing_ok=True)
        elif isinstance(event, ScenarioDone):
            self._results.append(event.examined.result)
            self._earlier.pop(event.examined.result.index, None)
            self._groups.add(event.examined)
            if event.examined.scenario:
                self._keep(event.examined)
            if time.monotonic() >= self._due:
                self.checkpoint()
        elif isinstance(event, Interrupted):
            self._interrupted = True
        elif isinstance(event, MinimisingStarted):
            self.checkpoint()
        elif isinstance(event, RunFinished):
            self._finish(event)

    def checkpoint(self) -> None:
        """Write what is finished as an interrupted run, so that neither kill -9 nor a second Ctrl-C costs more than
        some seconds: ``--resume`` goes on from there. A run that is finished, or has not begun, is left alone."""
        if self.written or self._kit is None or not self._results:
            return
        start = time.monotonic()
        rest = [self._earlier[index] for index in sorted(self._earlier)]  # a resumed run has not come to these yet
        results = sorted([*self._results, *(one.result for one in rest)], key=lambda result: result.index)
        names = {one.result.index: slug(one.result.scenario) for one in rest if one.scenario}
        names = {index: stem for index, stem in names.items() if (self.folder / FAILURES / f"{stem}.json").is_file()}
        failures = tuple(self._groups.as_they_are(self._kit))
        for failure in failures:
            if self._shown.get(failure.judged.fingerprint) != failure.hash:
                self._save_failure(failure)
        card = score(
            results,
            self._kit.properties,
            planned=self._kit.plan.scenarios,
            policy=self._policy,
            repeats=self._kit.plan.repeats,
        )
        self._write(card, results, failures, names | self._files, interrupted=True, wall=start - self._began)
        end = time.monotonic()
        self._due = end + max(CHECKPOINT, SHARE * (end - start))

    def _clear(self) -> None:
        """Remove what an earlier run left here, but for its results.json."""
        for old in sorted((self.folder / FAILURES).iterdir()):
            if old.suffix in (".json", ".jsonl") and old.is_file() and old.name not in self._mine:
                old.unlink()
        (self.folder / "report.html").unlink(missing_ok=True)

    def _keep(self, examined: Examined) -> None:
        result = examined.result
        stem = slug(result.scenario)
        if stem in self._files.values():
            stem = f"{stem}-{result.index}"
        self._files[result.index] = stem
        bad = [judged for judged in result.findings if judged.verdict in FAILING]
        self._save(stem, examined.scenario, bad, result.history)
        if examined.history and any(self._kept[judged.fingerprint] < KEPT_HISTORIES for judged in bad):
            self._put(f"{stem}.jsonl", examined.history)
        self._kept.update(judged.fingerprint for judged in bad)

    def _save(self, stem: str, scenario: str, bad: list[Judged], history: str) -> None:
        assert self._kit is not None
        saved = saved_failure(self._kit, scenario, bad, history)
        self._put(f"{stem}.json", saved.to_json().encode())

    def _save_failure(self, failure: Failure) -> None:
        stem = failure_stem(failure)
        self._save(stem, failure.scenario, [failure.judged], failure.hash)
        if failure.history:
            self._put(f"{stem}.jsonl", failure.history)
        self._shown[failure.judged.fingerprint] = failure.hash

    def _put(self, name: str, data: bytes) -> None:
        write_whole(self.folder / FAILURES / name, data)
        self._mine.add(name)

    def _finish(self, event: RunFinished) -> None:
        for failure in event.failures:
            self._save_failure(failure)
        self._isolation = event.isolation
        wall = event.wall_seconds
        self._write(event.card, self._results, event.failures, self._files, interrupted=self._interrupted, wall=wall)
        self.written = True
        self._clear()

    def _write(
        self,
        card: Scorecard,
        results: list[Result],
        failures: tuple[Failure, ...],
        stems: Mapping[int, str],
        *,
        interrupted: bool,
        wall: float,
    ) -> None:
        assert self._kit is not None
        made = build(
            self._kit,
            card,
            results,
            failures,
            files={index: f"{FAILURES}/{stem}.json" for index, stem in stems.items()},
            policy=self._policy,
            interrupted=interrupted,
            started=self._started,
            wall_seconds=wall,
            isolation=self._isolation,
        )
        write_whole(self.folder / "results.json", as_json(made).encode())


def saved_failure(kit: Kit, scenario: str, bad: Sequence[Judged], history: str) -> SavedFailure:
    """The file of a scenario (JSON) that failed; ``history``: SHA-256 of its History."""
    return SavedFailure(
        target=kit.plan.target,
        suite=kit.plan.suite,
        failures=tuple(Expected(property=j.property, fingerprint=j.fingerprint, message=_message(j)) for j in bad),
        history=history,
        scenario=json.loads(scenario),
    )


def failure_stem(failure: Failure) -> str:
    """File name (without ending) of the smallest scenario of a distinct failure."""
    return slug(failure.judged.fingerprint) + ".min"


def build(
    kit: Kit,
    card: Scorecard,
    results: list[Result],
    failures: tuple[Failure, ...],
    *,
    files: Mapping[int, str],
    policy: Policy,
    interrupted: bool,
    started: str,
    wall_seconds: float,
    isolation: str = "",
) -> Results:
    """The contents of results.json."""
    return Results(
        outtrade=installed_version(),
        libraries=_libraries(kit),
        target=kit.plan.target,
        scope=kit.target.scope,
        suite=kit.plan.suite,
        space=kit.space,
        venue=kit.plan.venue,
        seed=kit.plan.seed if kit.plan.profile is None else None,
        reference=_reference(kit.plan.recorded),
        profile=_profile(kit.plan.profile),
        planned=card.planned,
        repeats=kit.plan.repeats,
        chosen=kit.plan.chosen,
        scenarios=card.scenarios,
        interrupted=interrupted,
        started=started,
        finished=_now(),
        wall_seconds=round(wall_seconds, 3),
        network=_network(kit, results),
        isolation=isolation,
        outside=outside_row(kit.plan.allowed, results),
        failures=tuple(_failure(failure, card) for failure in failures),
        **judgement(card, policy),
        results=tuple(_scenario(result, files.get(result.index)) for result in results),
    )


def _profile(profile: Profile | None) -> ProfileRow | None:
    if profile is None:
        return None
    head = profile.head
    return ProfileRow(name=head.name, sha256=head.sha256, requires=head.requires, coverage=head.coverage)


def _reference(recorded: Recorded | None) -> ReferenceRow | None:
    if recorded is None:
        return None
    what = recorded.reference
    return ReferenceRow(
        source=what.source, sha256=what.sha256, provenance=what.provenance, symbols=tuple(recorded.symbols)
    )


def outside_row(allowed: Allowed | None, results: Iterable[Result]) -> OutsideRow | None:
    """What a run let through to; None where it did not."""
    if allowed is None:
        return None
    asked = Counter(dict.fromkeys(allowed.hosts, 0))
    for result in results:
        asked.update(result.outside)
    tape = allowed.tape
    return OutsideRow(
        live=allowed.live,
        hosts={host: asked[host] for host in sorted(asked)},
        latency=allowed.latency if allowed.live else None,
        recording=allowed.file,
        sha256=None if tape is None else tape.sha256,
        provenance=None if tape is None else tape.cassette.provenance,
    )


def _network(kit: Kit, results: list[Result]) -> NetworkRow | None:
    if not kit.plan.network:
        return None
    done: dict[str, set[str]] = {}
    if kit.plan.toxiproxy:
        from outtrade.wire.toxiproxy.mapping import carriers

        for result in results:
            faults = kit.scenario(result.index).faults if not result.error else ()
            for fault, carried in zip(faults, carriers(faults), strict=True):
                done.setdefault(fault.variant, set()).add(str(carried))
    return NetworkRow(by=kit.plan.network, faults={name: tuple(sorted(done[name])) for name in sorted(done)})


def judgement(card: Scorecard, policy: Policy) -> dict[str, Any]:
    """The fields of ``Results`` that the score and the gate decide."""
    return {
        "exit": Exit(code=card.code, reasons=card.reasons),
        "gate": GateRow(
            max_incomplete=policy.max_incomplete,
            fail_under=dict(sorted(policy.fail_under.items())),
            max_critical=policy.max_critical,
            expected=tuple(_expectation(row) for row in card.expectations),
            notes=card.notes,
        ),
        "critical": card.critical,
        "incomplete": card.incomplete,
        "not_exercised": card.unexercised,
        "waived": card.waived,
        "lacks": dict(card.lacks),
        "errors": card.errors,
        "pass_k": tuple(round(power, 6) for power in card.pass_k),
        "flaky": card.flaky,
        "dimensions": tuple(
            DimensionRow(
                name=row.name,
                score=_share(row.score),
                interval=_interval(row.low, row.high),
                properties=row.properties,
                scenarios=row.scenarios,
            )
            for row in card.dimensions
        ),
        "properties": tuple(_property(row, policy.waivers.get(row.id)) for row in card.properties),
        "faults": tuple(
            FaultRow(
                variant=row.variant,
                planned=row.planned,
                landed=row.landed,
                not_exercised=row.not_exercised,
                incomplete=row.incomplete,
            )
            for row in card.faults
        ),
    }


def _expectation(row: Standing) -> ExpectationRow:
    entry = row.entry
    return ExpectationRow(
        property=entry.property,
        fingerprint=entry.fingerprint,
        scenario=entry.scenario,
        fault=entry.fault,
        reason=entry.reason,
        owner=entry.owner,
        expires=entry.expires.isoformat() if entry.expires else None,
        status=row.status,
        seen=row.seen,
        chances=row.chances,
    )


def _property(row: PropertyScore, waiver: str | None) -> PropertyRow:
    return PropertyRow(
        id=row.id,
        title=row.title,
        level=row.level,
        severity=row.severity,
        dimension=row.dimension,
        rate=_share(row.rate),
        interval=_interval(row.low, row.high),
        counts=row.counts,
        baseline=row.baseline,
        waiver=waiver,
        expected=row.expected,
        tolerated=row.tolerated,
    )


def _failure(failure: Failure, card: Scorecard) -> FailureRow:
    judged = failure.judged
    known = card.known.get(judged.fingerprint, Known(0, ""))
    return FailureRow(
        fingerprint=judged.fingerprint,
        property=judged.property,
        title=failure.title,
        level=failure.level,
        severity=failure.severity,
        scenarios=failure.scenarios,
        baseline=judged.baseline,
        message=_message(judged),
        evidence=judged.violations[0].evidence if judged.violations else (),
        first=failure.first,
        minimal=failure.minimal,
        runs=failure.runs,
        one_minimal=failure.one_minimal,
        shown=failure.shown,
        file=f"{FAILURES}/{failure_stem(failure)}.json",
        history=failure.hash,
        expected=known.scenarios,
        reason=known.reason,
    )


def _scenario(result: Result, file: str | None) -> ScenarioRow:
    return ScenarioRow(
        index=result.index,
        scenario=result.scenario,
        seed=result.seed,
        space=result.space,
        pair=result.pair,
        history=result.history,
        events=result.events,
        verdicts=result.verdicts,
        findings=tuple(
            FindingRow(
                property=judged.property,
                verdict=judged.verdict,
                fingerprint=judged.fingerprint,
                baseline=judged.baseline,
                violations=tuple(
                    ViolationRow(message=v.message, evidence=v.evidence, subject=v.subject) for v in judged.violations
                ),
                more=judged.more,
                kinds=judged.kinds,
            )
            for judged in result.findings
        ),
        faults=tuple(
            ScenarioFault(fault=row.fault, variant=row.variant, status=row.status, times=row.times)
            for row in result.faults
        ),
        ended=result.ended,
        differs=result.differs,
        entropy=result.entropy,
        escapes=result.escapes,
        outside=result.outside,
        lacks=result.lacks,
        untracked=result.untracked,
        error=result.error,
        file=file,
        wall_seconds=round(result.wall_seconds, 6),
    )


def _message(judged: Judged) -> str:
    return judged.violations[0].message if judged.violations else ""


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _interval(low: float, high: float) -> Interval:
    return Interval(low=round(low, 6), high=round(high, 6))


def _libraries(kit: Kit) -> dict[str, str]:
    """Versions that a target's behaviour may depend on."""
    wanted = ("ccxt", "httpx", "requests", "aiohttp", "websockets")
    found: dict[str, Any] = {name: _version(name) for name in wanted if name in sys.modules}
    return {"python": ".".join(str(part) for part in sys.version_info[:3]), **found}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def installed_version() -> str:
    """The version of Outtrade that writes results."""
    return _version("outtrade")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all. Raises OSError."""
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
