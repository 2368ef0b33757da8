"""Listens only after the acknowledgement (compare nautilus_trader#3870, erdewit/ib_insync#130).

An order is known to the event handler once the answer to its request is there. The stream is sometimes faster: the
order in the event is nobody's, is filed as foreign, and whatever is said about it later goes the same way.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, OrderState, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def on_event(self, state: OrderState) -> None:
        order = self.books.find(state)
        if order is not None and order.phase == "doubt":
            self.books.foreign[state.symbol, state.venue_id] = state
        else:
            self.learn(state)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
