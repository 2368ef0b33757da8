"""Retries a timed-out order with a fresh id (scrtlabs/catalyst#315).

The answer to an order is lost. The bot logs "ordering again" and sends the same order under a new client order id.
Where the first one had arrived, there are two now; where every layer retries, there are many.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, Doubtful, RunTask, drive
from outtrade_suites.agents.state import Job, Order


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def on_doubt(self, job: Job, order: Order, problem: Doubtful) -> None:
        order.phase = "unsent"
        self.new_order(job, order.terms)
        job.wake = self.now()


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
