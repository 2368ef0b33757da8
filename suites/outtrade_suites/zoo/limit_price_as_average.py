"""Reports the limit price as the average price (ccxt/ccxt#6093, freqtrade/freqtrade#3597).

The price that was asked for is taken for the one that was paid.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Order


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def average_price(self, order: Order) -> Decimal | None:
        return order.terms.price if order.terms.price and order.filled else super().average_price(order)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
