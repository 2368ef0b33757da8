"""Retry behaviour (RTY): what a target sends after something went wrong.

The checks stand in `rty_exposure` (one intent, one exposure; orders in doubt; duplicate ids), `rty_errors` (passing and
permanent refusals) and `rty_pace` (attempts, Retry-After, bans, waiting).
"""

from __future__ import annotations

from outtrade.judge.api import Property
from outtrade_suites.properties import rty_errors, rty_exposure, rty_pace

PROPERTIES: tuple[Property, ...] = tuple(
    sorted((*rty_exposure.PROPERTIES, *rty_errors.PROPERTIES, *rty_pace.PROPERTIES), key=lambda prop: prop.id)
)
