"""How the World ends a run of agent code.

All of these derive from BaseException, because clients wrap whatever is an Exception ("except Exception: retry") and an
agent must not be able to mistake the end of its process for an error of the venue. Once one was raised, every further
call into the World raises it again, in ``finally`` blocks too, until ``World.revive``.
"""

from __future__ import annotations


class WorldStop(BaseException):
    """Base of all: the agent's process is over."""

    def again(self) -> WorldStop:
        """A fresh exception that says the same, without the traceback (and so without the agent's frames)."""
        return type(self)(*self.args)


class Killed(WorldStop):
    """The agent was killed (a crash fault): nothing it does leaves any more."""


class Waiting(WorldStop):
    """A wait that had to be ended. Args: what was waited for, the agent's source line, run time in seconds; with more
    than one thread also the name of the one that waited, and a line for each of the others."""

    verdict = "ended"

    @property
    def waiting(self) -> str:
        """The call that waited, e.g. ``recv on api.binance.com:443``."""
        return str(self.args[0]) if self.args else "?"

    @property
    def where(self) -> str:
        """The innermost line of agent code, e.g. ``my_agent.py:12 in execute: answer = get(url)``; may be empty."""
        return str(self.args[1]) if len(self.args) > 1 else ""

    @property
    def at(self) -> float:
        """Run time in seconds at which the wait was ended."""
        return float(self.args[2]) if len(self.args) > 2 else 0.0

    @property
    def thread(self) -> str:
        """The name of the thread that waited; empty if there was only one."""
        return str(self.args[3]) if len(self.args) > 3 else ""

    @property
    def others(self) -> tuple[str, ...]:
        """What the other threads waited for, e.g. ``thread feed: Queue.get at my_agent.py:30 in pump: q.get()``."""
        return tuple(self.args[4]) if len(self.args) > 4 else ()

    def __str__(self) -> str:
        where = f", at {self.where}" if self.where else ""
        thread = f" in thread {self.thread}" if self.thread else ""
        others = "".join(f"; {line}" for line in self.others)
        return f"{self.verdict}: {self.waiting}{thread}{where} (run time {self.at:.3f} s){others}"


class Deadlock(Waiting):
    """A wait without a deadline which nothing can end."""

    verdict = "nothing can end this wait"


class Late(Waiting):
    """A wait with a deadline, or a busy loop, that runs past the end of the run."""

    verdict = "still waiting at the end of the run"


class Budget(Waiting):
    """The event budget of the World is spent: the agent (or the venue) goes round in circles."""

    verdict = "event budget spent"


class Watchdog(Waiting):
    """Code spun, or blocked outside the World, for longer than the watchdog's real time."""

    verdict = "no call into the World for too long in real time"

    def __init__(
        self, waiting: str = "code that spins or blocks", where: str = "", at: float = 0.0, thread: str = "",
        others: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        super().__init__(waiting, where, at, thread, others)


class HarnessError(WorldStop):
    """Code of the harness or of a venue raised ``__cause__`` in an event or a hook. Never the agent's fault."""
