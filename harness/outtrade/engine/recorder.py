"""Appends events to the History, stamped with the World's time; also what the World's observer hooks call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from outtrade.engine.runtime import Recorder
from outtrade.engine.seam import Surroundings
from outtrade.model.history import Event, EventType, History
from outtrade.sim import sources

E = TypeVar("E", bound=Event)


class RunRecorder(Recorder):
    """One run's History in the making."""

    keeps = True
    """Whether events are kept at all; where not, none needs to be made."""

    def __init__(self, world: Surroundings, history: History) -> None:
        self.world = world
        self.history = history
        self.incarnation = 0
        self.dead = False
        """True from a crash until the next incarnation starts."""
        self.sealed = False
        """True once the record is complete: what garbage collection closes later is no part of the run."""
        self.on_stored: Callable[[], None] | None = None

    def add(self, event: EventType) -> int:
        """Append ``event`` at the present virtual time; returns its sequence number (-1 once sealed)."""
        if self.sealed:
            return -1
        event.at = self.world.run_ns
        seq = self.history.add(event)
        if sources.WATCH is not None:
            sources.WATCH.event(seq)
        return seq

    def told(self, event: EventType) -> int:
        """Append what the target's own side says, under the present incarnation; a dead one says nothing."""
        if hasattr(event, "incarnation"):
            self.touch()
            event.incarnation = self.incarnation
        return self.add(event)

    def touch(self) -> None:
        """Raise Killed where the incarnation is dead."""
        if self.dead:
            self.world.check()

    def stored(self) -> None:
        """A durable write happened."""
        if self.on_stored is not None:
            self.on_stored()
