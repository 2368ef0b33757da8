"""Asks for everything all the time (compare hummingbot/hummingbot#1291).

In the first minute the account is read many times a second; the venue's weight limit is met without anybody's help.

"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.desk import NotYet
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, PortError, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    async def turn(self) -> None:
        while self.now() < min(60.0, self.next_wake()):
            try:
                await self.free_funds()
            except (PortError, NotYet):
                break
        await super().turn()


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
