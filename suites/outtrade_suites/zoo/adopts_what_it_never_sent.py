"""Adopts what it never sent, and goes on (compare SEC Release 34-70694, Knight Capital).

An order under its own tag fills, and no request of its ever had that id. It must have been one of its own, then.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, OrderState, RunTask
from outtrade_suites.agents.state import Job


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def is_stray(self, job: Job, state: OrderState) -> bool:
        return False


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
