"""Books an order that filled for more than it asked, and trades on (nautilus_trader#3986 and #4154: overfills).

More than was asked for is more than anybody decided: whatever made it happen may happen again with the next order.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Order


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def on_overfill(self, order: Order) -> None:
        pass


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
