"""Sends a fixed stop where one that follows the price was asked for (compare ccxt/ccxt#16637: a library that demanded a
stop price of every trailing order).

The distance becomes a price, once, when the order is made. As long as the price does not rise nobody sees a difference;
what the position has gained by then is not protected.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Intent, Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask, Terms


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def trailing_stop(self, intent: Intent, quantity: Decimal) -> Terms:
        asked = super().trailing_stop(intent, quantity)
        price = self.price_on_grid(self.lowest_exit(intent), asked.side, self.instrument(asked.symbol).tick)
        return Terms(asked.symbol, asked.side, "stop", quantity, stop_price=price)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
