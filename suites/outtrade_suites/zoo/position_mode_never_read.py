"""Takes one-way mode for granted (nautechsystems/nautilus_trader#3745: a mode that was "set" and never was).

Leverage is asked for, because profit depends on it. That an account may hold long and short beside each other is
something that the person who wrote this had switched off years ago.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, Modes, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    async def read_modes(self, symbol: str) -> Modes:
        told = await self.ask(lambda: self.port.ask(self.port.exchange.fetch_leverage, symbol))  # type: ignore[attr-defined]
        self.modes[symbol] = Modes(int(told["longLeverage"]), told["marginMode"] == "isolated", hedge=False)
        return self.modes[symbol]


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
