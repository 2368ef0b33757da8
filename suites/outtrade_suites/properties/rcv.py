"""State recovery: the properties RCV-01 to -20.

Told by subject: `rcv_doubt` (orders whose confirmation was lost, and what proves what), `rcv_stream` (the private
stream), `rcv_quiet` (streams that say too little), `rcv_cancel` (cancels that race), `rcv_restart` (crashes, and
getting well in time), `rcv_again` (starting from nothing, questions that failed, halves of things), `rcv_others` (what
others do, sessions that run out).
"""

from __future__ import annotations

from outtrade.judge.api import Property
from outtrade_suites.properties import rcv_again, rcv_cancel, rcv_doubt, rcv_others, rcv_quiet, rcv_restart, rcv_stream

PROPERTIES: tuple[Property, ...] = tuple(
    sorted(
        (
            *rcv_doubt.PROPERTIES,
            *rcv_restart.PROPERTIES,
            *rcv_stream.PROPERTIES,
            *rcv_quiet.PROPERTIES,
            *rcv_cancel.PROPERTIES,
            *rcv_again.PROPERTIES,
            *rcv_others.PROPERTIES,
        ),
        key=lambda prop: prop.id,
    )
)
