"""Only trades move money (freqtrade/freqtrade#7107: the loss of a liquidation that was never booked).

Profit is what fills make of it. What the venue books beside them, funding every eight hours, the fee of a liquidation,
is in no list of trades, and so it is in no book here.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    async def bookings(self, symbol: str) -> Decimal | None:
        return Decimal(0)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
