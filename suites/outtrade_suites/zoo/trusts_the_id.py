"""Resends under the same id and trusts the venue to notice (compare longbridge/developers#1134).

Binance documents that ids are unique among *open* orders only.

The answer was lost, the same request goes again at once, "the exchange removes duplicates". It does while the first
order is open. A market order is not, and the second one fills too.
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
        job.wake = self.now()


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
