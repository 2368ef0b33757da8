"""The bug: the bound on slippage is all that limits an order, so it takes everything up to there at once.

The order is never too dear, and always as dear as it may be: in a thin book it is the market, and the price stands at
its bound when it is done. The next one begins there.
Seen in: constructed; compare any agent that sends its whole size in one order.
Violates EXQ-02. Base: ccxt.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Instrument, Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Job


class SweepsTheBook(CcxtAgent):
    def reach(self, job: Job, touch: Decimal, bound: Decimal, rules: Instrument) -> Decimal:
        return bound


def execute(task: RunTask, venue: Access) -> Report:
    return drive(SweepsTheBook(task, venue).run())
