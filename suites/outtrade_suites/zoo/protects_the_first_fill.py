"""Sends its stop once, for what was held then (compare tony-ho/binance-oco#19, freqtrade#3639).

A position grows as its entry fills in parts. The stop was right when it was sent; the rest of the position has none.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import ZERO, Job


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def uncovered(self, job: Job) -> Decimal:
        return super().uncovered(job) if self.covered(job) == ZERO else ZERO


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
