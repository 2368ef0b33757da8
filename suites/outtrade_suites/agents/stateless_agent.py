"""Reference agent that remembers nothing: everything it knows, the venue told it.

    outtrade run agent:stateless --scenarios 100
    outtrade run agent:stateless --space okx --scenarios 100

It decides as ``ccxt_agent`` does and never writes to ``task.store``, as an agent must that runs where nothing durable
is at hand. What makes that possible: a client order id is made of the intent's tag and a number, so the venue's lists
say after a restart which orders are its own and how many an intent has had. What an earlier incarnation may have sent
in its last moments is in doubt until the venue has shown it or has proved that it is not there (``Sending.new_order``).
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_mocks.venues import NAMES
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.journal import Journal
from outtrade_suites.agents.port import Access, RunTask, drive

VENUES = NAMES
"""Where it can trade."""
LACKS = ("fallback", "sessions", "store")
"""What it has not got: so it cannot be told that another life of it has begun, and after a restart it would have to ask
every fallback for what it sent there."""


class StatelessAgent(CcxtAgent):
    """The decisions, over ccxt, with a journal that ends with the process."""

    def __init__(self, task: RunTask, venue: Access) -> None:
        super().__init__(task, venue)
        self.journal = Journal({})


def execute(task: RunTask, venue: Access) -> Report:
    """The agent: see the contract."""
    return drive(StatelessAgent(task, venue).run())
