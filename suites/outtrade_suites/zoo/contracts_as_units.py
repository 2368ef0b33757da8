"""Divides by the size of a contract where the venue wants the amount itself (constructed: one rule for all venues).

Deribit's BTC-PERPETUAL has a ``contractSize`` of 10 dollars, but orders say ``amount``, in dollars. Whoever learned on
another venue that amounts are contracts asks for a tenth of what is meant, and takes a tenth for the whole.
A stop that is a tenth of the position protects a tenth of it.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.ccxt_port import CcxtPort
from outtrade_suites.agents.port import Access, RunTask, drive


class Port(CcxtPort):
    """The reference port, but for one method."""

    def size(self, symbol: str) -> Decimal:
        return Decimal(str(self.exchange.market(symbol).get("contractSize") or 1))


class Agent(CcxtAgent):
    """The reference agent over that port."""

    port_class = Port


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
