"""Buys and sells at the market, whatever was said about slippage (constructed: one order type for every intent).

What the bound would leave on the table is taken all the same, from whatever stands in the book.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Instrument, Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, Quote, RunTask, Terms
from outtrade_suites.agents.state import Job


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def taker(self, job: Job, quote: Quote, bound: Decimal | None, rules: Instrument) -> Terms | None:
        return super().taker(job, quote, None, rules)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
