"""Appends events to the History, stamped with the World's time; also what the World's observer hooks call."""

from __future__ import annotations

from collections.abc import Callable

from outtrade.engine.lives import Life
from outtrade.engine.runtime import Recorder
from outtrade.engine.seam import Surroundings
from outtrade.model.history import (
    Deadlocked,
    EventType,
    GatewayCall,
    GatewayResult,
    History,
    Log,
    NoReport,
    Published,
    Reported,
    Slept,
    StoreSet,
    ToolCall,
    ToolResult,
)
from outtrade.sim import sources

SPOKEN = (
    Deadlocked, GatewayCall, GatewayResult, Log, NoReport, Published, Reported, Slept, StoreSet, ToolCall, ToolResult,
)  # fmt: skip
"""Events that the agent's own process brings about while it runs."""


class RunRecorder(Recorder):
    """One run's History in the making."""

    keeps = True
    """Whether events are kept at all; where not, none needs to be made."""

    def __init__(self, world: Surroundings, history: History) -> None:
        self.world = world
        self.history = history
        self._only = Life()
        self.whose: Callable[[object], Life | None] | None = None
        """Where several processes of the agent live at once: whose a connection is (None: who runs now)."""
        self.sealed = False
        """True once the record is complete: what garbage collection closes later is no part of the run."""
        self.on_stored: Callable[[], None] | None = None

    # ------------------------------------------------------------------ who
    @property
    def life(self) -> Life:
        """The life that runs now; the only one where there are no copies."""
        return self.life_of(None)

    def life_of(self, conn: object) -> Life:
        """The life to which a connection belongs."""
        return (self.whose(conn) if self.whose is not None else None) or self._only

    @property
    def incarnation(self) -> int:
        """The number of the life that runs now."""
        return self.life.incarnation

    @incarnation.setter
    def incarnation(self, number: int) -> None:
        self.life.incarnation = number

    @property
    def dead(self) -> bool:
        """True from a crash until the next incarnation starts."""
        return self.life.dead

    @dead.setter
    def dead(self, value: bool) -> None:
        self.life.dead = value

    # ------------------------------------------------------------------ events
    def add(self, event: EventType) -> int:
        """Append ``event`` at the present virtual time; returns its sequence number (-1 once sealed)."""
        if self.sealed:
            return -1
        if self.whose is not None and isinstance(event, SPOKEN) and (life := self.whose(None)) is not None:
            event.instance = life.instance
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
