"""The course of a model through its scenarios, whatever it speaks: ``task``, calls, ``report``, ``next_task``.

One scenario is open at a time. It begins with the first word about it, ends with the report (or because its time is
over), is judged in the process that ran it, and stands in the report folder from then on. Whatever was not finished
when the session is closed is incomplete. Results are written by the handlers of ``outtrade run``; failures are not
made smaller, as nobody can ask the model again.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from outtrade.engine.events import Event, Handler, RunFinished, RunStarted, ScenarioDone, tell
from outtrade.engine.many import gathered
from outtrade.engine.plan import Kit, Plan
from outtrade.engine.results import FAILING, Examined, Result
from outtrade.mcp.frames import Answer, Answered, Asked, Begin, Call, Failed, HandIn
from outtrade.mcp.process import Process
from outtrade.mcp.words import task_data, task_text
from outtrade.model.scenario import Scenario
from outtrade.report.results import slug, write_whole
from outtrade.score import INCOMPLETE, Scorecard, effective
from outtrade.suites import Suite
from outtrade.targets import Target, TargetError
from outtrade.tools import failures

Json = dict[str, Any]

HISTORIES = "histories"
"""Folder of the histories, in the report folder: one file for each finished scenario."""


class ServedKit(Kit):
    """A plan whose target comes to us. ``files``: scenarios to be served instead of those of a space."""

    def __init__(self, plan: Plan, suite: Suite, files: Sequence[Scenario] = ()) -> None:
        super().__init__(plan, Target(name=plan.target, scope="A", is_async=False, load=_nobody), suite)
        self._files = tuple(files)
        if files:
            self.space = files[0].space

    def scenario(self, index: int) -> Scenario:
        """Scenario ``index`` of the session."""
        return self._files[index] if self._files else super().scenario(index)


def _nobody() -> Any:
    raise TargetError("a model behind outtrade mcp cannot be called; it calls")


class Session:
    """One model and its scenarios. Use from one event loop; calls that come at once are taken in turn."""

    def __init__(
        self,
        kit: Kit,
        *,
        think: float = 0.0,
        tell_verdict: bool = False,
        folder: Path | None = None,
        handlers: Sequence[Handler] = (),
        said: Callable[[str], object] = lambda line: None,
        process: Process | None = None,
    ) -> None:
        self.kit = kit
        self.card: Scorecard | None = None
        """The scorecard, once the session is closed; None if nothing was begun."""
        self.begun = 0
        """Scenarios that were begun."""
        self._think, self._tell, self._said = think, tell_verdict, said
        self._folder, self._handlers = folder, list(handlers)
        self._done: list[Examined] = []
        self._open = False
        self._closed = False
        self._process = process or Process()
        self._turn = asyncio.Lock()
        self._at_work: set[asyncio.Task[Json]] = set()
        self._started = time.perf_counter()
        self._writing = True

    # ------------------------------------------------------------------ what a model asks for
    @property
    def planned(self) -> int:
        """Scenarios in all."""
        return self.kit.plan.scenarios

    def current(self) -> Scenario:
        """The scenario that is open, was last, or will be first."""
        return self.kit.scenario(max(0, self.begun - 1))

    async def task(self) -> Json:
        """What is wanted; begins the first scenario."""
        return await self._whole(self._task())

    async def call(self, tool: str, arguments: Any) -> Json:
        """Call a tool of the venue, or one that does not exist."""
        return await self._whole(self._call(Call(_utf8(tool), _written(arguments))))

    async def report(self, report: Any) -> Json:
        """Hand in the report: the scenario is over and judged."""
        return await self._whole(self._call(HandIn(_written(report))))

    async def next_task(self) -> Json:
        """Begin the next scenario."""
        return await self._whole(self._next_task())

    async def close(self) -> int:
        """The model is gone: write what is finished, leave nothing behind. Returns the exit code."""
        if not self._closed:
            self._closed = True
            await self._process.stop()
            if self._at_work:
                await asyncio.wait(self._at_work)
            if self.begun:
                self._finish()
        return INCOMPLETE if self.card is None else self.card.code

    async def _whole(self, work: Coroutine[Any, Any, Json]) -> Json:
        """Does the work to its end, in turn, even where nobody waits for it any more: a question that was asked has
        an answer that must be read."""
        doing = asyncio.ensure_future(self._in_turn(work))
        self._at_work.add(doing)
        doing.add_done_callback(self._at_work.discard)
        return await asyncio.shield(doing)

    async def _in_turn(self, work: Coroutine[Any, Any, Json]) -> Json:
        async with self._turn:
            if self._closed:
                work.close()
                return _over("the session is closed")
            return await work

    # ------------------------------------------------------------------ the work
    async def _task(self) -> Json:
        if not self.begun:
            await self._begin()
        scenario = self.current()
        state = "open" if self._open else "finished"
        return {"text": task_text(scenario), "state": state} | task_data(scenario)

    async def _next_task(self) -> Json:
        if self._open:
            return _over("this task is not finished: call report first")
        if self.begun >= self.planned:
            return _over("there are no more tasks")
        await self._begin()
        return await self._task()

    async def _begin(self) -> None:
        if not self.begun:
            self._clear()
            self._tell_handlers(RunStarted(self.kit, self.planned))
        if self._process.pid is None:
            await self._process.start()
        scenario = self.kit.scenario(self.begun)
        plan = self.kit.plan
        self._process.tell(Begin(self.begun, scenario.to_json(), plan.target, plan.suite, self._think))
        self.begun += 1
        self._open = True

    async def _call(self, asked: Asked) -> Json:
        if not self.begun:
            await self._begin()
        if not self._open:
            return _over("this task is finished" + ("; call next_task" if self.begun < self.planned else ""))
        answer = await self._process.ask(asked)
        if isinstance(answer, Answer):
            result: Json = json.loads(answer.text)
            return result
        return self._ended(answer, reported=isinstance(asked, HandIn))

    def _ended(self, answer: Answered, *, reported: bool) -> Json:
        self._open = False
        if self._closed:  # not an end, but ours
            return _over("the session is closed")
        if isinstance(answer, Failed):
            examined = self.kit.broken(self.begun - 1, self.current(), answer.message)
            history = b""
        else:
            assert not isinstance(answer, Answer)
            examined, history = answer.examined, answer.history
        self._done.append(examined)
        result = examined.result
        self._said(f"{result.scenario}: {verdict(result)}")
        self._tell_handlers(ScenarioDone(examined))
        if history and self._folder is not None:
            name = f"{result.index:04}-{slug(result.scenario)}.jsonl"
            self._write(self._folder / HISTORIES / name, history)
        if result.error:
            return _over(f"the harness failed, and this task with it: {result.error}")
        if not reported or result.ended:
            return _over(f"this task is over, and it has no report ({result.ended})") | self._verdict(result)
        left = self.planned - self.begun
        return {"accepted": True, "tasks_left": left} | self._verdict(result)

    def _verdict(self, result: Result) -> Json:
        if not self._tell:
            return {}
        found = [
            {"property": judged.property, "verdict": judged.verdict, "messages": [v.message for v in judged.violations]}
            for judged in result.findings
        ]
        return {"verdict": verdict(result), "findings": found}

    # ------------------------------------------------------------------ what is written
    def _clear(self) -> None:
        """Remove the histories of an earlier session."""
        if self._folder is None:
            return
        try:
            (self._folder / HISTORIES).mkdir(parents=True, exist_ok=True)
            for old in sorted((self._folder / HISTORIES).glob("*.jsonl")):
                old.unlink()
        except OSError as error:
            self._broken(error)

    def _write(self, path: Path, data: bytes) -> None:
        try:
            write_whole(path, data)
        except OSError as error:
            self._broken(error)

    def _tell_handlers(self, event: Event) -> None:
        """A report that cannot be written any more does not cost the model its scenario."""
        try:
            tell(self._handlers if self._writing else [], event)
        except OSError as error:
            self._broken(error)

    def _broken(self, error: OSError) -> None:
        if self._writing:
            self._writing = False
            self._said(f"could not write the report: {error}")

    @property
    def written(self) -> bool:
        """Whether everything could be written."""
        return self._writing

    def _finish(self) -> None:
        for event in gathered(self.kit, self._done, wall_seconds=time.perf_counter() - self._started):
            self._tell_handlers(event)
            if isinstance(event, RunFinished):
                self.card = event.card


def verdict(result: Result) -> str:
    """One scenario in a word, and the properties that failed."""
    if result.error:
        return f"ERROR {result.error}"
    failed = [judged.property for judged in result.findings if judged.verdict in FAILING]
    if failed:
        return f"FAIL {', '.join(failed)}"
    open_ = {effective(result, word) for word in result.verdicts.values()} & {"incomplete", "harness-error"}
    return "INCOMPLETE" if open_ else "PASS"


def _over(message: str) -> Json:
    return failures.error("over", message, code="no_task")


def _utf8(text: str) -> str:
    """Text as a frame can hold it."""
    return text[:1000].encode("utf-8", "replace").decode()


def _written(value: Any) -> str:
    """JSON in ASCII; what cannot be written (an in-process client may send it) is named, not passed on."""
    try:
        return json.dumps({} if value is None else value)
    except (ValueError, TypeError, RecursionError):
        return json.dumps(f"unreadable: {type(value).__name__}")
