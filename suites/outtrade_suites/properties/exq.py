"""Execution quality (EXQ): at what price, and on which side of the fee.

The checks stand in `exq_price` (slippage, order types, fees), `exq_record` (what is recorded of it), `exq_timely`
(depth and the age of decisions) and `ord_rest` (maker-only orders).
"""

from __future__ import annotations

from outtrade.judge.api import Property
from outtrade_suites.properties import exq_price, exq_record, exq_timely, ord_rest

_ALL = (*exq_price.PROPERTIES, *exq_record.PROPERTIES, *exq_timely.PROPERTIES, *ord_rest.PROPERTIES)
PROPERTIES: tuple[Property, ...] = tuple(
    sorted((prop for prop in _ALL if prop.id.startswith("EXQ")), key=lambda prop: prop.id)
)
