"""What is kept of one scenario: verdicts, findings with evidence, the fault ledger, and the hash of its History.

A History is large and a run has thousands of them, so each worker reduces its own to a ``Result`` and hands over the
History itself only where something failed. A Result is plain data (msgspec), the same whoever computed it: the only
field that two equal runs may differ in is the declared time field ``wall_seconds``.

``examine`` runs one scenario and judges it. Where something failed it runs the scenario once more *without its
faults* (the baseline): a property that fails there too is labelled, because the faults are not to blame.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from outtrade.model.history import EventType, History, Ledger, Log, NoReport, Outside, Planned, Reported

if TYPE_CHECKING:
    from outtrade.engine.determinism import Check
    from outtrade.judge.api import Finding, Property
    from outtrade.model.scenario import Scenario
    from outtrade.targets import Target

MAX_CASES = 5
"""How many violations of one property are kept of one scenario; the rest is counted."""

TRACKED = ("outcomes", "orders", "fills", "positions", "balances", "alerts")
"""Parts of a report; one that is None is not tracked."""

MAX_SOURCES = 20
"""How many lines that draw on clock or entropy are kept of one scenario."""

FAILING = ("fail", "warn")

ESCAPE = "not simulated: "
"""How the line begins that tells of an attempt to leave the World."""


class Violation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that a check found. ``evidence``: sequence numbers of events in the History."""

    message: str
    evidence: tuple[int, ...] = ()
    subject: str = ""


class Judged(msgspec.Struct, frozen=True, omit_defaults=True):
    """A finding as plain data: everything but pass and not-applicable is kept in words."""

    property: str
    verdict: str
    fingerprint: str
    violations: tuple[Violation, ...] = ()
    more: int = 0
    """Violations beyond MAX_CASES."""
    baseline: bool = False
    """It fails without any fault, too."""
    kinds: tuple[str, ...] = ()
    """Every way in which it was violated, as fingerprints, where there is more than the one."""


class FaultRow(msgspec.Struct, frozen=True):
    """What became of one planned fault."""

    fault: int
    variant: str
    status: str
    times: int = 0


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything the score and the reports need to know of one scenario."""

    index: int
    scenario: str
    seed: int
    space: str = ""
    pair: str | None = None
    history: str = ""
    """SHA-256 of the History (header and events)."""
    events: int = 0
    size: tuple[int, int, int] = (0, 0, 0)
    """Number of faults, number of intents, bytes of the scenario: the smaller, the easier to read."""
    verdicts: dict[str, str] = {}
    findings: tuple[Judged, ...] = ()
    faults: tuple[FaultRow, ...] = ()
    ended: str = ""
    """How the agent ended where it gave no usable report: ``raised: ...``."""
    differs: str = ""
    """With the determinism check: the first difference between two runs of the same scenario."""
    entropy: dict[str, int] = {}
    """With the determinism check: how often each line drew on clock or entropy, which the World gave it."""
    escapes: tuple[str, ...] = ()
    """What the target tried that the World does not simulate (it got an error), each once."""
    outside: dict[str, int] = {}
    """Real hosts that the run was let through to (or their recording), and how many requests they had."""
    lacks: tuple[str, ...] = ()
    """Capabilities that it needs and the target has not got: it was not run, and nothing is decided in it."""
    untracked: tuple[str, ...] = ()
    """Parts that its report left out."""
    error: str = ""
    """The harness itself failed: neither the target nor the score is to blame."""
    wall_seconds: float = 0.0
    """Real time it took. A declared time field: it differs from run to run."""


class Examined(msgspec.Struct):
    """A Result and, where something failed, what is needed to look closer."""

    result: Result
    scenario: str = ""
    """The scenario as JSON; empty where nothing failed."""
    history: bytes = b""
    """The History as JSON lines; empty where nothing failed."""


def judged(finding: Finding, *, baseline: bool = False) -> Judged:
    """A Finding as plain data."""
    kept = finding.broken[:MAX_CASES]
    kinds = dict.fromkeys(finding.id + (f":{case.key}" if case.key else "") for case in finding.broken)
    return Judged(
        property=finding.id,
        verdict=finding.verdict,
        fingerprint=finding.fingerprint,
        violations=tuple(Violation(case.message, tuple(case.evidence), case.subject) for case in kept),
        more=len(finding.broken) - len(kept),
        baseline=baseline,
        kinds=tuple(kinds) if len(kinds) > 1 else (),
    )


def ledger(events: Sequence[EventType]) -> tuple[FaultRow, ...]:
    """What became of each planned fault, by the last word of the ledger; a plan without one is incomplete."""
    rows: dict[int, FaultRow] = {}
    for event in events:
        if isinstance(event, Planned):
            rows[event.fault] = FaultRow(event.fault, event.variant, "incomplete")
        elif isinstance(event, Ledger) and event.fault in rows:
            rows[event.fault] = FaultRow(event.fault, rows[event.fault].variant, event.status, event.times)
    return tuple(rows[index] for index in sorted(rows))


def ending(events: Sequence[EventType]) -> str:
    """How the last incarnation ended where it gave no usable report, in one line; empty where it did."""
    for event in reversed(events):
        if isinstance(event, NoReport):
            return f"{event.why}: {event.detail}" + (f" ({event.where})" if event.where else "")
    return ""


def spun(events: Sequence[EventType]) -> bool:
    """Whether the watchdog ended the agent, after half a minute of real time: nothing is tried twice that does that."""
    return any(isinstance(event, NoReport) and event.why == "watchdog" for event in events)


def escapes(events: Sequence[EventType]) -> tuple[str, ...]:
    """What the agent tried to do past the World, each once, in order."""
    told = (event.text for event in events if isinstance(event, Log) and event.stream == "world")
    return tuple(dict.fromkeys(text.removeprefix(ESCAPE) for text in told if text.startswith(ESCAPE)))[:MAX_CASES]


def untracked(events: Sequence[EventType]) -> tuple[str, ...]:
    """The parts that the last report left None."""
    for event in reversed(events):
        if isinstance(event, Reported):
            return tuple(part for part in TRACKED if event.report.get(part, ()) is None)
    return ()


def let_through(events: Sequence[EventType]) -> dict[str, int]:
    """How many requests each host had that is no venue's, by name."""
    asked = Counter(event.host for event in events if isinstance(event, Outside))
    return {host: asked[host] for host in sorted(asked)}


def failing(findings: Sequence[Finding]) -> list[Finding]:
    """Those that say fail or warn."""
    return [finding for finding in findings if finding.verdict in FAILING]


class Baselines:
    """Which properties a target fails without faults, remembered by scenario (a pair of twins asks once)."""

    def __init__(self, target: Target, properties: Sequence[Property], *, limit: int = 64) -> None:
        self._target, self._properties, self._limit = target, properties, limit
        self._known: OrderedDict[str, frozenset[str]] = OrderedDict()

    def failed(self, scenario: Scenario) -> frozenset[str]:
        """Ids of the properties that fail when ``scenario`` is run without its faults."""
        from outtrade.engine.judging import judge_history
        from outtrade.engine.run import run  # type: ignore[import-not-found,unused-ignore]

        calm = scenario.model_copy(update={"faults": (), "pair": None, "id": "baseline"})
        key = calm.to_json()
        if key not in self._known:
            findings = judge_history(run(self._target, calm), self._properties)
            self._known[key] = frozenset(finding.id for finding in failing(findings))
            if len(self._known) > self._limit:
                self._known.popitem(last=False)
        return self._known[key]


def summarise(
    index: int,
    scenario: Scenario,
    history: History,
    findings: Sequence[Finding],
    *,
    baseline: frozenset[str] = frozenset(),
    differs: str = "",
    entropy: Mapping[str, int] | None = None,
    wall_seconds: float = 0.0,
) -> Result:
    """Reduce a judged History to its Result."""
    text = scenario.to_json()
    return Result(
        index=index,
        scenario=scenario.id,
        seed=scenario.seed,
        space=scenario.space,
        pair=scenario.pair,
        history=history.hash(),
        events=len(history.events),
        size=(len(scenario.faults), len(scenario.intents), len(text)),
        verdicts={finding.id: finding.verdict for finding in findings},
        findings=tuple(
            judged(finding, baseline=finding.id in baseline)
            for finding in findings
            if finding.verdict not in ("pass", "not-applicable")
        ),
        faults=ledger(history.events),
        ended=ending(history.events),
        differs=differs,
        entropy=dict(list((entropy or {}).items())[:MAX_SOURCES]),
        escapes=escapes(history.events),
        outside=let_through(history.events),
        untracked=untracked(history.events),
        wall_seconds=wall_seconds,
    )


def waived(index: int, scenario: Scenario, lacking: tuple[str, ...]) -> Result:
    """The Result of a scenario that was not run, because the target lacks what it needs."""
    return Result(index, scenario.id, scenario.seed, scenario.space, scenario.pair, lacks=lacking)


def examine(
    target: Target,
    scenario: Scenario,
    properties: Sequence[Property],
    *,
    index: int = 0,
    baselines: Baselines | None = None,
    check: Check | None = None,
) -> Examined:
    """Run ``scenario`` against ``target``, judge it, and keep what is needed. ``check``: whether it repeats itself.
    Raises what the engine raises."""
    from outtrade.engine.judging import judge_history
    from outtrade.engine.run import run  # type: ignore[import-not-found,unused-ignore]

    started = time.perf_counter()
    differs, entropy = "", dict[str, int]()
    if check is None:
        history = run(target, scenario)
    else:
        history, differs, entropy = check.run(target, scenario, index)
    findings = judge_history(history, properties)
    bad = failing(findings)
    below: frozenset[str] = frozenset()
    if bad and baselines is not None and not spun(history.events):
        below = baselines.failed(scenario) if scenario.faults else frozenset(finding.id for finding in bad)
    result = summarise(
        index,
        scenario,
        history,
        findings,
        baseline=below,
        differs=differs,
        entropy=entropy,
        wall_seconds=time.perf_counter() - started,
    )
    if not bad:
        return Examined(result)
    return Examined(result, scenario.to_json(), history.to_jsonl())
