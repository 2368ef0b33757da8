"""Retries every second, for ever (bennycode/trading-signals#1178).

A refusal that will pass is retried at a fixed pace, by a counter that is reset each time and a loop that knows no
limit.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import TRANSIENT, Access, Refused, RunTask
from outtrade_suites.agents.state import Job, Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def on_refused(self, job: Job, order: Order, refusal: Refused) -> None:
        if refusal.kind not in TRANSIENT:
            return super().on_refused(job, order, refusal)
        order.phase, order.sends = "unsent", 0
        self.gate.opens = 0.0
        job.wake = self.now() + 1


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
