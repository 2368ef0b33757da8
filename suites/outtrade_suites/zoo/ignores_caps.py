"""Has caps in its settings and no line that reads them (compare SEC Release 34-70694: Knight's router had none either).

The venue's own rules are checked; the task's limits on position and notional are not.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, Quote, RunTask, Terms


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def within_caps(self, terms: Terms, quote: Quote) -> None:
        return


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
