"""Assumes that a lost order went through (compare askmike/gekko#1806, which takes unknown for filled).

No answer came, the venue is usually reliable, so the order is booked as if it had been filled. Its twin never
arrived.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, Doubtful, RunTask, drive
from outtrade_suites.agents.state import Job, Order


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def on_doubt(self, job: Job, order: Order, problem: Doubtful) -> None:
        order.phase, order.status = "ended", "filled"
        order.filled = order.terms.quantity or Decimal(0)
        job.wake = self.now()


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
