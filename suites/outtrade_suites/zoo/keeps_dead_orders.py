"""An order works until it was cancelled here (hummingbot/hummingbot#4024: orders that are not there).

The dead-man switch has ended them while the process was down. Its report goes by what it did itself, and it did not
cancel them.
"""

from __future__ import annotations

from outtrade.model.task import OrderView, Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Order


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def order_view(self, order: Order) -> OrderView:
        view = super().order_view(order)
        if self.task.dead_man is not None and view.status == "cancelled" and not order.cancels:
            view = view.model_copy(update={"status": "open"})
        return view


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
