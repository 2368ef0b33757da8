"""The one run behind all items of a pytest session, and its options.

It is ``outtrade run`` with another front: the same scenarios for the same seed, the same folder with what failed, so
that ``outtrade replay`` finds it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outtrade.cli.gating import GateOptions, policy_of
from outtrade.cli.run import default_workers
from outtrade.engine.events import RunFinished, ScenarioDone
from outtrade.engine.many import run_many
from outtrade.engine.plan import Plan, prepare
from outtrade.reference import read_reference
from outtrade.report.results import ResultsFile, folder_name, open_folder
from outtrade.report.stored import Stored, load
from outtrade.testing.verdicts import Done

if TYPE_CHECKING:
    import pytest

    from outtrade.engine.results import Result


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for."""

    plan: Plan
    folder: Path
    workers: int
    gate: GateOptions


def options_of(config: pytest.Config) -> Options | None:
    """The options of this session; None where no target is given. Raises pytest.UsageError, and CassetteError where a
    recording cannot be used."""
    import pytest

    target = config.getoption("--outtrade-target")
    if target is None:
        return None
    scenarios, workers = config.getoption("--outtrade-scenarios"), config.getoption("--outtrade-workers")
    if scenarios < 1:
        raise pytest.UsageError("--outtrade-scenarios: at least 1")
    if workers is not None and workers < 0:
        raise pytest.UsageError("--outtrade-workers: 0 or more")
    folder = Path(config.getoption("--outtrade-report") or Path("reports") / folder_name(target))
    below = os.environ.get("PYTEST_XDIST_WORKER")
    if below is not None:  # several processes: each runs the scenarios for its own share of the items
        folder = folder / below
        workers = 0 if workers is None else workers
    reference = config.getoption("--outtrade-reference")
    plan = Plan(
        target=target,
        suite=config.getoption("--outtrade-suite"),
        space=config.getoption("--outtrade-space"),
        scenarios=scenarios,
        seed=config.getoption("--outtrade-seed"),
        recorded=read_reference(Path(reference)) if reference else None,
    )
    file = config.getoption("--outtrade-baseline")
    gate = GateOptions(baseline=Path(file) if file else None)
    return Options(plan, folder, default_workers() if workers is None else workers, gate)


class TargetRun:
    """All scenarios of a session against one target, run once. Raises TargetError, SuiteError and BaselineError when it
    is made."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.kit = prepare(options.plan)
        self.policy = policy_of(options.gate, self.kit.suite.properties, waivers={})
        self.venue = options.plan.venue or self.kit.scenario(0).venue
        self._done: Done | None = None
        self._broken: Exception | None = None
        self._stored: Stored | None = None

    def ensure(self) -> None:
        """Run the scenarios, once. Raises KeyboardInterrupt where the user stopped the run; an error of the harness
        is kept for whoever asks ``done``."""
        if self._done is not None or self._broken is not None:
            return
        try:
            self._done = self._run()
        except Exception as error:
            self._broken = error
        if self._done is not None and self._done.finished.interrupted:
            raise KeyboardInterrupt

    def done(self) -> Done:
        """The outcome; raises what kept the run from coming to its end."""
        self.ensure()
        if self._broken is not None:
            raise self._broken
        assert self._done is not None
        return self._done

    def stored(self) -> Stored:
        """The finished run as its folder holds it, the one source of every report."""
        if self._stored is None:
            self._stored = load(self.done().folder)
        return self._stored

    def _run(self) -> Done:
        folder = open_folder(self.options.folder)
        files = ResultsFile(folder, policy=self.policy)
        results: list[Result] = []
        finished: RunFinished | None = None
        for event in run_many(self.kit, workers=self.options.workers, policy=self.policy):
            files.handle(event)
            if isinstance(event, ScenarioDone):
                results.append(event.examined.result)
            elif isinstance(event, RunFinished):
                finished = event
        assert finished is not None
        return Done(finished, tuple(results), folder)
