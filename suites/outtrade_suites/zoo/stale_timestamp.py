"""Signs with an old time (taniman/profit-trailer#504, ccxt/binance-trade-bot#164: clocks that drift).

The time is taken once, when the session is built, and drifts away from the venue's with every minute.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent, HttpxPort
from outtrade_suites.agents.port import Access, RunTask


class Port(HttpxPort):
    """The reference port, but for one method."""

    def timestamp(self) -> int:
        if not hasattr(self, "_begun"):
            self._begun = super().timestamp()
        return self._begun


class Agent(HttpxAgent):
    """The reference agent on that port."""

    port_class = Port


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
