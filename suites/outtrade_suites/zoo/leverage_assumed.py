"""Knows the leverage from its own configuration (the contract: read, or set and verified).

The account is asked whether it is in one-way mode. Its leverage is what the configuration says, and has been since the
day on which somebody typed it in at the venue.
"""

from __future__ import annotations

from dataclasses import replace

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, Modes, RunTask, drive

CONFIGURED = 2


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    async def read_modes(self, symbol: str) -> Modes:
        self.modes[symbol] = replace(await super().read_modes(symbol), leverage=CONFIGURED)
        return self.modes[symbol]


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
