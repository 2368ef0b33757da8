"""Leaves a poller running (compare Haehnchen/crypto-trading-bot#53, a retry that outlives its cause).

The report is written and the function returns; a background task that nobody ended goes on asking the venue.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent, HttpxPort
from outtrade_suites.agents.port import Access, PortError, RunTask


class Port(HttpxPort):
    """The reference port, but for one method."""

    async def close(self) -> None:
        async def poll() -> None:
            while True:
                await asyncio.sleep(5)
                with suppress(PortError):
                    await self.balances()

        self._poller = asyncio.get_running_loop().create_task(poll())


class Agent(HttpxAgent):
    """The reference agent on that port."""

    port_class = Port


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
