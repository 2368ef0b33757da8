"""When to try again: back-off with jitter, and the gate that rate limits close.

Waits double up to a cap and carry up to a fifth of random extra, so that a crowd of clients does not come back in
step. A limit that says how long it lasts is obeyed to the second; one that does not is assumed to be longer each time
it is met.

    >>> from random import Random
    >>> steps = Backoff(Random(1), base=1.0, cap=8.0)
    >>> [round(steps.next()) for _ in range(5)]
    [1, 2, 4, 8, 9]
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from outtrade_suites.agents.port import Refused

BARE_LIMIT = 15.0
"""Silence after the first 429 that does not say how long it lasts, in seconds. Binance counts weight by the minute."""
BARE_BAN = 120.0
"""Silence after a 418 that does not say when it ends: the shortest ban that Binance documents is two minutes."""


@dataclass(slots=True)
class Backoff:
    """Growing waits in seconds; ``reset`` after a success."""

    rng: Random
    base: float = 1.0
    cap: float = 60.0
    tries: int = 0

    def next(self) -> float:
        """The next wait; at least as long as all before it, but for jitter at the cap."""
        wait: float = min(self.cap, self.base * 2.0 ** min(self.tries, 30))
        self.tries += 1
        return wait * (1 + 0.2 * self.rng.random())

    def reset(self) -> None:
        self.tries = 0


@dataclass(slots=True)
class Gate:
    """One bucket for all requests: closed by 429 and 418 until ``opens`` (run time, seconds)."""

    rng: Random
    opens: float = 0.0
    strikes: int = 0
    """Limits met since the last good answer."""

    def close(self, refusal: Refused, now: float) -> None:
        """Obey ``refusal``; a second beyond what was asked, for clocks that differ."""
        wait = refusal.retry_after
        if wait is None:
            wait = (BARE_BAN if refusal.kind == "ban" else BARE_LIMIT) * 2.0 ** min(self.strikes, 3)
        self.strikes += 1
        self.opens = max(self.opens, now + wait + 1 + self.rng.random())

    def passed(self) -> None:
        """A request was answered: the limit is over."""
        self.strikes = 0
