"""Sells what it bought, not what it holds (freqtrade/freqtrade#528, #1371).

The fee of a buy was taken in the base asset. The exit asks for the gross quantity: insufficient balance, for ever;
or, on an account with other holdings, somebody else's coins.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Report
from outtrade_suites.agents.books import signed
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def net(self, symbol: str) -> Decimal:
        return sum((signed(fill) for fill in self.books.traded(symbol)), Decimal(0))


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
