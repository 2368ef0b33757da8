"""Order management (ORD): what becomes of orders while they stand.

The checks stand in `ord_time` (not too early, not too late, not without being asked), `ord_rest` (partial fills),
`ord_protect` (stops, and pairs of which one cancels the other), `ord_move` (stops that move), `ord_foreign` (what
belongs to others), `ord_amend` (orders that change), `ord_all` (everything cancelled at once) and `ord_switch` (the
dead-man switch).
"""

from __future__ import annotations

from outtrade.judge.api import Property
from outtrade_suites.properties import (
    ord_all,
    ord_amend,
    ord_foreign,
    ord_move,
    ord_protect,
    ord_rest,
    ord_switch,
    ord_time,
)

PROPERTIES: tuple[Property, ...] = tuple(
    sorted(
        (
            prop
            for prop in (
                *ord_time.PROPERTIES,
                *ord_rest.PROPERTIES,
                *ord_protect.PROPERTIES,
                *ord_move.PROPERTIES,
                *ord_foreign.PROPERTIES,
                *ord_amend.PROPERTIES,
                *ord_all.PROPERTIES,
                *ord_switch.PROPERTIES,
            )
            if prop.id.startswith("ORD")
        ),
        key=lambda prop: prop.id,
    )
)
