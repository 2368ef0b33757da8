"""Takes the refusal of its stop for the end of the matter (freqtrade/freqtrade#4051).

"Order would trigger immediately" says that the stop has been hit. The agent writes that down, and holds on.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, Refused, RunTask
from outtrade_suites.agents.state import Job, Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def on_no_protection(self, job: Job, order: Order, refusal: Refused) -> None:
        job.stage = "stuck"
        self.alert("error", f"protection of {order.terms.symbol} refused: {refusal.message}", job)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
