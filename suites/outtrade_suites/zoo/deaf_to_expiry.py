"""Does not know the message that ends its stream (sammchardy/python-binance#28, #825).

"eventStreamTerminated" is none of the events that it handles. The connection stays open, and nothing comes any more.
"""

from __future__ import annotations

from typing import Any

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent, HttpxPort
from outtrade_suites.agents.port import Access, RunTask
from outtrade_suites.agents.stream import PrivateStream


class Stream(PrivateStream):
    """The reference agent's stream, but for one message."""

    def receive(self, message: dict[str, Any]) -> bool:
        super().receive(message)
        return True


class Port(HttpxPort):
    """The reference agent's port with that stream."""

    stream_class = Stream


class Agent(HttpxAgent):
    """The reference agent with that port."""

    port_class = Port


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
