"""Books every news of a trade (nautechsystems/nautilus_trader#1001, #3172; BYTEX-TRADE/bytex#16).

The answer to the order, the stream and the list of trades tell of the same trade. Whoever does not look at the trade id
books it two or three times, and a replay once more.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, Fill, RunTask
from outtrade_suites.agents.state import Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def book(self, order: Order, fill: Fill) -> None:
        self.books.fills[fill.symbol, f"{fill.trade_id} no. {len(self.books.fills)}", fill.order] = fill


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
