"""Believes the first "not found" (ccxt/ccxt#6615, nautilus_trader docs/concepts/live.md).

The order in doubt is asked for at once, by its id, and the venue's readers do not know it yet. That is taken for
proof, and the order is sent again.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Order


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def old_enough(self, order: Order, asked: float) -> bool:
        return True


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
