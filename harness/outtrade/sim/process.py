"""Processes of the agent: usually one at a time, several where copies of it run side by side.

A process is what dies as a whole: its threads, its event loops, its connections. Where there is one, it is the World's
own (``World.process``) from the entry on, and ``World.revive`` puts the next in its place. Several run as threads of
the one baton: each has a first thread, which ``World.spawn`` starts, and the threads that these start belong to it. At
every hand-over ``World.process`` becomes that of the thread that goes on, so that "is the agent stopped?" is always
asked of the process that runs.

    first = world.spawn("instance 0", lambda: agent(task), owner=life)
    world.wait(lambda: first.ended, None, lambda: "the end of the copies")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from outtrade.sim.errors import WorldStop


class Process:
    """One life of one copy. ``number`` counts all processes of a World from 0; ``owner`` is the harness's own record
    of whose life it is."""

    __slots__ = ("ended", "leaving", "loops", "number", "over", "owner", "running", "stopped")

    def __init__(self, number: int, owner: Any = None) -> None:
        self.number = number
        self.owner = owner
        self.stopped: WorldStop | None = None
        """Why every call of its code into the World raises."""
        self.leaving: WorldStop | None = None
        """What ``stopped`` is while the threads of an agent end that has returned."""
        self.loops: list[Any] = []
        """Its event loops, silenced when it is stopped."""
        self.running = 0
        """How deep ``run_blocking`` is nested."""
        self.over = False
        """Another has taken its place."""
        self.ended = False
        """Its first thread has ended."""

    @property
    def alive(self) -> bool:
        """Whether it may still be told anything."""
        return self.stopped is None and not self.over
