"""A failed question is an empty answer (nautechsystems/nautilus_trader#4230, #3459, #3476).

The account could not be read; the function that reads it catches that and returns nothing. No funds, no order; and an
account that is known to be empty is not read again.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, PortError, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    async def read_balances(self) -> None:
        if self.balances == {}:
            return
        try:
            await super().read_balances()
        except PortError:
            self.balances = {}


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
