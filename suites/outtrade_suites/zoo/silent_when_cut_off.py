"""Gives up without a word (freqtrade/freqtrade#7932: an outage shows in the log of a library, and nowhere else).

The venue could not be reached while the order was wanted. The intent is closed as failed; nobody is told.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Job


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def cut_off(self, job: Job, reason: str) -> None:
        job.reason = reason


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
