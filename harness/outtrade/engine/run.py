"""Run one scenario against one target, inside a fresh World, and return its History.

Phases: the agent runs (faults are injected, heal, everything settles), it reports, the World goes on to
``scenario.until`` so that what is in flight arrives, then the sweep records the final truth. A crash ends an
incarnation; the next one gets a fresh import of the code and the same store. Whatever the agent does wrong (raises,
hangs, spins, returns nonsense, prints) is an event on the record, never an error of the run.

    history = run(resolve("py:my_agent.py:execute"), scenario)

Same scenario, same target: the same bytes, in any process, under any PYTHONHASHSEED.
"""

from __future__ import annotations

import contextlib
import inspect
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from outtrade.engine import fresh
from outtrade.engine.runtime import Durable, LogStream, RunTask, Store
from outtrade.engine.setting import Setting
from outtrade.model.fault import Crash
from outtrade.model.history import NS, History, NoReport, Reported, Started
from outtrade.model.scenario import Scenario
from outtrade.model.task import Report
from outtrade.sim import Budget, Deadlock, HarnessError, Killed, Late, Waiting, Watchdog, World
from outtrade.targets import Target
from outtrade.targets.access import VenueAccess

GRACE = 60
"""Seconds after ``until`` by which a report must have come (the contract with agents)."""
MAX_EVENTS = 2_000_000
MAX_INCARNATIONS = 8
_DETAIL = 2_000
"""Characters kept of why there is no report: a deadlock names what every thread waits for."""


def run(target: Target, scenario: Scenario, *, max_events: int = MAX_EVENTS, wall_limit: float = 30.0) -> History:
    """Run ``scenario`` against ``target``.

    ``max_events`` bounds the World's events (a livelock is a finding), ``wall_limit`` is the real time in seconds
    after which code that spins without touching the World is stopped. Raises only for errors of the harness. A process
    or a service (``target.real_time``) runs over real sockets instead: see ``outtrade.wire.run``.
    """
    if target.real_time:
        from outtrade.wire.run import run_wire

        return run_wire(target, scenario)
    if scenario.crowded:
        from outtrade.engine.fleet import FleetRun

        return FleetRun(target, scenario, max_events, wall_limit).go()
    return Run(target, scenario, max_events, wall_limit).go()


def stage(target: Target, scenario: Scenario, world: World) -> Run:
    """Everything of a run but the agent, in a World that the caller made and enters: for tests that play the agent
    themselves (``outtrade.testing.venue``)."""
    return Run(target, scenario, world.max_events, world.watchdog, world)


class Run:
    """One scenario against one target; one life of the agent at a time (``engine.fleet``: several)."""

    def __init__(
        self, target: Target, scenario: Scenario, max_events: int, wall_limit: float, world: World | None = None
    ) -> None:
        self.target = target
        self.scenario = scenario
        self.world = world or World(
            epoch_ns=scenario.epoch * NS,
            seed=scenario.seed,
            max_events=max_events,
            watchdog=wall_limit,
            schedule=scenario.schedule,
        )
        self.setting = Setting(self.world, scenario, name=target.name, scope=target.scope)
        self.history = self.setting.history
        self.recorder = self.setting.recorder
        self.venue = self.setting.venue
        self.plan = self.setting.plan
        self.server = self.setting.server
        self.data = Durable()
        self.access = self.setting.access()
        self.fallbacks = self.setting.fallbacks()
        if target.outside is not None:
            target.outside.install(self.world, scenario.id, self.recorder)

    # ------------------------------------------------------------------ phases
    def go(self) -> History:
        scenario, world = self.scenario, self.world
        self.setting.open()
        world.hard_limit_ns = world.epoch_ns + int((scenario.until + GRACE) * NS)
        with world:
            self.lives()
            end = world.epoch_ns + int(scenario.until * NS)
            if world.now < end:
                world.run_until(end)
            self.setting.settle()
        self.setting.close(events=world.events)
        return self.history

    def lives(self) -> None:
        """The agent runs, from its start to its last report."""
        recorder, world = self.recorder, self.world
        for incarnation in range(MAX_INCARNATIONS):
            recorder.incarnation = incarnation
            recorder.dead = False
            recorder.add(Started(incarnation=incarnation, resumed=incarnation > 0))
            try:
                self._incarnation(resumed=incarnation > 0)
                self.world.net.hang_up()
                return
            except Killed:
                fault = self._last_crash()
                world.run_until(world.now + int(fault.downtime * NS))
                self.data.after(fault)
                world.revive()
        self.no_report("budget", f"crashed {MAX_INCARNATIONS} times")

    def _last_crash(self) -> Crash:
        from outtrade.model.history import Crashed

        for event in reversed(self.history.events):
            if isinstance(event, Crashed):
                return cast(Crash, self.scenario.faults[event.fault])
        raise AssertionError("killed without a crash on the record")

    def _incarnation(self, *, resumed: bool) -> None:
        store = Store(self.recorder, self.data)
        self.fallbacks = tuple(replace(access) for access in self.fallbacks)
        self.access = replace(self.access)  # connections and clocks of the tools do not outlive an incarnation
        task = RunTask.bind(self.scenario.task(resumed=resumed), store, self.recorder, self.fallbacks)
        lines = [0]
        out, err = LogStream("stdout", self.recorder, lines), LogStream("stderr", self.recorder, lines)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), fresh.settings():
                self.play(task, self.access)
        finally:
            out.finish()
            err.finish()

    def play(self, task: RunTask, access: VenueAccess) -> None:
        """One life of the agent, with the code imported afresh, to its report or the reason why there is none. Raises
        Killed."""
        try:
            self._call(self.target.fresh(), task, access)
        except Killed:
            raise
        except Waiting as error:
            self.no_report(_ENDS[type(error)], str(error), error.where)
        except (HarnessError, KeyboardInterrupt):
            raise
        except BaseException as error:
            if self.recorder.dead:
                raise Killed from None
            self.no_report("raised", _one_line(error), _where(error))
        else:
            if self.recorder.dead:
                raise Killed

    def _call(self, entry: Callable[..., Any], task: RunTask, access: VenueAccess) -> None:
        world = self.world
        end = self.scenario.until

        async def main() -> None:
            import asyncio

            result = await cast(Awaitable[Any], entry(task, access))
            self.reported(result)
            rest = end - world.run_ns / NS
            if rest > 0:
                await asyncio.sleep(rest)

        if self.target.is_async:
            world.run_async(main)
        else:
            result = world.run_blocking(lambda: entry(task, access))
            if inspect.isawaitable(result):
                close = getattr(result, "close", None)
                if close is not None:
                    close()
                raise TypeError("a plain function returned an awaitable: write `async def execute`")
            self.reported(result)

    # ------------------------------------------------------------------ the report
    def reported(self, result: Any) -> None:
        """Record the report, or why it is none; then the truth at this moment."""
        if self.recorder.dead:
            return
        self.setting.advance()
        try:
            report = read_report(result)
        except ValueError as error:
            self.no_report("invalid", str(error))
            return
        life = self.recorder.life
        life.reported = True
        self.recorder.add(Reported(incarnation=life.incarnation, report=report.model_dump(mode="json")))
        self.setting.snapshot("report", life.instance)

    def no_report(self, why: Any, detail: str, where: str = "") -> None:
        """The agent ended without a usable report."""
        life = self.recorder.life
        if not life.reported:
            self.recorder.add(NoReport(incarnation=life.incarnation, why=why, detail=detail[:_DETAIL], where=where))


def read_report(result: Any) -> Report:
    """What an agent returned as a Report; raises ValueError with one line where it is none."""
    try:
        return result if isinstance(result, Report) else Report.model_validate(result)
    except ValidationError as error:
        if not isinstance(result, dict):
            raise ValueError(f"not a Report: the agent returned {type(result).__name__}") from None
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"not a Report: {where}: {first['msg']}") from None


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:500] if text else type(error).__name__


def _where(error: BaseException) -> str:
    """The innermost line of the agent's own code: not the harness, not a library."""
    best = ""
    for frame in traceback.extract_tb(error.__traceback__):
        path = frame.filename
        if "site-packages" in path or "/lib/python" in path or path.startswith("<") or _HARNESS in path:
            continue
        best = f"{Path(path).name}:{frame.lineno} in {frame.name}"
    return best


_ENDS: dict[type[Waiting], str] = {Deadlock: "deadlock", Late: "late", Budget: "budget", Watchdog: "watchdog"}
_HARNESS = str(Path(__file__).resolve().parent.parent)
