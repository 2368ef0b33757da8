"""Takes "no answer" for "not there" as soon as another venue is at hand (compare scrtlabs/catalyst#317).

The answer to an order was lost and the venue is down: the same intent is sent to the other one. When the first comes
back, its order stands or is filled as well.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Job


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def may_move(self, job: Job) -> bool:
        started = not job.closed and not job.stopped and job.intent.kind == "order" and self.now() >= job.intent.at
        return started and not self.too_late(job)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
