"""From results to a score: rates, intervals, the gate.

* A property's **rate** is the number of scenarios that pass it over the number to which it applies and in which it was
  decided. A dimension's **score** is the mean of its properties' rates. There is no score over dimensions.
* A pass proves nothing where the planned trouble did not happen: in a scenario with a fault that was due and did not
  land, passes count as *incomplete*; where none of its planned faults was exercised, they are left out and counted.
  A violation is a violation in any case.
* **Intervals** are over scenarios, because the properties of one scenario stand or fall together. The variance comes
  from the linearised contribution of each scenario; the interval is Clopper-Pearson at the effective number of
  scenarios (Korn and Graubard, 1998), so it stays honest at 100 %, where a t interval has no width, and it equals
  Clopper-Pearson for a single property. Pooled Wilson intervals would be too narrow.
* A scenario that needs what the target lacks (``model.capability``) is *waived*: it was not run, it stands outside
  every rate, and it is counted.
* **Critical** violations are counted, never averaged.
* What a baseline expects is counted beside the violations (``expected``) and lowers rates and scores all the same.
* The **gate** (``outtrade.gate``) decides the exit code from the finished scorecard.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from outtrade.baseline import Baseline, Known, Standing, hold
from outtrade.gate import ERROR, GATE, INCOMPLETE, OK, Policy, gate
from outtrade.repeats import fold

if TYPE_CHECKING:
    from outtrade.engine.results import Result

__all__ = ["ERROR", "GATE", "INCOMPLETE", "OK", "Policy", "Scorecard", "score"]

CONFIDENCE = 0.95


class Rule(Protocol):
    """What the score needs to know of a property; a ``Property`` has it, and so has a row of results.json."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def dimension(self) -> str: ...


@dataclass(frozen=True, slots=True)
class PropertyScore:
    """One property over all scenarios. ``counts``: effective verdict -> scenarios (see ``effective``)."""

    id: str
    title: str
    level: str
    severity: str
    dimension: str
    counts: dict[str, int]
    baseline: int
    """How many of the violations happen without any fault, too."""
    rate: float | None
    low: float
    high: float
    expected: int = 0
    """How many of the violations the baseline excuses."""
    tolerated: int = 0
    """How many more the gate's thresholds let pass."""

    @property
    def violations(self) -> int:
        """Scenarios that violate it (fail, or warn for a SHOULD)."""
        return self.counts.get("fail", 0) + self.counts.get("warn", 0)

    @property
    def applied(self) -> int:
        """Scenarios in which it was decided."""
        return self.counts.get("pass", 0) + self.violations


@dataclass(frozen=True, slots=True)
class DimensionScore:
    """The mean of its properties' rates; None where nothing was decided."""

    name: str
    score: float | None
    low: float
    high: float
    properties: int
    scenarios: int


@dataclass(frozen=True, slots=True)
class FaultCount:
    """One variant of fault over all scenarios."""

    variant: str
    planned: int
    landed: int
    not_exercised: int
    incomplete: int


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The whole verdict on a target."""

    scenarios: int
    planned: int
    dimensions: tuple[DimensionScore, ...]
    properties: tuple[PropertyScore, ...]
    faults: tuple[FaultCount, ...]
    critical: int
    """Critical violations of a MUST: scenario x property."""
    incomplete: int
    """Scenarios in which something could not be decided."""
    unexercised: int
    """Scenarios of which no planned fault was exercised."""
    errors: int
    """Scenarios in which the harness itself failed, or a check crashed."""
    differing: int
    """Scenarios that differ between two runs (only with the determinism check)."""
    code: int
    reasons: tuple[str, ...]
    waived: int = 0
    """Scenarios that were not run, because the target lacks what they need."""
    lacks: Mapping[str, int] = field(default_factory=dict)
    """Capability that the target lacks -> scenarios that need it."""
    untracked: Mapping[str, int] = field(default_factory=dict)
    """Part of the report -> scenarios whose report left it out."""
    pass_k: tuple[float, ...] = ()
    """With repeats: pass^1, pass^2, ... of whole scenarios (``outtrade.repeats``)."""
    flaky: int = 0
    """With repeats: scenarios of which some runs passed and others did not."""
    notes: tuple[str, ...] = ()
    """What the gate excused, tolerated, or could not hold against this run."""
    expectations: tuple[Standing, ...] = ()
    """What became of each entry of the baseline."""
    known: Mapping[str, Known] = field(default_factory=dict)
    """Fingerprint -> in how many scenarios it is expected, and why."""

    @property
    def passed(self) -> bool:
        """Whether the exit code is 0."""
        return self.code == OK


def effective(result: Result, verdict: str) -> str:
    """The verdict as it counts: a pass in a scenario whose faults did not land is not one."""
    if verdict != "pass" or not result.faults:
        return verdict
    statuses = {row.status for row in result.faults}
    if "incomplete" in statuses:
        return "incomplete"
    return "not-exercised" if statuses == {"not-exercised"} else verdict


def score(
    results: Sequence[Result],
    properties: Sequence[Rule],
    *,
    planned: int,
    policy: Policy | None = None,
    repeats: int = 1,
) -> Scorecard:
    """Compute the scorecard of ``results`` of a run that planned ``planned`` runs, ``repeats`` of each scenario."""
    policy = policy or Policy()
    whole = len(results) >= planned
    repeated = fold(results, repeats, [prop.id for prop in properties if prop.level == "MUST"])
    results, planned = repeated.results, planned // repeats
    left_out = Counter(name for result in results for name in result.untracked)
    done = [result for result in results if not result.error and not result.lacks]
    lacking = Counter(name for result in results for name in result.lacks)
    held = hold(policy.baseline or Baseline(), done, complete=whole, effective=effective)
    rows = [_property(prop, done, held.properties.get(prop.id, 0)) for prop in properties]
    names = list(dict.fromkeys(row.dimension for row in rows))
    dimensions = tuple(_dimension(name, [row for row in rows if row.dimension == name], done) for name in names)
    critical = sum(row.counts.get("fail", 0) for row in rows if row.severity == "critical")
    incomplete = sum(_is_incomplete(result) for result in done)
    unexercised = sum(bool(r.faults) and all(row.status == "not-exercised" for row in r.faults) for r in done)
    errors = sum(bool(r.error) or "harness-error" in r.verdicts.values() for r in results)
    differing = sum(bool(result.differs) for result in results)
    card = Scorecard(
        scenarios=len(results),
        planned=planned,
        dimensions=dimensions,
        properties=tuple(rows),
        faults=_faults(done),
        critical=critical,
        incomplete=incomplete,
        unexercised=unexercised,
        errors=errors,
        differing=differing,
        code=OK,
        reasons=(),
        waived=sum(bool(result.lacks) for result in results),
        lacks={name: lacking[name] for name in sorted(lacking)},
        untracked={name: left_out[name] for name in sorted(left_out)},
        pass_k=repeated.powers,
        flaky=repeated.flaky,
        expectations=held.standings,
        known=held.kinds,
    )
    decision = gate(card, policy)
    judged = tuple(replace(row, tolerated=decision.tolerated.get(row.id, 0)) for row in card.properties)
    return replace(card, properties=judged, code=decision.code, reasons=decision.reasons, notes=decision.notes)


def _is_incomplete(result: Result) -> bool:
    return any(row.status == "incomplete" for row in result.faults) or "incomplete" in result.verdicts.values()


def _property(prop: Rule, results: Iterable[Result], expected: int) -> PropertyScore:
    counts: Counter[str] = Counter()
    baseline = 0
    for result in results:
        counts[effective(result, result.verdicts.get(prop.id, "not-applicable"))] += 1
        baseline += any(finding.baseline and finding.property == prop.id for finding in result.findings)
    bad = counts["fail"] + counts["warn"]
    applied = counts["pass"] + bad
    rate = counts["pass"] / applied if applied else None
    low, high = clopper_pearson(counts["pass"], applied) if applied else (0.0, 1.0)
    return PropertyScore(
        id=prop.id,
        title=prop.title,
        level=prop.level,
        severity=prop.severity,
        dimension=prop.dimension,
        counts={name: counts[name] for name in sorted(counts) if counts[name]},
        baseline=baseline,
        rate=rate,
        low=low,
        high=high,
        expected=expected,
    )


def _dimension(name: str, rows: Sequence[PropertyScore], results: Sequence[Result]) -> DimensionScore:
    decided = [row for row in rows if row.rate is not None]
    if not decided:
        return DimensionScore(name, None, 0.0, 1.0, 0, 0)
    table: list[dict[str, bool]] = []
    for result in results:
        verdicts = {row.id: effective(result, result.verdicts.get(row.id, "")) for row in decided}
        entry = {ident: verdict == "pass" for ident, verdict in verdicts.items() if verdict in ("pass", "fail", "warn")}
        if entry:
            table.append(entry)
    mean, low, high = mean_of_rates(table)
    return DimensionScore(name, mean, low, high, len(decided), len(table))


def _faults(results: Sequence[Result]) -> tuple[FaultCount, ...]:
    counts: dict[str, Counter[str]] = {}
    for result in results:
        for row in result.faults:
            counts.setdefault(row.variant, Counter())[row.status] += 1
    return tuple(
        FaultCount(variant, count.total(), count["landed"], count["not-exercised"], count["incomplete"])
        for variant, count in sorted(counts.items())
    )


# ------------------------------------------------------------------ intervals
def mean_of_rates(table: Sequence[Mapping[str, bool]]) -> tuple[float, float, float]:
    """Mean over properties of (passed / applied), with its interval over scenarios.

    ``table`` has one row a scenario: property id -> passed, for the properties decided there (at least one each).
    """
    applied: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    for row in table:
        for ident, good in row.items():
            applied[ident] += 1
            passed[ident] += good
    idents = sorted(applied)
    if not idents:
        raise ValueError("no property was decided")
    rates = {ident: passed[ident] / applied[ident] for ident in idents}
    mean = math.fsum(rates.values()) / len(idents)
    # Each scenario's contribution to the deviation of the mean (linearised ratio estimator).
    pull = [
        math.fsum((good - rates[ident]) / applied[ident] for ident, good in row.items()) / len(idents) for row in table
    ]
    n = len(table)
    variance = math.fsum(p * p for p in pull) * (n / (n - 1)) if n > 1 else 0.0
    ceiling = len(idents) / math.fsum(1 / applied[ident] for ident in idents)  # harmonic mean: rarely applied weigh
    size = ceiling
    if variance > 0:
        size = max(1.0, min(ceiling, mean * (1 - mean) / variance))
    low, high = clopper_pearson(mean * size, size)
    return mean, low, high


@lru_cache(maxsize=4096)
def clopper_pearson(passed: float, total: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Exact two-sided interval for a proportion; fractional counts (effective sizes) are allowed."""
    if not 0 <= passed <= total or total <= 0:
        raise ValueError(f"{passed} of {total} is not a proportion")
    tail = (1 - confidence) / 2
    failed = total - passed
    low = 0.0 if passed <= 0 else _beta_quantile(tail, passed, failed + 1)
    high = 1.0 if failed <= 1e-12 else _beta_quantile(1 - tail, passed + 1, failed)
    return low, high


def _beta_quantile(p: float, a: float, b: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _beta_cdf(middle, a, b) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _beta_cdf(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function, from the side where its continued fraction converges quickly.

    Just at the border of the two sides both serve (rounding may put ``x`` beyond it seen from either)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _beta_fraction(1 - x, b, a)
    return _beta_fraction(x, a, b)


def _beta_fraction(x: float, a: float, b: float) -> float:
    """The same by its continued fraction (Lentz), which converges quickly below ``(a + 1) / (a + b + 2)``."""
    front = math.exp(
        a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    ) / a  # fmt: skip
    tiny = 1e-300
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    fraction = d
    for m in range(1, 500):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + numerator * d
            d = 1 / (d if abs(d) > tiny else tiny)
            c = 1 + numerator / c
            c = c if abs(c) > tiny else tiny
            step = c * d
            fraction *= step
        if abs(step - 1) < 1e-14:
            break
    return front * fraction
