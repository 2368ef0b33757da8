"""Takes the size of a position for the position (constructed: ``contracts`` of a unified position has no sign).

The structure says ``contracts: 0.1`` and ``side: short``, and the second field is overlooked.
Every hedge, stop and profit that is reckoned from it points the wrong way.
"""

from __future__ import annotations

from outtrade.model.task import PositionView, Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def position_view(self, symbol: str) -> PositionView:
        view = super().position_view(symbol)
        return view.model_copy(update={"quantity": abs(view.quantity)})


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
