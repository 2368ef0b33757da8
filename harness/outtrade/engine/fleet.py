"""Run several copies of an agent at once, in one World.

Each copy is a process of its own (``sim.process``): its own threads, loops, connections, modules and store. This is
their supervisor: it starts them in order, starts again what was killed, and starts one a second time where the plan
says so (`SecondInstance`). Which of them goes on at a moment is decided by the World's baton, so that two runs are the
same byte for byte. What the copies have in common is what two programs on one machine have in common (the account, the
clock, a pause of the whole machine), and, because they live in one interpreter, the settings of ``logging`` and
``warnings`` and the module-level generator of ``random``.

A copy's report is on the record when it comes; the run goes on until all have reported. The report that counts is that
of the last life of each copy.
"""

from __future__ import annotations

import contextlib
import gc
import io
import warnings
from dataclasses import dataclass, field, replace

from outtrade.engine import fresh
from outtrade.engine.lives import Life
from outtrade.engine.run import MAX_INCARNATIONS, Run
from outtrade.engine.runtime import Durable, LogStream, RunTask, Store
from outtrade.faults.plan import Armed
from outtrade.model.fault import Crash, SecondInstance
from outtrade.model.history import NS, NoReport, Started
from outtrade.sim import HarnessError
from outtrade.sim.errors import WorldStop
from outtrade.sim.process import Process


@dataclass(slots=True, eq=False)
class _Copy:
    """One copy: its lives so far, and what it has made durable."""

    instance: int
    data: Durable = field(default_factory=Durable)
    lives: list[tuple[Life, Process]] = field(default_factory=list)
    lines: list[int] = field(default_factory=lambda: [0])
    """How many lines it has printed."""
    open: list[tuple[Life, Process]] = field(default_factory=list)
    """Lives whose end has not been dealt with."""
    again: int | None = None
    """UNIX ns at which it is started again."""


class FleetRun(Run):
    """See the module's docstring."""

    def lives(self) -> None:
        world, fleet = self.world, self.scenario.fleet
        self.recorder.whose = self._whose
        self._failed: BaseException | None = None
        self.streams: dict[Life, tuple[LogStream, LogStream]] = {}
        self.copies = [_Copy(instance) for instance in range(1 if fleet is None else fleet.instances)]
        doubled = [armed for armed in self.plan.of("second_instance") if self._meant(armed) is not None]
        out, err = _Routed(self, 0), _Routed(self, 1)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), fresh.settings():
            for copy in self.copies:
                self._start(copy)
            while True:
                times = [copy.again for copy in self.copies if copy.again is not None]
                times += [world.epoch_ns + armed.start for armed in doubled]
                if not times and not world.copies:
                    break
                world.wait(self._news, min(times, default=None), lambda: "the copies of the agent")
                for copy in self.copies:
                    self._look_after(copy)
                for armed in [armed for armed in doubled if armed.start <= world.run_ns]:
                    doubled.remove(armed)
                    self._double(armed)
        if self._failed is not None:
            raise self._failed

    def _whose(self, conn: object) -> Life | None:
        process = self.world.process if conn is None else getattr(conn, "process", None)
        owner = None if process is None else process.owner
        return owner if isinstance(owner, Life) else None

    # ------------------------------------------------------------------ starting
    def _start(self, copy: _Copy) -> None:
        copy.again = None
        number = len(copy.lives)
        life = Life(copy.instance, number)
        life.kill = lambda: self._kill(life)
        self.streams[life] = (
            LogStream("stdout", self.recorder, copy.lines),
            LogStream("stderr", self.recorder, copy.lines),
        )
        self.recorder.add(Started(incarnation=number, instance=copy.instance, resumed=number > 0))
        process = self.world.spawn(f"instance-{copy.instance}", lambda: self._live(copy, life), life)
        copy.lives.append((life, process))
        copy.open.append((life, process))

    def _live(self, copy: _Copy, life: Life) -> None:
        """The first thread of a copy."""
        scenario = self.scenario
        task = scenario.task(instance=copy.instance, resumed=life.incarnation > 0)
        bound = RunTask.bind(task, Store(self.recorder, copy.data), self.recorder)
        died = False
        try:
            self.play(bound, replace(self.access))
            self.world.net.hang_up()
        except HarnessError as error:
            self._failed = self._failed or error
        except WorldStop:
            died = True
        finally:
            for stream in self.streams.pop(life):
                stream.finish()
        if died:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                gc.collect(0)  # finalisers of the dead run now, while the World refuses them

    def _kill(self, life: Life) -> None:
        for process in self.world.copies:
            if process.owner is life:
                self.world.kill(process)
                return

    # ------------------------------------------------------------------ looking after them
    def _news(self) -> bool:
        """Whether a life has ended that nobody has looked after."""
        return any(process.ended for copy in self.copies for _, process in copy.open)

    def _look_after(self, copy: _Copy) -> None:
        """Lives that have ended: one that was killed, and that no other follows, is started again after a while."""
        for life, process in [one for one in copy.open if one[1].ended]:
            copy.open.remove((life, process))
            if life.fault is None or life is not copy.lives[-1][0]:
                continue
            fault = self.scenario.faults[life.fault]
            assert isinstance(fault, Crash)
            if len(copy.lives) == MAX_INCARNATIONS:
                self.recorder.add(
                    NoReport(
                        incarnation=life.incarnation,
                        instance=life.instance,
                        why="budget",
                        detail=f"crashed {MAX_INCARNATIONS} times",
                    )
                )
                continue
            copy.data.after(fault)
            copy.again = self.world.now + round(fault.downtime * NS)
        if copy.again is not None and copy.again <= self.world.now:
            self._start(copy)

    # ------------------------------------------------------------------ one too many
    def _meant(self, armed: Armed) -> _Copy | None:
        """The copy that a fault doubles; None where there is no such, or it comes too late to heal."""
        assert isinstance(armed.fault, SecondInstance)
        known = armed.fault.instance < len(self.copies) and armed.start < self.server.heal_at
        return self.copies[armed.fault.instance] if known else None

    def _double(self, armed: Armed) -> None:
        """Start a copy a second time, if it still runs."""
        copy = self._meant(armed)
        assert copy is not None
        life, process = copy.lives[-1]
        if process.alive and not life.reported:
            self.recorder.add(armed.landed(detail=f"instance {copy.instance}"))
            self._start(copy)
            self.server.heal(armed)


class _Routed(io.TextIOBase):
    """Standard output (0) or error (1) of whichever copy prints."""

    def __init__(self, run: FleetRun, number: int) -> None:
        self._run, self._number = run, number

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        streams = self._run.streams.get(self._run.recorder.life)
        if streams is not None:
            streams[self._number].write(text)
        return len(text)
