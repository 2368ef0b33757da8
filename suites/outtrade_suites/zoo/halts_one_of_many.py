"""Its kill switch works in the first copy: the others hear of it and go on (compare SEC Release 34-70694).

Whoever pulled the switch sees the first copy fall silent, and believes that all is quiet.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Job


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def halted_by(self, job: Job) -> list[Job]:
        return super().halted_by(job) if self.task.instance == 0 else []


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
