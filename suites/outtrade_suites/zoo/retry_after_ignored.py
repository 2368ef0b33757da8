"""Ignores Retry-After (hummingbot/hummingbot#1291, GuntharDeNiro/BTCT#427).

The venue answers 429 and says for how long it wants silence. Nobody reads the header; the bot's own short back-off
goes on knocking until it is banned, with orders on the book.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, Refused, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def on_rate_limit(self, refusal: Refused) -> None:
        return


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
