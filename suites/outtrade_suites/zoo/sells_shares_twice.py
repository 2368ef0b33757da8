"""Asks for a take-profit and then for a stop, as if shares could be sold twice.

At a broker the shares of an order to sell are held for it. The second order for the same shares is refused
("insufficient qty available for order"), and the position is left to its take-profit; or the account has more of them,
which are somebody else's: then both orders stand, and both can fill. One order of class ``oco`` holds them for both.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.alpaca_agent import AlpacaAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Job, Order


class Agent(AlpacaAgent):
    """The reference agent, but for one method."""

    async def send_pair(self, job: Job, orders: list[Order]) -> None:
        for order in reversed(orders):
            await self.send(job, order)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
