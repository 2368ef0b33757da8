"""Reads "replaced" as "cancelled by the venue", and places the order again.

A change makes a new order with an id of its own. Whoever follows the old id alone sees an order that ended with
something left, and does what it does after any cancel that nobody asked for. The new order works all the while.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.alpaca_agent import AlpacaAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Job, Order


class Agent(AlpacaAgent):
    """The reference agent, but for one method."""

    async def pass_on(self, job: Job, order: Order, successor: str) -> None:
        again = Order(self.client_id(job, len(job.orders) + 2), job.intent.id, order.terms)  # the next free name
        job.orders.append(again)
        self.books.add(again)
        job.wake = self.now()


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
