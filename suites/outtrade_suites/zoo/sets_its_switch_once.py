"""Its dead-man switch is set once (constructed).

Before the first order it is set, as the task asks for. That it has to be set again, and again, is in the next
paragraph of the venue's document: after the timeout every order is gone, and the program is well.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class Agent(CcxtAgent):
    """The reference agent, but for one method."""

    def due_again(self, name: str) -> float:
        return float("inf") if name in self.goes_off else super().due_again(name)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent."""
    return drive(Agent(task, venue).run())
