"""The decisions: which intent does what next.

One loop serves all intents. Each turn it reads what the stream told, closes a gap if there was one, and takes one step
for every job that is due; then it waits until the next is due or the stream speaks. A step sends at most a handful of
requests and never waits for the market, so that a slow order holds up nobody. From ``until`` - 30 s (in short tasks: in
the last third) nothing that adds exposure is sent, what still works is cancelled, and the books are compared with the
venue's.

Both reference agents are this class with a port; the broken agents of the zoo are those with one method changed.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from outtrade.model.task import Instrument, Report, Side, is_contract
from outtrade_suites.agents.alarm import Alarm
from outtrade_suites.agents.amending import Amending
from outtrade_suites.agents.auditing import Auditing
from outtrade_suites.agents.contracts import Contracts
from outtrade_suites.agents.deadman import DeadMan
from outtrade_suites.agents.desk import NotYet
from outtrade_suites.agents.fleet import OneOfMany
from outtrade_suites.agents.halting import Halting
from outtrade_suites.agents.port import OrderState, PortError, Refused, Terms
from outtrade_suites.agents.protecting import Protecting
from outtrade_suites.agents.sizing import Impossible
from outtrade_suites.agents.state import ZERO, Job, Order
from outtrade_suites.agents.trading import Trading

POLL_FIRST = 2.0
POLL_GROWTH = 1.5
START_PATIENCE = 10.0
"""Seconds to wait for the stream before the first order; without it, polling alone has to do."""
FLATTEN_TRIES = 4
TICK = 0.001
"""The shortest wait, in seconds: run time is a difference of large floats."""


class Brain(Alarm, Auditing, OneOfMany, DeadMan, Contracts, Halting, Amending, Protecting, Trading):
    """A reference agent, but for how it speaks to the venue."""

    gap_retry_at = 0.0

    # ---------------------------------------------------------------- run
    async def run(self) -> Report:
        """The whole task. Never raises for anything that a venue can do."""
        try:
            self.enter()
            await self.open()
            await self.recover()
            await self.take_stock()
            while not self.finished():
                await self.turn()
            if self.replaced():
                self.alert("error", "another life of this copy has begun: this one does nothing more")
                return self.report()
            await self.clean_up()
            await self.switch_off()
            return self.report()
        finally:
            await self.port.close()

    async def open(self) -> bool:
        """Start the port; give the stream a moment, so that nothing is missed from the first order on. Whether the
        venue answered in time."""
        started = await self.patiently(lambda: self.ask(self.port.start), self.patience())
        link = self.port.link
        while started and link is not None and not link.generation and self.now() < self.started + START_PATIENCE:
            await self.port.wait(0.5)
        return started

    def patience(self) -> float:
        """Until when (run time) to wait for the venue before the first order."""
        return self.closing_time

    def finished(self) -> bool:
        """Whether the time for trading is over."""
        return self.now() >= self.closing_time or self.replaced()

    async def turn(self) -> None:
        """One round, then wait."""
        await self.round()
        left = self.next_wake() - self.now()
        if left > 0:
            await self.port.wait(max(left, TICK))

    async def round(self) -> None:
        """News, gap, all jobs that are due."""
        self.take_events()
        await self.mind_the_switch()
        await self.mind_the_gap()
        await self.mind_positions()
        await self.look_out()
        await self.mind_the_books()
        for job in self.due():
            await self.step(job)
        self.take_events()

    def due(self) -> list[Job]:
        """Jobs with something to do: what ends others and what has to be cancelled first, new orders after that."""
        now = self.now()
        ready = [job for job in self.jobs if not job.closed and job.due <= now]
        return sorted(ready, key=lambda job: (job.intent.kind != "halt", not self.takes_risk_away(job)))

    def takes_risk_away(self, job: Job) -> bool:
        """Whether the next step of a job ends something: it goes first, above all when requests are rationed."""
        order = job.current
        return job.intent.kind in ("cancel", "flatten") or (order is not None and self.should_cancel(job, order))

    def next_wake(self) -> float:
        """When the next job is due, at the latest when the clean-up begins."""
        limit = self.now() + 1 if self.closing else self.closing_time
        wakes = [job.due for job in self.jobs if not job.closed]
        if not self.alone and not self.closing:
            wakes.append(max(self.look_at, self.gate.opens))
        if self.books.orders:
            wakes.append(self.audit_at)
        link = self.port.link
        if link is not None and link.up and link.generation != self.synced:
            wakes.append(self.gap_retry_at)
        if self.in_positions:
            wakes.append(self.next_position_look)
        return min([limit, *wakes, *self.switch_wakes()])

    async def mind_the_gap(self) -> None:
        """After a new subscription, read what the stream missed; until that succeeded no exposure is added."""
        link = self.port.link
        if link is None or not link.up or link.generation == self.synced or self.now() < self.gap_retry_at:
            return
        try:
            await self.close_gap(link.generation)
        except (NotYet, PortError) as problem:
            self.gap_retry_at = problem.until if isinstance(problem, NotYet) else max(self.now() + 3, self.gate.opens)

    async def step(self, job: Job) -> None:
        """One step of one job; a read that fails postpones it."""
        try:
            await self.mind_the_rules(job)
            if job.intent.kind == "order":
                await self.step_order(job)
            elif job.intent.kind == "trade":
                await self.step_trade(job)
            elif job.intent.kind == "cancel":
                self.step_cancel(job)
            elif job.intent.kind == "flatten":
                await self.step_flatten(job)
            elif job.intent.kind == "protect":
                await self.step_protect(job)
            elif job.intent.kind == "amend":
                await self.step_amend(job)
            elif job.intent.kind == "halt":
                self.step_halt(job)
            elif job.intent.kind == "watch":
                job.wake = self.task.until
                job.verdict = "done"
            else:
                self.refuse(job, f"{job.intent.kind} is not supported")
        except NotYet as wait:
            job.wake = wait.until
        except PortError:
            job.wake = max(self.now() + min(job.backoff.next(), 20), self.gate.opens)
        except Impossible as reason:
            self.refuse(job, str(reason))

    def refuse(self, job: Job, reason: str) -> None:
        """The intent cannot be carried out; durable, so that a restart does not try again."""
        self.journal.verdict(job.intent.id, "refused", reason)
        job.close("refused", reason)

    # -------------------------------------------------------------- order
    async def step_order(self, job: Job) -> None:
        """Place, follow, conclude."""
        order = job.current
        if order is None:
            await self.begin(job)
        elif order.phase == "doubt":
            await self.resolve(job, order)
        elif order.phase == "unsent":
            await self.send_or_drop(job, order)
        elif order.phase == "live":
            await self.follow(job, order)
        else:
            await self.conclude(job, order)

    async def begin(self, job: Job) -> None:
        """The first order of an intent, if it is possible."""
        if job.stopped:
            return self.refuse(job, job.stopped)
        if self.too_late(job):
            self.cut_off(job, "it could not be sent before it expired")
            return self.refuse(job, "it could not be sent before it expired")
        terms = self.terms(job.intent)
        symbol = terms.symbol
        quote = await self.ask(lambda: self.port.quote(symbol))
        self.decided_at(job, quote.mid)
        terms = self.within_rules(terms, quote)
        if shortage := self.shortage(terms, quote, await self.free_funds()):
            if not self.books_may_lag(job):
                raise Impossible(shortage)
            job.wake = self.now() + 5
            return
        self.new_order(job, terms)

    def books_may_lag(self, job: Job) -> bool:
        """Whether the balances just read may be older than what this agent has done lately."""
        latest = max([order.last_sent for order in self.books.orders.values()], default=0.0)
        if self.task.resumed:
            latest = max(latest, self.started)
        horizon = latest + self.venue.absent_after
        return latest > 0 and self.now() < min(horizon, self.deadline(job.intent) - 5)

    def too_late(self, job: Job) -> bool:
        return self.closing or self.now() >= self.deadline(job.intent)

    async def send_or_drop(self, job: Job, order: Order) -> None:
        """Send what is not on the venue, unless its time is over or it has been tried often enough."""
        if job.stopped or self.too_late(job):
            if not job.stopped:
                self.cut_off(job, "it could not be placed before it expired")
            job.close(reason=job.stopped or "it could not be placed before it expired")
        elif not self.may_resend(order):
            self.alert("error", f"gave up on {order.client_id} after {order.sends} requests", job)
            job.close(reason="given up after too many attempts")
        else:
            await self.send(job, order)

    def cut_off(self, job: Job, reason: str) -> None:
        """Its time is over and nothing was placed: whoever counts on it has to know."""
        self.alert("warning", reason, job)

    async def follow(self, job: Job, order: Order) -> None:
        """A live order: cancel it when its time has come, else look at it now and then."""
        if self.should_cancel(job, order):
            await self.cancel(job, order)
            return
        if self.now() >= order.poll_at:
            await self.refresh(order)
            age = max(self.now() - order.last_sent, POLL_FIRST)
            order.poll_at = self.now() + min(self.look_cap(order.terms.symbol), age * (POLL_GROWTH - 1) + POLL_FIRST)
        job.wake = self.now() if self.should_cancel(job, order) else min(order.poll_at, self.deadline(job.intent))

    def should_cancel(self, job: Job, order: Order) -> bool:
        """Whether a live order has to go."""
        if order.phase != "live":
            return False
        if job.stopped or self.now() >= self.deadline(job.intent) or self.orphaned(job, order):
            return True
        if self.waited_enough(job, order) or self.misplaced(job, order):
            return True
        return job.intent.on_partial != "keep" and order.filled > 0

    async def conclude(self, job: Job, order: Order) -> None:
        """The last order ended: it is made anew, or the rest is to be taken, or that was it."""
        if self.being_replaced(job):
            job.wake = self.now() + 1
            return
        if self.overtaken(order) and not job.filled:
            await self.begin(job)
            return
        terms = self.rest(job)
        if terms is None:
            job.close()
            return
        symbol = terms.symbol
        quote = await self.ask(lambda: self.port.quote(symbol))
        try:
            terms = self.within_rules(self.bounded(job, terms, quote), quote)
        except Impossible as reason:
            self.alert("warning", f"the rest cannot be traded: {reason}", job)
            job.close(reason=f"the rest cannot be traded: {reason}")
            return
        self.new_order(job, terms)

    def rest(self, job: Job) -> Terms | None:
        """What is left to take of a partly filled intent; None: nothing, or it may not be taken."""
        intent = job.intent
        wanted = intent.on_partial == "complete" and job.filled > 0 and len(job.orders) <= FLATTEN_TRIES
        if not wanted or job.stopped or self.too_late(job) or self.complete(intent, job):
            return None
        if any(order.status == "rejected" and not self.overtaken(order) for order in job.orders):
            self.alert("warning", "the rest was refused, and is left", job)
            return None
        assert intent.symbol is not None and intent.side is not None
        if intent.quantity is not None:
            left = self.quantity_on_grid(intent.quantity - job.filled, self.instrument(intent.symbol), market=True)
            return Terms(intent.symbol, intent.side, "market", left)
        left = (intent.quote_quantity or ZERO) - job.quote_filled
        return Terms(intent.symbol, intent.side, "market", None, self.amount_on_grid(left, intent.symbol))

    def bounded(self, job: Job, terms: Terms, quote: Any) -> Terms:
        """A market order as a price-bounded one, where the intent or the task limits slippage."""
        bps = job.intent.max_slippage_bps
        if bps is None:
            bps = self.task.limits.max_slippage_bps
        if bps is None or terms.quantity is None:
            return terms
        factor = 1 + (bps if terms.side == "buy" else -bps) / Decimal(10_000)
        price = self.price_on_grid(quote.mid * factor, terms.side, self.instrument(terms.symbol).tick)
        return replace(terms, type="limit", price=price, time_in_force="IOC")

    # -------------------------------------------------------------- cancel
    def step_cancel(self, job: Job) -> None:
        """End the target, and see what it came to."""
        target = self.target(job)
        if target is None or target.intent.kind not in ("order", "trade"):
            job.close("failed", "there is no such order to cancel")
            return
        self.stop(target, f"cancelled by intent {job.intent.id}")
        if not target.closed:
            job.wake = max(target.due, self.now() + 0.1)
        else:
            job.close()

    def stop(self, job: Job, reason: str) -> None:
        """Send nothing more for a job, and cancel what works."""
        if not job.stopped and not job.closed:
            job.stopped = reason
            job.wake = self.now()

    # ------------------------------------------------------------- flatten
    async def step_flatten(self, job: Job) -> None:
        """End earlier intents, cancel every order in the symbol, then sell or buy back the own net position."""
        symbols = [job.intent.symbol] if job.intent.symbol else list(self.venue.symbols)
        if any(symbol not in self.venue.instruments for symbol in symbols):
            self.refuse(job, f"unknown symbol {job.intent.symbol}")
            return
        order = job.current
        if job.stopped and (order is None or order.phase == "ended"):
            job.close("failed", job.stopped)
            return
        if order is not None and order.phase != "ended":
            if order.phase == "unsent" and self.too_late(job):
                job.close("failed", "it could not be closed in time")
            else:
                await self.step_order(job)
            return
        if not self.ended_earlier(job, symbols):
            job.wake = self.now() + 0.5
            return
        if job.stage == "" and not await self.cancel_foreign(symbols):
            job.wake = self.now() + 2
            return
        job.stage = "closing"
        await self.complete_fills()
        if any(self.books.incomplete(order) for order in self.books.orders.values()):
            job.wake = self.now() + 2
            return
        await self.compare_positions([symbol for symbol in symbols if is_contract(symbol)])
        terms = self.next_closing_order(symbols)
        rejected = order is not None and order.status == "rejected" and not self.overtaken(order)
        if terms is None:
            job.close("done")
        elif rejected or self.too_late(job) or len(job.orders) > FLATTEN_TRIES * len(symbols):
            job.close("failed", "it could not be closed in time")
        else:
            self.new_order(job, terms)

    def ended_earlier(self, job: Job, symbols: list[str]) -> bool:
        """End the intents that were due before this one; whether all of them have ended."""
        earlier = [
            other
            for other in self.jobs
            if other is not job and other.intent.symbol in symbols and other.intent.at < job.intent.at
            and other.intent.kind in ("order", "trade", "flatten", "protect")
        ]  # fmt: skip
        for other in earlier:
            self.stop(other, f"ended by intent {job.intent.id}")
        return all(other.closed for other in earlier)

    async def cancel_foreign(self, symbols: list[str]) -> bool:
        """Cancel what others have working; whether nothing is left."""
        left: list[OrderState] = []
        for symbol in symbols:
            left += await self.ask(lambda symbol=symbol: self.port.open_orders(symbol))  # type: ignore[misc]
        for state in left:
            self.learn(state)
            known = self.books.foreign.get((state.symbol, state.venue_id))
            if known is None or known.status != "open":
                continue
            gone: OrderState | None = None
            try:
                gone = await self.ask(lambda state=state: self.port.cancel(state.symbol, state.venue_id, None))  # type: ignore[misc]
            except Refused as refusal:
                if refusal.kind != "unknown_order":
                    raise
            if gone is None:
                gone = await self.ask(lambda state=state: self.port.order(state.symbol, venue_id=state.venue_id))  # type: ignore[misc]
            assert gone is not None
            self.learn(gone)
        return not any(state.status == "open" and state.symbol in symbols for state in self.books.foreign.values())

    def next_closing_order(self, symbols: list[str]) -> Terms | None:
        """The order that closes the own net position of the first symbol that has one; dust is left."""
        for symbol in symbols:
            terms = self.closing_terms(symbol, self.net(symbol), self.instrument(symbol))
            if terms is not None:
                return terms
        return None

    def closing_terms(self, symbol: str, position: Decimal, rules: Instrument) -> Terms | None:
        """A market order against ``position``, at most as large; None where that is below what the venue takes."""
        quantity = self.quantity_on_grid(abs(position), rules, market=True)
        prices = [fill.price for fill in self.books.traded(symbol)]
        too_small = quantity < max(rules.quantity_min, rules.market_min or ZERO) or quantity <= 0
        if too_small or (rules.notional_min and prices and quantity * prices[-1] < rules.notional_min):
            return None
        side: Side = "sell" if position > 0 else "buy"
        return Terms(symbol, side, "market", quantity, reduce_only=is_contract(symbol))

    # ------------------------------------------------------------ clean-up
    async def clean_up(self) -> None:
        """Cancel what may not rest, settle what is in doubt, compare the books. Ends in time for the report."""
        self.closing = True
        second = self.last_part / 30
        last_call = self.task.until - 12 * second
        for job in self.jobs:
            job.wake = self.now()
            for order in job.orders:
                order.cancels = 0
        while self.unsettled() and self.now() < last_call:
            await self.turn()
        if await self.patiently(self.reconcile, last_call + 8 * second) and self.unsettled():
            while self.unsettled() and self.now() < last_call + 4 * second:
                await self.turn()
            await self.patiently(self.reconcile, last_call + 8 * second)

    def unsettled(self) -> bool:
        """Whether something is in doubt, or works although it may not."""
        return any(
            order.phase == "doubt" or (order.phase == "live" and self.should_cancel(self.job_of(order), order))
            for order in self.books.orders.values()
        )
