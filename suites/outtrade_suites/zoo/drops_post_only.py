"""Sends maker orders as plain limit orders (compare Binance's LIMIT_MAKER, a type of its own).

The flag is lost between strategy and connector; when the price has come closer, the order takes.
"""

from __future__ import annotations

from dataclasses import replace

from outtrade.model.task import Intent, Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, Terms, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def terms(self, intent: Intent) -> Terms:
        return replace(super().terms(intent), post_only=False, time_in_force="GTC" if intent.type == "limit" else None)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
