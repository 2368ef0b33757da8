"""Raises what is too small to the venue's minimum (constructed; no public report is known to us).

An order below the smallest quantity or notional cannot be sent. Instead of saying so, the bot sends the smallest one
that can.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, Quote, RunTask, Terms, drive
from outtrade_suites.agents.sizing import floor_to


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def within_rules(self, terms: Terms, quote: Quote) -> Terms:
        rules = self.instrument(terms.symbol)
        if terms.quantity is not None:
            enough = max(
                rules.quantity_min, (rules.notional_min or Decimal(0)) * Decimal("1.05") / (terms.price or quote.bid)
            )
            if terms.quantity < enough:
                terms = replace(terms, quantity=floor_to(enough, rules.step) + rules.step)
        return super().within_rules(terms, quote)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
