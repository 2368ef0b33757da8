"""The same scenario in another process: what ``--check-determinism`` compares a run with.

Two runs in one process share what a process is: how strings hash (PYTHONHASHSEED), where objects lie in memory, what
modules keep from run to run. So the second run happens in an interpreter of its own, started anew (not forked) under
another hash seed, in the same folder, with the same path, environment and network as this one. It stays for as long as
the run lasts: starting it costs about a second, a scenario there what it costs here.

There are ``SEEDS`` of them, asked in turn by the scenario's number. A set of two strings has the same order under half
of all hash seeds, so one would miss it half of the time; and each has run a part of the scenarios only, so that what
an earlier run left behind here is not there in the same way.

::

    others = Others()
    told = others.run(0, "py:agent.py:execute", scenario.to_json(), known=history.hash())
    told.history                      # empty where it is the same there

A process that dies, or does not answer for ``LIMIT`` real seconds, is told as such, and another takes its place.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO
from weakref import finalize

import msgspec

from outtrade.engine.orphans import die_with_parent
from outtrade.model.scenario import Scenario
from outtrade.outside import Outside, played
from outtrade.sim.errors import WorldStop
from outtrade.sim.sources import watching
from outtrade.targets import Target, resolve

SEEDS = (1, 2, 3, 4)
"""Values of PYTHONHASHSEED; the one of this process is left out. The first three are asked in turn."""
LIMIT = 90.0
"""Real seconds for one scenario, and for the start of the process."""
MAIN = "from outtrade.engine.elsewhere import serve; serve()"
"""What the other interpreter does."""

_OWN = "OUTTRADE_OWN_HASHSEED"
"""The variable that tells the other interpreter what PYTHONHASHSEED is here, for its agents to see."""
_HEAD = 8
"""Bytes that say how long a message is."""


class _Job(msgspec.Struct, frozen=True):
    target: str
    scenario: str
    known: str
    """The hash of the History here: where it is the same there, nothing needs to be told."""
    recording: str = ""
    """The file that answers for the hosts that the run lets through."""
    suite: str = ""
    """The suite that the target's short name is of: see ``outtrade.targets.Target``."""


class Told(msgspec.Struct, frozen=True):
    """What became of a run in another process."""

    hash: str = ""
    history: bytes = b""
    """JSON lines, where the hash is not the known one."""
    origins: dict[int, str] = {}
    """The agent's lines behind each event of that History."""
    lost: str = ""
    """There was no run to its end: the process died."""
    error: str = ""
    """The harness failed there."""


_JOBS = msgspec.msgpack.Decoder(_Job)
_TOLD = msgspec.msgpack.Decoder(Told)


class Others:
    """Interpreters under other hash seeds, started when they are first asked. ``close`` them."""

    def __init__(self) -> None:
        own = os.environ.get("PYTHONHASHSEED", "")
        self.seeds = [seed for seed in SEEDS if str(seed) != own]
        self._owner = 0
        self._running: dict[int, _Other] = {}

    def run(self, turn: int, target: str, scenario: str, known: str, recording: str = "", suite: str = "") -> Told:
        """Run a scenario (JSON) in the interpreter whose turn it is; ``recording``: see ``outtrade.outside``. Raises
        RuntimeError where the harness fails."""
        if self._owner != os.getpid():  # after a fork: what our parent has started is our parent's
            self._owner, self._running = os.getpid(), {}
        seed = self.seeds[turn % (len(SEEDS) - 1)]
        other = self._running.get(seed)
        if other is None or not other.lives():
            other = self._running[seed] = _Other(seed)
        told = other.run(_Job(target, scenario, known, recording, suite))
        if told.lost:
            self._running.pop(seed).close()
        return told

    def close(self) -> None:
        """End the processes."""
        if self._owner == os.getpid():
            while self._running:
                self._running.popitem()[1].close()


def in_a_fresh_one(seed: int, target: str, scenario: str, recording: str = "", suite: str = "") -> str:
    """The hash of the History of a run in an interpreter that has run nothing before; or why there is none."""
    other = _Other(seed)
    try:
        told = other.run(_Job(target, scenario, "", recording, suite))
    finally:
        other.close()
    return told.hash or told.lost


class _Other:
    """One interpreter."""

    def __init__(self, seed: int) -> None:
        environ = os.environ | {"PYTHONHASHSEED": str(seed), _OWN: os.environ.get("PYTHONHASHSEED", "")}
        code = f"import sys; sys.path[:] = {sys.path!r}; {MAIN}"
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", code], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._end = finalize(self, _end, self._process, os.getpid())

    def run(self, job: _Job) -> Told:
        """Raises RuntimeError where the harness fails there."""
        assert self._process.stdin is not None and self._process.stdout is not None
        watch = threading.Timer(LIMIT, self._process.kill)
        watch.start()
        try:
            _send(self._process.stdin, msgspec.msgpack.encode(job))
            answer = _receive(self._process.stdout)
        except OSError:
            answer = b""
        finally:
            watch.cancel()
        if not answer:
            return Told(lost=_epitaph(self._process.wait()))
        told = _TOLD.decode(answer)
        if told.error:
            raise RuntimeError(f"in another process: {told.error}")
        return told

    def lives(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        self._end()


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    if owner == os.getpid():
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _epitaph(code: int) -> str:
    if code == -signal.SIGKILL:
        return f"the other process was killed, or nothing came back for {LIMIT:.0f} seconds of real time"
    return f"the other process ended with exit status {code}"


def _send(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(len(data).to_bytes(_HEAD, "big") + data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    """A message; empty at the end."""
    head = pipe.read(_HEAD)
    if len(head) < _HEAD:
        return b""
    size = int.from_bytes(head, "big")
    data = pipe.read(size)
    return data if len(data) == size else b""


# -------------------------------------------------------------------- over there
def serve() -> None:
    """The life of such an interpreter: scenarios in, what became of them out, until the other side hangs up."""
    own = os.environ.pop(_OWN)
    os.environ.pop("PYTHONHASHSEED")  # it has done its work; agents see the same environment as over here
    if own:
        os.environ["PYTHONHASHSEED"] = own
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs, told = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    targets: dict[tuple[str, str, str], Target] = {}
    while data := _receive(jobs):
        _send(told, msgspec.msgpack.encode(_carry_out(_JOBS.decode(data), targets)))
    os._exit(0)  # there is nothing to put in order, and the other side waits


def _carry_out(job: _Job, targets: dict[tuple[str, str, str], Target]) -> Told:
    from outtrade.engine.run import run  # type: ignore[import-not-found,unused-ignore]

    try:
        named = (job.target, job.recording, job.suite)
        if named not in targets:
            outside = Outside(played(Path(job.recording))) if job.recording else None
            targets[named] = replace(resolve(job.target, suite=job.suite), outside=outside)
        with watching() as watch:
            history = run(targets[named], Scenario.from_json(job.scenario))
    except (Exception, WorldStop) as error:
        return Told(error=f"{type(error).__name__}: {error}".partition("\n")[0])
    found = history.hash()
    if not job.known or found == job.known:
        return Told(found)
    origins = ((event.seq, watch.origin(event.seq)) for event in history.events)
    return Told(found, history.to_jsonl(), {seq: lines for seq, lines in origins if lines})
