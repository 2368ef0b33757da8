"""Tells the last news of an order, however old (compare nautechsystems/nautilus_trader#3797).

The books keep terminal states; what is published of an order is whatever message came last.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, OrderState, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def on_event(self, state: OrderState) -> None:
        super().on_event(state)
        order = self.books.find(state)
        if order is not None:
            told = self.order_view(order).model_copy(update={"status": state.status, "filled": state.filled})
            self.task.publish(told)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
