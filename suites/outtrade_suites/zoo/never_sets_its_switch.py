"""Its dead-man switch is in the plan and not in the code (hummingbot/hummingbot#1357: what it left behind filled).

Nobody misses a switch while all goes well: no order differs, no test fails. It is missed once.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    async def set_switch(self, name: str) -> None:
        self.goes_off[name] = float("inf")


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
