"""Request weight and the ban, as all of Binance's venues count them.

Each request costs its endpoint's weight; the window is the calendar minute. Above the limit: 429; whoever goes on
sending is banned: 418, 2 minutes at first, growing to 3 days (rest-api.md; General Info, IP limits; the steps between
are *inferred*). What is said then, differs: that is what a venue's own Limits add.
"""

from __future__ import annotations

from outtrade_mocks.venues.binance_errors import Refusal
from outtrade_mocks.venues.windows import SECOND, Window

MINUTE = 60 * SECOND
BANS = (120, 600, 3600, 21_600, 86_400, 259_200)
"""Seconds of the first, second, ... ban."""


class WeightLimits:
    """The weight of one address. Times are UNIX ns. ``ban_after``: how many requests above the limit are refused before
    the address is banned."""

    def __init__(self, *, weight: int, ban_after: int) -> None:
        self._weight = Window(MINUTE, weight)
        self._ban_after = ban_after
        self._refused = 0
        self._bans = 0
        self._banned_until = 0

    def used(self, now: int) -> int:
        """Weight used in this minute."""
        return self._weight.at(now)

    @property
    def weight_limit(self) -> int:
        """Weight allowed per minute."""
        return self._weight.limit

    def request(self, now: int, weight: int) -> Refusal | None:
        """Count a request; the refusal where it breaks the limit."""
        if now < self._banned_until:
            return self._banned(self._banned_until, now)
        used = self._weight.at(now)
        if used == 0:
            self._refused = 0
        self._weight.count = used + weight
        if self._weight.count <= self._weight.limit:
            return None
        self._refused += 1
        if self._refused > self._ban_after:
            self._refused = 0
            self._banned_until = now + BANS[min(self._bans, len(BANS) - 1)] * SECOND
            self._bans += 1
            return self._banned(self._banned_until, now)
        return self._limited(now)

    def _limited(self, now: int) -> Refusal:
        """429 in the venue's words."""
        raise NotImplementedError

    def _banned(self, until: int, now: int) -> Refusal:
        """418 in the venue's words; ``until`` in UNIX ns."""
        raise NotImplementedError


def waiting(seconds: int | None) -> dict[str, str]:
    """The header that says how long to wait; none for None."""
    return {} if seconds is None else {"Retry-After": str(seconds)}
