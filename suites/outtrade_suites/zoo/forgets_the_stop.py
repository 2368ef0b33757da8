"""Closes the position and forgets its stop (freqtrade/freqtrade#12528).

Whoever sold did not know of the stop, and whoever placed the stop did not look at the position again. It waits for its
price, and sells what is not there any more.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Job


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def in_excess(self, job: Job) -> bool:
        return False


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
