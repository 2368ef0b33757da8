"""Closed means never (Binance spot, "Market is closed."; the contract asks to wait).

The market was halted for a minute when the order fell due. The bot reads a refusal, and refusals are final.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, Refused, RunTask, drive
from outtrade_suites.agents.state import Job, Order


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def on_closed(self, job: Job, order: Order, refusal: Refused) -> None:
        self.on_permanent(job, order, refusal)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
