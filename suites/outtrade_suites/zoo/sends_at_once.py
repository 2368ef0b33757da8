"""Sends every order as soon as it knows of it (compare shinnytech/tqsdk-python#71, commands outside of their time).

The times of the intents are taken for the latest moment, not for the earliest.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def __init__(self, task: RunTask, venue: Access) -> None:
        super().__init__(task, venue)
        for job in self.jobs:
            if job.intent.kind == "order":
                job.intent, job.wake = job.intent.model_copy(update={"at": 0.0}), 0.0


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
