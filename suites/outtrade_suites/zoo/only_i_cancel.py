"""Only its own cancels count (freqtrade/freqtrade#385: an order deleted by hand).

The venue says that an order is cancelled. Nobody here cancelled it, so that must be a mistake: it works on.
"""

from __future__ import annotations

from dataclasses import replace

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, OrderState, RunTask, drive
from outtrade_suites.agents.state import Order


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def learn(self, state: OrderState, order: Order | None = None) -> Order | None:
        known = order or self.books.find(state)
        if (
            known is not None
            and known.phase == "live"
            and not known.cancels
            and state.status in ("cancelled", "expired")
        ):
            state = replace(state, status="open")
        return super().learn(state, order)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
