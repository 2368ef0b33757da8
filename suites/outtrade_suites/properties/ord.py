"""Order management (ORD): what becomes of orders while they stand.

The checks stand in `ord_time` (not too early, not too late, not without being asked) and `ord_rest` (partial fills).
"""

from __future__ import annotations

from outtrade.judge.api import Property
from outtrade_suites.properties import ord_rest, ord_time

PROPERTIES: tuple[Property, ...] = tuple(
    sorted(
        (prop for prop in (*ord_time.PROPERTIES, *ord_rest.PROPERTIES) if prop.id.startswith("ORD")),
        key=lambda prop: prop.id,
    )
)
