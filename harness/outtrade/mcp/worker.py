"""The process that holds the World: an agent whose every step is a call that came in through a pipe.

``python -m outtrade.mcp.worker`` reads frames on stdin and answers on stdout (``outtrade.mcp.frames``); whatever else
would be printed goes to stderr. While the agent waits for the next call, the World stands still and so does its clock.
The end of stdin is the end of the process, wherever it is: an unfinished scenario is nobody's result.

A crash of the plan ends the agent's incarnation as it would end any agent's. The model, being what the crashed program
obeyed, lives on and is told so in the answer to the call that the crash interrupted.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic import ValidationError

from outtrade.mcp.frames import ASKED, HEAD, LARGEST, Answer, Answered, Asked, Begin, Call, Failed, HandIn, Over, packed
from outtrade.sim.errors import Budget, HarnessError

if TYPE_CHECKING:
    from outtrade.model.task import Report, Task
    from outtrade.targets.access import VenueAccess
    from outtrade.tools import Toolbox

MOST_CALLS = 5_000
"""Tool calls of one scenario; a model that goes round in circles is ended."""
MOST_REPORTS = 5
"""Reports that are none and handed back, to be put right; the next one is taken as it is, and judged."""


class Gone(HarnessError):
    """The server went away in the middle of a scenario."""


class Pipe:
    """Frames over two file descriptors, blocking. The World has no hand in it."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._in, self._out = read_fd, write_fd

    def ask(self) -> Asked:
        """The next frame; raises EOFError where the other end is gone."""
        size = int.from_bytes(self._exactly(HEAD), "big")
        if size > LARGEST:
            raise EOFError
        return ASKED.decode(self._exactly(size))

    def _exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = os.read(self._in, min(size - len(parts), 1 << 20))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)

    def tell(self, frame: Answered) -> None:
        """Answer; raises OSError where the other end is gone."""
        data = memoryview(packed(frame))
        while data:
            data = data[os.write(self._out, data) :]


class Puppet:
    """The agent: does what it is asked, one call after the other, and reports what it is given."""

    def __init__(self, pipe: Pipe, think: float) -> None:
        self._pipe, self._think = pipe, think
        self._calls = self._refused = 0
        self._pending: Asked | None = None
        """Asked, and not answered yet."""

    def __call__(self, task: Task, venue: VenueAccess) -> Report:
        """One incarnation."""
        tools = venue.tools
        if self._pending is not None:
            self._answer(_crashed(self._pending))
        while True:
            asked = self._pending = self._next()
            if self._think:
                time.sleep(self._think)
            self._calls += 1
            if self._calls > MOST_CALLS:
                raise Budget(f"more than {MOST_CALLS} tool calls")
            if isinstance(asked, Call):
                self._answer(tools.call(asked.tool, _read(asked.arguments)))
                continue
            assert isinstance(asked, HandIn)
            given = _read(asked.report)
            problem = _hand_in(tools, given)
            self._refused += problem is not None
            if problem is None or self._refused > MOST_REPORTS:
                return given  # type: ignore[no-any-return]
            self._answer(problem)

    def _next(self) -> Asked:
        try:
            return self._pipe.ask()
        except (EOFError, OSError):
            raise Gone from None

    def _answer(self, result: Any) -> None:
        self._pending = None
        try:
            self._pipe.tell(Answer(json.dumps(result)))
        except OSError:
            raise Gone from None


def _read(text: str) -> Any:
    """What the server wrote down as JSON; text that is none (too deep) stays text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _crashed(asked: Asked) -> dict[str, Any]:
    """The answer to a call that a crash interrupted."""
    from outtrade.tools import TOOLS, failures

    spec = TOOLS.get(asked.tool) if isinstance(asked, Call) else None
    doubt = "whether the request was carried out is not known" if spec and spec.writes else "nothing was learned"
    return failures.error(
        "ambiguous" if spec and spec.writes else "unavailable",
        f"the program that carries out your calls crashed during this one and was started again; {doubt}",
        code="crashed",
    )


def _hand_in(tools: Toolbox, given: Any) -> dict[str, Any] | None:
    """Puts the report on record like any other call; the result that refuses it, or None."""
    from outtrade.model.task import Report
    from outtrade.tools import failures

    number = tools.recorder.called("report", given)
    problem = None
    if not isinstance(given, dict):
        problem = failures.error("bad_arguments", "report: the arguments are no object", code="invalid_argument")
    else:
        try:
            Report.model_validate(given)
        except ValidationError as error:
            problem = failures.of_arguments("report", error)
    tools.recorder.returned(number, "report", problem or {"accepted": True})
    return problem


def carry_out(pipe: Pipe, begin: Begin) -> Over:
    """Run and judge one scenario."""
    from outtrade import suites
    from outtrade.engine.judging import judge_history
    from outtrade.engine.results import Examined, failing, summarise
    from outtrade.engine.run import run
    from outtrade.model.scenario import Scenario
    from outtrade.targets import Target

    scenario = Scenario.from_json(begin.scenario)
    puppet: Callable[..., Any] = Puppet(pipe, begin.think)
    target = Target(name=begin.name, scope="A", is_async=False, load=lambda: puppet)
    started = time.perf_counter()
    history = run(target, scenario, wall_limit=0)  # a model may think for as long as it likes
    findings = judge_history(history, suites.load(begin.suite).properties)
    result = summarise(begin.index, scenario, history, findings, wall_seconds=time.perf_counter() - started)
    data = history.to_jsonl()
    bad = failing(findings)
    return Over(Examined(result, scenario.to_json() if bad else "", data if bad else b""), data)


def serve(pipe: Pipe) -> None:
    """Scenario after scenario, until the other end goes away."""
    while True:
        try:
            asked = pipe.ask()
        except EOFError:
            return
        assert isinstance(asked, Begin)
        try:
            pipe.tell(carry_out(pipe, asked))
        except Gone:
            return
        except (Exception, HarnessError) as error:
            cause = error.__cause__ or error
            pipe.tell(Failed(f"{type(cause).__name__}: {cause}".partition("\n")[0][:500]))


def main() -> NoReturn:
    """Entry point of the process. Its stdout is for frames alone."""
    pipe = Pipe(os.dup(0), os.dup(1))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    import signal

    from outtrade.engine import isolation

    isolation.enter()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server decides
    with suppress(OSError):
        serve(pipe)
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
