"""``outtrade zoo``: the judge is judged.

Every broken agent runs in the space in which its bug shows, every reference agent in all of these spaces: ``reference``
scenarios in the suite's default space and as many as a broken agent in each of the others. ``--space`` takes one space
for all, that of another venue too; agents that do not trade there are left out.

A broken agent that its property catches in the first ``ROUND`` scenarios is left at that; any other gets the rest, too.
An interrupted zoo with a report folder goes on where it was (``--resume``); an agent whose scenarios go another way now
is run anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from outtrade import suites
from outtrade.cli.guard import UsageError, consoles
from outtrade.cli.run import default_workers
from outtrade.engine.events import Event, Interrupted, RunFinished, ScenarioDone
from outtrade.engine.many import run_many
from outtrade.engine.plan import Kit, Plan, prepare
from outtrade.engine.results import Examined
from outtrade.report import coverage, matrix
from outtrade.report.results import ResultsFile, open_folder, slug
from outtrade.report.resume import Changed, finished
from outtrade.report.terminal import Terminal
from outtrade.report.text import clean, count
from outtrade.score import GATE, INCOMPLETE, OK, Scorecard
from outtrade.targets.naming import resolve

ROUND = 60
"""Scenarios after which a broken agent that was caught is let go."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run: an agent in a space (None: the suite's default)."""

    agent: str
    spec: str
    broken: suites.Broken | None
    space: str | None
    scenarios: int

    @property
    def name(self) -> str:
        """What it is called in the matrix and as a folder."""
        return self.agent if self.broken or self.space is None else f"{self.agent} {self.space}"

    def rounds(self) -> tuple[int, ...]:
        """How many scenarios have run at the end of each round."""
        return (ROUND, self.scenarios) if self.broken and self.scenarios > ROUND else (self.scenarios,)

    def caught(self, card: Scorecard) -> bool:
        """Whether the property that the agent was made for failed."""
        return self.broken is not None and any(
            row.id == self.broken.property and row.violations for row in card.properties
        )


def jobs(loaded: suites.Suite, *, scenarios: int, reference: int, space: str | None) -> list[Job]:
    """All runs that the zoo of a suite asks for, the reference agents first."""
    default, _ = loaded.space(space)

    def at(broken: suites.Broken) -> str | None:
        return space or (None if broken.space == default else broken.space)

    others = list(dict.fromkeys(found for broken in loaded.zoo if (found := at(broken)) != space))
    made = []
    for name, spec in loaded.agents.items():
        made.append(Job(name, spec, None, space, reference))
        made += [Job(name, spec, None, other, scenarios) for other in others if other is not None]
    return made + [Job(broken.name, broken.spec, broken, at(broken), scenarios) for broken in loaded.zoo]


def elsewhere(loaded: suites.Suite, made: list[Job], seed: int) -> list[Job]:
    """The runs that cannot be: the agent, or the one that it was made from, does not trade at the space's venue."""
    plays = {space: loaded.scenario(space, seed, 0).venue for space in dict.fromkeys(job.space for job in made)}
    speaks: dict[str, tuple[str, ...]] = {}
    found = []
    for job in made:
        spec = job.spec if job.broken is None else loaded.agents.get(job.broken.base, job.spec)
        if spec not in speaks:
            speaks[spec] = resolve(spec).venues
        if speaks[spec] and plays[job.space] not in speaks[spec]:
            found.append(job)
    return found


def zoo_command(
    *,
    scenarios: int,
    reference: int,
    seed: int,
    workers: int | None,
    suite: str,
    space: str | None,
    only: tuple[str, ...],
    report: Path | None,
    resume: bool,
    debug: bool,
) -> int:
    """Carry it out; returns the exit code."""
    loaded = suites.load(suite)
    agents = jobs(loaded, scenarios=scenarios, reference=reference, space=space)
    known = list(dict.fromkeys(job.agent for job in agents))
    unknown = sorted(set(only) - set(known))
    if unknown:
        raise UsageError(f"no agent {unknown[0]!r} in suite {suite}; there are {', '.join(known)}")
    chosen = [job for job in agents if not only or job.agent in only]
    if not chosen:
        raise UsageError(f"suite {suite} has no agents")
    absent = elsewhere(loaded, chosen, seed)
    chosen = [job for job in chosen if job not in absent]
    if not chosen:
        raise UsageError(f"{absent[0].name} does not trade at the venue of the space {space}; choose another --space")
    if resume and report is None:
        raise UsageError("--resume needs the --report folder of the zoo that was interrupted")
    if report is not None:
        open_folder(report)
    out, err = consoles()
    terminal = Terminal(out, err)
    if absent:
        terminal.paragraph(
            f"left out, because they do not trade there: {', '.join(job.name for job in absent)}", indent=""
        )
    rows: list[matrix.Row] = []
    references: dict[str, list[Scorecard]] = {}
    number = default_workers() if workers is None else workers
    interrupted = False
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        auto_refresh=False,
        disable=not err.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=sum(job.scenarios for job in chosen))
        before = 0
        for job in chosen:
            bar.update(task, description=f"{clean(job.name, 26):<26}")
            for event in _run(job, suite, seed, number, report=report, resume=resume, debug=debug):
                if isinstance(event, ScenarioDone):
                    bar.update(task, completed=before + event.examined.result.index + 1)
                    bar.refresh()
                elif isinstance(event, Interrupted):
                    interrupted = True
                elif isinstance(event, Finished):
                    rows.append(_row(job, event.space, event.card))
                    before += job.scenarios
                    if job.broken is None:
                        references.setdefault(job.agent, []).append(event.card)
            if interrupted:
                break
    order = [prop.id for prop in loaded.properties]
    proofs = {name: coverage.proof(cards) for name, cards in references.items()}
    if proofs:
        terminal.coverage(proofs)
        terminal.line()
    for text in matrix.lines(rows, order):
        terminal.line(text)
    if report is not None:
        (report / "matrix.json").write_text(_json(rows), encoding="utf-8")
    if interrupted:
        terminal.line(f"INCOMPLETE: interrupted after {count(len(rows) - 1, 'agent')}", "bold red")
        return INCOMPLETE
    wrong = [line for row in rows for line in row.faults()]
    wrong += coverage.shortfalls(proofs, all_ran=not only)
    if not only:
        wrong += matrix.blind_spots(rows, order)
    for line in wrong:
        terminal.paragraph(line)
    if any(row.unpermitted for row in rows):
        terminal.paragraph(
            "What follows from the bug of a broken agent stands in `also` of its Broken; what does not is a false alarm"
            " of the property, or a second bug.",
            indent="",
        )
    caught = sum(row.expected is not None for row in rows)
    if wrong:
        terminal.line(f"FAIL: {count(len(wrong), 'thing')} not as it should be", "bold red")
        return GATE
    parts = []
    if caught:
        parts.append(f"{count(caught, 'broken agent')} caught, in {count(scenarios, 'scenario')} each at most")
    if references:
        parts.append(f"{count(len(references), 'reference agent')} clean, {count(reference, 'scenario')} each")
    for text in parts:
        terminal.line(f"PASS: {text}", "bold green")
    return OK


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of a job: what came of it."""

    space: str
    card: Scorecard


def _run(
    job: Job, suite: str, seed: int, workers: int, *, report: Path | None, resume: bool, debug: bool
) -> Iterator[Event | Finished]:
    """Run a job in its rounds. Raises ReportError where its folder is of another run."""
    place = report / slug(job.name) if report is not None else None

    def kit_of(scenarios: int) -> Kit:
        return prepare(
            Plan(job.spec, suite=suite, space=job.space, scenarios=scenarios, seed=seed, baseline=False, debug=debug)
        )

    kept: dict[int, Examined] = {}
    if resume and place is not None and (place / "results.json").is_file():
        with suppress(Changed):  # one agent of many: it is run anew
            kept = finished(place, kit_of(job.scenarios))
    for scenarios in job.rounds():
        kit = kit_of(scenarios)
        files = ResultsFile(open_folder(place), earlier=kept) if place is not None else None
        end: RunFinished | None = None
        done: dict[int, Examined] = {}
        for event in run_many(kit, workers=workers, budget=0, kept=kept):
            if files is not None:
                files.handle(event)
            if isinstance(event, ScenarioDone):
                done[event.examined.result.index] = event.examined
            elif isinstance(event, RunFinished):
                end = event
            yield event
        assert end is not None
        kept |= done
        if end.interrupted or job.caught(end.card) or scenarios == job.scenarios:
            yield Finished(kit.space, end.card)
            return


def _row(job: Job, space: str, card: Scorecard) -> matrix.Row:
    problem = ""
    if card.errors:
        problem = f"the harness failed in {count(card.errors, 'scenario')}"
    return matrix.Row(
        name=job.name,
        expected=job.broken.property if job.broken else None,
        also=job.broken.also if job.broken else (),
        failed={row.id: row.violations for row in card.properties if row.violations},
        applied={row.id: row.applied for row in card.properties},
        problem=problem,
        space=space,
        scenarios=card.scenarios,
    )


def _json(rows: list[matrix.Row]) -> str:
    data = [
        {
            "agent": row.name,
            "space": row.space,
            "scenarios": row.scenarios,
            "expected": row.expected,
            "permitted": list(row.also),
            "failed": dict(row.failed),
            "applied": dict(row.applied),
            "wrong": list(row.faults()),
        }
        for row in rows
    ]
    return json.dumps(data, indent=1) + "\n"
