"""Sends the same wrong time again (askmike/gekko#1855; ccxt/binance-trade-bot#164).

"Timestamp for this request is outside of the recvWindow": the bot waits a little and signs with its own clock again.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent, HttpxPort
from outtrade_suites.agents.port import Access, RunTask


class Port(HttpxPort):
    """The reference agent's port, but for its clock."""

    async def adjust_clock(self) -> None:
        return


class Agent(HttpxAgent):
    """The reference agent with that port."""

    port_class = Port


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
