"""Sends prices as they come (compare nautechsystems/nautilus_trader#2980, a stale tick size).

The price is used with the digits that the strategy computed, whatever the instrument's tick size is.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Report, Side
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def price_on_grid(self, price: Decimal, side: Side, tick: Decimal) -> Decimal:
        return price


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
