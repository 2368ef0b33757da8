"""Resubscribes and goes on (nautechsystems/nautilus_trader#4991).

The stream closed and came back. What happened in between is not replayed by the venue and not asked for by the bot,
which sends the next order on stale books.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    async def close_gap(self, generation: int) -> None:
        self.synced = generation


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
