"""Two runs beside each other: which rates moved, which distinct failures are new, which are gone; is NEW worse?

NEW is **worse** where

* a distinct failure of a MUST is there that OLD did not have,
* the rate of a MUST fell. Where both runs played the same scenarios, any fall counts; where they did not, only a fall
  below the lower end of OLD's interval does, because less may be chance,
* the rate of a MUST fell, and McNemar's exact test over the scenarios that both decided gives p < 0.05, where the
  agent is not deterministic (real time, or run with repeats): there a single fall may be chance,
* a MUST that OLD decided was decided in no scenario of NEW (what is not checked any more is not green), or
* a MUST gained crashed checks.

What the baseline of NEW expects makes nothing worse: neither a failure that it expects wherever it shows, nor the rate
of a property all of whose violations it expects.

Changes of a SHOULD are shown and do not count. Where nothing is worse but NEW ended incomplete or with an error of the
harness and OLD did not, the answer is *incomplete*: it could not be decided.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from outtrade.chances import mcnemar, proved_by, scenarios_to_prove
from outtrade.engine.results import FAILING, Result
from outtrade.repeats import fold
from outtrade.report.regate import result_of
from outtrade.report.results import FailureRow, PropertyRow, Results
from outtrade.report.stored import decided, violations
from outtrade.report.text import clean, count, percent
from outtrade.score import ERROR, GATE, INCOMPLETE, OK, effective

WIDTH = 80
CHANCE = 0.05
"""A p-value of McNemar's test from which a change may be chance."""
FELL = "fell from"


@dataclass(frozen=True, slots=True)
class Change:
    """One property in both runs; None where a run does not have it. ``worse`` says why, empty where it is not."""

    id: str
    title: str
    level: str
    old: PropertyRow | None
    new: PropertyRow | None
    worse: str
    lost: int = 0
    """Scenarios that OLD passed and NEW does not, of those that both played and decided."""
    won: int = 0
    """The other way round."""

    @property
    def chance(self) -> float | None:
        """McNemar's exact p-value; None where no scenario that both played differs."""
        return mcnemar(self.lost, self.won) if self.lost or self.won else None

    @property
    def same(self) -> bool:
        """Nothing to show."""
        return _rate(self.old) == _rate(self.new) and (self.old is None) == (self.new is None) and not self.worse


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that moved. ``notes``: in what the two runs were not alike."""

    changes: tuple[Change, ...]
    appeared: tuple[FailureRow, ...]
    gone: tuple[FailureRow, ...]
    notes: tuple[str, ...]
    code: int
    """0 not worse, 1 worse, 3 NEW could not be decided."""
    reasons: tuple[str, ...]
    paired: int = 0
    """Scenarios that both runs played."""


def compare(old: Results, new: Results) -> Comparison:
    """Hold ``new`` against ``old``."""
    same = _scenarios(old) == _scenarios(new)
    before, after = ({row.id: row for row in run.properties} for run in (old, new))
    pairs = _pairs(old, new) if same else ()
    noisy = any(run.repeats > 1 or run.network is not None for run in (old, new))
    changes = tuple(
        _change(ident, before.get(ident), after.get(ident), same=same, pairs=pairs, noisy=noisy)
        for ident in dict.fromkeys([*before, *after])
    )
    known, found = ({row.fingerprint for row in run.failures} for run in (old, new))
    appeared = tuple(row for row in new.failures if row.fingerprint not in known)
    gone = tuple(row for row in old.failures if row.fingerprint not in found)
    reasons = [f"new failure {row.fingerprint}" for row in appeared if row.level == "MUST" and not _expected(row)]
    reasons += [f"{change.id} {change.worse}" for change in changes if change.worse and change.level == "MUST"]
    code = GATE if reasons else OK
    if not reasons and new.exit.code in (ERROR, INCOMPLETE) and old.exit.code not in (ERROR, INCOMPLETE):
        code = INCOMPLETE
        reasons = [f"NEW ended with exit code {new.exit.code}: {reason}" for reason in new.exit.reasons]
    return Comparison(changes, appeared, gone, tuple(_notes(old, new, same=same)), code, tuple(reasons), len(pairs))


def lines(found: Comparison) -> Iterator[str]:
    """The comparison for people, in 80 columns."""
    for note in found.notes:
        yield from textwrap.wrap(f"note: {clean(note, 400)}", WIDTH, subsequent_indent="  ")
    moved = [change for change in found.changes if not change.same]
    if moved:
        yield ""
        yield f"{'property':<10}{'OLD':>10}{'NEW':>10}{'change':>10}  "
    for change in moved:
        old, new = _rate(change.old), _rate(change.new)
        by = "" if old is None or new is None else f"{(new - old) * 100:+.1f}"
        head = f"{clean(change.id, 9):<10}{_shown(change.old):>10}{_shown(change.new):>10}{by:>10}  "
        parts = textwrap.wrap(clean(change.title, 200), WIDTH - 42) or [""]
        yield head + parts[0]
        for more in parts[1:]:
            yield " " * 42 + more
        if change.chance is not None:
            yield f"{'':<10}{change.lost} lost, {change.won} won; McNemar p = {change.chance:.3g}"
    if found.paired:
        share = proved_by(found.paired)
        yield ""
        hint = "no regression" if share is None else f"a regression that breaks {percent(share)} % or more"
        yield from textwrap.wrap(
            f"power: {count(found.paired, 'paired scenario')} prove {hint} in 4 of 5 cases; "
            f"one of 1 % takes {scenarios_to_prove(0.01):,}",
            WIDTH,
        )
    for title, rows in (("new", found.appeared), ("gone", found.gone)):
        if rows:
            yield ""
            yield f"{count(len(rows), title + ' failure')}:"
        for row in rows:
            yield f"  {clean(row.fingerprint, 44):<46}{row.level:<8}{count(row.scenarios, 'scenario'):>14}"
            if title == "new" and _expected(row):
                yield from textwrap.wrap(
                    f"expected: {clean(row.reason, 400)}", WIDTH, initial_indent="    ", subsequent_indent="    "
                )
            if title == "new":
                yield from textwrap.wrap(
                    clean(row.message, 400), WIDTH, initial_indent="    ", subsequent_indent="    "
                )
    yield ""
    yield {OK: "NOT WORSE", GATE: "WORSE"}.get(found.code, "INCOMPLETE")
    for reason in found.reasons:
        yield from textwrap.wrap(clean(reason, 400), WIDTH, initial_indent="  ", subsequent_indent="  ")


Pair = tuple[Result, Result]
"""A scenario in both runs, its repeats folded."""


def _pairs(old: Results, new: Results) -> tuple[Pair, ...]:
    """The scenarios that both runs played and decided something in, by index."""
    sides = []
    for run in (old, new):
        rows = fold([result_of(row) for row in run.results], run.repeats, ()).results
        sides.append({row.index: row for row in rows if not row.error and not row.lacks})
    return tuple((row, sides[1][index]) for index, row in sides[0].items() if index in sides[1])


def _change(
    ident: str,
    old: PropertyRow | None,
    new: PropertyRow | None,
    *,
    same: bool,
    pairs: Sequence[Pair],
    noisy: bool,
) -> Change:
    one = new or old
    assert one is not None
    lost = won = 0
    for before, after in pairs:
        first, second = (effective(row, row.verdicts.get(ident, "")) for row in (before, after))
        lost += first == "pass" and second in FAILING
        won += first in FAILING and second == "pass"
    worse = _worse(old, new, same=same)
    if worse.startswith(FELL) and noisy and same and mcnemar(lost, won) >= CHANCE:
        worse = ""
    return Change(ident, one.title, one.level, old, new, worse, lost, won)


def _worse(old: PropertyRow | None, new: PropertyRow | None, *, same: bool) -> str:
    if old is None:
        return ""  # a property that is new in the suite: what fails shows as a new failure
    if decided(old) and (new is None or not decided(new)):
        return f"was decided in {count(decided(old), 'scenario')} and now in none"
    if new is None or new.rate is None or old.rate is None:
        return ""
    if new.counts.get("harness-error", 0) > old.counts.get("harness-error", 0):
        return "has checks that crashed"
    if new.expected and new.expected >= violations(new):
        return ""
    if new.rate < (old.rate if same else old.interval.low):
        return f"{FELL} {percent(old.rate)} to {percent(new.rate)} %"
    return ""


def _expected(row: FailureRow) -> bool:
    """Whether the baseline expects a distinct failure wherever it shows."""
    return row.expected >= row.scenarios > 0


def _scenarios(run: Results) -> tuple[object, ...]:
    """What decides which scenarios were played."""
    return (
        run.outtrade,
        run.suite,
        run.space,
        run.venue,
        run.seed,
        run.scenarios,
        run.chosen,
        run.profile and run.profile.sha256,
    )


def _notes(old: Results, new: Results, *, same: bool) -> Iterator[str]:
    for name in ("target", "scope", "suite", "space", "venue", "seed", "scenarios", "outtrade", "libraries"):
        one, other = getattr(old, name), getattr(new, name)
        if one != other:
            yield f"{name} differs: {_words(one)} and {_words(other)}"
    if not same:
        yield "the scenarios are not the same, so a rate counts as fallen only below the interval of OLD"


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {version}" for name, version in value.items())
    return "any" if value is None else str(value)


def _rate(row: PropertyRow | None) -> float | None:
    return None if row is None else row.rate


def _shown(row: PropertyRow | None) -> str:
    return "absent" if row is None else "-" if row.rate is None else f"{percent(row.rate)} %"
