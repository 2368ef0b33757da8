"""Retry behaviour (RTY): what a target sends after something went wrong.

The checks stand in `rty_exposure` (one intent, one exposure; orders in doubt; duplicate ids), `rty_errors` (passing and
permanent refusals), `rty_learn` (wrong parameters, evidence that came in, limits of one's own), `rty_pace` (attempts,
Retry-After, bans, waiting), `rty_resume` (growing waits, alarms, work that resumes), `rty_venue` (clocks, halts,
cancels first) and `ord_time` (after the intent's end).
"""

from __future__ import annotations

from outtrade.judge.api import Property
from outtrade_suites.properties import ord_time, rty_errors, rty_exposure, rty_learn, rty_pace, rty_resume, rty_venue

PROPERTIES: tuple[Property, ...] = tuple(
    sorted(
        (
            *rty_exposure.PROPERTIES,
            *rty_errors.PROPERTIES,
            *rty_learn.PROPERTIES,
            *rty_pace.PROPERTIES,
            *rty_resume.PROPERTIES,
            *rty_venue.PROPERTIES,
            *(prop for prop in ord_time.PROPERTIES if prop.id.startswith("RTY")),
        ),
        key=lambda prop: prop.id,
    )
)
