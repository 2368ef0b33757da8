"""Sends an order again when a timer says so, whatever has become known (compare Haehnchen/crypto-trading-bot#53).

After an answer that was lost the order is looked for, properly; but the retry that was put into a queue leaves as well.

"""

from __future__ import annotations

import asyncio
import contextlib

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, Doubtful, PortError, RunTask
from outtrade_suites.agents.state import Job, Order


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def on_doubt(self, job: Job, order: Order, problem: Doubtful) -> None:
        super().on_doubt(job, order, problem)

        async def again() -> None:
            await asyncio.sleep(45)
            if not self.closing:
                with contextlib.suppress(PortError):
                    await self.port.place(order.client_id, order.terms)

        self.timers = [*getattr(self, "timers", []), asyncio.create_task(again())]


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
