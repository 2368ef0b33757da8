"""The real surroundings: an asyncio loop, the system's clock and sockets, behind the engine's seam.

``now`` is read once when an event or a piece of data comes in and stands still until it has been handled, as in the
World: a fault that hides "everything since the instant before" then means the same in both. The clock starts at the
system's time and goes on with the monotonic one, so that it never goes back; run time 0 is the full second before the
start. Nothing here is deterministic, and nothing pretends to be.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from outtrade.sim.network import ConnectPlan

NS = 1_000_000_000


class RealTimer:
    """A planned event; ``cancel`` it while it has not run."""

    __slots__ = ("handle", "time")

    def __init__(self, when: int) -> None:
        self.time = when
        self.handle: asyncio.Handle | None = None

    def cancel(self) -> None:
        """It will not run; without effect if it did."""
        if self.handle is not None:
            self.handle.cancel()


class RealNet:
    """The listening side. Look-ups happen outside of our reach, so ``on_resolve`` is never asked."""

    def __init__(self) -> None:
        self.pushing = 0
        self.dialling: object = None
        self.on_resolve: Callable[[str], bool] | None = None
        self.on_connect: Callable[[str, int], ConnectPlan | None] | None = None
        self.factory: Callable[[Any], Any] | None = None

    def listen(self, host: str, port: int, factory: Callable[[Any], Any]) -> None:
        """All addresses of the venue are served by the one port there is."""
        self.factory = factory


class RealWorld:
    """Clock, timers and network of one venue served over sockets. Make it inside the running loop.

    ``failed`` is told of an exception in the engine (an error of ours); the server goes on. ``on_kill`` is called where
    the plan says that the agent dies; whoever owns its process ends it there.
    """

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._failed = failed
        self._mono = time.monotonic_ns()
        start = time.time_ns()
        self._offset = start - self._mono
        self._loop_offset = start / NS - self._loop.time()
        self.epoch_ns = start // NS * NS
        self.now = start
        self.net = RealNet()
        self.observer: object = None
        self.on_kill: Callable[[], None] | None = None
        self.on_freeze: Callable[[float], bool] | None = None
        self.events = 0

    @property
    def run_ns(self) -> int:
        """Run time in nanoseconds."""
        return self.now - self.epoch_ns

    def enter(self, fn: Callable[..., object], *args: Any) -> None:
        """Let the engine handle something that happened at this moment."""
        self.events += 1
        self.now = time.monotonic_ns() + self._offset
        try:
            fn(*args)
        except Exception as error:
            self._failed(error)

    def call_at(self, t_ns: int, fn: Callable[..., object], *args: Any, background: bool = False) -> RealTimer:
        """Plan an event at UNIX time ``t_ns`` (at once if that is past)."""
        timer = RealTimer(t_ns)
        if t_ns <= self.now:
            timer.handle = self._loop.call_soon(self.enter, fn, *args)
        else:
            timer.handle = self._loop.call_at(t_ns / NS - self._loop_offset, self.enter, fn, *args)
        return timer

    def call_later(self, seconds: float, fn: Callable[..., object], *args: Any, background: bool = False) -> RealTimer:
        """Plan an event ``seconds`` from now."""
        return self.call_at(self.now + round(seconds * NS), fn, *args)

    def kill(self) -> None:
        """The plan says that the agent dies here."""
        if self.on_kill is not None:
            self.on_kill()

    def freeze(self, seconds: float) -> bool:
        """The plan says that the agent stands still; whether anybody can make it."""
        return self.on_freeze is not None and self.on_freeze(seconds)

    def check(self) -> None:
        """Nothing to raise: a real agent does not run inside of us."""
