"""Books all fees in the quote currency (freqtrade/freqtrade#4057).

The amount of the fee is read, its currency is assumed.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, Fill, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def fee(self, fill: Fill) -> tuple[Decimal, str]:
        return fill.fee, self.instrument(fill.symbol).quote


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
