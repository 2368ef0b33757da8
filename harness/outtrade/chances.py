"""Small exact statistics, by ``math.comb`` alone: paired comparison, power, pass^k.

* **McNemar's test, exact.** Two runs on the same scenarios; what passes in both or fails in both says nothing. Of
  the ``b + c`` scenarios that differ, were as many lost as won? Two-sided binomial with one half. Six lost and none won
  give p = 0.031, five and none 0.0625.
* **Power.** A failure that strikes a share ``x`` of all scenarios stays unseen in ``n`` of them with probability
  ``(1 - x) ** n``: 59 scenarios show one of 5 % with 95 % confidence (Wilks, 1941), 299 one of 1 %. To *prove* a
  regression between two paired runs takes more: six scenarios lost and none won.
* **pass^k**, for agents that are not deterministic: the chance that ``k`` runs of a scenario all pass, estimated
  without bias from ``c`` passes of ``n`` runs as C(c, k) / C(n, k), averaged over scenarios (Yao et al., 2024).

    >>> round(mcnemar(6, 0), 5), scenarios_to_see(0.05), pass_power([(3, 4)], 2)
    (0.03125, 59, 0.5)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

CONFIDENCE = 0.95
POWER = 0.8
"""Usual chance that a comparison proves a difference that is there."""
PROOF = 6
"""Fewest scenarios, lost and none won, by which McNemar's exact test says p < 0.05."""


def mcnemar(lost: int, won: int) -> float:
    """Two-sided exact p-value of ``lost`` scenarios that only the first run passed and ``won`` that only the second
    did. 1.0 where nothing differs."""
    if lost < 0 or won < 0:
        raise ValueError("counts are not negative")
    differing = lost + won
    tail = sum(math.comb(differing, n) for n in range(min(lost, won) + 1))
    return min(1.0, 2 * tail / (1 << differing))


def scenarios_to_see(share: float, confidence: float = CONFIDENCE) -> int:
    """Scenarios that show, with ``confidence``, at least one case of a failure that strikes ``share`` of them."""
    if not 0 < share < 1:
        raise ValueError(f"{share} is not a share between 0 and 1")
    return math.ceil(math.log(1 - confidence) / math.log1p(-share) - 1e-9)


def seen_by(scenarios: int, confidence: float = CONFIDENCE) -> float:
    """The rarest failure, as a share of scenarios, that so many show with ``confidence``."""
    return -math.expm1(math.log(1 - confidence) / scenarios)


def scenarios_to_prove(share: float, power: float = POWER) -> int:
    """Paired scenarios by which McNemar's test proves, with chance ``power``, a regression that breaks ``share`` of
    them and mends none."""
    if not 0 < share < 1:
        raise ValueError(f"{share} is not a share between 0 and 1")
    high = PROOF
    while proves(high, share) < power:
        high *= 2
    low = high // 2
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if proves(middle, share) >= power else (middle, high)
    return high


def proves(scenarios: int, share: float) -> float:
    """The chance that at least ``PROOF`` of so many paired scenarios break, where each does with ``share``."""
    if scenarios < PROOF:
        return 0.0
    fewer = (
        math.exp(_log_comb(scenarios, n) + n * math.log(share) + (scenarios - n) * math.log1p(-share))
        for n in range(PROOF)
    )
    return 1 - math.fsum(fewer)


def proved_by(scenarios: int, power: float = POWER) -> float | None:
    """The smallest regression, as a share of scenarios, that so many paired ones prove with chance ``power``; None
    where none."""
    low, high = 0.0, 1 - 1e-9
    if proves(scenarios, high) < power:
        return None
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if proves(scenarios, middle) >= power else (middle, high)
    return high


def pass_power(runs: Sequence[tuple[int, int]], k: int) -> float | None:
    """pass^k over scenarios, each (passes, runs); None where none was run ``k`` times."""
    if k < 1:
        raise ValueError("k is at least 1")
    shares = [math.comb(passed, k) / math.comb(total, k) for passed, total in runs if total >= k]
    return math.fsum(shares) / len(shares) if shares else None


def _log_comb(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
