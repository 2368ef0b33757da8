"""Execution quality (EXQ): at what price, and on which side of the fee.

The checks stand in `exq_price` (slippage, order types, fees) and `ord_rest` (maker-only orders).
"""

from __future__ import annotations

from outtrade.judge.api import Property
from outtrade_suites.properties import exq_price, ord_rest

PROPERTIES: tuple[Property, ...] = tuple(
    sorted(
        (prop for prop in (*exq_price.PROPERTIES, *ord_rest.PROPERTIES) if prop.id.startswith("EXQ")),
        key=lambda prop: prop.id,
    )
)
