"""Begins with a clean sheet (nautechsystems/nautilus_trader#3878: orders from before the start are unknown).

What it did not place itself is not in its books, and so not in its report, though the venue listed it.
"""

from __future__ import annotations

from outtrade.model.task import OrderView, Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def order_views(self) -> tuple[OrderView, ...]:
        return tuple(view for view in super().order_views() if view.intent is not None)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
