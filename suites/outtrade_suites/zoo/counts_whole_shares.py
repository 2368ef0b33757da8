"""Counts shares as whole ones where parts of them are traded: whoever wants 12.5 gets 12.

A step of one share was true for a hundred years, and is true of every order that lasts longer than a day. What is cut
off is told to nobody.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Instrument, Report
from outtrade_suites.agents.alpaca_agent import AlpacaAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.sizing import floor_to


class Agent(AlpacaAgent):
    """The reference agent, but for one method."""

    def quantity_on_grid(self, quantity: Decimal, rules: Instrument, market: bool) -> Decimal:
        return floor_to(quantity, Decimal(1))


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
