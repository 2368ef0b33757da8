"""A queue without priorities (hummingbot/hummingbot#1291; Kraken documentation, rate limits).

When the limit ends, everything that has gathered goes out, the new orders first and the overdue cancels last.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Job


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def due(self) -> list[Job]:
        return sorted(super().due(), key=self.takes_risk_away)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
