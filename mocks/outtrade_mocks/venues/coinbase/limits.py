"""Coinbase's limits: requests a second, of a user for signed endpoints and of an address for public ones.

The figures are those of an older page; that of 2026 names none for this API, and an hourly quota for others (*unknown*:
knobs). Every answer says what is left (``x-ratelimit-*``, as the venue's own client reads them); when to come again is
the end of the second. Who asks too often is told so with 429, and nothing else happens::

    >>> limits = Limits(private=2, public=1)
    >>> [limits.request(0, signed=True) for _ in range(3)], limits.request(0, signed=False)
    ([True, True, False], True)
"""

from __future__ import annotations

from outtrade_mocks.venues.coinbase.codec import SECOND
from outtrade_mocks.venues.windows import Window

MESSAGES = 8
"""Unauthenticated messages a second on WebSockets, of an address (WebSocket rate limits)."""


class Limits:
    """The counters of one user at one address."""

    def __init__(self, *, private: int, public: int) -> None:
        self._private = Window(SECOND, private)
        self._public = Window(SECOND, public)
        self._messages = Window(SECOND, MESSAGES)

    def request(self, now: int, *, signed: bool) -> bool:
        """Count a request; False: it is one too many, and not counted (*inferred*)."""
        return self._count(self._private if signed else self._public, now)

    def message(self, now: int) -> bool:
        """Count an unauthenticated WebSocket message; False: it is one too many."""
        return self._count(self._messages, now)

    @staticmethod
    def _count(window: Window, now: int) -> bool:
        count = window.at(now)
        if count >= window.limit:
            return False
        window.count = count + 1
        return True

    def headers(self, now: int, *, signed: bool) -> dict[str, str]:
        """What an answer tells of the limit; the time is in UNIX seconds (*inferred*)."""
        window = self._private if signed else self._public
        return {
            "x-ratelimit-limit": str(window.limit),
            "x-ratelimit-remaining": str(max(0, window.limit - window.at(now))),
            "x-ratelimit-reset": str(now // SECOND + 1),
        }
