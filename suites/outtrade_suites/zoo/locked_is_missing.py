"""Reports free balances only (compare DeviaVir/zenbot#397, #1284, balances wrong by what is on hold).

What resting orders have locked is on the account all the same.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import BalanceView, Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def balance_view(self, free: Decimal, locked: Decimal) -> BalanceView:
        return BalanceView(free=free)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
