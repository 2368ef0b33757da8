"""Kraken's limits: a counter for REST calls, and one for each pair at the matching engine (guide "Rate limits").

Both count up with requests and decay with time. REST: orders and cancels cost nothing, ledgers and trade history 4,
everything else 1. Engine: an order or amend 1, an edit 1, a batch half of its size; cancelling a young order costs
more (8 below five seconds of age), so do amends (3) and edits (6); what is refused counts as well, and the way of entry
does not matter. Nothing tells how long to wait::

    >>> limits = Limits("intermediate")
    >>> [limits.request(0, 4) for _ in range(6)]
    [True, True, True, True, True, False]
    >>> by_age(CANCEL, 3_000_000_000), by_age(CANCEL, 400_000_000_000)
    (8, 0)
"""

from __future__ import annotations

from dataclasses import dataclass

SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Tier:
    """What an account of this verification level may do; decays per second."""

    rest: float
    rest_decay: float
    engine: float
    engine_decay: float
    open_orders: int


TIERS = {
    "starter": Tier(15, 0.33, 60, 1, 60),
    "intermediate": Tier(20, 0.5, 125, 2.34, 80),
    "pro": Tier(20, 1, 180, 3.75, 225),
}
Steps = tuple[tuple[int, int], ...]
CANCEL: Steps = ((5, 8), (10, 6), (15, 5), (45, 4), (90, 2), (300, 1))
AMEND: Steps = ((5, 3), (10, 2), (15, 1))
EDIT: Steps = ((5, 6), (10, 5), (15, 4), (45, 2), (90, 1))
"""(age of the order in seconds, what is added while it is younger)."""


def by_age(steps: Steps, age: int) -> int:
    """What an order of this age (ns) adds."""
    return next((cost for limit, cost in steps if age < limit * SECOND), 0)


class Counter:
    """One decaying counter."""

    __slots__ = ("_decay", "_last", "most", "value")

    def __init__(self, most: float, decay: float) -> None:
        self.most = most
        self._decay = decay
        self.value = 0.0
        self._last = 0

    def at(self, now: int) -> float:
        """The counter at ``now`` (ns)."""
        if now > self._last:
            self.value = max(0.0, self.value - (now - self._last) / SECOND * self._decay)
            self._last = now
        return self.value


class Limits:
    """The counters of one account."""

    def __init__(self, tier: str) -> None:
        self.tier = TIERS[tier]
        self._rest = Counter(self.tier.rest, self.tier.rest_decay)
        self._engine: dict[str, Counter] = {}

    def request(self, now: int, cost: int) -> bool:
        """Count a REST call; False: it is one too many, and not counted (*inferred*)."""
        if self._rest.at(now) + cost > self._rest.most:
            return False
        self._rest.value += cost
        return True

    def order(self, now: int, symbol: str, cost: float) -> bool:
        """Count something at the engine, refused or not; False: above the limit."""
        counter = self._engine.get(symbol)
        if counter is None:
            counter = self._engine[symbol] = Counter(self.tier.engine, self.tier.engine_decay)
        counter.value = counter.at(now) + cost
        return counter.value <= counter.most

    def count(self, now: int, symbol: str) -> float:
        """The engine's counter of a pair."""
        counter = self._engine.get(symbol)
        return 0.0 if counter is None else counter.at(now)
