"""Worker processes that run scenarios, forked from a parent that has everything imported.

The parent hands out one small job at a time and gets one answer back; answers are given on in the order of the jobs,
so neither the number of workers nor their speed shows in the results. A worker that dies (the agent called
``os._exit``, or a native library crashed) or does not answer for ``limit`` real seconds costs its own job only: the
job is answered with what is known, and another worker takes its place.

Workers that run agents in Worlds enter an empty network first (``isolation``): a C library that dials past the World
reaches nobody. Runs over real sockets need the machine's own loopback, and stay outside.

Where a run is let through to real hosts, a worker's questions come over its pipe, too, and go on to the broker
(``outtrade.outside``); while one is under way the worker's time stands still.

Workers ignore Ctrl-C; the parent decides. Whatever the agent prints goes into its History, and what slips past goes
nowhere: the parent's terminal is not theirs.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING

import msgspec

from outtrade.engine import isolation
from outtrade.engine.orphans import die_with_parent
from outtrade.engine.plan import Kit, Plan, prepare
from outtrade.engine.results import Examined, Judged
from outtrade.outside.broker import Asked
from outtrade.outside.switchboard import Kept, Switchboard, WorkerLine
from outtrade.sim.errors import HarnessError

if TYPE_CHECKING:
    from outtrade.outside.tape import Recorder

LIMIT = 120.0
"""Real seconds for one scenario. The World ends every run long before; this is for code that never enters it."""

AHEAD = 64
"""Most jobs handed out beyond the next one to be given on: bounds the memory for answers that must wait."""

CHECKED = 10
"""Most runs and starts of an interpreter for one scenario with the determinism check."""

_TICK = 0.2


class RunJob(msgspec.Struct, frozen=True, tag="run"):
    """Run and judge scenario ``index`` of the plan."""

    index: int


class ShrinkJob(msgspec.Struct, frozen=True, tag="shrink"):
    """Make the scenario (JSON) small while ``property`` fails with ``fingerprint``."""

    scenario: str
    property: str
    fingerprint: str
    baseline: bool
    budget: int
    tries: int = 1
    """Runs of each candidate, for agents that are not deterministic: the failure has to show in one of them."""


class Shrunk(msgspec.Struct, frozen=True, tag="shrunk"):
    """The smallest scenario found, its History, and the finding in it."""

    scenario: str
    history: bytes
    hash: str
    judged: Judged
    runs: int
    one_minimal: bool = False
    shown: tuple[int, int] = (1, 1)
    """In how many of how many runs of the smallest scenario the failure showed: (1, 1) for agents that repeat
    themselves, whose scenario is run once."""


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The answer to a RunJob."""

    examined: Examined
    isolated: bool = False
    """Whether it was run in an empty network."""


class Lost(msgspec.Struct, frozen=True, tag="lost"):
    """There is no answer: the worker died or was killed."""

    reason: str


Job = RunJob | ShrinkJob
Answer = Done | Shrunk | Lost
_JOBS = msgspec.msgpack.Decoder(Job)
_Message = Answer | Asked | Kept
"""What comes from a worker."""
_ANSWERS: msgspec.msgpack.Decoder[_Message] = msgspec.msgpack.Decoder(_Message)


def carry_out(kit: Kit, job: Job) -> Answer:
    """Do ``job`` in this process."""
    if isinstance(job, RunJob):
        return Done(kit.examine(job.index))
    from outtrade.engine.shrink import shrink

    try:
        return shrink(kit, job)
    except (Exception, HarnessError) as error:  # the failure stays; it is shown in the scenario that was run
        if kit.plan.debug:
            raise
        return Lost(f"{type(error).__name__}: {error}")


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    conn: Connection
    job: int | None = None
    """Position of the job it works on."""
    deadline: float = field(default=0.0)
    asked: float | None = None
    """When it asked a real host, while it waits for the answer."""


class Pool:
    """``workers`` processes (0: none, the jobs are done in this one). Use as a context manager."""

    def __init__(
        self,
        kit: Kit,
        *,
        workers: int,
        stopped: Callable[[], bool],
        limit: float = LIMIT,
        recorder: Recorder | None = None,
    ) -> None:
        """``recorder``: what real hosts say goes there; needed where the run is let through to some."""
        self._kit = kit
        self._stopped = stopped
        self._limit = limit
        forking = "fork" in multiprocessing.get_all_start_methods() and sys.platform != "darwin"
        self._context: BaseContext = multiprocessing.get_context("fork" if forking else "spawn")
        self._forking = forking
        self._workers: list[_Worker] = []
        self._again: set[int] = set()
        self._isolate = not kit.target.real_time
        self._isolated: set[bool] = set()
        if workers:
            gc.collect()
            gc.freeze()  # what is imported stays shared between the processes
        self._board = self._switchboard(recorder)
        for _ in range(workers):
            self._workers.append(self._start())

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.conn.close()
            if worker.job is not None:
                worker.process.kill()
        for worker in self._workers:
            worker.process.join(2)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers = []
        if self._board is not None:
            self._board.close()
        gc.unfreeze()
        self._kit.close()

    @property
    def isolation(self) -> str:
        """In what the scenarios were run so far, for people; "" where in none, or over real sockets."""
        outside = self._kit.target.outside
        allowed = outside.allowed.hosts if outside is not None and outside.allowed.live else ()
        return "" if self._kit.target.real_time else isolation.words(self._isolated, allowed)

    def _switchboard(self, recorder: Recorder | None) -> Switchboard | None:
        """The way out, for a run that reaches real hosts."""
        outside = self._kit.target.outside
        if outside is None or not outside.allowed.live:
            return None
        assert recorder is not None, "what real hosts say must be recorded"
        board = Switchboard(self._context, outside.allowed.hosts, recorder.keep)
        outside.line = board  # for jobs that are done in this process
        return board

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        inherited = [worker.conn for worker in self._workers] if self._forking else []
        if self._board is not None and self._forking:
            inherited += self._board.listening
        kit = self._kit if self._forking else None
        process = self._context.Process(  # type: ignore[attr-defined]
            target=_serve,
            args=(theirs, self._kit.plan, kit, [*inherited, ours] if self._forking else [], self._isolate),
            daemon=True,
            name="outtrade-worker",
        )
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Answer]]:
        """Positions and answers of all ``jobs``, in their order. Ends early once stopped: then what was finished
        comes, still in order, and the rest is missing."""
        if not self._workers:
            for position, job in enumerate(jobs):
                if self._stopped():
                    return
                if isinstance(job, RunJob):
                    self._isolated.add(False)
                yield position, carry_out(self._kit, job)
            return
        ready: dict[int, Answer] = {}
        self._again = set()
        given = following = 0
        while following < len(jobs) and not self._stopped():
            for slot, worker in enumerate(self._workers):
                if worker.job is None and given < len(jobs) and given - following < AHEAD:
                    self._hand(slot, jobs[given], given)
                    given += 1
            self._collect(jobs, ready)
            while following in ready:
                yield following, ready.pop(following)
                following += 1
        for position in sorted(ready):
            yield position, ready[position]

    def _hand(self, slot: int, job: Job, position: int) -> None:
        worker = self._workers[slot]
        try:
            worker.conn.send_bytes(msgspec.msgpack.encode(job))
        except OSError:  # it died while it was idle
            self._replace(slot)
            worker = self._workers[slot]
            worker.conn.send_bytes(msgspec.msgpack.encode(job))
        worker.job, worker.asked = position, None
        usual = CHECKED if self._kit.plan.check_determinism else 1
        runs = usual if isinstance(job, RunJob) else (job.budget + 1) * job.tries
        worker.deadline = time.monotonic() + self._limit * (1 + 0.1 * (runs - 1))

    def _collect(self, jobs: Sequence[Job], ready: dict[int, Answer]) -> None:
        """Wait a moment for answers; notice workers that are gone."""
        busy = {worker.conn: slot for slot, worker in enumerate(self._workers) if worker.job is not None}
        for conn in wait([*busy, *(self._board.listening if self._board else ())], _TICK):
            if conn not in busy:
                self._resume()
                continue
            slot = busy[conn]
            worker = self._workers[slot]
            position = worker.job
            assert position is not None
            try:
                answer = _ANSWERS.decode(worker.conn.recv_bytes())
                if isinstance(answer, Asked | Kept):
                    self._outside(worker, answer)
                    continue
                if isinstance(answer, Done):
                    self._isolated.add(answer.isolated)
                ready[position] = answer
                worker.job = None
            except (EOFError, OSError):
                worker.process.join(2)
                code = worker.process.exitcode
                self._replace(slot)
                if code == -signal.SIGTERM and position not in self._again:  # a stop of the whole process group?
                    self._again.add(position)
                    self._hand(slot, jobs[position], position)
                else:
                    ready[position] = Lost(_epitaph(code))
        now = time.monotonic()
        for slot, worker in enumerate(self._workers):
            if worker.job is not None and worker.asked is None and now > worker.deadline:
                ready[worker.job] = Lost(f"nothing came back for {self._limit:.0f} seconds of real time")
                self._replace(slot)

    def _outside(self, worker: _Worker, message: Asked | Kept) -> None:
        """A worker asks a real host, or has something for the tape."""
        assert self._board is not None
        if isinstance(message, Kept):
            self._board.kept(message)
        else:
            worker.asked = time.monotonic()
            self._board.asked(worker.conn, message)

    def _resume(self) -> None:
        """Real hosts have answered somebody, whose time goes on."""
        assert self._board is not None
        answered = self._board.told()
        for worker in self._workers:
            if worker.conn in answered and worker.asked is not None:
                worker.deadline += time.monotonic() - worker.asked
                worker.asked = None

    def _replace(self, slot: int) -> None:
        old = self._workers[slot]
        if self._board is not None:
            self._board.forget(old.conn)
        old.conn.close()
        old.process.kill()
        old.process.join()
        self._workers[slot] = self._start()


def _epitaph(code: int | None) -> str:
    if code is None:
        return "the process closed its connection to the harness"
    if code < 0:
        try:
            return f"the process was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"the process was ended by signal {-code}"
    return f"the process ended itself with exit status {code}"


def _serve(conn: Connection, plan: Plan, kit: Kit | None, foreign: Sequence[Connection], isolate: bool) -> None:
    """A worker's life: jobs in, answers out, until the parent hangs up or is gone."""
    isolated = isolate and isolation.enter()
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in foreign:
        other.close()
    if not plan.debug:
        _silence()
    kit = kit or prepare(plan)
    if kit.target.outside is not None:
        kit.target.outside.line = WorkerLine(conn)
    while True:
        try:
            job = _JOBS.decode(conn.recv_bytes())
        except (EOFError, OSError):
            kit.close()
            return
        answer = carry_out(kit, job)
        if isinstance(answer, Done):
            answer = Done(answer.examined, isolated)
        conn.send_bytes(msgspec.msgpack.encode(answer))


def _silence() -> None:
    """What is printed past the capture of the World (native code, interpreter shutdown) goes nowhere."""
    sys.stdout.flush()
    sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
