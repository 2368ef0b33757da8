"""Parameter validity (PAR): does an order request say what was meant, in words that the venue takes?

The checks stand in `par_rules` (grids, limits, notation), `par_ids` (client order ids, signatures) and `par_intent`
(what the intent asks for, and what cannot be done).
"""

from __future__ import annotations

from outtrade.judge.api import Property
from outtrade_suites.properties import par_ids, par_intent, par_rules

PROPERTIES: tuple[Property, ...] = tuple(
    sorted((*par_rules.PROPERTIES, *par_ids.PROPERTIES, *par_intent.PROPERTIES), key=lambda prop: prop.id)
)
