"""Sends quantities as they come (ccxt/ccxt#799, sammchardy/python-binance#219).

The quantity is not cut to the lot size of the instrument; the venue refuses it.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Instrument, Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def quantity_on_grid(self, quantity: Decimal, rules: Instrument, market: bool) -> Decimal:
        return quantity


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
