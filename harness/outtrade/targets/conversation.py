"""One conversation with the process of a ``cmd:`` target: greeting, task, report.

A Conversation knows who may say what when. What the agent publishes, stores and logs goes to a Listener (the run's
record); the report is the result of ``execute``; everything else ends in ``NoReportReason``, whose ``why`` and
``detail`` are those of the History's NoReport event::

    ends by itself, dies, cannot be started     raised
    a line that is no message, or out of turn   invalid
    too many or too long lines                  budget
    says nothing in time                        late
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Literal, Protocol

from outtrade.targets.command import AgentProcess
from outtrade.targets.protocol import (
    Execute,
    FromAgent,
    Init,
    Lines,
    ProtocolError,
    Publish,
    Ready,
    ReportMessage,
    Shutdown,
    Stored,
    StoreMessage,
)

Why = Literal["raised", "invalid", "late", "budget"]


class NoReportReason(Exception):
    """The conversation is over without a report."""

    def __init__(self, why: Why, detail: str) -> None:
        super().__init__(detail)
        self.why: Why = why
        self.detail = detail


class Slain(Exception):
    """The conversation is over because ``kill`` was called: a crash of the plan."""


class Listener(Protocol):
    """Who is told what the agent says on its way."""

    def published(self, view: str, data: dict[str, Any]) -> None:
        """It believes this now."""

    def stored(self, key: str, value: Any, *, delete: bool) -> None:
        """It wants this to be durable; it is, once this returns."""

    def logged(self, text: str) -> None:
        """It wrote this to stderr (not always whole lines)."""


class Conversation:
    """With one process, for one incarnation. ``close`` (or ``kill``) it in any case."""

    def __init__(self, command: Sequence[str], listener: Listener, *, lines: Lines | None = None) -> None:
        self._listener = listener
        self._stage: Literal["greeting", "idle", "working", "over"] = "greeting"
        self._result: asyncio.Future[dict[str, Any]] | None = None
        self._early: Exception | None = None
        self.process = AgentProcess(
            command, received=self._received, logged=listener.logged, ended=self._ended, lines=lines
        )

    # ------------------------------------------------------------------ what the run does
    async def greet(self, init: Init, *, limit: float) -> None:
        """Start the process and wait for its ``ready``, at most ``limit`` seconds. Raises NoReportReason."""
        try:
            self.process.start()
        except OSError as error:
            raise NoReportReason("raised", f"the program cannot be started: {error.strerror or error}") from None
        self.process.send(init)
        await self._answer(limit, f'no "ready" within {limit:g} s')

    async def execute(self, message: Execute, *, limit: float) -> dict[str, Any]:
        """Give it the task and wait for its report, at most ``limit`` seconds. Raises NoReportReason, Slain."""
        self._stage = "working"
        self.process.send(message)
        return await self._answer(limit, "no report in time")

    async def close(self) -> None:
        """Let an agent that reported end itself, then kill what is left; others are killed at once."""
        if self._stage == "over" and self._early is None:
            await self.process.end(Shutdown(id=0))
        self.process.kill()

    def kill(self) -> None:
        """kill -9, now; who waits for it gets Slain."""
        self.process.kill()
        self._fail(Slain())

    # ------------------------------------------------------------------ what the agent does
    async def _answer(self, limit: float, late: str) -> dict[str, Any]:
        if self._early is not None:
            raise self._early
        self._result = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(limit):
                return await self._result
        except TimeoutError:
            raise NoReportReason("late", late) from None
        finally:
            self._result = None

    def _received(self, message: FromAgent) -> None:
        if self._stage == "greeting" and isinstance(message, Ready):
            self._stage = "idle"
            self._settle({})
        elif self._stage == "working" and isinstance(message, ReportMessage):
            self._stage = "over"
            self._settle(message.report)
        elif self._stage == "working" and isinstance(message, Publish):
            self._listener.published(message.view, message.data)
        elif self._stage == "working" and isinstance(message, StoreMessage):
            self._listener.stored(message.key, message.value, delete=message.delete)
            if not isinstance(self._early, Slain):
                self.process.send(Stored(id=message.id, key=message.key))
        elif self._stage != "over":  # after the report it may say what it likes
            before = 'before its "ready"' if self._stage == "greeting" else "while it has no task"
            raise ProtocolError(f"{message.type}: out of turn, {before if self._stage != 'working' else 'again'}")

    def _ended(self, error: ProtocolError | None) -> None:
        if self._stage == "over":
            return
        if error is not None:
            self._fail(NoReportReason("budget" if error.flood else "invalid", str(error)))
        else:
            when = 'before its "ready"' if self._stage == "greeting" else "before its report"
            self._fail(NoReportReason("raised", f"{self.process.epitaph()} {when}"))

    def _settle(self, result: dict[str, Any]) -> None:
        if self._result is not None and not self._result.done():
            self._result.set_result(result)

    def _fail(self, error: Exception) -> None:
        self._early = self._early or error
        if self._result is not None and not self._result.done():
            self._result.set_exception(error)
