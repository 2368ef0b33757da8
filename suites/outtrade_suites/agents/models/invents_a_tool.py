"""Asks for an unanswered order by a tool that nobody offered, as models do when a name sounds right.

The call is refused and nothing is sent; the script then goes on as it should.
"""

from __future__ import annotations

from outtrade.model.task import Intent, Report, Task
from outtrade_suites.agents.models.right import Looks, Model
from outtrade_suites.agents.models.script import Json, Use, Venue, play


class Inventive(Model):
    """The right model, but for one method."""

    def on_doubt(self, intent: Intent, terms: Json) -> Looks:
        yield Use("get_order_status", {"order_id": terms["client_id"]})
        return (yield from super().on_doubt(intent, terms))


VENUES = ("binance_spot",)
"""Where there are tools."""


def execute(task: Task, venue: Venue) -> Report:
    """The agent."""
    return play(venue.tools, Inventive(task, venue.absent_after).script())
