"""The bug: the rules of an instrument are read once, at the start, and never doubted.

The tick of the market becomes coarser at noon. From then on every order is refused for its price, and since the program
believes what it read in the morning, it computes the same prices for the next intent, and the one after it.
Seen in: nautechsystems/nautilus_trader#2980, #3942 (a tick that changes at run time).
Violates PAR-14; some intents that could have been carried out are refused. Base: ccxt.
"""

from __future__ import annotations

from outtrade.model.task import Report
from outtrade_suites.agents.ccxt_agent import CcxtAgent
from outtrade_suites.agents.port import Access, RunTask, drive


class ArguesAboutRules(CcxtAgent):
    def doubt_rules(self, symbol: str) -> None:
        """What was read in the morning holds."""


def execute(task: RunTask, venue: Access) -> Report:
    return drive(ArguesAboutRules(task, venue).run())
