"""Asks an endpoint that does not exist, then the real one (constructed: a name carried over from another venue).

The first look at an order goes to ``/api/v3/orderStatus``. The venue knows no such path; the answer is thrown away.
"""

from __future__ import annotations

from contextlib import suppress

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent, HttpxPort
from outtrade_suites.agents.port import Access, OrderState, PortError, RunTask


class Port(HttpxPort):
    """The reference port, but for one method."""

    async def order(self, symbol: str, *, venue_id: str | None = None, client_id: str | None = None) -> OrderState:
        if not hasattr(self, "_asked"):
            self._asked = True
            with suppress(PortError):
                await self.call("GET", "/api/v3/orderStatus", {"symbol": self.venue.symbols[symbol]})
        return await super().order(symbol, venue_id=venue_id, client_id=client_id)


class Agent(HttpxAgent):
    """The reference agent on that port."""

    port_class = Port


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
