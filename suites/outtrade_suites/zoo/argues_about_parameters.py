"""Sends what the venue called wrong once more (compare QuantConnect/Lean.Brokerages.TradeStation#101, EC602 in a loop).

Every refusal is thought to pass.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, Refused, RunTask
from outtrade_suites.agents.state import Job, Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def on_permanent(self, job: Job, order: Order, refusal: Refused) -> None:
        if order.sends < 4:
            self.on_transient(job, order, refusal)
        else:
            super().on_permanent(job, order, refusal)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
