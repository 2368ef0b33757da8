"""Knows an order as filled or not filled (compare DeviaVir/zenbot#1936).

What a partial fill left is neither cancelled nor taken, whatever the intent says; it rests until the end.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Job, Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def should_cancel(self, job: Job, order: Order) -> bool:
        over = bool(job.stopped) or self.now() >= self.deadline(job.intent)
        return super().should_cancel(job, order) and over


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
