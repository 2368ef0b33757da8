"""Protection: a stop, a take-profit, or both as a pair of which one cancels the other.

A position is protected by orders that stand on the *venue*: what the agent would do when the price falls is worth
nothing while the agent is down. The whole of it is a comparison, made again after every piece of news::

    exposed     the own net position, at most what the intent says, cut to the step
    covered     what the protective orders that stand, or may stand, would close (of a pair only the stop counts)
    uncovered   the difference: it is placed, beside what stands, so that no moment is without protection

Three things end it early or change it. The venue refuses a stop whose price the market has already passed: then the
stop has, in effect, been hit, and the position is closed at the market. One order of a pair fills in part, and the
venue ends the other: the rest is cancelled, and what is left is protected anew. And where the position became smaller
by other means, what stands is too much: it is looked at, cancelled, and placed again in the right size.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from outtrade.model.task import Instrument, Intent
from outtrade_suites.agents.port import Doubtful, NotSent, OrderState, Refused, Terms
from outtrade_suites.agents.sending import FIRST_LOOK
from outtrade_suites.agents.sizing import Impossible
from outtrade_suites.agents.state import ZERO, Job, Order
from outtrade_suites.agents.trailing import Trailing

EXIT_TRIES = 10
"""Market orders sent to close what could not be protected."""
EXIT_PAUSE = 1.0
"""Seconds between two of them: a book that was empty fills again."""
MOST_STOPS = 3
"""Stops beside one another; before there are more, all are replaced by one (Binance spot takes five a symbol)."""
PENDING_LOOK = 1.0
"""Seconds until the next step while something is in doubt or to be cancelled."""


class Protecting(Trailing):
    """``protect`` intents."""

    # ------------------------------------------------------------- one step
    async def step_protect(self, job: Job) -> None:
        """Settle what was sent, then cover what is uncovered."""
        rules = self.protectable(job.intent)
        await self.settle_legs(job)
        if job.stopped or self.too_late(job):
            self.wind_up(job)
            return
        job.verdict = "failed" if job.stage in ("exit", "stuck") else "done"
        job.wake = self.next_leg_look(job)
        if job.stage == "stuck" or any(order.phase == "doubt" for order in job.orders) or self.half_moved(job):
            return
        if any(self.books.incomplete(order) for order in self.books.orders.values()):
            await self.complete_fills()
        legs = self.legs(job, self.uncovered(job), rules)
        stops = [order for order in job.orders if order.phase == "live" and order.terms.triggered]
        if legs and len(stops) >= MOST_STOPS:
            for order in self.to_merge(stops, MOST_STOPS):
                await self.cancel(job, order)
        elif legs and not self.in_excess(job):
            await self.cover(job, legs)

    def protectable(self, intent: Intent) -> Instrument:
        """The rules of the symbol; raises Impossible where the intent cannot be carried out there."""
        if intent.symbol is None or intent.symbol not in self.venue.instruments:
            raise Impossible(f"unknown symbol {intent.symbol}")
        ways = (intent.stop_price, intent.take_profit_price, intent.trail)
        if intent.side is None or all(way is None for way in ways):
            raise Impossible("protection needs the side of the exit, and a stop or a take-profit")
        rules = self.instrument(intent.symbol)
        if intent.trail is not None:
            self.trailable(intent, rules)
        if intent.stop_price is not None and self.stop_type(intent) not in rules.types:
            raise Impossible(f"order type {self.stop_type(intent)} is not offered")
        return rules

    def stop_type(self, intent: Intent) -> str:
        return "stop" if intent.limit_price is None else "stop_limit"

    def wind_up(self, job: Job) -> None:
        """Its time is over: it ends when nothing of it stands any more."""
        if not any(order.may_stand for order in job.orders):
            job.close(job.verdict or "done")
        else:
            job.wake = self.now() + PENDING_LOOK

    # -------------------------------------------------------- what stands
    async def settle_legs(self, job: Job) -> None:
        """One look at every order that is in doubt or due, one cancel for every order that has to go."""
        excess = self.in_excess(job)
        for order in list(job.orders):
            due = self.now() >= order.poll_at
            if order.phase == "doubt" and due:
                await self.resolve(job, order)
                order.poll_at = max(job.wake, self.now() + FIRST_LOOK) if order.phase == "doubt" else 0.0
            elif order.phase == "live" and (due or excess or self.orphaned(job, order)):
                await self.refresh(order)
                order.poll_at = self.now() + self.look_cap(order.terms.symbol)
            if not due and self.went_along(job, order):
                order.poll_at = 0.0
            elif order.phase == "live" and (self.should_cancel(job, order) or (excess and self.in_excess(job))):
                await self.cancel(job, order)

    def sibling(self, job: Job, order: Order) -> Order | None:
        """The other order of a pair: its number is the next one, for the take-profit the one before."""
        intent = self.as_amended(job)
        if intent.stop_price is None or intent.take_profit_price is None or "pair" not in self.port.offers:
            return None
        for first, second in pairwise(job.orders):
            if first.terms.stop_price is not None and second.terms.type == "limit" and order in (first, second):
                return second if order is first else first
        return None

    def went_along(self, job: Job, order: Order) -> bool:
        """Whether the other order of a pair was taken away to move both, and the venue has yet to say so of this
        one."""
        other = self.sibling(job, order)
        return other is not None and other.phase == "ended" and self.misplaced(job, order)

    def half_moved(self, job: Job) -> bool:
        """Whether an old order is still to go: what is new waits for that."""
        return any(
            self.misplaced(job, order) and not self.went_along(job, order)
            and order.cancels <= self.task.bounds.attempts
            for order in job.orders
        )  # fmt: skip

    def orphaned(self, job: Job, order: Order) -> bool:
        """Whether the rest of a take-profit works alone: the venue ended its stop when the first part filled."""
        if job.intent.kind != "protect" or order.terms.type != "limit":
            return False
        stop = self.sibling(job, order)
        return stop is not None and stop.phase == "ended"

    def in_excess(self, job: Job) -> bool:
        """Whether more stands than there is to protect."""
        step = self.instrument(job.intent.symbol or "").step
        return self.covered(job) >= self.exposed(job) + step

    def look_cap(self, symbol: str) -> float:
        """The longest time between two looks at a live order in ``symbol``, in seconds: short where a fill has to be
        protected in time."""
        guarded = any(j.intent.kind == "protect" and j.intent.symbol == symbol and not j.closed for j in self.jobs)
        cap = min(self.poll_cap, self.task.bounds.lost_frame / 3)
        return min(cap, self.task.bounds.protection_gap / 3) if guarded else cap

    def next_leg_look(self, job: Job) -> float:
        """When there is something to do again, if no news comes before."""
        standing = [order for order in job.orders if order.may_stand]
        looks = [order.poll_at for order in standing]
        if job.stage == "exit" and self.uncovered(job):
            looks.append(self.now() + EXIT_PAUSE)
        if any(order.phase == "doubt" or self.should_cancel(job, order) for order in standing):
            looks.append(self.now() + PENDING_LOOK)
        return max(min([*looks, self.deadline(job.intent)]), self.now() + 0.05)

    # ---------------------------------------------------------- how much
    def exposed(self, job: Job) -> Decimal:
        """Base units that the intent wants closed when the price comes."""
        intent = self.as_amended(job)
        net = self.net(intent.symbol or "")
        held = max(ZERO, net if intent.side == "sell" else -net)
        if intent.quantity is not None:
            held = min(held, max(ZERO, intent.quantity - job.filled))
        return self.quantity_on_grid(held, self.instrument(intent.symbol or ""), market=True)

    def covered(self, job: Job) -> Decimal:
        """Base units that orders which stand, or may stand, would close; of a pair only the stop counts."""
        paired = self.as_amended(job).stop_price is not None
        counted = [o for o in job.orders if o.may_stand and not (paired and o.terms.type == "limit")]
        return sum(
            (order.remaining if order.phase == "live" else order.terms.quantity or ZERO for order in counted), ZERO
        )

    def uncovered(self, job: Job) -> Decimal:
        """Base units that nothing protects."""
        return max(ZERO, self.exposed(job) - self.covered(job))

    # ------------------------------------------------------------- orders
    def legs(self, job: Job, quantity: Decimal, rules: Instrument) -> list[Terms]:
        """The orders that protect ``quantity``: none where that is dust, one, or a pair with the stop first."""
        intent = self.as_amended(job)
        assert intent.symbol is not None and intent.side is not None
        prices = [price for price in (intent.stop_price, intent.limit_price, intent.take_profit_price) if price]
        prices = prices or [self.lowest_exit(intent)]
        least = max(rules.quantity_min, rules.market_min or ZERO, rules.step)
        if quantity < least or quantity * min(prices) < (rules.notional_min or ZERO):
            return []
        if job.stage == "exit":
            exits = [order for order in job.orders if order.terms.type == "market"]
            if len(exits) >= EXIT_TRIES or (exits and self.now() < exits[-1].last_sent + EXIT_PAUSE):
                return []
            return [Terms(intent.symbol, intent.side, "market", quantity)]
        found = [] if intent.trail is None else [self.trailing_stop(intent, quantity)]
        if intent.stop_price is not None:
            kind = "stop" if intent.limit_price is None else "stop_limit"
            stop = self.price_on_grid(intent.stop_price, intent.side, rules.tick)
            terms = Terms(intent.symbol, intent.side, "stop", quantity, stop_price=stop)
            if kind == "stop_limit" and intent.limit_price is not None:
                price = self.price_on_grid(intent.limit_price, intent.side, rules.tick)
                terms = replace(terms, type="stop_limit", price=price, time_in_force="GTC")
            found.append(terms)
        if intent.take_profit_price is not None and (not found or "pair" in self.port.offers):
            price = self.price_on_grid(intent.take_profit_price, intent.side, rules.tick)
            found.append(Terms(intent.symbol, intent.side, "limit", quantity, price=price))
        return found

    async def cover(self, job: Job, legs: list[Terms]) -> None:
        """Send them: again under their ids where the same was sent before and never came to be."""
        last = job.orders[-len(legs) :]
        if refused := next((order for order in last if order.status == "rejected" and order.terms in legs), None):
            self.on_no_protection(job, refused, Refused("rules", job.reason))  # the rules were read, and are the same
            job.wake = self.now()
            return
        again = [order.terms for order in last] == legs and all(order.phase == "unsent" for order in last)
        orders = last if again else [self.new_order(job, terms) for terms in legs]
        if any(order.phase != "unsent" for order in orders):
            job.wake = self.now()  # after a restart they may have been sent: they begin in doubt, to be settled first
            return
        if not all(self.may_resend(order) for order in orders):
            self.alert("error", f"gave up on protecting {job.intent.symbol}", job)
            job.stage = "stuck"
        elif len(orders) == 1:
            await self.send(job, orders[0])
        else:
            await self.send_pair(job, orders)

    async def send_pair(self, job: Job, orders: list[Order]) -> None:
        """Send two orders of which one cancels the other; both are in doubt until the venue shows them."""
        self.check_exposure()
        before = [order.last_sent for order in orders]
        for order in orders:
            order.phase, order.last_sent, order.cancel_unclear = "doubt", self.now(), False
            order.sends += 1
            order.queries, order.answer_lost = 0, False
            self.journal.order(order)
        self.sent_at = (*self.sent_at[-100:], *(order.last_sent for order in orders))
        try:
            states = await self.ask(lambda: self.port.place_pair([(order.client_id, order.terms) for order in orders]))
        except NotSent as problem:
            for order, earlier in zip(orders, before, strict=True):
                order.sends, order.last_sent = order.sends - 1, earlier
                self.on_not_sent(job, order, problem)
        except Doubtful as problem:
            self.take_events()
            for order in orders:
                order.last_sent, order.answer_lost = self.now(), True
                if order.phase == "doubt":
                    self.on_doubt(job, order, problem)
        except Refused as refusal:
            self.take_events()
            for order in orders:
                if order.phase == "doubt":
                    self.on_refused(job, order, refusal)
        else:
            self.take_events()
            for order in orders:
                self.on_placed(job, order, next(s for s in states if order.client_id in (s.client_id, s.placed_as)))

    # --------------------------------------------------------------- news
    def on_permanent(self, job: Job, order: Order, refusal: Refused) -> None:
        """A stop that the venue will not take leaves the position bare: close it. An exit that it will not take is for
        a person to look at."""
        super().on_permanent(job, order, refusal)
        if job.intent.kind == "protect" and order.terms.symbol not in self.doubted:
            self.on_no_protection(job, order, refusal)

    def on_no_protection(self, job: Job, order: Order, refusal: Refused) -> None:
        """The position cannot be protected by an order: leave it."""
        stuck = order.terms.type == "market"
        job.stage = "stuck" if stuck else "exit"
        for other in job.orders:
            other.poll_at = 0.0  # those that stood may have been triggered as well
        self.alert(
            "error", f"{'exit' if stuck else 'protection'} of {order.terms.symbol} refused: {refusal.message}", job
        )

    def learn(self, state: OrderState, order: Order | None = None) -> Order | None:
        """News of an order may change what has to be protected."""
        found = super().learn(state, order)
        if found is not None:
            for job in self.jobs:
                guard = self.target(job) if job.intent.kind == "amend" else job
                if guard is None or guard.intent.kind != "protect" or guard.intent.symbol != state.symbol:
                    continue
                if not job.closed:
                    job.wake = min(job.wake, self.now())
        return found

    # ------------------------------------------------------ of other layers
    poll_cap = 20.0
    """The longest time between two looks at a working order, in seconds; well inside ``bounds.lost_frame``."""

    def too_late(self, job: Job) -> bool:
        raise NotImplementedError

    def should_cancel(self, job: Job, order: Order) -> bool:
        raise NotImplementedError
