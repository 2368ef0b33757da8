"""Takes the newest trade for all of them (ccxt/ccxt#8327, #9343).

Trades are asked for, and the one that came last is booked; what filled in several pieces is short.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.ccxt_port import CcxtPort
from outtrade_suites.agents.port import Access, RunTask, drive


class Port(CcxtPort):
    """The reference agent's port, but for one method."""

    async def trades(self, method: Callable[..., Any], *about: Any, since: float | None, **named: Any) -> list[Any]:
        return (await super().trades(method, *about, since=since, **named))[-1:]


class Agent(CcxtAgent):
    """The reference agent with that port."""

    port_class = Port


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
