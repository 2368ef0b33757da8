"""``trade``: an exposure is wanted, and the orders are ours to choose.

Three numbers decide. ``max_slippage_bps`` is a price beyond which nothing is traded, reckoned once, from the mid when
the intent falls due, and the same for all pieces. ``patience`` is how long a maker order may wait at the touch before
the rest is taken. ``max_fee_bps`` says whether it may be taken at all. So::

    making    a post-only order at the touch, never beyond the bound; until patience ends, or for ever where the
              taker's fee is too high
    taking    immediate-or-cancel orders, one after the other, while the touch is within the bound: each as large as
              what the book shows near its best price, and at most at the bound

What the bound, the fees or the time do not allow is left, and reported as such. And ``max_age`` says how old a price
may be when an order leaves that was decided on it: one that was held up (a limit, an outage, a doubt) is decided anew.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Instrument, Intent, Side
from outtrade_suites.agents.port import Quote, Terms
from outtrade_suites.agents.reporting import Reporting
from outtrade_suites.agents.sizing import Impossible, floor_to
from outtrade_suites.agents.state import ZERO, Job, Order

BETWEEN_PIECES = 8.0
"""Seconds between two orders that take: a book that was swept needs time to fill again."""
STRIDE = Decimal("0.4")
"""The part of the bound on slippage that one order may walk from the best price."""
HURRY = 40.0
"""Seconds before the end from which on the whole bound is used."""
LOOK_AT_PRICE = 3.0
"""Seconds between two looks at a price that is beyond the bound."""
BPS = Decimal(10_000)


class Trading(Reporting):
    """Jobs of kind ``trade``."""

    async def step_trade(self, job: Job) -> None:
        """One piece after the other: place, follow, and decide anew."""
        order = job.current
        if order is None or order.phase == "ended":
            await self.next_piece(job)
        elif order.phase == "doubt":
            await self.resolve(job, order)
        elif order.phase == "unsent":
            if self.outdated(job):
                await self.decide_again(job, order)
            else:
                await self.send_or_drop(job, order)
        else:
            await self.follow(job, order)
            if order.phase == "live" and self.now() < (over := job.intent.at + (job.intent.patience or 0.0)):
                job.wake = min(job.wake, over)

    def waited_enough(self, job: Job, order: Order) -> bool:
        """Whether a maker order has to make way, because its time is over and the rest may be taken."""
        intent = job.intent
        if intent.kind != "trade" or not order.terms.post_only or not intent.symbol:
            return False
        return not self.making(job, self.instrument(intent.symbol))

    async def next_piece(self, job: Job) -> None:
        """The next order, unless nothing is left, it is too late, or the price is not ours."""
        if job.stopped or self.too_late(job):
            reason = job.stopped or "its time was over"
            return job.close(reason=reason) if job.orders else self.refuse(job, reason)
        last = job.current
        pause = last is not None and not last.terms.post_only
        if last is not None and pause and self.now() < last.last_sent + BETWEEN_PIECES:
            job.wake = last.last_sent + BETWEEN_PIECES
            return None
        try:
            terms = await self.piece(job)
        except Impossible as reason:
            if not job.orders:
                raise
            return job.close(reason=f"the rest cannot be traded: {reason}")
        if terms is not None:
            self.new_order(job, terms)
        return None

    def outdated(self, job: Job) -> bool:
        """Whether the price on which the order was decided is older than the intent allows."""
        most = job.intent.max_age
        return most is not None and self.now() > job.priced_at + most

    async def decide_again(self, job: Job, order: Order) -> None:
        """An order that did not get through in time is decided anew. The same terms go under the same id, others under
        another one: what was asked under the first is history."""
        if job.stopped or self.too_late(job) or not self.may_resend(order):
            await self.send_or_drop(job, order)
            return
        try:
            terms = await self.piece(job)
        except Impossible as reason:
            return job.close(reason=f"it cannot be traded any more: {reason}")
        if terms == order.terms:
            await self.send_or_drop(job, order)
        elif terms is not None:
            self.journal.forget(order)
            self.new_order(job, terms)

    async def piece(self, job: Job) -> Terms | None:
        """The order that comes next; None where there is none now (the job knows when to look again, or has ended).
        Raises Impossible where there can be none."""
        intent, symbol = job.intent, job.intent.symbol
        if symbol is None or symbol not in self.venue.instruments or intent.side is None:
            raise Impossible(f"unknown symbol {symbol}, or no side")
        rules = self.instrument(symbol)
        if rules.status != "trading":
            raise Impossible(f"{symbol} is not trading ({rules.status})")
        began = self.now()
        quote = await self.ask(lambda: self.port.quote(symbol))
        job.priced_at = began
        if job.filled and self.complete(intent, job):
            job.close()
            return None
        mid = self.journal.mid(intent.id, quote.mid)
        self.decided_at(job, mid)
        bound = self.bound(intent, mid, rules)
        making = self.making(job, rules)
        terms = self.maker(job, quote, bound, rules) if making else self.taker(job, quote, bound, rules)
        if terms is None:
            job.wake = min(self.now() + LOOK_AT_PRICE, self.deadline(intent))
            return None
        terms = self.within_rules(terms, quote)
        if not job.orders and (shortage := self.shortage(terms, quote, await self.free_funds())):
            raise Impossible(shortage)
        return terms

    # ------------------------------------------------------------ choices
    def making(self, job: Job, rules: Instrument) -> bool:
        """Whether the next order is to wait at the touch. Raises Impossible where neither fee is within the bound."""
        intent = job.intent
        most = intent.max_fee_bps
        if most is not None and rules.taker_fee * BPS > most:
            if rules.maker_fee * BPS > most or intent.patience == 0:
                raise Impossible(f"a fee of at most {most} bps is not to be had")
            return True
        return intent.patience is not None and self.now() < intent.at + intent.patience

    def bound(self, intent: Intent, mid: Decimal, rules: Instrument) -> Decimal | None:
        """The worst price that may be paid or taken; None where nothing limits it."""
        bps = intent.max_slippage_bps
        if bps is None:
            bps = self.task.limits.max_slippage_bps
        if bps is None or intent.side is None:
            return None
        factor = 1 + (bps if intent.side == "buy" else -bps) / BPS
        return self.price_on_grid(mid * factor, intent.side, rules.tick)

    def maker(self, job: Job, quote: Quote, bound: Decimal | None, rules: Instrument) -> Terms | None:
        """An order that joins the best price of its own side, or stands at the bound where that is better."""
        assert job.intent.symbol is not None and job.intent.side is not None
        side = job.intent.side
        price = self.price_on_grid(quote.bid if side == "buy" else quote.ask, side, rules.tick)
        if bound is not None:
            price = min(price, bound) if side == "buy" else max(price, bound)
        left = self.left(job, price, rules)
        return Terms(job.intent.symbol, side, "limit", left, price=price, post_only=True)

    def taker(self, job: Job, quote: Quote, bound: Decimal | None, rules: Instrument) -> Terms | None:
        """An order that takes what stands within the bound and leaves nothing on the book; None while nothing does."""
        assert job.intent.symbol is not None and job.intent.side is not None
        side = job.intent.side
        touch = quote.ask if side == "buy" else quote.bid
        if bound is None:
            return Terms(job.intent.symbol, side, "market", self.left(job, touch, rules))
        if touch > bound if side == "buy" else touch < bound:
            return None
        worst = self.reach(job, touch, bound, rules)
        dearest = worst if side == "buy" else touch  # of an amount of quote currency never more than is wanted
        wanted = self.left(job, dearest, rules)
        size = min(wanted, floor_to(self.shown(quote, side, worst), rules.step)) if worst != bound else wanted
        if size < wanted and (size < rules.quantity_min or size * touch < (rules.notional_min or ZERO)):
            return None
        return Terms(job.intent.symbol, side, "limit", size, price=worst, time_in_force="IOC")

    def reach(self, job: Job, touch: Decimal, bound: Decimal, rules: Instrument) -> Decimal:
        """How far one order may walk through the book: a part of the bound from the best price, so that a thin book has
        time to fill again; all of the bound when time runs out."""
        bps = job.intent.max_slippage_bps or self.task.limits.max_slippage_bps
        if bps is None or self.now() > self.deadline(job.intent) - HURRY:
            return bound
        side = job.intent.side or "buy"
        near = self.price_on_grid(touch * (1 + (bps if side == "buy" else -bps) * STRIDE / BPS), side, rules.tick)
        if side == "buy":
            return min(bound, max(near, touch))
        return max(bound, min(near, touch))

    def shown(self, quote: Quote, side: Side, worst: Decimal) -> Decimal:
        """Base units that the book shows up to a price."""
        levels = quote.asks if side == "buy" else quote.bids
        return sum((size for price, size in levels if (price <= worst if side == "buy" else price >= worst)), ZERO)

    def left(self, job: Job, price: Decimal, rules: Instrument) -> Decimal:
        """Base units that are still wanted, on the grid; of an amount of quote currency, what it buys at ``price``."""
        intent = job.intent
        if intent.quantity is not None:
            return floor_to(intent.quantity - job.filled, rules.step)
        return floor_to(((intent.quote_quantity or ZERO) - job.quote_filled) / price, rules.step)

    # ------------------------------------------------- what the brain does
    async def send_or_drop(self, job: Job, order: Order) -> None:
        raise NotImplementedError

    async def follow(self, job: Job, order: Order) -> None:
        raise NotImplementedError

    def refuse(self, job: Job, reason: str) -> None:
        raise NotImplementedError

    def too_late(self, job: Job) -> bool:
        raise NotImplementedError
