"""Reads "unknown order" on a cancel as "cancelled" (freqtrade/freqtrade#3647).

The order filled a moment before the cancel arrived. The venue answers "unknown order", which the bot takes for done:
the trade is struck from the books, the coins are on the account.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Job, Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def on_cancel_unknown(self, job: Job, order: Order) -> None:
        order.phase, order.status = "ended", "cancelled"
        self.task.publish(self.order_view(order))
        job.wake = self.now()


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
