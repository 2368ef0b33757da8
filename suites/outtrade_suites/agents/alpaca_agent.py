"""Reference agent for US equities at Alpaca, over alpaca-py: a market that closes.

outtrade run agent:alpaca --space equities --scenarios 20

What is different from a market that never closes: an order may wait for its session without being lost; it may end with
its session without anybody's doing; an amount or a part of a share is for a day; and a change makes a new order
(``replacing``).
"""

from __future__ import annotations

from outtrade.model.task import Intent, Report
from outtrade_suites.agents.alpaca_port import AlpacaPort
from outtrade_suites.agents.port import Access, RunTask, Terms, drive
from outtrade_suites.agents.replacing import Replacing
from outtrade_suites.agents.sizing import TIMES_IN_FORCE, Impossible
from outtrade_suites.agents.state import Job

VENUES = ("alpaca",)
"""Where it can trade: equities alone, so in the spaces that are made of them."""
LACKS = (
    *("contracts", "crypto", "dead_man", "fallback", "oco"),
    *("post_only", "protect", "stop_orders", "stream", "take_profit"),
)
"""What it has not got."""
AUCTIONS = ("OPG", "CLS")


class AlpacaAgent(Replacing):
    """The decisions, with an eye on the clock of the market. Without a stream it looks more often."""

    poll_cap = 15.0
    port: AlpacaPort
    times_in_force = (*TIMES_IN_FORCE, "DAY", *AUCTIONS)

    def __init__(self, task: RunTask, venue: Access) -> None:
        super().__init__(task, venue, AlpacaPort(venue))
        self.moving, self.successors, self.names = {}, {}, set()

    # ------------------------------------------------------------ the order
    def time_in_force(self, intent: Intent) -> str | None:
        """Every order here has one, market orders too."""
        return intent.time_in_force or "GTC"

    def terms(self, intent: Intent) -> Terms:
        """What the intent asks for; raises Impossible, too, for what only other orders can be."""
        if intent.post_only:
            raise Impossible("post-only orders are not offered")
        tif = self.time_in_force(intent)
        if intent.quote_quantity is not None and tif != "DAY":
            raise Impossible("an order for an amount of money is for the day")
        if intent.extended_hours and (intent.type != "limit" or tif != "DAY"):
            raise Impossible("in extended hours there are limit orders for the day, and no others")
        found = super().terms(intent)
        if not intent.extended_hours:
            return found
        return Terms(
            found.symbol, found.side, found.type, found.quantity, None, found.price, time_in_force=tif,
            extended_hours=True,
        )  # fmt: skip

    async def begin(self, job: Job) -> None:
        """Not for a session that comes too late: a venue would keep such an order until it is called back."""
        if not job.stopped and not self.too_late(job) and not job.intent.extended_hours:
            hours = await self.ask(self.port.hours)
            if not hours.is_open and hours.opens - self.task.epoch >= self.deadline(job.intent):
                raise Impossible("the market opens after the order's time is over")
        await super().begin(job)


def execute(task: RunTask, venue: Access) -> Report:
    """The agent: see the contract."""
    return drive(AlpacaAgent(task, venue).run())
