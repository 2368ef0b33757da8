"""Counts a failed query as "not found" (hummingbot/hummingbot#8457).

The status query for an order in doubt fails: no name, no connection, a gateway's error page. The error handler cannot
tell that from the venue's "no such order", and the order is given up for lost and sent again.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.desk import NotYet
from outtrade_suites.agents.port import Access, PortError, RunTask, drive
from outtrade_suites.agents.state import Order


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def on_failed_look(self, order: Order, problem: NotYet | PortError) -> float:
        order.phase = "unsent"
        return self.now()


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
