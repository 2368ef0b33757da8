"""Takes the newest trade for all of them (ccxt/ccxt#8327, #9343).

The trades of an order are asked for, and the one that came last is booked; what filled in several pieces is short.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Order


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    async def fetch_fills(self, order: Order) -> None:
        for fill in (await self.port.fills(order.terms.symbol, order=order.venue_id))[-1:]:
            self.book(order, fill)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
