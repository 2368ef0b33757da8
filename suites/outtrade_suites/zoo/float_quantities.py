"""Does lot arithmetic in floats (ccxt/ccxt#663, #799, sammchardy/python-binance#219).

The quantity is cut to the step by dividing and multiplying floats: 0.41 becomes 0.41000000000000003 and is refused
for too much precision, or loses a step.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Instrument, Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def quantity_on_grid(self, quantity: Decimal, rules: Instrument, market: bool) -> Decimal:
        step = float(rules.step)
        return Decimal(repr(int(float(quantity) / step) * step))


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
