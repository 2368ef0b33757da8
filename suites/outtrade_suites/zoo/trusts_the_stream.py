"""Asks the venue only after a reconnect (compare QuantConnect/Lean.Brokerages.TradeStation#101).

While the stream is up, what it does not tell has not happened; one lost frame is lost for ever.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Job, Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    async def follow(self, job: Job, order: Order) -> None:
        if self.port.link is not None and self.port.link.up:
            order.poll_at = self.audit_at = self.now() + 3600
        await super().follow(job, order)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
