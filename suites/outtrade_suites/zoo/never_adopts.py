"""Only knows orders whose acknowledgement it saw (nautechsystems/nautilus_trader#4958).

The answer was lost, so no venue id was ever noted. News about the order comes by query and by stream, finds no entry
to go with, and is dropped.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, OrderState, RunTask
from outtrade_suites.agents.state import Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def learn(self, state: OrderState, order: Order | None = None) -> Order | None:
        known = order or self.books.find(state)
        if known is not None and known.answer_lost and known.phase == "doubt":
            return None
        return super().learn(state, order)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
