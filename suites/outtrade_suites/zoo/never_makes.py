"""Takes at once although it was given time, and whatever the fee (compare freqtrade#4057: fees reckoned wrongly).

The bound on slippage is kept; patience and the bound on fees are not looked at.
"""

from __future__ import annotations

from outtrade.model.task import Instrument, Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Job


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def making(self, job: Job, rules: Instrument) -> bool:
        return False


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
