"""Sends what is below the smallest size, and again each cycle (lomacks/bittrex-order-refresh#1).

The order is worth less than the smallest notional. The refusal is permanent, and the next cycle tries again; here three
times, in the wild without end.
"""

from __future__ import annotations

from contextlib import suppress

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, PortError, RunTask
from outtrade_suites.agents.sizing import Impossible
from outtrade_suites.agents.state import Job


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    async def begin(self, job: Job) -> None:
        try:
            await super().begin(job)
        except Impossible:
            terms = self.terms(job.intent)
            for number in range(1, 4):
                with suppress(PortError):
                    await self.port.place(self.client_id(job, number), terms)
            raise


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
