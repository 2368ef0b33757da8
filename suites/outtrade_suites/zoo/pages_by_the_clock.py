"""Goes on from the time of the last trade, plus one millisecond (compare ccxt/ccxt#9343).

Hundreds of trades have that time. What stood behind the page in the same millisecond is skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.ccxt_port import FULL, CcxtPort
from outtrade_suites.agents.port import Access, RunTask, drive


class Port(CcxtPort):
    """The reference agent's port, but for one method."""

    async def trades(self, method: Callable[..., Any], *about: Any, since: float | None, **named: Any) -> list[Any]:
        start = None if since is None else int(since * 1000)
        found = page = await self.rows(method, *about, start, None, named)
        while self.told() >= FULL and page:
            page = await self.rows(method, *about, max(row["timestamp"] for row in page) + 1, None, named)
            found = found + page
        return found


class Agent(CcxtAgent):
    """The reference agent with that port."""

    port_class = Port


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
