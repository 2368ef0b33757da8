"""Run one scenario against a process (``cmd:``) or a service (``http:``), over real sockets and in real time.

The venue, its faults and the record are those of ``WireServer`` on a port of its own; the agent is a ``Conversation``
(``docs/protocol.md``). Phases are those of ``outtrade.engine.run``: the process starts and greets (before run time 0),
works, reports, everything goes on to ``until``, then the final truth. A crash of the plan is kill -9 to the process
group; after the fault's ``downtime`` a new process is given the task with ``resumed`` and the store. (A service loses
its connections and the port instead, see ``outtrade.targets.service``.)

What differs from the World: nothing is deterministic, a second is a second (so scenarios are short, see the space
``wire``), the agent's sleeps are not on the record, and a run whose agent gave no report ends at once.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any, cast

from outtrade.engine.run import read_report
from outtrade.engine.runtime import Durable, LogStream, Store
from outtrade.model.fault import Crash
from outtrade.model.history import NS, Crashed, History, NoReport, Published, Reported, Started
from outtrade.model.scenario import Scenario
from outtrade.targets import Target
from outtrade.targets.conversation import Conversation, NoReportReason, Slain, Why
from outtrade.targets.protocol import Environment, Execute, Init, Venue
from outtrade.targets.service import ServiceConversation
from outtrade.wire.server import WireServer
from outtrade.wire.toxiproxy.carrier import Carrier
from outtrade.wire.toxiproxy.find import connect
from outtrade.wire.toxiproxy.mapping import carriers, needed

LONGEST = 60.0
"""Seconds that a scenario may last in real time (a worker is given 120 for one scenario)."""
READY = 30.0
"""Seconds in which a process has to greet."""
GRACE = 10.0
"""Seconds after ``until`` by which a report must have come."""
MAX_INCARNATIONS = 8
MAX_EARLY_LOG = 1 << 20
"""Characters of stderr kept from before run time 0."""
LAST_PACKETS = 0.5
"""Seconds for what is in flight when an agent ended without a report."""


class NotInRealTime(ValueError):
    """The scenario cannot be run in real time, or would take too long; the message is one line."""


def check_playable(scenario: Scenario) -> None:
    """Raises NotInRealTime for a scenario that nobody wants to sit through, and for one of several copies."""
    if scenario.crowded:
        raise NotInRealTime(
            f"scenario {scenario.id} runs several copies of the agent at once, which only agents inside the World can:"
            " py:, agent: and zoo: targets"
        )
    if scenario.until > LONGEST:
        raise NotInRealTime(
            f"scenario {scenario.id} lasts {scenario.until:g} s, and a cmd: target runs in real time (at most "
            f"{LONGEST:g} s): use --space wire"
        )


def run_wire(target: Target, scenario: Scenario, *, ready: float = READY, grace: float = GRACE) -> History:
    """Run ``scenario`` against the process of ``target``. Raises NotInRealTime, and errors of the harness; whatever the
    process does wrong is on the record. No process and no port is left behind."""
    check_playable(scenario)
    return asyncio.run(_WireRun(target, scenario, ready, grace).go())


def carrier_of(target: Target, scenario: Scenario) -> Carrier | None:
    """Who stands between agent and venue: a Toxiproxy if one is to be used and the plan has something for it. Raises
    ToxiproxyError."""
    if not target.toxiproxy or not needed(carriers(scenario.faults)):
        return None
    return Carrier(connect(target.toxiproxy), scenario.faults)


class _WireRun:
    def __init__(self, target: Target, scenario: Scenario, ready: float, grace: float) -> None:
        self.target = target
        self.scenario = scenario
        self.ready = ready
        self.grace = grace
        self.data = Durable()
        self.conversation: Conversation | ServiceConversation | None = None
        self.log: LogStream | None = None
        self.early_log = ""
        self.frozen = 0.0
        """Loop time until which the process stands still."""
        self.server = WireServer(scenario, name=target.name, carrier=carrier_of(target, scenario))

    # ------------------------------------------------------------------ phases
    async def go(self) -> History:
        try:
            trouble = await self._greet()
            await self.server.start()
            setting = self.server.setting
            self.world, self.recorder = self.server.world, setting.recorder
            self.world.on_kill = self._killed
            self.world.on_freeze = self._frozen
            self.access = self.server.access()
            await self._incarnations(trouble)
            return await self._end()
        finally:
            if self.conversation is not None:
                self.conversation.kill()
                if isinstance(self.conversation, ServiceConversation):
                    await self.conversation.close()
            if hasattr(self.server, "setting"):
                await self.server.stop()

    async def _end(self) -> History:
        reported = any(isinstance(event, Reported) for event in self.server.setting.history.events)
        await asyncio.sleep(max(0.0, self._left(self.scenario.until)) if reported else LAST_PACKETS)
        history = await self.server.stop()
        if self.server.failures:
            raise self.server.failures[0]
        return history

    async def _incarnations(self, trouble: NoReportReason | None) -> None:
        for incarnation in range(MAX_INCARNATIONS):
            if incarnation:
                if self.target.url:
                    await self.server.move()
                    self.access = self.server.access()
                self.world.enter(self._restarted, incarnation)
                trouble = await self._greet()
            try:
                if trouble is not None:
                    raise trouble
                await self._incarnation(resumed=incarnation > 0)
                return
            except Slain:
                fault = self._last_crash()
                await asyncio.sleep(fault.downtime)
                self.data.after(fault)
            except NoReportReason as reason:
                self.world.enter(self._no_report, reason.why, reason.detail)
                return
            finally:
                self._end_log()
        self.world.enter(self._no_report, "budget", f"crashed {MAX_INCARNATIONS} times")

    async def _greet(self) -> NoReportReason | None:
        """Start a process; why it did not work."""
        url = self.target.url
        self.conversation = ServiceConversation(url, self) if url else Conversation(self.target.command, self)
        init = Init(id=1, names=(self.scenario.venue,), environment=Environment(folder=str(Path.cwd())))
        try:
            await self.conversation.greet(init, limit=self.ready)
        except NoReportReason as reason:
            return reason
        return None

    async def _incarnation(self, *, resumed: bool) -> None:
        assert self.conversation is not None
        store = Store(self.recorder, self.data)
        message = Execute(
            id=2,
            task=self.server.setting.scenario.task(resumed=resumed),
            venue=Venue.of(self.access),
            store={key: store[key] for key in store},
        )
        limit = max(0.1, self._left(self.scenario.until + self.grace))
        result = await self.conversation.execute(message, limit=limit)
        self.world.enter(self._reported, result)
        await self.conversation.close()

    def _left(self, run_seconds: float) -> float:
        """Seconds until a run time."""
        self.world.enter(int)  # reads the clock
        return run_seconds - self.world.run_ns / NS

    # ------------------------------------------------------------------ crashes
    def _killed(self) -> None:
        """The plan says that the process dies now."""
        assert self.conversation is not None
        self.conversation.kill()
        if self.target.url:
            self.server.cut()

    def _frozen(self, seconds: float) -> bool:
        """The plan says that the process stands still for a while. A service is somebody else's process."""
        conversation = self.conversation
        if not isinstance(conversation, Conversation) or not conversation.process.signal(signal.SIGSTOP):
            return False
        loop = asyncio.get_running_loop()
        self.frozen = max(self.frozen, loop.time() + seconds)
        loop.call_at(loop.time() + seconds, self._thaw, conversation)
        return True

    def _thaw(self, conversation: Conversation) -> None:
        """It goes on, unless a longer pause has begun meanwhile."""
        if asyncio.get_running_loop().time() >= self.frozen - 0.001:
            conversation.process.signal(signal.SIGCONT)

    def _restarted(self, incarnation: int) -> None:
        self.recorder.incarnation = incarnation
        self.recorder.dead = False
        self.recorder.add(Started(incarnation=incarnation, resumed=True))

    def _last_crash(self) -> Crash:
        for event in reversed(self.server.setting.history.events):
            if isinstance(event, Crashed):
                return cast(Crash, self.scenario.faults[event.fault])
        raise AssertionError("killed without a crash on the record")

    # ------------------------------------------------------------------ what the agent says
    def published(self, view: str, data: dict[str, Any]) -> None:
        """A belief."""
        self.world.enter(
            lambda: self.recorder.add(Published(incarnation=self.recorder.incarnation, view=view, data=data))
        )

    def stored(self, key: str, value: Any, *, delete: bool) -> None:
        """Something durable; a crash point, too."""
        self.world.enter(self._store, key, value, delete)

    def _store(self, key: str, value: Any, delete: bool) -> None:
        store = Store(self.recorder, self.data)
        if not delete:
            store[key] = value
        elif key in self.data:
            del store[key]

    def logged(self, text: str) -> None:
        """Its log; what comes before run time 0 waits until there is a record."""
        if not hasattr(self, "world"):
            self.early_log = (self.early_log + text)[:MAX_EARLY_LOG]
            return
        if self.log is None:
            self.log = LogStream("stderr", self.recorder, [0])
        early, self.early_log = self.early_log, ""
        self.world.enter(self.log.write, early + text)

    def _end_log(self) -> None:
        if self.early_log:
            self.logged("")
        if self.log is not None:
            self.world.enter(self.log.finish)
            self.log = None

    def _reported(self, result: dict[str, Any]) -> None:
        setting = self.server.setting
        setting.venue.advance(self.world.now)
        try:
            report = read_report(result)
        except ValueError as error:
            self._no_report("invalid", str(error))
            return
        self.recorder.add(Reported(incarnation=self.recorder.incarnation, report=report.model_dump(mode="json")))
        setting.snapshot("report")

    def _no_report(self, why: Why, detail: str) -> None:
        self.recorder.add(NoReport(incarnation=self.recorder.incarnation, why=why, detail=detail[:500]))
