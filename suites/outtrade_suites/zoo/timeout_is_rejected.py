"""Reads a lost answer as a rejection (nautilus_trader#3995, and its release notes on Hyperliquid).

No usable answer came, so the order is booked as rejected. It may stand on the venue, and fill.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, Doubtful, Refused, RunTask
from outtrade_suites.agents.state import Job, Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def on_doubt(self, job: Job, order: Order, problem: Doubtful) -> None:
        self.on_permanent(job, order, Refused("other", f"no answer: {problem}"))


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
