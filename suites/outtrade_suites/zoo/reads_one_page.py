"""Reads one page of its trades, and no other (ccxt/ccxt#8327; Binance spot: the newest 500 unless more are asked for).

An order that met a book of small ones has filled more often than a page holds. The rest of the trades is never asked
for.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.dialects import unified
from outtrade.dialects.words import Fill
from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.ccxt_port import CcxtPort
from outtrade_suites.agents.port import Access, RunTask, drive


class Port(CcxtPort):
    """The reference agent's port, but for one method."""

    async def fills(self, symbol: str, *, since: float | None = None, order: str | None = None) -> list[Fill]:
        page = await self.rows(self.exchange.fetch_my_trades, symbol)
        fills = [unified.read_fill(trade, symbol, Decimal(1)) for trade in page]
        return [fill for fill in fills if order is None or fill.order == order]


class Agent(CcxtAgent):
    """The reference agent with that port."""

    port_class = Port


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
