"""Its kill switch ends what works now, and knows nothing of what is still to come (compare SEC Release 34-70694).

Orders on the book are cancelled; intents that become due after the halt are sent as if nothing had happened.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Job


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def halted_by(self, job: Job) -> list[Job]:
        return [other for other in super().halted_by(job) if other.orders]


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
