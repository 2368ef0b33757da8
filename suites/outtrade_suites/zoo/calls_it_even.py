"""The bug: the limit price is taken for the price paid, because the answer to the order names both and one is at hand.

The slippage of every order is nought, in every report, whatever the fills were. Nobody looks for what is never there.
Seen in: ccxt/ccxt#6093, freqtrade/freqtrade#13358 (the limit price used as the fill price).
Violates EXQ-05. Base: ccxt.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive
from outtrade_suites.agents.state import Job


class CallsItEven(CcxtAgent):
    def paid(self, job: Job) -> Decimal | None:
        return self.intended(job) if job.filled else None


def execute(task: RunTask, venue: Access) -> Report:
    return drive(CallsItEven(task, venue).run())
