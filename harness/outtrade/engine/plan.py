"""What a run is to do, and the loaded parts that every worker needs for it.

A ``Plan`` is plain data: it crosses process boundaries. ``prepare`` turns it into a ``Kit`` by importing the target,
the suite and the engine. The parent does this once, *before* it forks its workers: they find everything imported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outtrade import suites
from outtrade.engine.results import FAILING, Baselines, Examined, Result, examine, summarise, waived
from outtrade.model.capability import missing
from outtrade.model.history import Ended, Header, History, Ledger, NoReport, Planned, Started
from outtrade.outside import Allowed, Outside
from outtrade.sim.errors import HarnessError

if TYPE_CHECKING:
    from outtrade.engine.determinism import Check
    from outtrade.judge.api import Property
    from outtrade.model.scenario import Scenario
    from outtrade.profile import Profile
    from outtrade.reference import Recorded
    from outtrade.targets import Target


REAL_TIME_SPACE = "wire"
"""The space for targets that run in real time, where none is named."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which target in which scenarios. ``space`` None is the suite's first; ``venue`` None is the scenario's own."""

    target: str
    suite: str = suites.CORE
    space: str | None = None
    venue: str | None = None
    scenarios: int = 100
    seed: int = 1
    recorded: Recorded | None = None
    """Instruments and markets of a recording, in place of the space's own."""
    profile: Profile | None = None
    """A frozen profile, whose scenarios and properties stand in the place of a space's and the suite's."""
    repeats: int = 1
    """Runs of each scenario, one after the other; ``scenarios`` counts runs."""
    faults: str | None = None
    """How much is to break (``none``, ``realistic``, ``hostile``); None: what the space provides for."""
    chosen: tuple[int, ...] = ()
    """Indices of the space that are run, in place of the first ``scenarios`` ones."""
    check_determinism: bool = False
    baseline: bool = True
    """Whether failing scenarios are run once more without faults."""
    debug: bool = False
    """Errors of the harness are raised, not recorded."""
    toxiproxy: str = ""
    """Address of the Toxiproxy that does network faults in real time, if one does."""
    lacks: tuple[str, ...] = ()
    """Capabilities that the target has not got, beside those that it names itself."""
    network: str = ""
    """Who does them, for people; "" where the target runs in a World."""
    allowed: Allowed | None = None
    """The real hosts that agents are let through to, or their recording; None: to none."""


class Kit:
    """A plan with everything imported. ``check``: a determinism check that is shared with other plans."""

    def __init__(self, plan: Plan, target: Target, suite: suites.Suite, check: Check | None = None) -> None:
        self.plan = plan
        outside = Outside(plan.allowed) if plan.allowed is not None else None
        self.target = replace(target, toxiproxy=plan.toxiproxy, outside=outside)
        self.suite = suite
        self.lacks = target.lacks | set(plan.lacks)
        if target.real_time or target.scope == "G":
            self.lacks |= {"fallback"}  # it is given one venue
        real_time = target.real_time  # a process of its own: none of its scenarios twice
        self.space = plan.profile.head.name if plan.profile is not None else suite.space(self._wanted())[0]
        chosen = suite.properties
        if plan.profile is not None:
            chosen = tuple(suite.property(ident) for ident in plan.profile.head.properties)
        self.properties: tuple[Property, ...] = tuple(p for p in chosen if target.scope in p.scope)
        self._baselines = (
            Baselines(self.target, self.properties) if plan.baseline and not real_time and outside is None else None
        )
        self._check: Check | None = None
        if plan.check_determinism and not real_time:
            from outtrade.engine.determinism import Check

            self._check = check or Check()

    def _wanted(self) -> str | None:
        """The space that was asked for, or else that of the venue that was asked for, or of the one that the target
        trades at, if that of the suite's default is none of its; None: the suite's default."""
        if self.plan.space is not None:
            return self.plan.space
        if self.target.real_time:
            return REAL_TIME_SPACE
        venue = self.plan.venue
        if venue is None and self.suite.space(None)[0] not in self.target.venues:
            venue = next(iter(self.target.venues), None)
        return venue if venue in self.suite.spaces else None

    def scenario(self, index: int) -> Scenario:
        """The scenario of run ``index`` of the plan. Raises SuiteError where it plays another venue than the one that
        was asked for, or than the target trades at."""
        index //= self.plan.repeats
        if self.plan.chosen:
            index = self.plan.chosen[index]
        if self.plan.profile is not None:
            made = self.plan.profile.scenario(index)
        else:
            made = self.suite.scenario(
                self.space, self.plan.seed, index, recorded=self.plan.recorded, faults=self.plan.faults
            )
        if self.plan.venue is not None and made.venue != self.plan.venue:
            raise suites.SuiteError(f"the space {self.space} plays {made.venue}, not {self.plan.venue}{self._hint()}")
        if self.target.venues and made.venue not in self.target.venues:
            raise suites.SuiteError(
                f"{self.target.name} trades at {' and '.join(self.target.venues)}, the space {self.space} plays"
                f" {made.venue}{self._hint()}"
            )
        return made

    def _hint(self) -> str:
        known = [name for name in (self.plan.venue, *self.target.venues) if name in self.suite.spaces]
        return f"; choose --space {known[0]}" if known else ""

    def examine(self, index: int) -> Examined:
        """Run and judge scenario ``index``. An error of the harness becomes part of the Result."""
        scenario = None
        try:
            scenario = self.scenario(index)
            if lacking := missing(scenario.needs, self.lacks):
                return Examined(waived(index, scenario, lacking))
            return examine(
                self.target,
                scenario,
                self.properties,
                index=index,
                baselines=self._baselines,
                check=self._check,
            )
        except (Exception, HarnessError) as error:
            if self.plan.debug:
                raise
            said = str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
            return self.broken(index, scenario, said.partition("\n")[0])

    def close(self) -> None:
        """End the processes of the determinism check."""
        if self._check is not None:
            self._check.close()

    def broken(self, index: int, scenario: Scenario | None, message: str) -> Examined:
        """The Result of a scenario in which the harness failed."""
        if scenario is None:
            return Examined(Result(index, f"{self.space}-{index}", self.plan.seed, self.space, error=message))
        result = Result(
            index, scenario.id, scenario.seed, scenario.space, scenario.pair, verdicts={}, error=message
        )  # fmt: skip
        return Examined(result, scenario.to_json())

    def perished(self, index: int, reason: str) -> Examined:
        """The Result of a scenario whose worker process died or never answered: the target's doing, and judged like
        any other run without a report. Its History holds nothing else."""
        from outtrade.engine.judging import judge_history

        try:
            scenario = self.scenario(index)
        except Exception as error:
            return self.broken(index, None, f"{type(error).__name__}: {error}; {reason}")
        history = History(
            Header(target=self.target.name, scope=self.target.scope, scenario=scenario.model_dump(mode="json"))
        )
        for number, fault in enumerate(scenario.faults):
            history.add(Planned(fault=number, kind=fault.kind, variant=fault.variant))
        history.add(Started(incarnation=0))
        history.add(NoReport(incarnation=0, why="watchdog", detail=reason))
        for number in range(len(scenario.faults)):
            history.add(Ledger(fault=number, status="not-exercised"))
        history.add(Ended())
        result = summarise(index, scenario, history, judge_history(history, self.properties))
        if not any(judged.verdict in FAILING for judged in result.findings):
            return self.broken(index, scenario, reason)  # no property noticed: never a pass
        return Examined(result, scenario.to_json(), history.to_jsonl())


def prepare(plan: Plan, check: Check | None = None) -> Kit:
    """Import what ``plan`` names. Raises SuiteError or TargetError with one line."""
    import outtrade.engine.judging
    import outtrade.engine.run  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    from outtrade.targets import resolve

    suite = suites.load(plan.suite)
    return Kit(plan, resolve(plan.target, suite=plan.suite), suite, check)
