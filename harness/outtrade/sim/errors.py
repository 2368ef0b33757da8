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
    """A wait that had to be ended. Args: what was waited for, the agent's source line, run time in seconds."""

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

    def __str__(self) -> str:
        where = f", at {self.where}" if self.where else ""
        return f"{self.verdict}: {self.waiting}{where} (run time {self.at:.3f} s)"


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

    def __init__(self, waiting: str = "code that spins or blocks", where: str = "", at: float = 0.0) -> None:
        super().__init__(waiting, where, at)


class HarnessError(WorldStop):
    """Code of the harness or of a venue raised ``__cause__`` in an event or a hook. Never the agent's fault."""
