"""Takes an order that waits for its session for a lost one, and sends it again.

A market order that has not traded after half a minute, so the reasoning goes, never arrived. Where a market is always
open that is a bad rule that does no harm: market orders trade at once. Before the open the venue keeps both, and at the
open both are filled.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.alpaca_agent import AlpacaAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Job, Order

LONG_ENOUGH = 30.0
"""Seconds after which it has had enough of waiting."""


class Agent(AlpacaAgent):
    """The reference agent, but for one method."""

    async def follow(self, job: Job, order: Order) -> None:
        await super().follow(job, order)
        waited = self.now() - order.last_sent > LONG_ENOUGH
        if order.phase == "live" and order.terms.type == "market" and not order.filled and waited:
            self.new_order(job, order.terms)
            job.wake = self.now()


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
