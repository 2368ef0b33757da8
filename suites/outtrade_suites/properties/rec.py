"""Reconciliation (REC): whether the books are right, and what is said where they cannot be.

Told by subject: `rec_state` (orders, positions, balances), `rec_fills` (trades, averages, fees), `rec_path` (states
on the way), `rec_outcome` (what became of each intent, and silence after the report), `rec_profit` (profit, margin and
funding of contracts), `rec_unexplained` (differences that nothing explains), `rec_many` (trades by the hundred).
"""

from __future__ import annotations

from outtrade.judge.api import Property
from outtrade_suites.properties import (
    ord_amend,
    rec_fills,
    rec_many,
    rec_outcome,
    rec_path,
    rec_profit,
    rec_state,
    rec_unexplained,
)

PROPERTIES: tuple[Property, ...] = tuple(
    sorted(
        (
            *rec_state.PROPERTIES,
            *rec_fills.PROPERTIES,
            *rec_many.PROPERTIES,
            *rec_path.PROPERTIES,
            *rec_outcome.PROPERTIES,
            *rec_profit.PROPERTIES,
            *rec_unexplained.PROPERTIES,
            *(prop for prop in ord_amend.PROPERTIES if prop.id.startswith("REC")),
        ),
        key=lambda prop: prop.id,
    )
)
