"""Never gives a stream up that is open (compare nautechsystems/nautilus_trader#4020).

Keep-alive is switched off, so a connection on which nothing comes any more stays the connection.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent, HttpxPort
from outtrade_suites.agents.port import Access, RunTask


class Port(HttpxPort):
    """The reference agent's port, but for the keep-alive of its stream."""

    def keep_alive(self, silence: float) -> None:
        if self._stream is not None:
            self._stream.ping = None


class Agent(HttpxAgent):
    """The reference agent with that port."""

    port_class = Port


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
