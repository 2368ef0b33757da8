"""Reports the gross position (yubing744/trading-gpt#95).

The position is the sum of the fills; the fees that were taken out of it are booked elsewhere, or nowhere.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import PositionView, Report
from outtrade_suites.agents.books import signed
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def position_view(self, symbol: str) -> PositionView:
        gross = sum((signed(fill) for fill in self.books.traded(symbol)), Decimal(0))
        return PositionView(quantity=gross, entry_price=self.entry_price(symbol))


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
