"""Go on with an interrupted run: what is finished is read back from its folder, and only the rest is run.

A resumed run writes what an uninterrupted one would have written, but for the declared time fields. So nothing is taken
over on trust: the folder must be of the same target, suite, space, seed and version, its scenarios those that would be
generated now, and one finished scenario is run again; where its History is another one, the target has changed since.

Not taken over, and run again: scenarios in which the harness failed, and failing ones whose History was not kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from outtrade.engine.many import Stop
from outtrade.engine.pool import Done, Pool, RunJob
from outtrade.engine.replay import read
from outtrade.engine.results import FAILING, Examined
from outtrade.model.capability import missing
from outtrade.model.scenario import ScenarioError
from outtrade.report.regate import result_of
from outtrade.report.results import ReportError, ScenarioRow, installed_version
from outtrade.report.stored import Stored, load

if TYPE_CHECKING:
    from outtrade.engine.plan import Kit


class Changed(ReportError):
    """What a folder holds is of the same run, but its scenarios go another way now."""


def finished(folder: Path, kit: Kit) -> dict[int, Examined]:
    """What ``folder`` holds of the run that ``kit`` is to do, by index. Raises ReportError with one line."""
    stored = load(folder)
    plan, results = kit.plan, stored.results
    for name, asked, there in (
        ("target", plan.target, results.target),
        ("suite", plan.suite, results.suite),
        ("space", kit.space, results.space),
        ("venue", plan.venue, results.venue),
        ("seed", plan.seed if plan.profile is None else None, results.seed),
        ("choice of scenarios", plan.chosen, tuple(results.chosen)),
        ("number of repeats", plan.repeats, results.repeats),
        ("profile", plan.profile and plan.profile.head.sha256, results.profile and results.profile.sha256),
        ("version of outtrade", installed_version(), results.outtrade),
    ):
        if asked != there:
            raise ReportError(f"cannot resume {folder}: its {name} is {there}, not {asked}")
    kept: dict[int, Examined] = {}
    for row in results.results:
        examined = None if row.error or row.index >= plan.scenarios else _examined(stored, row, kit)
        if examined is not None:
            kept[row.index] = examined
    if kept and not kit.target.real_time:  # a process in real time never gives the same History twice
        _check_same(folder, kit, *max(kept.items()))
    return kept


def _examined(stored: Stored, row: ScenarioRow, kit: Kit) -> Examined | None:
    """A finished scenario as the engine handed it over; None where it has to be run again."""
    scenario = kit.scenario(row.index)
    if scenario.id != row.scenario or scenario.seed != row.seed:
        raise ReportError(f"cannot resume {stored.folder}: scenario {row.index} is another one now")
    if row.lacks != missing(scenario.needs, kit.lacks):
        return None  # another word on what the target has not got
    text = scenario.to_json()
    result = result_of(row, size=(len(scenario.faults), len(scenario.intents), len(text)))
    if not any(found.verdict in FAILING for found in result.findings):
        return Examined(result)
    try:
        name = row.file or ""
        stored.file(name)  # within the folder, and of a reasonable size
        if read(stored.folder / name).scenario.to_json() != text:
            raise ReportError(f"cannot resume {stored.folder}: scenario {row.scenario} is another one now")
        history = stored.file(str(Path(name).with_suffix(".jsonl")))
    except (OSError, ScenarioError, ValueError, RecursionError) as error:
        if isinstance(error, ReportError):
            raise
        return None
    return Examined(result, text, history) if _hash(history) == row.history else None


def _hash(history: bytes) -> str:
    from outtrade.model.history import History

    try:
        return History.from_jsonl(history).hash()
    except (ValueError, RecursionError):
        return ""


def _check_same(folder: Path, kit: Kit, index: int, examined: Examined) -> None:
    """Run one finished scenario again, in a process of its own. Raises ReportError where it goes another way."""
    with Stop() as stopped, Pool(kit, workers=1, stopped=stopped) as pool:
        answers = [answer for _, answer in pool.run([RunJob(index)])]
    if stopped():
        raise KeyboardInterrupt
    answer = answers[0]
    now = answer.examined.result.history if isinstance(answer, Done) else ""
    if now != examined.result.history:
        raise Changed(
            f"cannot resume {folder}: scenario {examined.result.scenario} goes another way now: the target, or what"
            " it depends on, has changed; run without --resume"
        )
