"""Retries what cannot succeed (freqtrade/freqtrade#528; lomacks/bittrex-order-refresh#1).

"Insufficient balance", "permission denied", "market closed": every error is retried, with the same request and no new
reason why it should be answered differently.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, Refused, RunTask
from outtrade_suites.agents.state import Job, Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def on_permanent(self, job: Job, order: Order, refusal: Refused) -> None:
        self.on_transient(job, order, refusal)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
