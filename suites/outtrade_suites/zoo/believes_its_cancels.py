"""Cancels everything, and believes that it is gone (compare hummingbot/hummingbot#4024).

A cancel that got no answer is a cancel. The position is closed, the flatten is done; one order still stands.
"""

from __future__ import annotations

from contextlib import suppress

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, PortError, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    async def cancel_foreign(self, symbols: list[str]) -> bool:
        with suppress(PortError):
            await super().cancel_foreign(symbols)
        return True


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
