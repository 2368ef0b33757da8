"""How liquid a market is, by name: from ``deep`` to ``illiquid``.

A profile is plain data. Sizes are counted in *usual orders*, so that one profile fits every symbol: whoever uses it
says what a usual order is (``unit``, base units). ``market_fields`` turns a profile into the fields of a market::

    >>> fields = market_fields("thin", unit=Decimal("0.1"))
    >>> fields["depth"], fields["spread_bps"], fields["levels"]
    (Decimal('0.05'), 15.0, 6)

In a ``deep`` market an order of one unit trades at the touch and the book is renewed all the time; in an ``illiquid``
one it walks through the whole book, and minutes pass until makers return. The numbers are invented (*inferred*):
spreads of one hundredth of a percent and of nearly a whole one are what large and small listings of one venue show side
by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, get_args

ProfileName = Literal["deep", "normal", "thin", "illiquid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """``spread_bps``: best bid to best ask. ``depth``: usual orders at each of ``levels`` price levels on each side.
    ``volatility_bps``: standard deviation of the mid's move in a minute. ``take_rate``: market orders a second, of
    ``take_size`` usual orders each. ``refill``: how often in a second makers renew the book."""

    spread_bps: float
    depth: Decimal
    levels: int
    volatility_bps: float
    take_rate: float
    take_size: Decimal
    refill: float


PROFILES: dict[ProfileName, Profile] = {
    "deep": Profile(
        spread_bps=1.0, depth=Decimal(20), levels=20, volatility_bps=2.0, take_rate=0.2, take_size=Decimal(1),
        refill=0.2,
    ),
    "normal": Profile(
        spread_bps=4.0, depth=Decimal(4), levels=10, volatility_bps=3.0, take_rate=0.05, take_size=Decimal(1),
        refill=0.05,
    ),
    "thin": Profile(
        spread_bps=15.0, depth=Decimal("0.5"), levels=6, volatility_bps=8.0, take_rate=0.02, take_size=Decimal("0.5"),
        refill=0.02,
    ),
    "illiquid": Profile(
        spread_bps=80.0, depth=Decimal("0.15"), levels=3, volatility_bps=20.0, take_rate=0.005,
        take_size=Decimal("0.2"), refill=0.01,
    ),
}  # fmt: skip


def market_fields(name: str, *, unit: Decimal) -> dict[str, Any]:
    """The fields of a FlowConfig (and of a scenario's market) but ``mid``, for usual orders of ``unit`` base units.
    Raises ValueError on an unknown name and on a unit that is not positive."""
    if name not in get_args(ProfileName):
        raise ValueError(f"no profile {str(name)[:40]!r}; there are {', '.join(PROFILES)}")
    if not unit.is_finite() or unit <= 0:
        raise ValueError("the unit of a profile is a positive quantity")
    profile = PROFILES[name]  # type: ignore[index]
    return {
        "spread_bps": profile.spread_bps,
        "depth": profile.depth * unit,
        "levels": profile.levels,
        "maker_rate": profile.refill,
        "taker_rate": profile.take_rate,
        "taker_size": profile.take_size * unit,
        "volatility_bps": profile.volatility_bps,
    }
