"""The bug: the distance of the stop is added to the entry where it is to be subtracted.

Written for shorts, used for a long position: the stop that sells stands above the market. This venue refuses it, and
the position is closed at once; another would execute it, which comes to the same.
Seen in: freqtrade/freqtrade#4051 (a new stop above the price).
Violates PAR-09. Base: ccxt.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from outtrade.model.task import Instrument, Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, Terms, drive
from outtrade_suites.agents.state import Job


class StopOnTheWrongSide(CcxtAgent):
    def legs(self, job: Job, quantity: Decimal, rules: Instrument) -> list[Terms]:
        legs, entry = super().legs(job, quantity, rules), self.entry_price(job.intent.symbol or "")
        if entry is None or not legs or legs[0].stop_price is None:
            return legs
        turned = self.price_on_grid(2 * entry - legs[0].stop_price, "buy", rules.tick)
        return [replace(legs[0], stop_price=turned), *legs[1:]]


def execute(task: RunTask, venue: Access) -> Report:
    return drive(StopOnTheWrongSide(task, venue).run())
