"""Reference agent on unmodified, synchronous ccxt: no stream, polling only, at every venue.

outtrade run py:outtrade_suites.agents.ccxt_agent:execute
outtrade run agent:ccxt --space kraken_spot --scenarios 20
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_mocks.venues import NAMES
from outtrade_suites.agents.brain import Brain
from outtrade_suites.agents.branching import Branching
from outtrade_suites.agents.ccxt_port import CcxtPort
from outtrade_suites.agents.port import Access, RunTask, drive

VENUES = NAMES
"""Where these agents can trade: at all venues, through ccxt's unified API."""
LACKS = ("sessions",)
"""What it has not got: of Alpaca ccxt knows the coins alone."""


class CcxtAgent(Branching):
    """The decisions, over ccxt. Without a stream it looks more often."""

    poll_cap = 15.0
    port_class = CcxtPort

    def __init__(self, task: RunTask, venue: Access) -> None:
        super().__init__(task, venue, self.port_class(venue))

    def elsewhere(self, task: RunTask, venue: Access) -> Brain:
        return type(self)(task, venue)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent: see the contract."""
    return drive(CcxtAgent(task, venue).run())
