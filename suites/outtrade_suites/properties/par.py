"""Parameter validity (PAR): does an order request say what was meant, in words that the venue takes?

The checks stand in `par_rules` (grids, limits, notation), `par_more` (bands, rounding), `par_ids` (client order
ids, signatures), `par_intent` (what the intent asks for, and what cannot be done), `par_exists` (endpoints and
tools that do not exist), `par_offered` (combinations that the venue does not offer), `par_changed` (rules that
change), `par_modes` (settings of the account), `par_triggers` (on which side of the market) and `par_named` (names of
parameters).
"""

from __future__ import annotations

from outtrade.judge.api import Property
from outtrade_suites.properties import (
    par_changed,
    par_exists,
    par_ids,
    par_intent,
    par_modes,
    par_more,
    par_named,
    par_offered,
    par_rules,
    par_triggers,
)

PROPERTIES: tuple[Property, ...] = tuple(
    sorted(
        (
            *par_rules.PROPERTIES,
            *par_more.PROPERTIES,
            *par_ids.PROPERTIES,
            *par_intent.PROPERTIES,
            *par_exists.PROPERTIES,
            *par_offered.PROPERTIES,
            *par_changed.PROPERTIES,
            *par_modes.PROPERTIES,
            *par_triggers.PROPERTIES,
            *par_named.PROPERTIES,
        ),
        key=lambda prop: prop.id,
    )
)
