"""Books a replayed trade again (nautechsystems/nautilus_trader#3172, BYTEX-TRADE/bytex#16; A4-16, A4-17).

Answers and stream are told apart, so a trade that comes by both counts once. One that the stream tells twice gets a
second entry: a fresh id is made up for what looks new.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, OrderState, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    streamed: frozenset[tuple[str, str]] = frozenset()
    """(symbol, trade id) of what the stream has told."""

    def on_event(self, state: OrderState) -> None:
        told = {(fill.symbol, fill.trade_id): fill for fill in state.fills}
        self.learn(state)
        for (symbol, trade_id), fill in told.items():
            if (symbol, trade_id) in self.streamed:
                self.books.fills[symbol, f"{trade_id} again"] = fill
        self.streamed |= frozenset(told)


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
