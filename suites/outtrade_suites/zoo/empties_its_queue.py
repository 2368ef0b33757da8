"""Sends what has waited, however late it is (compare shinnytech/tqsdk-python#71).

Orders that could not be sent during an outage leave when the venue is back, also those whose intent is over.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Job


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def too_late(self, job: Job) -> bool:
        return self.closing


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
