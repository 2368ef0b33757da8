"""Takes its orders off the book after a while (compare Kraken's limits: the cancel of a young order costs most).

An order that has not filled within fifteen seconds is thought to stand at the wrong price.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Job, Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def should_cancel(self, job: Job, order: Order) -> bool:
        young = self.now() < order.last_sent + 15
        return super().should_cancel(job, order) or (order.phase == "live" and not young)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
