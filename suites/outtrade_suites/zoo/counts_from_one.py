"""It numbers its orders from one in every copy, so that copies send the same ids (hummingbot/hummingbot#3970).

Alone it is right: no two orders of one copy have the same id.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Job


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def client_id(self, job: Job, number: int) -> str:
        place = self.jobs.index(job) + 1
        return self.habits.client_id("ORDER000", place * 100 + number)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
