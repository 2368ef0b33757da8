"""Counts within calendar windows, as rate limits keep them: they begin at whole minutes, seconds, days of UNIX time.

>>> window = Window(length=60 * 10**9, limit=2400)
>>> window.count = window.at(0) + 20
>>> window.at(59 * 10**9), window.seconds_left(50 * 10**9), window.at(60 * 10**9)
(20, 10, 0)
"""

from __future__ import annotations

SECOND = 1_000_000_000


class Window:
    """A count within a calendar window of ``length`` ns, at most ``limit``. Read it with ``at`` before adding to it."""

    __slots__ = ("count", "index", "length", "limit")

    def __init__(self, length: int, limit: int) -> None:
        self.length = length
        self.limit = limit
        self.index = -1
        self.count = 0

    def at(self, now: int) -> int:
        """The count in the window of ``now`` (ns)."""
        index = now // self.length
        if index != self.index:
            self.index, self.count = index, 0
        return self.count

    def seconds_left(self, now: int) -> int:
        """Whole seconds until the window ends, at least 1."""
        return max(1, -(-(self.length - now % self.length) // SECOND))
