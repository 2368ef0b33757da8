"""Execution quality (EXQ): at what price, and on which side of the fee.

The check of maker-only orders stands in `ord_rest`.
"""

from __future__ import annotations

from outtrade.judge.api import Property
from outtrade_suites.properties import ord_rest

PROPERTIES: tuple[Property, ...] = tuple(prop for prop in ord_rest.PROPERTIES if prop.id.startswith("EXQ"))
