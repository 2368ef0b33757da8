"""The stage: the clock, the queue of what is to come, and the record, shared by all that plays."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from outtrade.judge.micro.beliefs import Beliefs
from outtrade.judge.micro.exchange import Exchange
from outtrade.judge.micro.words import Names, Script
from outtrade.model.history import Broken, EventType, Response


class Stage:
    """Runs scheduled actions in order of time and keeps the events that they add."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.names = Names(script)
        self.exchange = Exchange(script, self.add)
        self.beliefs = Beliefs(self.exchange, self.names)
        self.events: list[EventType] = []
        self.now = 0
        self.instance = 0
        """The copy of the target whose doing the events are."""
        self.lives: dict[int, int] = {0: 0}
        """Copy -> its incarnation."""
        self.ended: set[int] = set()
        """Calls whose end the client saw."""
        self.dead: set[int] = set()
        """Calls that a crash cut off."""
        self._calls = 0
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def later(self, at: int, action: Callable[[], None]) -> None:
        """Do something at an instant; what was scheduled first for the same instant comes first."""
        self._count += 1
        heapq.heappush(self._queue, (at, self._count, action))

    def run(self) -> None:
        """Let time pass until nothing is scheduled any more."""
        while self._queue:
            self.now, _, action = heapq.heappop(self._queue)
            action()

    def add(self, event: EventType) -> None:
        """Record an event, now."""
        event.at = self.now
        if self.instance and hasattr(event, "instance"):
            event.instance = self.instance
        self.events.append(event)

    @property
    def incarnation(self) -> int:
        """The present life of the copy whose doing the events are."""
        return self.lives[self.instance]

    @incarnation.setter
    def incarnation(self, number: int) -> None:
        self.lives[self.instance] = number

    def next_call(self) -> int:
        """The number of a new request."""
        self._calls += 1
        return self._calls

    def reach(self, call: int, event: Response | Broken) -> None:
        """The client sees the end of its call, unless it died meanwhile."""
        if call not in self.dead:
            self.ended.add(call)
            self.add(event)
