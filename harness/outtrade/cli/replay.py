"""``outtrade replay``: run a saved failure again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from outtrade.cli.guard import UsageError, consoles
from outtrade.engine.plan import Plan, prepare
from outtrade.engine.replay import Expected, read, replay
from outtrade.engine.results import FAILING
from outtrade.judge.api import Finding
from outtrade.model.scenario import ScenarioError
from outtrade.outside import played
from outtrade.report.findings import print_findings
from outtrade.report.terminal import Terminal
from outtrade.report.text import clean
from outtrade.score import GATE, OK, score
from outtrade.sim.errors import HarnessError
from outtrade.suites import CORE


def replay_command(
    file: Path,
    *,
    target: str | None,
    suite: str | None,
    save: Path | None,
    everything: bool,
    allow_replay: Path | None = None,
) -> int:
    """Carry it out; returns the exit code."""
    try:
        saved = read(file)
    except ScenarioError as error:
        raise UsageError(f"{file}: {error}") from None
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}") from None
    spec = target or saved.target
    if spec is None:
        raise UsageError(f"{file} names no target; give one with --target")
    if target is None and spec.startswith("cmd:"):
        raise UsageError(f"{file} names a program to run; if it is yours, say so: --target {shlex.quote(spec)}")
    named = saved.suite or CORE
    if suite is None and named.startswith("py:"):
        raise UsageError(f"{file} names code as its suite; if it is yours, say so: --suite {shlex.quote(named)}")
    allowed = None if allow_replay is None else played(allow_replay)
    kit = prepare(Plan(target=spec, suite=suite or named, allowed=allowed))
    try:
        again = replay(kit, saved.scenario, saved.expected, saved.history if spec == saved.target else "")
    except HarnessError as error:
        raise UsageError(f"harness error: {error}") from error
    if save is not None:
        try:
            save.write_bytes(again.history.to_jsonl())
        except OSError as error:
            raise UsageError(f"cannot write {save}: {error.strerror or error}") from None
    out, err = consoles()
    terminal = Terminal(out, err)
    terminal.line(f"{clean(spec)}  scenario {clean(saved.scenario.id)}", "bold")
    wanted = {one.property for one in saved.expected}
    shown = [finding for finding in again.failed if finding.id in wanted] or again.failed
    evidence = shown[0].broken[0].evidence if shown and shown[0].broken else ()
    terminal.timeline(again.history, evidence, everything=everything)
    print_findings(terminal, again.findings, kit.properties)
    if again.same_history is not None:
        same = "the same history as saved" if again.same_history else "another history than the saved one"
        terminal.line(f"history {again.history.hash()[:16]}: {same}", "dim")
    if saved.expected:
        for one in again.missing:
            terminal.line(f"NOT REPRODUCED: {clean(one.fingerprint)}", "bold red")
            terminal.paragraph(_instead(one, again.findings))
        if not again.missing:
            terminal.line("REPRODUCED: " + ", ".join(clean(one.fingerprint) for one in saved.expected), "bold")
        return GATE if again.missing else OK
    from outtrade.engine.results import summarise

    result = summarise(0, saved.scenario, again.history, again.findings)
    card = score([result], kit.properties, planned=1)
    terminal.verdict(card)
    return card.code


def _instead(one: Expected, findings: Sequence[Finding]) -> str:
    """What became of a failure that did not show again, in a sentence."""
    found = next((finding for finding in findings if finding.id == one.property), None)
    if found is None:
        return f"{one.property} is not judged for this target."
    if found.verdict == "pass":
        return f"{one.property} passes in this scenario now: it is fixed, or something else has changed since."
    if found.verdict in FAILING:
        return f"{one.property} is violated in another way: {found.fingerprint}. That is another failure."
    return f"{one.property} is {found.verdict} now: neither fixed nor shown."
