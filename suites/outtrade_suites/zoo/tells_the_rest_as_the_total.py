"""Amends an order to what is left of it, where the venue means the whole (compare nautechsystems/nautilus_trader#3986).

What was filled before the amendment is taken off twice: the order ends short of what was asked.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def new_total(self, order: Order, wanted: Decimal) -> Decimal:
        rest = wanted - order.filled
        return rest if rest > order.filled else wanted


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
