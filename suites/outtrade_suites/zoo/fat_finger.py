"""Misplaces the decimal point of a price (compare SEC Release 34-75331: no price bands before the venue).

A sale is offered at ten times the price, a purchase at a tenth of it.
"""

from __future__ import annotations

from dataclasses import replace

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, Quote, RunTask, Terms, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def within_rules(self, terms: Terms, quote: Quote) -> Terms:
        terms = super().within_rules(terms, quote)
        if terms.price is None:
            return terms
        tick = self.instrument(terms.symbol).tick
        wrong = terms.price * 10 if terms.side == "sell" else terms.price / 10
        return replace(terms, price=self.price_on_grid(wrong, terms.side, tick))


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
