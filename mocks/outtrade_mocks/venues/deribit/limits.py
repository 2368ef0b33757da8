"""Rate limits: pools of credits that refill continuously.

Requests that reach the matching engine (buy, sell, edit, cancel, ...) draw from one pool: 5 a second, bursts of 20, the
lowest tier. All other requests of the account cost 500 credits of 50,000, refilled by 10,000 a second (20 a second,
bursts of 100); subscribing costs 3,000 of 30,000. ``public/get_instruments`` has a count of its own: one in ten
seconds, bursts of 5. A request that finds its pool empty gets ``too_many_requests`` (10028), and the connection ends
(docs.deribit.com articles/rate-limits). Nothing says how long to wait; who knows the pool can tell::

    >>> pool = Pool(most=20, a_second=5)
    >>> all(pool.take(1, 0) for _ in range(20)), pool.take(1, 0), pool.take(1, 200_000_000)
    (True, False, True)
"""

from __future__ import annotations

SECOND = 1_000_000_000


class Pool:
    """Credits of one kind. Times are UNIX ns."""

    __slots__ = ("_left", "_most", "_rate", "_seen")

    def __init__(self, *, most: float, a_second: float) -> None:
        self._most = self._left = float(most)
        self._rate = a_second
        self._seen: int | None = None

    def take(self, cost: float, now: int) -> bool:
        """Take credits; whether there were enough (a refused request costs nothing, *inferred*)."""
        if self._seen is not None and now > self._seen:
            self._left = min(self._most, self._left + (now - self._seen) * self._rate / SECOND)
        self._seen = now
        if self._left + 1e-9 < cost:
            return False
        self._left -= cost
        return True


class Limits:
    """The pools of one account and one address."""

    __slots__ = ("burst", "pools", "rate")

    def __init__(self, *, rate: float, burst: float, factor: float) -> None:
        """``rate`` and ``burst``: of matching engine requests (the account's tier); ``factor``: how many times the
        other documented limits are allowed."""
        self.rate, self.burst = rate, burst
        self.pools = {
            "matching": Pool(most=burst, a_second=rate),
            "other": Pool(most=100 * factor, a_second=20 * factor),
            "subscribe": Pool(most=10 * factor, a_second=10_000 / 3_000 * factor),
            "instruments": Pool(most=5 * factor, a_second=0.1 * factor),
        }

    def take(self, kind: str, now: int) -> bool:
        """Count a request of a kind: ``matching``, ``other``, ``subscribe``, ``instruments``."""
        return self.pools[kind].take(1, now)
