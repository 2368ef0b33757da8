"""Gives up where waiting would do (askmike/gekko#1855: one -1021 is "irrecoverable").

A rate limit, an overload, a clock error: definite, not executed, over in seconds. The bot drops the order for good.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, Refused, RunTask, drive
from outtrade_suites.agents.state import Job, Order


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def on_transient(self, job: Job, order: Order, refusal: Refused) -> None:
        self.on_permanent(job, order, refusal)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
