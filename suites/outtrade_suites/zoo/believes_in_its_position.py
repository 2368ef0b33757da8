"""Keeps a position that the venue has closed (freqtrade/freqtrade#7107, #11570).

The position is what the own orders made of it: bought less sold. That the exchange may liquidate, deleverage or settle
it is nobody's order, so nothing changes here, and the report shows a position that is gone.
"""

from __future__ import annotations

from outtrade.model.task import PositionView, Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def position_view(self, symbol: str) -> PositionView:
        return super().position_view(symbol).model_copy(update={"quantity": self.own_net(symbol)})


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
