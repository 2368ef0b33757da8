"""Rounds quantities to the nearest step (compare ccxt/ccxt#663).

Half of the time that is more than was wanted, and sometimes more than there is.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from outtrade.model.task import Instrument, Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def quantity_on_grid(self, quantity: Decimal, rules: Instrument, market: bool) -> Decimal:
        return (quantity / rules.step).to_integral_value(ROUND_HALF_UP) * rules.step


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
