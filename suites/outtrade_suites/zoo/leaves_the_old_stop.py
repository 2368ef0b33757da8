"""Moves its stop by placing another one, and never takes the old one away (compare freqtrade/freqtrade#2799).

Where the account holds more than the position, the venue lets both stand. A fall through both sells twice.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Job


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    async def step_protect(self, job: Job) -> None:
        left = [order for order in job.orders if not self.closing and self.misplaced(job, order)]
        job.orders = [order for order in job.orders if order not in left]
        try:
            await super().step_protect(job)
        finally:
            job.orders = left + job.orders


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
