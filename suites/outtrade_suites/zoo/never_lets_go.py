"""A supervisor has started it again, and it goes on: two lives of one copy work the same intents.

It does not look at who was started last, which the store says; the second life does all that it does once more.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def replaced(self) -> bool:
        return False


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
