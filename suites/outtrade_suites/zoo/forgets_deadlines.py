"""Leaves an order on the book when its time is over (compare nautilus_trader on Polymarket: the cancel was dropped).

The timer belonged to a task that nobody keeps; only the final clean-up ends the order.
"""

from __future__ import annotations

from outtrade.model.task import Intent, Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def deadline(self, intent: Intent) -> float:
        return super().deadline(intent.model_copy(update={"expires": None}))


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
