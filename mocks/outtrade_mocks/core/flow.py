"""The rest of the market: seeded makers and takers (skeleton)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowConfig:
    """The market of one symbol. ``mid`` in quote per base, ``depth`` and ``taker_size`` in base units.

    ``spread_bps``: usual distance between best bid and best ask. ``depth``: mean quantity at each of ``levels`` price
    levels on each side. ``maker_rate``, ``taker_rate``: mean number of quote refreshes and of market orders a second.
    ``taker_size``: mean quantity of a market order. ``volatility_bps``: standard deviation of the mid's move in one
    minute.
    """

    mid: Decimal
    spread_bps: float = 4.0
    depth: Decimal
    levels: int = 10
    maker_rate: float = 0.05
    taker_rate: float = 0.05
    taker_size: Decimal
    volatility_bps: float = 3.0
