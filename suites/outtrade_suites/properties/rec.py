"""Reconciliation: the properties REC-01 to -10, -12, -13 and -15.

Told by subject: `rec_state` (orders, positions, balances), `rec_fills` (trades, averages, fees), `rec_path` (states
on the way), `rec_outcome` (what became of each intent, and silence after the report), `rec_profit` (profit,
margin and funding of contracts).
"""

from __future__ import annotations

from outtrade.judge.api import Property
from outtrade_suites.properties import ord_amend, rec_fills, rec_outcome, rec_path, rec_profit, rec_state

PROPERTIES: tuple[Property, ...] = tuple(
    sorted(
        (
            *rec_state.PROPERTIES,
            *rec_fills.PROPERTIES,
            *rec_path.PROPERTIES,
            *rec_outcome.PROPERTIES,
            *rec_profit.PROPERTIES,
            *(prop for prop in ord_amend.PROPERTIES if prop.id.startswith("REC")),
        ),
        key=lambda prop: prop.id,
    )
)
