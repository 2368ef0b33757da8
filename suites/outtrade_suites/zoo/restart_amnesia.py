"""Disowns its orders after a restart (compare nautilus_trader#3878, freqtrade/freqtrade#8913).

The process starts again and finds orders on the account. It did not place them, this process did not, so they are
left alone; what was to be done before the crash counts as interrupted.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    async def recover(self) -> None:
        if not self.task.resumed:
            return await super().recover()
        for symbol in self.symbols:
            for state in await self.port.open_orders(symbol):
                self.books.foreign[symbol, state.venue_id] = state
        for job in self.jobs:
            if job.intent.at <= self.started:
                job.close("failed", "interrupted")


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
