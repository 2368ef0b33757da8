"""Sends whatever is due at once (compare SEC Release 34-70694: four million executions in 45 minutes).

The stream and the venue's own limits are minded; the cap on orders per second is not.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def check_exposure(self) -> None:
        self.sent_at = ()
        super().check_exposure()


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
