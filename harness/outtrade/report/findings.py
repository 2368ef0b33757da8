"""Findings of one scenario as text and as JSON: for ``replay`` and ``judge``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from outtrade.report.text import clean, count

if TYPE_CHECKING:
    from outtrade.judge.api import Finding, Property
    from outtrade.report.terminal import Terminal

MAX_VIOLATIONS = 3
_STYLE = {"fail": "bold red", "warn": "yellow", "harness-error": "bold red", "incomplete": "yellow", "waived": "dim"}


def print_findings(terminal: Terminal, findings: Sequence[Finding], properties: Sequence[Property]) -> None:
    """One paragraph for everything that is neither pass nor not-applicable, then the totals."""
    titles = {prop.id: prop.title for prop in properties}
    for finding in findings:
        if finding.verdict in ("pass", "not-applicable"):
            continue
        terminal.line(
            f"{finding.verdict.upper()}  {finding.id}  {clean(titles.get(finding.id, ''), 60)}", _STYLE[finding.verdict]
        )
        for case in finding.broken[:MAX_VIOLATIONS]:
            events = f" (events {', '.join(str(seq) for seq in case.evidence[:8])})" if case.evidence else ""
            terminal.paragraph(case.message + events)
        if len(finding.broken) > MAX_VIOLATIONS:
            terminal.line(f"  and {len(finding.broken) - MAX_VIOLATIONS} more", "dim")
    totals: Counter[str] = Counter(finding.verdict for finding in findings)
    order = ("pass", "fail", "warn", "incomplete", "waived", "harness-error", "not-applicable")
    parts = [f"{totals[name]} {name}" for name in order if totals[name]]
    terminal.line(f"{count(len(findings), 'property', 'properties')}: {', '.join(parts)}")


def findings_json(findings: Sequence[Finding]) -> str:
    """All findings, every violation with its evidence."""
    rows = [
        {
            "property": finding.id,
            "verdict": finding.verdict,
            "fingerprint": finding.fingerprint,
            "cases": finding.cases,
            "violations": [
                {"message": case.message, "evidence": list(case.evidence), "subject": case.subject, "key": case.key}
                for case in finding.broken
            ],
        }
        for finding in findings
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False)
