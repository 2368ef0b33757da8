"""Limits (LIM): caps, rates and the kill switch, which hold whatever else goes wrong.

The checks stand in `lim_caps` (position, notional, leverage, orders per second), `lim_halt` (the kill switch) and
`lim_stray` (fills that nobody asked for), `lim_fleet` (several copies on one account).
"""

from __future__ import annotations

from outtrade.judge.api import Property
from outtrade_suites.properties import lim_caps, lim_fleet, lim_halt, lim_stray

PROPERTIES: tuple[Property, ...] = tuple(
    sorted(
        (*lim_caps.PROPERTIES, *lim_halt.PROPERTIES, *lim_stray.PROPERTIES, *lim_fleet.PROPERTIES),
        key=lambda prop: prop.id,
    )
)
