"""Uses one pattern of client order ids on every venue (nautilus_trader docs, integrations/okx.md).

The id carries intent, number and time, separated by characters that this venue does not allow.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.state import Job


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def client_id(self, job: Job, number: int) -> str:
        return f"{job.intent.tag}|{job.intent.id}|{number}"


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
