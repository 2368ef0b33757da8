"""Cancelled, but never replaced (Binance's cancelReplace may half succeed; stellar-deprecated/kelp#458).

The rest of a partly filled order is to be taken otherwise. The cancel worked, the new order met a busy venue: the bot
counts the operation as failed, and does not notice that its first half succeeded.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, Refused, RunTask, drive
from outtrade_suites.agents.state import Job, Order


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def on_transient(self, job: Job, order: Order, refusal: Refused) -> None:
        if order is job.orders[0]:
            return super().on_transient(job, order, refusal)
        self.on_permanent(job, order, refusal)
        job.close(reason=str(refusal))


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
