"""Remembers the newest trade that it has seen, and takes only what is newer (compare ccxt/ccxt#9343).

A trade that the venue lists late has an older id than those that were listed before it. It is never booked, though the
order has said all along that more was filled.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.dialects.words import Fill
from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.ccxt_port import CcxtPort
from outtrade_suites.agents.port import Access, RunTask, drive


class Port(CcxtPort):
    """The reference agent's port, but for one method."""

    async def fills(self, symbol: str, *, since: float | None = None, order: str | None = None) -> list[Fill]:
        if not hasattr(self, "_seen"):
            self._seen: dict[str, list[Fill]] = {}
        listed = await super().fills(symbol, since=since, order=order)
        for fill in sorted(listed, key=lambda fill: Decimal(fill.trade_id)):
            known = self._seen.setdefault(fill.order, [])
            if not known or Decimal(fill.trade_id) > Decimal(known[-1].trade_id):
                known.append(fill)
        return [fill for name, known in self._seen.items() if order in (None, name) for fill in known]


class Agent(CcxtAgent):
    """The reference agent with that port."""

    port_class = Port


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
