"""Waits for an answer for ever (alpaca-py, krakenex and hyperliquid-python-sdk have no default timeout).

The request is sent without any limit of time. An answer that never comes hangs the bot, with its orders on the book.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent, HttpxPort
from outtrade_suites.agents.port import Access, RunTask

FOR_EVER = 86_400.0
"""Seconds. Like None, but the event loop has as much to do as with a sensible limit."""


class Port(HttpxPort):
    """The reference port, but for one method."""

    def timeouts(self) -> tuple[float | None, float | None]:
        return FOR_EVER, FOR_EVER


class Agent(HttpxAgent):
    """The reference agent on that port."""

    port_class = Port


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
