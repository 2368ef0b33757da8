"""What the World tells whoever records a run. Derive, override what you need, assign to ``World.observer``.

Hooks run as harness code: they read no ticking clock and must not block.
"""

from __future__ import annotations


class Observer:
    """Does nothing."""

    def resolved(self, host: str, ok: bool) -> None:
        """The agent looked a name up."""

    def connected(self, conn: int, host: str, port: int, outcome: str) -> None:
        """A connection attempt ended: ``ok``, ``refused``, or ``lost`` (told when it starts: no answer will come)."""

    def client_closed(self, conn: int, how: str) -> None:
        """The agent's side closed a connection: ``fin`` or ``rst`` (abort, crash)."""

    def slept(self, seconds: float) -> None:
        """The agent starts to sleep for at least 10 ms (``time.sleep``, ``asyncio.sleep``, ``Event.wait``)."""

    def thread_failed(self, name: str, error: BaseException) -> None:
        """A thread of the agent ended with an error; ``threading.excepthook`` is called next."""

    def deadlocked(self, waits: list[tuple[str, str, str]]) -> None:
        """The agent has returned, and threads of it wait for each other: of each its name, the call, the line."""

    def escaped(self, what: str) -> None:
        """The agent tried something that the World does not simulate; it got an error."""
