"""Leaves out the words that the venue does not know, and sends the rest (compare ccxt#17932).

Post-only, reduce-only and a time in force that contradicts it are dropped; an unknown type becomes a market order.
"""

from __future__ import annotations

from outtrade.model.task import Instrument, Intent, Report
from outtrade_suites.agents.httpx_agent import HttpxAgent
from outtrade_suites.agents.port import Access, RunTask


class Agent(HttpxAgent):
    """The reference agent, but for one method."""

    def sayable(self, intent: Intent, rules: Instrument) -> Intent:
        kind = intent.type if intent.type in ("market", "limit") else "market"
        tif = None if kind == "market" else intent.time_in_force
        maker = intent.post_only and kind == "limit" and tif not in ("IOC", "FOK")
        return intent.model_copy(update={"type": kind, "time_in_force": tif, "post_only": maker, "reduce_only": False})


async def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return await Agent(task, venue).run()
