"""Sends a base quantity as an amount of quote currency (ccxt/ccxt#17164, #14667).

"10 DOGE" at the market buys for 10 USDT. In the other direction the same mistake buys a million.
"""

from __future__ import annotations

from dataclasses import replace

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent, HttpxPort
from outtrade_suites.agents.port import Access, OrderState, RunTask, Terms


class Port(HttpxPort):
    """The reference port, but for one method."""

    async def place(self, client_id: str, terms: Terms) -> OrderState:
        if terms.type == "market" and terms.quantity is not None:
            terms = replace(terms, quantity=None, quote_quantity=terms.quantity)
        return await super().place(client_id, terms)


class Agent(HttpxAgent):
    """The reference agent on that port."""

    port_class = Port


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
