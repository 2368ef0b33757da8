"""Rate limits: 200 requests a minute and account, counted for trading and for market data by themselves.

Every answer of the trading API says how it stands: ``X-Ratelimit-Limit``, ``X-Ratelimit-Remaining`` and
``X-Ratelimit-Reset`` (UNIX seconds at which the minute is over). Above it: HTTP 429. Refused requests count
(*inferred*).

    >>> limits = Limits(2)
    >>> [limits.take("trading", 0) for _ in range(3)], limits.headers("trading", 0)["X-Ratelimit-Reset"]
    ([True, True, False], '60')
"""

from __future__ import annotations

from outtrade_mocks.venues.windows import SECOND, Window

MINUTE = 60 * SECOND


class Limits:
    """The counters of one account. Times are UNIX ns."""

    def __init__(self, per_minute: int) -> None:
        self._windows = {api: Window(MINUTE, per_minute) for api in ("trading", "data")}

    def take(self, api: str, now: int) -> bool:
        """Count a request; whether it is within the limit."""
        window = self._windows[api]
        window.count = window.at(now) + 1
        return window.count <= window.limit

    def headers(self, api: str, now: int) -> dict[str, str]:
        """Headers of an answer."""
        window = self._windows[api]
        left = max(0, window.limit - window.at(now))
        reset = (now // MINUTE + 1) * 60
        return {
            "X-Ratelimit-Limit": str(window.limit),
            "X-Ratelimit-Remaining": str(left),
            "X-Ratelimit-Reset": str(reset),
        }
