"""Goes on during a ban (rotki/rotki#1860, #2990: 418 with Retry-After met by an own short back-off).

418 says until when the address is banned. The bot treats it like any other error and retries, which on most venues
makes the ban longer.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, Refused, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def on_ban(self, refusal: Refused) -> None:
        return


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
