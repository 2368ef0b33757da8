"""Holds an amended order for two (compare nautechsystems/nautilus_trader#4154, #4270).

The venue gave it another client order id. The books keep an entry for each name that an order ever had.
"""

from __future__ import annotations

from outtrade.model.task import OrderView, Report
from outtrade_suites.agents.books import AMEND_SUFFIX
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def order_views(self) -> tuple[OrderView, ...]:
        views = super().order_views()
        amended = {o.client_id for o in self.books.orders.values() if o.quantity < (o.terms.quantity or 0)}
        again = [view for view in views if view.client_id in amended]
        return (*views, *(v.model_copy(update={"client_id": f"{v.client_id}{AMEND_SUFFIX}"}) for v in again))


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
