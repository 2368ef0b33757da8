"""Smooths differences over: what the venue says it holds is the new truth (compare DeviaVir/zenbot#397).

25 USDT are gone, and no trade says where. The books are set to what the venue has; they are right again.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.auditing import Totals
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def on_unexplained(self, found: Totals) -> None:
        self.accept(found)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
