"""Nothing on record, nothing happened (freqtrade/freqtrade#8913; compare nautilus_trader#3878).

The store is empty after the restart, so whatever is found on the account must be somebody else's, and what was due
before the start counts as missed.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    async def recover(self) -> None:
        if not self.task.resumed or any(self.journal.orders()):
            return await super().recover()
        for symbol in self.symbols:
            for state in await self.port.all_orders(symbol, self.task.epoch):
                self.books.foreign[symbol, state.venue_id] = state
        for job in self.jobs:
            if job.intent.at <= self.started:
                job.close("failed", "missed")


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
