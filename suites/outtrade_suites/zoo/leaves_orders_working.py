"""Stops without cancelling (compare hummingbot/hummingbot#1357, an order left after the stop).

At the end the books are compared and the report is written. What still works on the venue goes on working.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    async def clean_up(self) -> None:
        self.closing = True
        await self.patiently(self.reconcile, self.task.until - 4)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
