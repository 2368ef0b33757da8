"""A Python agent as a process of its own: the same ``execute`` function, over real sockets and in real time.

    outtrade run cmd:"python -m outtrade.agent py:my_agent.py:execute" --scenarios 4
    outtrade run cmd:"python -m outtrade.agent agent:httpx" --scenarios 4

or, in a program of one's own::

    from outtrade.agent import serve

    if __name__ == "__main__":
        serve(execute)

``serve`` speaks the line protocol (``docs/protocol.md``) on stdin and stdout. What the agent prints goes to stderr, its
log. ``task.store`` returns once a value is durable, ``task.publish`` shows a belief in the timeline, ``venue.ccxt()``
trades at the addresses of the served venue. Use this where the World cannot follow: uvloop, libraries in C, one's own
processes. An agent that raises ends the process with its traceback on stderr.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

from pydantic import TypeAdapter

from outtrade.engine.run import read_report
from outtrade.engine.runtime import Durable, Recorder, RunTask, Store
from outtrade.model.history import Published, StoreSet
from outtrade.model.task import Report
from outtrade.targets.access import VenueAccess
from outtrade.targets.naming import Runner, TargetError, resolve
from outtrade.targets.protocol import (
    Execute,
    FromHarness,
    Init,
    Message,
    Publish,
    Ready,
    ReportMessage,
    Shutdown,
    Stored,
    StoreMessage,
    Venue,
    write_line,
)

_FROM_HARNESS: TypeAdapter[Init | Execute | Stored | Shutdown] = TypeAdapter(FromHarness)


class Line(Recorder):
    """The agent's end of the conversation. As a Recorder it turns what the task records (beliefs, durable values) into
    messages; ``hear`` gives the harness's next one, None at its end. Any thread may speak."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source, self._sink = source, sink
        self._turn = threading.RLock()
        self._stores = 0
        self.data = Durable()
        """The store: JSON texts."""

    def hear(self) -> Init | Execute | Stored | Shutdown | None:
        """The next message, or None. Blocks. Raises ValueError for what is none."""
        line = self._source.readline()
        return _FROM_HARNESS.validate_json(line) if line.strip() else None

    def say(self, message: Message) -> None:
        """One line to the harness."""
        with self._turn:
            self._sink.write(write_line(message))
            self._sink.flush()

    def add(self, event: Published | StoreSet) -> int:
        """A belief goes out; a durable value does, and is acknowledged before this returns."""
        with self._turn:
            if isinstance(event, Published):
                self.say(Publish(view=event.view, data=event.data))
            else:
                self._stores += 1
                gone = event.key not in self.data
                self.say(StoreMessage(id=self._stores, key=event.key, value=event.value, delete=gone))
                answer = self.hear()
                if not isinstance(answer, Stored):
                    raise ConnectionError("the harness went away before a value was durable")
        return 0


def serve(execute: Runner | None = None, *, target: Callable[[], Runner] | None = None) -> None:
    """Speak the protocol on stdin and stdout until ``shutdown`` or the end of stdin. ``target`` makes the agent at the
    greeting, which has more time than the task (imports). From now on ``print`` writes to stderr."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whoever prints, prints into the log
    line = Line(sys.stdin.buffer, sink)
    while True:
        message = line.hear()
        if message is None or isinstance(message, Shutdown):
            return
        if isinstance(message, Init):
            if execute is None and target is not None:
                execute = target()
            line.say(Ready(id=message.id, name=getattr(execute, "__name__", "agent")))
        elif isinstance(message, Execute):
            assert execute is not None, "greeted before the task"
            line.say(ReportMessage(id=message.id, report=work(execute, message, line).model_dump(mode="json")))


def work(execute: Runner, message: Execute, line: Line) -> Report:
    """Let the agent do one task; its report. Raises what the agent raises, ValueError for a wrong report."""
    store = Store(line, line.data)
    store.restore(message.store)
    task = RunTask.bind(message.task, store, line)
    result = execute(task, access_of(message.venue))
    if inspect.iscoroutine(result):
        result = asyncio.run(result)
    return read_report(result)


def access_of(venue: Venue) -> VenueAccess:
    """The VenueAccess that a message describes."""
    return VenueAccess(**{name: getattr(venue, name) for name in Venue.model_fields})


def main(words: list[str]) -> int:
    """``python -m outtrade.agent TARGET``; returns the exit code."""
    if len(words) != 1 or words[0] in ("-h", "--help"):
        sys.stderr.write('usage: outtrade run cmd:"python -m outtrade.agent py:my_agent.py:execute"\n')
        return 0 if words[:1] in (["-h"], ["--help"]) else 2
    try:
        found = resolve(words[0])
        if found.scope != "A" or found.real_time:
            raise TargetError(f"{words[0]}: only agents in Python can be served as a process")
    except TargetError as error:
        sys.stderr.write(f"outtrade: {error}\n")
        return 2
    serve(target=found.fresh)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
