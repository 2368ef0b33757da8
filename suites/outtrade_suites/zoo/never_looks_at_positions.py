"""Looks at positions when everything is over (nautechsystems/nautilus_trader#3922: fills that nobody asked for).

As long as the own orders are known, so is the position: it is reckoned up once more for the report. A liquidation in
between stays unknown until then.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    async def mind_positions(self) -> None:
        self.next_position_look = self.closing_time


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
