"""Drops the time in force (compare ccxt/ccxt#17932, a parameter silently read as another).

Every limit order is sent as good-till-cancelled: what was to fill at once or not at all rests on the book.
"""

from __future__ import annotations

from outtrade.model.task import Intent, Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def time_in_force(self, intent: Intent) -> str | None:
        return None if intent.type == "market" or intent.post_only else "GTC"


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
