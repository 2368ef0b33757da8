"""JUnit XML: one test case for each venue and property, so that any CI server shows which rule was broken.

=================  ==========================================================================================
in the run         in the file
=================  ==========================================================================================
MUST violated      ``failure``: for each distinct failure its message and the command that replays it
a check crashed    ``error``
never decided      ``skipped``, with the reason (not applicable, waived, incomplete, not exercised)
SHOULD violated    passed, with the violations in ``system-out``: it does not fail the gate
tolerated          the same, where ``--fail-under`` or ``--max-critical`` let it pass
expected           ``skipped`` with the reason from the baseline, the violations in ``system-out``
stale, expired     ``failure``: an entry of the baseline that has to go
=================  ==========================================================================================

A last case, ``gate``, holds the exit code and its reasons, so that the file is red exactly where the run was not green:
also where too much was incomplete and no single property can be blamed. What agents said is cleaned of control
characters first; XML could not hold them.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from outtrade.report.results import FailureRow, PropertyRow
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
from outtrade.report.text import clean, count

MESSAGE = 1_000
"""Longest message, in characters."""
SHOWN = 20
"""Distinct failures written out for one property; the others are counted."""


def build(stored: Stored) -> str:
    """The file, in UTF-8 when encoded."""
    results = stored.results
    where = _text(stored.where, 100)
    suite = ET.Element("testsuite", name=_text(f"outtrade {results.target} {stored.where}", 200))
    if results.started:  # histories know no real time
        suite.set("timestamp", _text(results.started, 40).partition("+")[0])
        suite.set("time", f"{results.wall_seconds:.3f}")
    listed = ET.SubElement(suite, "properties")
    for name, value in (
        ("target", results.target),
        ("venue", stored.where),
        ("suite", results.suite),
        ("space", results.space),
        ("seed", results.seed),
        ("scenarios", results.scenarios),
        ("reference", results.reference and results.reference.source),
        ("outtrade", results.outtrade),
    ):
        if value is not None:
            ET.SubElement(listed, "property", name=name, value=_text(value, 200))
    failures = stored.failures()
    for row in results.properties:
        case = ET.SubElement(suite, "testcase", classname=f"outtrade.{where}.{_text(row.dimension, 40)}")
        case.set("name", _text(f"{row.id} {row.title}", 200))
        _verdict(case, row, stored, [failure for failure in failures if failure.property == row.id])
    _gate(ET.SubElement(suite, "testcase", classname=f"outtrade.{where}", name="gate"), stored)
    cases = suite.findall("testcase")
    totals = {"tests": len(cases)}
    totals |= {f"{kind}s": sum(case.find(kind) is not None for case in cases) for kind in ("failure", "error")}
    totals["skipped"] = sum(case.find("skipped") is not None for case in cases)
    for name, total in totals.items():
        suite.set(name, str(total))
    root = ET.Element("testsuites", name="outtrade")
    for name, total in totals.items():
        root.set(name, str(total))
    root.set("time", f"{results.wall_seconds:.3f}")
    root.append(suite)
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _verdict(case: ET.Element, row: PropertyRow, stored: Stored, failures: Sequence[FailureRow]) -> None:
    counts = row.counts
    share = f"{violations(row):,} of {count(decided(row), 'scenario')}"
    entries = [entry for entry in expectations(stored.results) if entry.property == row.id]
    bad = [entry for entry in entries if entry.status in ("stale", "expired")]
    if unexpected(row):
        found = ET.SubElement(case, "failure", type=row.severity)
        found.set("message", f"violated in {share}{_of_these(row)}")
        found.text = _story(stored, failures)
    elif bad:
        found = ET.SubElement(case, "failure", type="baseline")
        found.set("message", f"{count(len(bad), 'expected failure')} to be taken out of the baseline")
        found.text = "\n".join(f"{_text(conditions(entry), 300)}: {standing(entry)}" for entry in bad)
    elif counts.get("harness-error"):
        crashed = ET.SubElement(case, "error", type="harness-error")
        crashed.set("message", f"the check crashed in {count(counts['harness-error'], 'scenario')}")
    elif not decided(row):
        ET.SubElement(case, "skipped", message=_undecided(row))
    elif violations(row):
        if row.expected:
            more = _of_these(row) if row.tolerated else ""
            reasons = "; ".join(dict.fromkeys(_text(entry.reason, 200) for entry in entries if entry.status == "seen"))
            ET.SubElement(case, "skipped", message=f"expected failure in {share}{more}: {reasons}")
        said = ET.SubElement(case, "system-out")
        said.text = f"{row.level}, violated in {share}{_of_these(row)}\n\n" + _story(stored, failures)


def _of_these(row: PropertyRow) -> str:
    words = [
        f"{number:,} {word}" for number, word in ((row.expected, "expected"), (row.tolerated, "tolerated")) if number
    ]
    return f" ({', '.join(words)})" if words else ""


def _undecided(row: PropertyRow) -> str:
    """Why a property was decided in no scenario."""
    for verdict in ("waived", "incomplete", "not-exercised"):
        if row.counts.get(verdict):
            reason = f": {_text(row.waiver, 200)}" if verdict == "waived" and row.waiver else ""
            return f"{verdict} in {count(row.counts[verdict], 'scenario')}{reason}"
    return "not applicable in any scenario"


def _story(stored: Stored, failures: Sequence[FailureRow]) -> str:
    parts = []
    for failure in failures[:SHOWN]:
        parts.append(
            f"{_text(failure.fingerprint, 120)} in {count(failure.scenarios, 'scenario')}"
            f"{', also without faults' if failure.baseline else ''}"
            f"{f', expected: {_text(failure.reason, 300)}' if failure.expected else ''}\n"
            f"{_text(failure.message, MESSAGE)}\n"
            f"{stored.again}: {_text(stored.replay(failure), MESSAGE)}\n"
        )
    if len(failures) > SHOWN:
        parts.append(f"and {count(len(failures) - SHOWN, 'more distinct failure')}\n")
    return "\n".join(parts)


def _gate(case: ET.Element, stored: Stored) -> None:
    code, reasons = stored.results.exit.code, stored.results.exit.reasons
    if code:
        kind = "failure" if code == 1 else "error"
        bad = ET.SubElement(case, kind, type=("", "gate", "harness-error", "incomplete")[code])
        bad.set("message", f"exit code {code}")
        bad.text = "\n".join(_text(reason, MESSAGE) for reason in reasons)
    notes = notes_of(stored.results)
    if notes:
        ET.SubElement(case, "system-out").text = "\n".join(_text(note, MESSAGE) for note in notes)


def _text(value: object, limit: int) -> str:
    return clean(str(value)[: 4 * limit], limit)
