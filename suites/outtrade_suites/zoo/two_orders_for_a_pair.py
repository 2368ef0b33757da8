"""A stop and a take-profit that know nothing of each other (compare QuantConnect/Lean.Brokerages.Alpaca#74).

Each of the two is for the whole position. The first that fills closes it; the second sells it once more.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Job, Order


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    async def send_pair(self, job: Job, orders: list[Order]) -> None:
        for order in orders:
            await self.send(job, order)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
