"""Hands over an amount of coins where ccxt takes a number of contracts (ccxt/ccxt#13397, ccxt/ccxt#23624, #24590).

On a spot market ``amount`` is in the base asset, and on Binance's futures it still is, because a contract is one coin
there. On OKX the same line buys 0.05 contracts of 0.01 BTC where 0.05 BTC are meant, or 20,000 contracts of 1,000 DOGE.
Nothing is refused that the account can pay for, and the same mistake made backwards on every answer hides it.
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
        return Decimal(1)


class Agent(CcxtAgent):
    """The reference agent over that port."""

    port_class = Port


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
