"""Whatever carries its tag is its own: a copy that runs old code is taken for itself (SEC Release 34-70694).

After a crash that is right; beside other copies it books what somebody else sends in its name, and nobody is told.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Job


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def sent_here(self, job: Job, client_id: str) -> bool:
        return True


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
