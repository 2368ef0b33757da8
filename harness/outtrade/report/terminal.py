"""The terminal: a progress bar on stderr while the run goes on, the scorecard on stdout at its end.

Everything reads well in 80 columns and in black and white. Text that comes from targets, exchanges or files is
cleaned and never read as markup (``outtrade.report.text``). The scorecard says, in this order: how each dimension
scored, which properties failed, what was waived or could not be decided, whether the faults landed, then the smallest
failing scenario of each distinct failure with its timeline and the command that replays it, and the verdict last, where
the eye rests.
"""

from __future__ import annotations

import textwrap
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from outtrade.baseline import Known
from outtrade.chances import seen_by
from outtrade.engine.events import (
    Event,
    Failure,
    FailureFound,
    Interrupted,
    MinimisingStarted,
    RunFinished,
    RunStarted,
    ScenarioDone,
)
from outtrade.engine.results import FAILING, Result
from outtrade.model.history import History
from outtrade.report import coverage, timeline
from outtrade.report.describe import describe_scenario
from outtrade.report.results import FAILURES, failure_stem, outside_row
from outtrade.report.stored import again
from outtrade.report.text import clean, count, percent, shorten
from outtrade.score import Scorecard

if TYPE_CHECKING:
    from outtrade.engine.plan import Kit

WIDTH = 80
SHOWN = 3
"""Distinct failures shown with a timeline; the others get one line each."""

REDRAW = 0.1
"""Real seconds between two drawings of the progress bar."""

_COLOUR = {"critical": "bold red", "major": "red", "minor": "yellow"}
_STANDING = {
    "seen": "seen in {seen}",
    "stale": "STALE, it did not show",
    "expired": "EXPIRED",
    "not met": "never decided here",
}
_NOT_KNOWN = Known(0, "")
_VERDICTS = ("PASS", "FAIL", "ERROR", "INCOMPLETE")


class Terminal:
    """Handler for people. ``out`` is where the scorecard goes, ``err`` where progress goes."""

    def __init__(
        self,
        out: Console,
        err: Console,
        *,
        folder: Path | None = None,
        waivers: Mapping[str, str] | None = None,
        shown: int = SHOWN,
        quiet: bool = False,
        coverage: bool = False,
    ) -> None:
        self.out, self.err = out, err
        self._folder = folder
        self._waivers = dict(waivers or {})
        self._shown = shown
        self._quiet = quiet
        self._coverage = coverage
        self._kit: Kit | None = None
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._drawn = 0.0
        self._failing = 0
        self._errors: list[Result] = []
        self._differing: list[Result] = []
        self._escapes: Counter[str] = Counter()
        self._entropy: Counter[str] = Counter()
        self._asked: list[Result] = []
        """Scenarios that were let through to real hosts, or to a recording of them."""

    def handle(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, RunStarted):
            self._kit = event.kit
            self._start_bar("running", event.scenarios)
        elif isinstance(event, ScenarioDone):
            self._scenario(event.examined.result)
        elif isinstance(event, Interrupted):
            self._stop_bar()
            self.err.print(Text(f"Interrupted: {event.done} of {count(event.planned, 'scenario')} done and kept."))
        elif isinstance(event, MinimisingStarted):
            self._start_bar("minimising", event.failures)
        elif isinstance(event, FailureFound):
            self._advance()
        elif isinstance(event, RunFinished):
            self._stop_bar()
            assert self._kit is not None
            self.scorecard(self._kit, event)

    def close(self) -> None:
        """Leave the terminal as it was, whatever happened."""
        self._stop_bar()

    # -------------------------------------------------------------- progress
    def _start_bar(self, what: str, total: int) -> None:
        self._stop_bar()
        if self._quiet or not self.err.is_terminal or not total:
            return
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[failing]}"),
            console=self.err,
            transient=True,
            auto_refresh=False,  # no thread: workers are forked while it stands
        )
        self._bar.start()
        self._task = self._bar.add_task(what, total=total, failing="")
        self._bar.refresh()

    def _scenario(self, result: Result) -> None:
        self._failing += any(judged.verdict in FAILING for judged in result.findings)
        if result.error:
            self._errors.append(result)
        if result.differs:
            self._differing.append(result)
        self._escapes.update(result.escapes)
        self._entropy.update(result.entropy)
        if result.outside:
            self._asked.append(result)
        self._advance()

    def _advance(self) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, failing=f"{self._failing} failing" if self._failing else "")
            now = time.monotonic()
            if now - self._drawn > REDRAW:
                self._drawn = now
                self._bar.refresh()

    def _stop_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    # -------------------------------------------------------------- the scorecard
    def scorecard(self, kit: Kit, event: RunFinished) -> None:
        """Print the whole scorecard."""
        card = event.card
        self._heading(kit, card, event.wall_seconds)
        self._dimensions(card)
        self._violations(card)
        self._notes(card, event.isolation)
        new = [f for f in event.failures if f.scenarios > card.known.get(f.judged.fingerprint, _NOT_KNOWN).scenarios]
        self._failures(new)
        if self._coverage:
            self.coverage({kit.target.name: coverage.proof([card])})
        self._last(card)

    def line(self, text: str | Text = "", style: str = "") -> None:
        """Print one line; never wrapped, never read as markup."""
        self.out.print(text if isinstance(text, Text) else Text(text, style), soft_wrap=True, highlight=False)

    def _heading(self, kit: Kit, card: Scorecard, wall: float) -> None:
        scope = "gateway" if kit.target.scope == "G" else "agent"
        self.line()
        self.line(_spread(f"{clean(kit.plan.target, 58)} ({scope})", f"{wall:.1f} s", WIDTH), "bold")
        self.line(
            f"{count(card.scenarios, 'scenario')} of {clean(kit.space, 24)}, suite {clean(kit.plan.suite, 16)},"
            + (f" seed {kit.plan.seed}" if kit.plan.profile is None else " frozen")
        )
        if kit.plan.profile is not None:
            self.line(f"profile sha256 {kit.plan.profile.head.sha256}", "dim")
        if kit.plan.network:
            self.line(f"network faults: {clean(kit.plan.network, 160)}")

    def _dimensions(self, card: Scorecard) -> None:
        self.line()
        self.line(f"{'dimension':<18}{'score':>8}   {'95 % interval':<17}{'properties':>11}{'scenarios':>11}", "dim")
        for row in card.dimensions:
            if row.score is None:
                self.line(f"{row.name:<18}{'-':>8}   {'nothing was decided':<17}")
                continue
            interval = f"{percent(row.low):>5} to {percent(row.high)} %"
            line = f"{row.name:<18}{percent(row.score):>6} %   {interval:<17}{row.properties:>11}{row.scenarios:>11,}"
            self.line(line, "green" if row.score == 1 else "")

    def _violations(self, card: Scorecard) -> None:
        for verdict, title in (("fail", "violated (MUST)"), ("warn", "violated (SHOULD)")):
            rows = [row for row in card.properties if row.counts.get(verdict)]
            if not rows:
                continue
            self.line()
            self.line(f"{title:<18}{'violations':>12}  severity", "dim")
            for row in sorted(rows, key=lambda r: (_rank(r.severity), -r.counts[verdict], r.id)):
                share = f"{row.counts[verdict]:,} of {row.applied:,}"
                note = f" [{row.baseline} without faults]" if row.baseline else ""
                note += f" [{row.expected} expected]" if row.expected else ""
                head = f"  {row.id:<9}{share:>19}  "
                body = textwrap.wrap(clean(row.title) + note, WIDTH - 42) or [""]
                self.line(Text.assemble(head, (f"{row.severity:<10}", _COLOUR[row.severity]), body[0]))
                for more in body[1:]:
                    self.line(" " * 42 + more)

    def _notes(self, card: Scorecard, isolation: str = "") -> None:
        notes: list[tuple[str, str]] = []
        waived = [row for row in card.properties if row.counts.get("waived")]
        if waived:
            named = [
                f"{row.id} in {row.counts['waived']}"
                + (f" (allowed: {clean(self._waivers[row.id], 60)})" if row.id in self._waivers else "")
                for row in waived
            ]
            notes.append(("waived", ", ".join(named)))
        undecided = [row for row in card.properties if row.counts.get("incomplete")]
        if card.incomplete:
            named = [f"{row.id} in {row.counts['incomplete']}" for row in undecided]
            notes.append(
                ("incomplete", f"{count(card.incomplete, 'scenario')}" + (f": {_some(named)}" if named else ""))
            )
        if card.faults:
            planned, landed = sum(row.planned for row in card.faults), sum(row.landed for row in card.faults)
            missed, lost = sum(r.not_exercised for r in card.faults), sum(r.incomplete for r in card.faults)
            text = f"{landed:,} of {planned:,} landed"
            text += f", {missed:,} not exercised" if missed else ""
            text += f", {lost:,} incomplete" if lost else ""
            notes.append(("faults", text))
        if card.pass_k:
            shares = ", ".join(f"pass^{k} {percent(power)} %" for k, power in enumerate(card.pass_k, 1))
            notes.append(("repeated", f"{shares}; {count(card.flaky, 'scenario')} flaky"))
        judged = card.scenarios - card.waived - card.errors
        if judged > 0:
            notes.append(
                (
                    "power",
                    f"{count(judged, 'scenario')} show a failure that strikes"
                    f" {percent(seen_by(judged))} % of them or more with 95 % confidence",
                )
            )
        never = [row.id for row in card.properties if not row.applied and not row.counts.get("waived")]
        if never:
            notes.append(("never applied", ", ".join(never)))
        if isolation:
            notes.append(("isolation", clean(isolation, 300)))
        outside = None if self._kit is None else outside_row(self._kit.plan.allowed, self._asked)
        if outside is not None:
            notes.append(("let through", clean(outside.words(), 600)))
        for text, times in sorted(self._escapes.items(), key=lambda one: (-one[1], one[0]))[:3]:
            notes.append(("not simulated", f"{clean(text, 300)} ({count(times, 'scenario')})"))
        for result in self._errors[:3]:
            notes.append(("harness error", f"{clean(result.scenario, 30)}: {clean(result.error, 300)}"))
        for result in self._differing[:3]:
            notes.append(("not repeatable", f"{clean(result.scenario, 30)}: {clean(result.differs, 600)}"))
        for text, times in sorted(self._entropy.items(), key=lambda one: (-one[1], one[0]))[:5]:
            notes.append(("drew on", f"{clean(text, 200)} ({count(times, 'time')})"))
        for standing in card.expectations:
            entry = standing.entry
            who = f" ({clean(entry.owner, 60)})" if entry.owner else ""
            when = f", until {entry.expires}" if entry.expires and standing.status != "expired" else ""
            became = _STANDING[standing.status].format(seen=count(standing.seen, "scenario"))
            notes.append(("expected", f"{entry.name()}: {became}{when}: {clean(entry.reason, 300)}{who}"))
        if notes:
            self.line()
        for name, text in notes:
            for n, part in enumerate(textwrap.wrap(text, WIDTH - 16)):
                self.line(Text.assemble((f"{name if n == 0 else '':<16}", "dim"), part))

    # -------------------------------------------------------------- distinct failures
    def coverage(self, proofs: Mapping[str, coverage.Proof]) -> None:
        """How often every property was decided and every variant of fault landed, a column for each target."""
        self.line()
        for text in coverage.lines(proofs):
            self.line(text)

    def _failures(self, failures: Sequence[Failure]) -> None:
        for n, failure in enumerate(failures[: self._shown]):
            self.line()
            self.failure(failure, f"{n + 1} of {len(failures)}")
        rest = failures[self._shown :]
        if rest:
            self.line()
            more = "more distinct failure" if self._shown else "distinct failure"
            self.line(f"{count(len(rest), more)}:", "bold")
            for failure in rest:
                self.line(f"  {clean(failure.judged.fingerprint, 44):<46}{count(failure.scenarios, 'scenario'):>14}")
            if self._folder is not None:
                self.line(f"  {self._again(self._folder / FAILURES / 'FAILURE.min.json')}", "dim")

    def failure(self, failure: Failure, position: str = "") -> None:
        """One distinct failure: what, where, the timeline, how to replay it."""
        judged = failure.judged
        head = f"{position}  {judged.property}  {clean(failure.title)}" if position else clean(failure.title)
        for part in textwrap.wrap(head, WIDTH):
            self.line(part, "bold")
        facts = f"{failure.level}, {failure.severity}, in {count(failure.scenarios, 'scenario')}"
        self.line(facts + (", also without faults" if judged.baseline else ""), _COLOUR[failure.severity])
        for violation in judged.violations[:1]:
            self.paragraph(violation.message)
        more = len(judged.violations) - 1 + judged.more
        if more > 0:
            self.line(f"  (and {more} more like it in this scenario)", "dim")
        found = f", found in {count(failure.runs, 'run')}" if failure.minimal else " of those that were run"
        found += "; nothing in it can go alone" if failure.one_minimal else ""
        if failure.shown[1] > 1:
            found += f"; it shows in {failure.shown[0]} of {failure.shown[1]} runs"
        if failure.scenario:
            self.line(f"smallest scenario{found}:", "dim")
            for text in describe_scenario(failure.scenario):
                self.paragraph(text)
        if failure.history:
            evidence = judged.violations[0].evidence if judged.violations else ()
            self.timeline(History.from_jsonl(failure.history), evidence)
        if self._folder is not None:
            self.line(self._again(self._folder / FAILURES / f"{failure_stem(failure)}.json"))

    def _again(self, file: Path) -> str:
        """The command that shows a failure again."""
        plan = None if self._kit is None else self._kit.plan
        recording = "" if plan is None or plan.allowed is None else plan.allowed.file
        command = clean(again("" if plan is None else plan.target, file, recording, "" if plan is None else plan.suite))
        return f"{command.split()[1]}: {command}"

    def timeline(self, history: History, evidence: Iterable[int] = (), *, everything: bool = False) -> None:
        """The lanes of a history; lines with evidence stand out."""
        self.line()
        limit = 100_000 if everything else timeline.MAX_ROWS
        shown = timeline.lines(history, evidence=frozenset(evidence), width=WIDTH, limit=limit, everything=everything)
        for n, text in enumerate(shown):
            self.line(text, "dim" if n == 0 else "bold" if text[10:11] == ">" else "")
        self.line()

    def paragraph(self, text: str, indent: str = "  ") -> None:
        """Cleaned text, wrapped."""
        for part in textwrap.wrap(clean(text), WIDTH, initial_indent=indent, subsequent_indent=indent):
            self.line(part)

    def verdict(self, card: Scorecard) -> None:
        """PASS, or what kept it from passing and why; then what the gate let pass."""
        self.decision(card.code, card.reasons, card.notes)

    def decision(self, code: int, reasons: Sequence[str], notes: Sequence[str] = ()) -> None:
        """An exit code of the gate in words."""
        self.line(_VERDICTS[code], "bold red" if code else "bold green")
        for text in (*reasons, *(f"note: {note}" for note in notes)):
            self.paragraph(text)

    def _last(self, card: Scorecard) -> None:
        self.line()
        self.verdict(card)
        if self._folder is not None:
            self.line(f"results: {clean(self._folder)}/results.json")


def _rank(severity: str) -> int:
    return ("critical", "major", "minor").index(severity)


def _some(items: Sequence[str], limit: int = 8) -> str:
    more = len(items) - limit
    return ", ".join(items[:limit]) + (f" and {more} more" if more > 0 else "")


def _spread(left: str, right: str, width: int) -> str:
    return f"{shorten(left, width - len(right) - 2):<{width - len(right)}}{right}"
