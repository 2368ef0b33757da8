"""Waits one second, always (hummingbot/hummingbot#1291: retries without a back-off).

The venue is busy; the bot comes back after exactly a second, as do a thousand others, and again a second later.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, Refused, RunTask
from outtrade_suites.agents.state import Job, Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def on_transient(self, job: Job, order: Order, refusal: Refused) -> None:
        super().on_transient(job, order, refusal)
        job.wake = max(self.now() + 1.0, self.gate.opens)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
