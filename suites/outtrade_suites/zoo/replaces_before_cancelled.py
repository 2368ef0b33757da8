"""Sends the replacement along with the cancel (compare stellar-deprecated/kelp#458).

The rest of a partly filled order is to be taken at the market. To save a round trip, the new order leaves while the
cancel of the old one is still on its way; both can fill.
"""

from __future__ import annotations

import asyncio

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Job, Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    async def follow(self, job: Job, order: Order) -> None:
        terms = self.rest(job) if self.should_cancel(job, order) else None
        if terms is None:
            await super().follow(job, order)
        else:
            replacement = self.new_order(job, terms)
            await asyncio.gather(self.refresh(order), self.port.quote(terms.symbol))
            await asyncio.gather(self.cancel(job, order), self.send(job, replacement))


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
