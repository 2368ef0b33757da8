"""The gate: may this build trade? One function decides it, from a scorecard and a policy, for every command.

==========================================  ===========================================================
no violation of a critical MUST             ``--max-critical N`` tolerates N of them
no violation of another MUST                ``--fail-under`` tolerates them in dimensions whose score is
                                            high enough, and fails the others
failures that are known                     ``--baseline FILE`` excuses them (``outtrade.baseline``); an entry
                                            that is stale or expired fails the gate
enough was decided, and faults landed       ``--max-incomplete``; nothing excuses what was not checked
==========================================  ===========================================================

Whatever was excused or tolerated is said (``notes``), still counts in every rate and score, and stays in every report.

Exit codes: 0 pass, 1 the gate failed, 2 usage or harness error, 3 incomplete. A proven violation outweighs an error of
the harness, and that outweighs what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outtrade.baseline import Baseline
from outtrade.report.text import percent

if TYPE_CHECKING:
    from outtrade.score import PropertyScore, Scorecard

OK, GATE, ERROR, INCOMPLETE = 0, 1, 2, 3
"""Exit codes."""

EVERY = "all"
"""The key of a threshold that holds for every dimension without one of its own."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a run must reach. Shares are of all scenarios.

    ``waivers``: property id -> reason why the target need not be judged by it (it does not report that part).
    ``requires``, ``coverage``: what a frozen profile asks (``outtrade.profile``): parts of every report, and property
    -> the least number of scenarios that have to decide it.
    ``fail_under``: dimension (or ``all``) -> lowest score in per cent. ``max_critical``: violations tolerated.
    """

    max_incomplete: float = 0.02
    min_exercised: float = 0.5
    waivers: Mapping[str, str] = field(default_factory=dict)
    fail_under: Mapping[str, float] = field(default_factory=dict)
    max_critical: int = 0
    baseline: Baseline | None = None
    requires: tuple[str, ...] = ()
    coverage: Mapping[str, int] = field(default_factory=dict)

    def threshold(self, dimension: str) -> float | None:
        """The lowest score of a dimension, in per cent; None where no violation is tolerated."""
        return self.fail_under.get(dimension, self.fail_under.get(EVERY))


@dataclass(frozen=True, slots=True)
class Decision:
    """Exit code and the reasons for it, one line each; ``notes``: what was excused, tolerated or not met;
    ``tolerated``: property id -> violations that do not count against the run though nobody expected them."""

    code: int
    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()
    tolerated: Mapping[str, int] = field(default_factory=dict)


def gate(card: Scorecard, policy: Policy) -> Decision:
    """Decide. ``card`` knows what is expected, but neither code nor reasons yet."""
    reasons: dict[int, list[str]] = {GATE: [], ERROR: [], INCOMPLETE: []}
    left = [row for row in card.properties if row.counts.get("fail", 0) > row.expected]
    tolerated = _tolerated(card, policy, left)
    counted = [row for row in left if row.id not in tolerated]
    if counted:
        reasons[GATE].append(_violated(counted, policy))
    _thresholds(card, policy, reasons)
    for row in card.expectations:
        if row.status == "stale":
            reasons[GATE].append(
                f"expected failure {row.entry.name()} is stale: {row.entry.property} was decided in"
                f" {_count(row.chances, 'scenario')} that could show it and it showed in none; take it out of the"
                " baseline"
            )
        elif row.status == "expired":
            reasons[GATE].append(f"expected failure {row.entry.name()} expired on {row.entry.expires}")
    _undecided(card, policy, reasons)
    lines = tuple(line for group in reasons.values() for line in group)
    code = next((code for code in (GATE, ERROR, INCOMPLETE) if reasons[code]), OK)
    return Decision(code, lines, tuple(_notes(card, policy, tolerated)), tolerated)


def _tolerated(card: Scorecard, policy: Policy, left: Sequence[PropertyScore]) -> dict[str, int]:
    """Unexpected violations that the policy's thresholds let pass, by property."""
    scores = {row.name: row.score for row in card.dimensions}
    over = {row.id: row.counts["fail"] - row.expected for row in left}
    critical = sum(over[row.id] for row in left if row.severity == "critical")
    found: dict[str, int] = {}
    for row in left:
        least, reached = policy.threshold(row.dimension), scores.get(row.dimension)
        if row.severity == "critical":
            good = critical <= policy.max_critical
        else:
            good = least is not None and reached is not None and not _below(reached, least)
        if good:
            found[row.id] = over[row.id]
    return found


def _below(score: float, least: float) -> bool:
    return score * 100 < least - 1e-9


def _violated(rows: list[PropertyScore], policy: Policy) -> str:
    total = sum(row.counts["fail"] - row.expected for row in rows)
    critical = sum(row.counts["fail"] - row.expected for row in rows if row.severity == "critical")
    text = f"{_count(total, 'violation')} of {_count(len(rows), 'MUST property', 'MUST properties')}"
    if critical:
        text += f", {critical} critical" + (f" (at most {policy.max_critical} allowed)" if policy.max_critical else "")
    return text


def _thresholds(card: Scorecard, policy: Policy, reasons: dict[int, list[str]]) -> None:
    rows = {row.name: row.score for row in card.dimensions}
    for name in [*rows, *(name for name in policy.fail_under if name != EVERY and name not in rows)]:
        least, reached = policy.threshold(name), rows.get(name)
        if least is None:
            continue
        if reached is None:
            reasons[INCOMPLETE].append(f"nothing was decided in {name}, of which {_number(least)} % is asked")
        elif _below(reached, least):
            reasons[GATE].append(f"{name} scored {percent(reached)} %, less than the {_number(least)} % asked for")


def _undecided(card: Scorecard, policy: Policy, reasons: dict[int, list[str]]) -> None:
    """What keeps the run from proving anything. No threshold and no baseline excuses it."""
    if card.errors:
        reasons[ERROR].append(f"the harness failed in {_count(card.errors, 'scenario')}")
    if card.differing:
        reasons[ERROR].append(f"{_count(card.differing, 'scenario')} differed when run twice")
    if card.scenarios < card.planned:
        reasons[INCOMPLETE].append(f"only {card.scenarios} of {card.planned} scenarios were run")
    run = card.scenarios - card.waived
    if run and card.incomplete > policy.max_incomplete * run:
        reasons[INCOMPLETE].append(
            f"{card.incomplete} of {_count(run, 'scenario')} incomplete (at most {policy.max_incomplete:.0%} allowed)"
        )
    if run and run - card.unexercised < policy.min_exercised * run:
        reasons[INCOMPLETE].append(f"no planned fault was exercised in {card.unexercised} of {_count(run, 'scenario')}")
    for row in card.properties:
        waived = row.counts.get("waived", 0)
        if waived and row.level == "MUST" and row.severity == "critical" and row.id not in policy.waivers:
            reasons[INCOMPLETE].append(
                f"{row.id} is critical and waived in {_count(waived, 'scenario')};"
                f" accept it with --allow-waiver {row.id}=REASON"
            )
    _profile(card, policy, reasons)
    if not card.scenarios:
        reasons[INCOMPLETE].append("no scenario was run")
    elif not run:
        reasons[INCOMPLETE].append(f"every scenario is waived: the target lacks {', '.join(card.lacks)}")


def _profile(card: Scorecard, policy: Policy, reasons: dict[int, list[str]]) -> None:
    """What a frozen profile asks beyond the usual: a part of the report that is left out, or a critical property that
    too few scenarios decided, is accepted only with a reason for each property."""
    open_waivers = [row.id for row in card.properties if row.counts.get("waived") and row.id not in policy.waivers]
    left_out = [part for part in policy.requires if card.untracked.get(part)]
    if left_out and open_waivers:
        reasons[INCOMPLETE].append(
            f"the report leaves out {', '.join(left_out)}, which the profile requires; accept that"
            f" {', '.join(open_waivers)} cannot be judged, each with --allow-waiver ID=REASON"
        )
    for row in _short(card, policy):
        if row.level == "MUST" and row.severity == "critical" and row.id not in policy.waivers:
            reasons[INCOMPLETE].append(
                f"{row.id} is critical and was decided in {_count(row.applied, 'scenario')}, of which the profile asks"
                f" {policy.coverage[row.id]}; accept it with --allow-waiver {row.id}=REASON"
            )


def _short(card: Scorecard, policy: Policy) -> list[PropertyScore]:
    """Properties that fewer scenarios decided than the profile asks."""
    return [row for row in card.properties if row.applied < policy.coverage.get(row.id, 0)]


def _notes(card: Scorecard, policy: Policy, tolerated: Mapping[str, int]) -> Iterator[str]:
    if card.waived:
        named = ", ".join(f"{name} ({number})" for name, number in card.lacks.items())
        yield f"{_count(card.waived, 'scenario')} waived and not run: the target lacks {named}"
    short = [f"{row.id} ({row.applied} of {policy.coverage[row.id]})" for row in _short(card, policy)]
    if short:
        yield f"decided in fewer scenarios than the profile asks: {', '.join(short)}"
    expected = {row.id: row.expected for row in card.properties if row.expected}
    if expected:
        many = _count(len(expected), "property", "properties")
        yield f"{_count(sum(expected.values()), 'violation')} of {many} expected by the baseline"
    severity = {row.id: row.severity for row in card.properties}
    for critical, option in ((True, f"--max-critical {policy.max_critical}"), (False, "--fail-under")):
        names = [ident for ident in tolerated if (severity[ident] == "critical") == critical]
        if names:
            total = _count(sum(tolerated[name] for name in names), "critical violation" if critical else "violation")
            yield f"{total} of {', '.join(names)} tolerated by {option}"
    unmet = [row.entry.name() for row in card.expectations if row.status == "not met"]
    if unmet:
        more = f" and {len(unmet) - 5} more" if len(unmet) > 5 else ""
        yield f"expected and never decided here: {', '.join(unmet[:5])}{more}"


def _number(value: float) -> str:
    return f"{value:g}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
