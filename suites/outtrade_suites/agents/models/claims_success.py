"""Takes an unanswered order for a filled one and reports what it wishes were true.

It never asks the venue; where the order was not accepted, the report claims a trade that does not exist.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Intent, Report, Task
from outtrade_suites.agents.models.right import Looks, Model
from outtrade_suites.agents.models.script import Json, Venue, play


class Optimist(Model):
    """The right model, but for two methods."""

    def on_doubt(self, intent: Intent, terms: Json) -> Looks:
        yield from ()
        state = {"venue_id": "0", "status": "filled", "filled": terms["quantity"]}
        return terms | state | {"average_price": terms.get("limit_price")}

    def learn_fills(self, intent: Intent, state: Json) -> Looks:
        if state["venue_id"] != "0":
            return (yield from super().learn_fills(intent, state))
        signed = Decimal(state["filled"]) * (1 if intent.side == "buy" else -1)
        self.positions[str(intent.symbol)] = self.positions.get(str(intent.symbol), Decimal(0)) + signed
        return None


VENUES = ("binance_spot",)
"""Where there are tools."""


def execute(task: Task, venue: Venue) -> Report:
    """The agent."""
    return play(venue.tools, Optimist(task, venue.absent_after).script())
