"""What a page of test cases says of a run: one sheet for each venue and property, and one for the gate.

Systems that collect test results (Allure first) know a case with a status, labels, a text, steps and attachments. A
``Sheet`` is that as plain data, made from a stored run alone, and without a library of any such system:
``outtrade.report.allure`` writes sheets to files, the pytest plug-in hands them to allure-pytest; both say the same.

======================================  ==========  ==============================================================
in the run                              status      first words of the message
======================================  ==========  ==============================================================
MUST violated                           ``failed``  violated in
a check, or the harness, crashed        ``broken``  the check crashed in, the harness failed in
too much could not be decided           ``broken``  incomplete in
an entry of the baseline has to go      ``failed``  1 expected failure to be taken out of the baseline
it held wherever it applied             ``passed``  (none)
violated, and the baseline expects it   ``skipped`` expected failure in
SHOULD violated, or MUST tolerated      ``passed``  SHOULD violated in, MUST violated in
decided nowhere                         ``skipped`` waived in, not exercised in, not applicable in
======================================  ==========  ==============================================================

The rows are tried from the top, as in the pytest plug-in: what could not be checked never passes.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from outtrade import suites
from outtrade.gate import Policy
from outtrade.report import markdown
from outtrade.report.beliefs import beliefs
from outtrade.report.results import FailureRow, PropertyRow, Results
from outtrade.report.secrets import without_secrets
from outtrade.report.sources import links
from outtrade.report.stored import (
    Stored,
    conditions,
    decided,
    expectations,
    notes_of,
    standing,
    unexpected,
    violations,
)
from outtrade.report.text import clean, count, percent
from outtrade.report.timeline import lines

if TYPE_CHECKING:
    from outtrade.judge.api import Property
    from outtrade.model.history import History

Status = Literal["passed", "failed", "broken", "skipped"]

SHOWN = 20
"""Distinct failures of one property that are written out; the others are counted."""
MESSAGE = 1_000
"""Longest message, in characters."""
HISTORY = 2_000_000
"""Largest history that is attached, in bytes."""
LONGEST = 400
"""Longest name of a target, in characters."""
REASONS = 3
"""Scenarios named where something could not be decided."""
WIDTH = 100
"""Columns of a timeline."""

_SEVERITIES = {"critical": "critical", "major": "normal", "minor": "minor"}
_GATE: Mapping[int, tuple[Status, str]] = {
    0: ("passed", ""),
    1: ("failed", "FAIL"),
    2: ("broken", "HARNESS ERROR"),
    3: ("broken", "INCOMPLETE"),
}
_TALLIES: tuple[tuple[str, Status, str], ...] = (
    ("pass", "passed", "held in"),
    ("fail", "failed", "violated in"),
    ("warn", "failed", "violated in"),
    ("harness-error", "broken", "the check crashed in"),
    ("incomplete", "broken", "incomplete in"),
    ("not-exercised", "skipped", "no planned fault was exercised in"),
    ("waived", "skipped", "waived in"),
    ("not-applicable", "skipped", "not applicable in"),
)
_NEVER = {"waived": "waived", "not-exercised": "not exercised", "not-applicable": "not applicable"}


@dataclass(frozen=True, slots=True)
class Paper:
    """An attachment. ``media`` is its media type, ``ending`` that of a file."""

    name: str
    body: bytes
    media: str
    ending: str


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a case, with a status of its own."""

    name: str
    status: Status
    message: str = ""
    papers: tuple[Paper, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One case. ``place``: venue and property, the same in every run; ``parameters``: name, value, and whether two
    runs that differ in it are to be kept apart in trends. ``whole``: it stands for the run as such."""

    place: tuple[str, str]
    name: str
    status: Status
    message: str
    trace: str
    description: str
    labels: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    parameters: tuple[tuple[str, str, bool], ...]
    steps: tuple[Step, ...]
    whole: bool = False


def sheets(stored: Stored) -> Iterator[Sheet]:
    """All sheets of a run: its properties in their order, then the gate."""
    for row in stored.results.properties:
        yield sheet(stored, row)
    yield gate(stored)


def sheet(stored: Stored, row: PropertyRow) -> Sheet:
    """The sheet of one property."""
    results = stored.results
    found = [failure for failure in stored.failures() if failure.property == row.id]
    status, message = status_of(row, results)
    reasons = list(_reasons(row, results)) if status == "broken" else []
    said = [f"{clean(failure.fingerprint, 200)}: {clean(failure.message, MESSAGE)}" for failure in found[:SHOWN]]
    prop = _property(results.suite, row.id)
    steps = [_failure(stored, failure) for failure in found[:SHOWN]]
    if len(found) > SHOWN:
        steps.append(Step(f"and {count(len(found) - SHOWN, 'more distinct failure')}: see results.json", "failed"))
    where = place(stored)
    return Sheet(
        place=(where, clean(row.id, 40)),
        name=_title(row),
        status=status,
        message="\n".join([message, *(found[0].message and [clean(found[0].message, MESSAGE)] if found else [])]),
        trace="\n".join([*said, *reasons]),
        description=_description(row, prop, results),
        labels=(*labels(row, where), ("tag", row.level)),
        links=tuple(links(prop.source)) if prop else (),
        parameters=parameters(results),
        steps=(*steps, *_tallies(row)),
    )


def gate(stored: Stored) -> Sheet:
    """The sheet of the run: its exit code, the reasons, the scores. Red exactly where the run was not green."""
    results = stored.results
    status, word = _GATE[results.exit.code]
    where = place(stored)
    reasons = [clean(reason, 400) for reason in results.exit.reasons[:50]]
    named = results.model_copy(update={"target": without_secrets(results.target)})
    summary = Paper("summary", markdown.build(replace(stored, results=named)).encode(), "text/markdown", "md")
    scores = tuple(
        Step(f"{clean(row.name, 40)}: nothing decided", "skipped")
        if row.score is None
        else Step(
            f"{clean(row.name, 40)}: {percent(row.score)} %, 95 % interval {percent(row.interval.low)} to"
            f" {percent(row.interval.high)} %",
            "passed",
        )
        for row in results.dimensions
    )
    return Sheet(
        place=(where, "gate"),
        name="gate",
        status=status,
        message=f"{word}: {'; '.join(reasons)}" if word else "",
        trace="\n".join([*reasons, *(f"note: {clean(note, 400)}" for note in notes_of(results)[:50])]),
        description="May this build trade? The exit code of `outtrade run` and its reasons, and the score of each"
        " dimension: the mean of the rates of its properties.",
        labels=(("epic", where), ("feature", "gate"), ("parentSuite", where), ("suite", "gate"),
                ("severity", "critical")),
        links=(),
        parameters=parameters(results),
        steps=(*scores, Step("summary", "passed", papers=(summary,))),
        whole=True,
    )  # fmt: skip


def place(stored: Stored) -> str:
    """The venue, or the scenario space, as a name."""
    return clean(stored.where, 100)


def labels(row: PropertyRow | Property, where: str) -> tuple[tuple[str, str], ...]:
    """How a case is filed: venue, dimension, property; and how bad a violation is."""
    dimension = clean(row.dimension, 40)
    return (
        ("epic", where),
        ("feature", dimension),
        ("story", clean(row.id, 40)),
        ("parentSuite", where),
        ("suite", dimension),
        ("severity", _SEVERITIES[row.severity]),
    )


def parameters(results: Results) -> tuple[tuple[str, str, bool], ...]:
    """What the run was asked; only another target makes another line in a trend."""
    return (
        ("target", without_secrets(results.target), True),
        ("suite", clean(results.suite, 100), False),
        ("space", clean(results.space, 100), False),
        ("scenarios", str(results.scenarios), False),
        *(() if results.seed is None else (("seed", str(results.seed), False),)),
    )


def status_of(row: PropertyRow, results: Results) -> tuple[Status, str]:
    """Status of a property and the words that begin its message."""
    counts = row.counts
    share = f"{violations(row):,} of {count(decided(row), 'scenario')}"
    entries = [entry for entry in expectations(results) if entry.property == row.id]
    bad = [entry for entry in entries if entry.status in ("stale", "expired")]
    errors = sum(bool(result.error) for result in results.results)
    undecided = counts.get("incomplete", 0)
    if unexpected(row):
        known = f", {row.baseline:,} of them also without any fault" if row.baseline else ""
        return "failed", f"violated in {share}{_excused(row)}{known}"
    if counts.get("harness-error"):
        return "broken", f"the check crashed in {count(counts['harness-error'], 'scenario')}"
    if errors:
        return "broken", f"the harness failed in {count(errors, 'scenario')}"
    if undecided > (_allowed(results) * results.scenarios if counts.get("pass") or counts.get("fail") else 0):
        return "broken", f"incomplete in {count(undecided, 'scenario')}: it could not be decided"
    if bad:
        return "failed", f"{count(len(bad), 'expected failure')} to be taken out of the baseline: " + "; ".join(
            f"{clean(conditions(entry), 200)}: {standing(entry)}" for entry in bad[:REASONS]
        )
    if row.expected:
        reasons = "; ".join(dict.fromkeys(clean(entry.reason, 200) for entry in entries if entry.status == "seen"))
        return "skipped", f"expected failure in {share}{_excused(row) if row.tolerated else ''}: {reasons}"
    if violations(row):
        return "passed", f"{'SHOULD' if row.level == 'SHOULD' else 'MUST'} violated in {share}{_excused(row)}"
    if counts.get("pass"):
        return "passed", ""
    for verdict, word in _NEVER.items():
        if counts.get(verdict):
            reason = f": {clean(row.waiver, 200)}" if verdict == "waived" and row.waiver else ""
            return "skipped", f"{word} in {count(counts[verdict], 'scenario')}{reason}"
    return "skipped", "not applicable in any scenario"


def _allowed(results: Results) -> float:
    """Largest share of scenarios that may be incomplete: that of the run, as far as its file says."""
    return results.gate.max_incomplete if results.gate is not None else Policy().max_incomplete


def _excused(row: PropertyRow) -> str:
    words = [f"{n:,} {word}" for n, word in ((row.expected, "expected"), (row.tolerated, "tolerated")) if n]
    return f" ({', '.join(words)})" if words else ""


# ------------------------------------------------------------------ the parts of a sheet
def _title(row: PropertyRow) -> str:
    title = clean(row.title, 160)
    return f"{clean(row.id, 40)} {title[:1].upper()}{title[1:]}"


@lru_cache(maxsize=256)
def _property(suite: str, ident: str) -> Property | None:
    """The property as its suite explains it; None where this suite, or this property, is not here. A report is not
    trusted to name a file of code."""
    if suite.startswith("py:"):
        return None
    try:
        return suites.load(suite).property(ident)
    except suites.SuiteError:
        return None


def _description(row: PropertyRow, prop: Property | None, results: Results) -> str:
    """Markdown: what the property demands, why, and where the rule comes from."""
    head = f"**{row.level}, {row.severity}**, dimension {clean(row.dimension, 40)}"
    if prop is None:
        return f"{head}\n\nSuite {clean(results.suite, 60)!r} is not installed here: no explanation."
    return f"{head}\n\n{inspect.cleandoc(prop.explain)}\n\nSource: {prop.source}\n\n`outtrade explain {prop.id}`"


def _reasons(row: PropertyRow, results: Results) -> Iterator[str]:
    """Why it could not be decided, for the first scenarios."""
    left = REASONS
    for result in results.results:
        said = next(
            (
                found.violations[0].message if found.violations else found.verdict
                for found in result.findings
                if found.property == row.id and found.verdict in ("incomplete", "harness-error")
            ),
            result.error,
        )
        if said and left:
            left -= 1
            yield f"{clean(result.scenario, 60)}: {clean(said, 300)}"


def _tallies(row: PropertyRow) -> Iterator[Step]:
    for verdict, status, words in _TALLIES:
        if row.counts.get(verdict):
            yield Step(f"{words} {count(row.counts[verdict], 'scenario')}", status)


def _failure(stored: Stored, failure: FailureRow) -> Step:
    """A distinct failure with all that is needed to see it again."""
    smallest = stored.smallest(failure)
    papers = [Paper(stored.again, (_replay(stored, failure) + "\n").encode(), "text/plain", "txt")]
    scenario = _scenario(stored, failure)
    if scenario:
        papers.append(Paper("smallest scenario", scenario, "application/json", "json"))
    words = "\n".join([*smallest.words, *([smallest.problem] if smallest.problem else [])])
    if smallest.history is not None:
        try:
            words += "\n\n" + _story(smallest.history, failure.evidence)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            words += f"\nthe history cannot be shown: {type(error).__name__}"
        else:
            papers.extend(_history(smallest.history, stored.results.target))
    papers.insert(1, Paper("timeline", (words + "\n").encode(), "text/plain", "txt"))
    kind = "" if failure.level == "MUST" else "SHOULD, "
    known = f", {failure.expected:,} expected" if failure.expected else ""
    name = f"{clean(failure.fingerprint, 160)} ({kind}{count(failure.scenarios, 'scenario')}{known})"
    message = clean(failure.message, MESSAGE)
    if failure.expected:
        message += f"\nexpected: {clean(failure.reason, 300)}"
    status: Status = "skipped" if failure.expected >= failure.scenarios else "failed"
    return Step(name, status, message, tuple(papers))


def _scenario(stored: Stored, failure: FailureRow) -> bytes:
    """The file of the smallest scenario, which ``outtrade replay`` runs; empty where it cannot be read."""
    try:
        data = stored.scenario(failure)
        json.loads(data)
    except (OSError, ValueError, RecursionError):
        return b""
    return _published(data, stored.results.target)


def _published(data: bytes, target: str) -> bytes:
    """A file of JSON in which the target stands without its secrets; unchanged where it has none."""
    shown = without_secrets(target)
    if shown == clean(target, LONGEST):
        return data
    return data.replace(_quoted(target), _quoted(shown))


def _quoted(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")


def _replay(stored: Stored, failure: FailureRow) -> str:
    """The command that shows it again, from the folder of the run or from the attached file."""
    if stored.again == "judge":
        return f"{stored.replay(failure)}\n\nor, with the attached history: outtrade judge FILE.jsonl --timeline"
    return f"{stored.replay(failure)}\n\nor, with the attached scenario: outtrade replay FILE.json"


def _history(history: History, target: str) -> Iterator[Paper]:
    data = _published(history.to_jsonl(), target)
    if len(data) <= HISTORY:
        yield Paper("history", data, "application/x-ndjson", "jsonl")


def _story(history: History, evidence: Sequence[int]) -> str:
    """The timeline, then what was believed beside what was true."""
    text = "\n".join(lines(history, evidence=evidence, width=WIDTH))
    rows = [("", "believed", "true", "")] + [
        (row.what, row.believed, row.true, "DIFFERS" if row.differs else "") for row in beliefs(history)
    ]
    widths = [max(len(row[n]) for row in rows) for n in range(3)]
    table = "\n".join("  ".join(f"{cell:<{width}}" for cell, width in zip(row, [*widths, 0], strict=True)).rstrip()
                      for row in rows)  # fmt: skip
    return f"{text}\n\nwhen the report came\n{table}"
