"""What a finished run says of one property: pass, fail, xfail or skip, and in which words.

================================================  ======
some scenario violates it (MUST), unexpectedly    fail
the harness failed, or a check crashed            fail
too much could not be decided                     fail
an entry of the baseline is stale or expired      fail
every violation is expected by the baseline       xfail
it held wherever it applied                       pass
some scenario violates it (SHOULD)                pass, with a warning
the report does not hold what it needs (waived)   skip
it never applied                                  skip
================================================  ======

The rows are tried from the top. "Could not check" is never green: as in ``outtrade run``, at most 2 % of the scenarios
may be incomplete, and a property that was decided nowhere does not pass.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.console import Console

from outtrade.baseline import Standing
from outtrade.engine.events import RunFinished
from outtrade.engine.results import Result
from outtrade.report.terminal import WIDTH, Terminal
from outtrade.report.text import clean, count
from outtrade.score import Policy, effective

if TYPE_CHECKING:
    from outtrade.judge.api import Property

SHOWN = 3
"""Distinct failures, or undecided scenarios, of one property that are shown."""


@dataclass(frozen=True, slots=True)
class Done:
    """A finished run: its last event, what became of each scenario, and the folder with what failed."""

    finished: RunFinished
    results: tuple[Result, ...]
    folder: Path


@dataclass(frozen=True, slots=True)
class Told:
    """The verdict on one item. ``text``: why it fails or is skipped; of a pass, the warning or nothing."""

    verdict: Literal["pass", "fail", "xfail", "skip"]
    text: str = ""
    violated: bool = False
    """It fails because it, or the baseline, is wrong, and not because it could not be checked."""


def tell_of(prop: Property, done: Done) -> Told:
    """What the run says of ``prop``."""
    row = next(row for row in done.finished.card.properties if row.id == prop.id)
    counts = row.counts
    entries = [one for one in done.finished.card.expectations if one.entry.property == prop.id]
    if counts.get("fail", 0) > row.expected:
        return Told("fail", _violated(prop, done), violated=True)
    broken = list(_broken(prop, done.results))
    if broken:
        return Told("fail", _listed(prop, f"the harness failed in {count(len(broken), 'scenario')}", broken))
    undecided = list(_undecided(prop, done.results))
    allowed = Policy().max_incomplete * len(done.results) if counts.get("pass") else 0
    if len(undecided) > allowed:
        return Told("fail", _listed(prop, f"incomplete in {count(len(undecided), 'scenario')}", undecided))
    bad = [one for one in entries if one.status in ("stale", "expired")]
    if bad:
        listed = _listed(prop, "to be taken out of the baseline", [_outdated(one) for one in bad])
        return Told("fail", listed, violated=True)
    if counts.get("fail"):
        reasons = "; ".join(dict.fromkeys(clean(one.entry.reason, 200) for one in entries if one.status == "seen"))
        return Told("xfail", f"{prop.id}: expected failure in {count(row.expected, 'scenario')}: {reasons}")
    if counts.get("warn"):
        return Told("pass", f"{prop.id}: {clean(prop.title)}: violated in {count(counts['warn'], 'scenario')} (SHOULD)")
    if counts.get("pass"):
        return Told("pass")
    if counts.get("waived"):
        return Told(
            "skip", f"waived in {count(counts['waived'], 'scenario')}: the report does not hold what {prop.id} needs"
        )
    if counts.get("not-exercised"):
        return Told("skip", f"not exercised: no planned fault landed in {count(counts['not-exercised'], 'scenario')}")
    return Told("skip", f"not applicable: it never applied in {count(len(done.results), 'scenario')}")


def _violated(prop: Property, done: Done) -> str:
    """Explanation, smallest scenario, timeline and replay command of each distinct failure."""
    known = done.finished.card.known
    found = [
        failure
        for failure in done.finished.failures
        if failure.judged.property == prop.id
        and not (
            failure.judged.fingerprint in known and known[failure.judged.fingerprint].scenarios >= failure.scenarios
        )
    ]
    out = io.StringIO()
    console = Console(file=out, width=WIDTH, highlight=False, markup=False, emoji=False, color_system=None)
    terminal = Terminal(console, console, folder=done.folder, quiet=True)
    for number, failure in enumerate(found[:SHOWN], 1):
        terminal.failure(failure, f"{number} of {len(found)}")
        terminal.line()
    if len(found) > SHOWN:
        terminal.line(f"and {count(len(found) - SHOWN, 'more distinct failure')} in {clean(done.folder)}")
    terminal.line(f"what it demands: outtrade explain {prop.id}")
    return out.getvalue().rstrip("\n")


def _outdated(one: Standing) -> str:
    entry = one.entry
    if one.status == "expired":
        return f"{entry.name()} expired on {entry.expires}: {clean(entry.reason, 200)}"
    chances = count(one.chances, "scenario")
    return f"{entry.name()} is stale, it showed in none of {chances} that could show it: {clean(entry.reason, 200)}"


def _broken(prop: Property, results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        if result.error:
            yield f"{clean(result.scenario, 40)}: {clean(result.error, 300)}"
        elif result.verdicts.get(prop.id) == "harness-error":
            yield f"{clean(result.scenario, 40)}: {_reason(prop, result, 'the check crashed')}"


def _undecided(prop: Property, results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        if effective(result, result.verdicts.get(prop.id, "")) == "incomplete":
            yield f"{clean(result.scenario, 40)}: {_reason(prop, result, 'a planned fault did not land')}"


def _reason(prop: Property, result: Result, otherwise: str) -> str:
    for judged in result.findings:
        if judged.property == prop.id and judged.violations:
            return clean(judged.violations[0].message, 300)
    return otherwise


def _listed(prop: Property, head: str, lines: Sequence[str]) -> str:
    more = [f"  and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "\n".join([f"{prop.id}  {clean(prop.title)}", f"{head}:", *(f"  {line}" for line in lines[:SHOWN]), *more])
