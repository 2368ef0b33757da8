"""Waits for news that may never come (nautilus_trader release notes of 2026, OKX: stuck in SUBMITTED).

An order in doubt is left to the stream. If it was never accepted, there is nothing to tell, and the intent hangs to
the end.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Job, Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    async def resolve(self, job: Job, order: Order) -> None:
        job.wake = self.task.until


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
