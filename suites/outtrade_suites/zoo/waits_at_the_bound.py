"""Leaves on the book what it could not take (constructed: good-till-cancelled as the only time in force).

The price is right, and an order that was to be done at once waits for minutes at the worst price allowed.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from outtrade.model.task import Instrument, Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, Quote, RunTask, Terms, drive
from outtrade_suites.agents.state import Job


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def taker(self, job: Job, quote: Quote, bound: Decimal | None, rules: Instrument) -> Terms | None:
        terms = super().taker(job, quote, bound, rules)
        return terms if terms is None or terms.price is None else replace(terms, time_in_force="GTC")


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
