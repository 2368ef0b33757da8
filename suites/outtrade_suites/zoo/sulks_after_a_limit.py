"""Three minutes of silence for every refusal (hummingbot/hummingbot#1993: one busy second, no orders for minutes).

Whatever the venue asked for, the bot's circuit breaker opens for longer than any trade can wait.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, Refused, RunTask, drive
from outtrade_suites.agents.state import Job, Order


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def on_transient(self, job: Job, order: Order, refusal: Refused) -> None:
        super().on_transient(job, order, refusal)
        job.wake = max(job.wake, self.gate.opens) + 180


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
