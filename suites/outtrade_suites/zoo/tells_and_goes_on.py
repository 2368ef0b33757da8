"""It says that orders of unknown origin are at work, and trades on (the 97 e-mails of SEC Release 34-70694).

It ought to end all of its work: what is wrong with the account is not known, only that something is.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def end_all(self, reason: str) -> None:
        pass


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
