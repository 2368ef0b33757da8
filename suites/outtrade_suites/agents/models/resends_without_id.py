"""Gives its orders no client order id, and sends an unanswered one again: one intent becomes two orders.

Without an id there is nothing to ask by; the model does not notice that and takes silence for failure.
"""

from __future__ import annotations

from outtrade.model.task import Intent, Report, Task
from outtrade_suites.agents.models.right import Looks, Model
from outtrade_suites.agents.models.script import Json, Use, Venue, play


class Resender(Model):
    """The right model, but for two methods."""

    def client_id(self, intent: Intent) -> str | None:
        return None

    def on_doubt(self, intent: Intent, terms: Json) -> Looks:
        yield Use("wait", {"seconds": 1})
        return None


VENUES = ("binance_spot",)
"""Where there are tools."""


def execute(task: Task, venue: Venue) -> Report:
    """The agent."""
    return play(venue.tools, Resender(task, venue.absent_after).script())
