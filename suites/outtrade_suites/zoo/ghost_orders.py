"""Never notes that an order ended by a cancel (hummingbot/hummingbot#4024, #2480, #3001: ghost orders).

The cancel went through; in the books the order goes on working.
"""

from __future__ import annotations

from outtrade.model.task import OrderView, Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def order_view(self, order: Order) -> OrderView:
        view = super().order_view(order)
        return view.model_copy(update={"status": "open"}) if view.status == "cancelled" else view


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
