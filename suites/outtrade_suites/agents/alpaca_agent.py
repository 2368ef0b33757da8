"""Reference agent for US equities at Alpaca, over alpaca-py: a market that closes.

outtrade run agent:alpaca --space equities --scenarios 20

What is different from a market that never closes: an order may wait for its session without being lost; it may end with
its session without anybody's doing; an amount or a part of a share is for a day; and a change makes a new order
(``replacing``). A position is protected by one request for a stop and a take-profit (``alpaca_orders``), of which the
venue names the stop; of a position in parts, the whole shares are, and the rest has a stop of its own.

outtrade run agent:alpaca --space shares --scenarios 20
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from outtrade.model.task import Instrument, Intent, Report
from outtrade_suites.agents.alpaca_orders import in_parts
from outtrade_suites.agents.alpaca_port import AlpacaPort
from outtrade_suites.agents.port import Access, OrderState, Refused, RunTask, Terms, drive
from outtrade_suites.agents.replacing import Replacing
from outtrade_suites.agents.sizing import TIMES_IN_FORCE, Impossible, floor_to
from outtrade_suites.agents.state import Job, Order

VENUES = ("alpaca",)
"""Where it can trade: equities alone, so in the spaces that are made of them."""
LACKS = ("contracts", "crypto", "dead_man", "fallback", "post_only", "stream", "take_profit", "trailing_stop")
"""What it has not got."""
AUCTIONS = ("OPG", "CLS")


class AlpacaAgent(Replacing):
    """The decisions, with an eye on the clock of the market. Without a stream it looks more often."""

    poll_cap = 15.0
    port: AlpacaPort
    port_class = AlpacaPort
    times_in_force = (*TIMES_IN_FORCE, "DAY", *AUCTIONS)

    def __init__(self, task: RunTask, venue: Access) -> None:
        super().__init__(task, venue, self.port_class(venue))
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
        if in_parts(found.quantity) and tif != "DAY":
            raise Impossible("a part of a share is for the day")
        if not intent.extended_hours:
            return found
        return Terms(
            found.symbol, found.side, found.type, found.quantity, None, found.price, time_in_force=tif,
            extended_hours=True,
        )  # fmt: skip

    # ------------------------------------------------------------ protection
    def legs(self, job: Job, quantity: Decimal, rules: Instrument) -> list[Terms]:
        """Pairs are of whole shares: what is beyond them has a stop, and nothing else."""
        found = super().legs(job, quantity, rules)
        if len(found) < 2 or not in_parts(quantity):
            return found
        whole = floor_to(quantity, Decimal(1))
        return [replace(terms, quantity=whole) for terms in found] if whole else found[:1]

    async def look_up(self, order: Order) -> OrderState | None:
        """A stop that was placed as half of a pair has no client id of ours: it is asked for through the other half."""
        other = self.sibling(self.job_of(order), order)
        if other is None or order.venue_id is not None or order.terms.stop_price is None:
            return await super().look_up(order)
        try:
            both = await self.ask(lambda: self.port.pair(order.terms.symbol, other.client_id))
        except Refused as refusal:
            if refusal.kind == "not_found":
                return None
            raise
        return next((state for state in both if state.placed_as == order.client_id), None)

    # ------------------------------------------------------------ the session
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
