"""Cancels whatever stands on the account before it begins (constructed).

What it does not know it takes for the rest of an earlier run. Part of it is a person's, or another program's.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    async def survey(self) -> None:
        await super().survey()
        await self.cancel_foreign(self.symbols)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
