"""Calls all profit realised (constructed: one field for both kinds of profit).

What a position shows at the mark price is added to what was closed, in the field that says realised. It is right when
nothing is held; while something is, a gain is booked that the next minute may take away.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.contracts import FLAT
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def realised(self, symbol: str) -> Decimal:
        return super().realised(symbol) + self.held.get(symbol, FLAT).unrealised


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
