"""Takes the distance of a trailing stop for a percentage, and so makes basis points of it once more (compare
Bittrex/bittrex.github.io#127: a trailing stop of 3.0 where 0.03 was meant).

By a factor of 100 too wide, and accepted where the distance was short: the stop stands, follows the price, and would
sell after a fall of a sixth.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def distance(self, trail: Decimal) -> Decimal:
        return super().distance(trail) * 100


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
