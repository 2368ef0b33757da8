"""Takes its stop away now, and places the new one the next time its scheduler comes round (constructed).

A move is two jobs of a list that is worked off once a minute. In between the position is bare: of all moments, just
after the price has moved.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, Terms, drive
from outtrade_suites.agents.state import Job

ROUND = 60.0
"""Seconds between two rounds of the scheduler."""


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    async def cover(self, job: Job, legs: list[Terms]) -> None:
        moved = [one.at for one in self.task.intents if one.kind == "amend" and one.target == job.intent.id]
        if all(self.now() >= at + ROUND for at in moved if at <= self.now()):
            await super().cover(job, legs)
        else:
            job.wake = self.now() + 1


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
