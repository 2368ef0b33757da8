"""``outtrade judge``: everything after the History can be computed again from its file."""

from __future__ import annotations

import sys
from pathlib import Path

from outtrade import suites
from outtrade.cli.guard import UsageError, consoles
from outtrade.engine.judging import judge_history
from outtrade.engine.results import FAILING, Result, ledger
from outtrade.model.history import History
from outtrade.report.findings import findings_json, print_findings
from outtrade.report.terminal import Terminal
from outtrade.report.text import clean
from outtrade.score import score


def judge_command(file: Path, *, suite: str, timeline: bool, as_json: bool, only: tuple[str, ...] = ()) -> int:
    """Carry it out; returns the exit code. ``only``: ids of the properties to judge, all where empty."""
    try:
        history = History.from_jsonl(file.read_bytes())
    except ValueError as error:
        hint = "; a scenario or a saved failure is for outtrade replay" if file.suffix == ".json" else ""
        raise UsageError(f"{file}: {error}{hint}") from None
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}") from None
    properties = [prop for prop in suites.load(suite).properties if history.header.scope in prop.scope]
    wanted = {ident.strip().upper() for ident in only}
    unknown = sorted(wanted - {prop.id for prop in properties})
    if unknown:
        raise UsageError(f"--property {unknown[0]}: not asked of this target in suite {suite}")
    properties = [prop for prop in properties if not wanted or prop.id in wanted]
    findings = judge_history(history, properties)
    if as_json:
        sys.stdout.write(findings_json(findings) + "\n")
    else:
        out, err = consoles()
        terminal = Terminal(out, err)
        name = clean(history.header.scenario.get("id", "?"))
        terminal.line(f"{clean(history.header.target)}  scenario {name}  history {history.hash()[:16]}", "bold")
        if timeline:
            bad = [finding for finding in findings if finding.verdict in FAILING and finding.broken]
            terminal.timeline(history, bad[0].broken[0].evidence if bad else ())
        print_findings(terminal, findings, properties)
    verdicts = {finding.id: str(finding.verdict) for finding in findings}
    result = Result(0, "", 0, verdicts=verdicts, faults=ledger(history.events))
    return score([result], properties, planned=1).code
