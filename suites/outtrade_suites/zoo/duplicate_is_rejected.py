"""Reads "duplicate order" as a rejection (nautechsystems/nautilus_trader#4215).

The venue says that an order with this id works already, which proves that it was accepted. The bot books it as
rejected, and a live order has left its books.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, Refused, RunTask, drive
from outtrade_suites.agents.state import Job, Order


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def on_duplicate(self, job: Job, order: Order, refusal: Refused) -> None:
        self.on_permanent(job, order, refusal)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
