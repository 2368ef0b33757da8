"""What every part of an agent works with: task, venue, port, books, journal, clock."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from random import Random
from typing import TypeVar

from outtrade.model.task import Alert, FillView, Instrument, Intent, OrderView, is_contract
from outtrade_suites.agents.books import AMEND_SUFFIX, CANCEL_SUFFIX, Books
from outtrade_suites.agents.habits import habits_of
from outtrade_suites.agents.journal import Journal
from outtrade_suites.agents.pacing import Backoff, Gate
from outtrade_suites.agents.port import Access, Fill, OrderState, Port, PortError, Refused, RunTask
from outtrade_suites.agents.state import ZERO, Job, Order

T = TypeVar("T")

CLEAN_UP = 30.0
"""Seconds before ``until`` at which working orders are cancelled and the books are compared (short tasks: a third)."""


class NotYet(Exception):
    """It may not be sent now; ``until`` (run time) is the earliest moment to look again."""

    def __init__(self, until: float) -> None:
        super().__init__(f"not before {until:.3f} s")
        self.until = until


class Desk:
    """Task, venue, books and the clock; the base of the layers that make up a Brain."""

    def __init__(
        self,
        task: RunTask,
        venue: Access,
        port: Port,
        *,
        rng: Random | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """``clock`` gives UNIX seconds; ``rng`` the jitter. Both have the obvious defaults."""
        self.task = task
        self.venue = venue
        self.port = port
        self.habits = habits_of(venue.name)
        self.rng = rng or Random()
        self.clock = clock or (lambda: time.time())
        self.books = Books()
        self.journal = Journal(task.store)
        self.gate = Gate(self.rng, opens=self.journal.silence())
        self.jobs = [Job(intent, Backoff(self.rng), wake=intent.at) for intent in task.intents]
        self.alerts: list[Alert] = []
        self.rules: dict[str, Instrument] = dict(venue.instruments)
        """What each symbol asks of an order, as last read (``learning``)."""
        self.rules_read: dict[str, float] = {}
        self.rules_changed: dict[str, float] = {}
        """When rules that differ from those before were found (run time, seconds)."""
        self.doubted: set[str] = set()
        """Symbols whose rules are to be read again."""
        self.started = self.now()
        self.unheard: list[float] = []
        """When requests failed to get through, since the venue last answered anything (run time, seconds)."""
        self.closing = False
        """The final clean-up has begun: nothing that adds exposure is sent any more."""

    # -------------------------------------------------------------- clock
    def now(self) -> float:
        """Run time in seconds."""
        return self.clock() - self.task.epoch

    @property
    def last_part(self) -> float:
        """Seconds kept for the final clean-up."""
        return min(CLEAN_UP, self.task.until / 3)

    @property
    def closing_time(self) -> float:
        return self.task.until - self.last_part

    def deadline(self, intent: Intent) -> float:
        """From then on nothing is sent that adds exposure for ``intent``, and what works for it is cancelled."""
        end = self.task.until if intent.expires is None else intent.expires
        return end if self.task.leave_resting and end >= self.task.until else min(end, self.closing_time)

    # ------------------------------------------------------------ look-ups
    def instrument(self, symbol: str) -> Instrument:
        """The rules of a symbol as they are known now."""
        return self.rules[symbol]

    @property
    def symbols(self) -> list[str]:
        """The symbols that this task is about, in a fixed order."""
        wanted = [intent.symbol for intent in self.task.intents]
        if None in wanted:
            return list(self.venue.symbols)
        return [symbol for symbol in self.venue.symbols if symbol in wanted]

    def job_of(self, order: Order) -> Job:
        return next(job for job in self.jobs if job.intent.id == order.intent)

    def owner(self, client_id: str) -> Job | None:
        """The job whose tag stands in a client order id."""
        return next((job for job in self.jobs if job.intent.tag in client_id), None)

    def net(self, symbol: str) -> Decimal:
        """What the own orders bought less what they sold, less the fees that were taken in the base asset."""
        base = self.instrument(symbol).base
        bought = ZERO
        for fill in self.books.traded(symbol):
            bought += fill.quantity if fill.side == "buy" else -fill.quantity
            bought -= fill.fee if fill.fee_asset == base and not is_contract(symbol) else ZERO
        return bought

    # ---------------------------------------------------------------- news
    def learn(self, state: OrderState, order: Order | None = None) -> Order | None:
        """Take news of an order from wherever it came; returns the own order that it is about, if it is one.

        ``order`` is given where an answer tells which of the venue's orders it is; from then on the venue's id does. An
        order that is somebody else's stays that, because the venue's ids never change hands. One with our tag that no
        record knows was lost with an earlier incarnation's record, and is adopted; or it was never ours (``alarm``).
        """
        key = (state.symbol, state.venue_id)
        if order is None and key not in self.books.foreign:
            order = self.books.find(state)
        if order is None:
            job = self.owner(state.placed_as or state.client_id) or self.owner(state.client_id)
            if job is None or (key in self.books.foreign and not self.is_stray(job, state)):
                self.books.foreign[key] = state
                return None
            name = (state.placed_as or state.client_id).removesuffix(CANCEL_SUFFIX).removesuffix(AMEND_SUFFIX)
            if not self.sent_here(job, name):
                self.books.foreign[key] = state
                self.on_stranger(job, state)
                return None
            if self.is_stray(job, state):
                self.on_stray(job, state)
                return None
            order = self.adopt_unknown(job, state)
        if order.answer_lost and order.phase == "doubt":
            self.alert(
                "info", f"the answer to {order.client_id} was lost; it is order {state.venue_id}", self.job_of(order)
            )
        if self.books.merge(order, state):
            order.cancel_unclear = order.cancel_unclear and order.phase == "live"
            self.journal.order(order)
            self.job_of(order).wake = min(self.job_of(order).wake, self.now())
            self.task.publish(self.order_view(order))
            dust = self.instrument(state.symbol).step
            if order.filled > order.quantity + dust > dust and order.terms.quote_quantity is None:
                self.on_overfill(order)
        for fill in state.fills:
            self.book(order, fill)
        return order

    def adopt_unknown(self, job: Job, state: OrderState) -> Order:
        """An order of ours that only the venue remembers."""
        name = (state.placed_as or state.client_id).removesuffix(CANCEL_SUFFIX).removesuffix(AMEND_SUFFIX)
        order = Order.adopted(state, name, job.intent.id)
        self.books.add(order)
        job.orders.append(order)
        job.orders.sort(key=lambda order: (len(order.client_id), order.client_id))
        job.closed = False
        self.alert("info", f"found order {state.client_id} on the venue, which no record of this run knows", job)
        return order

    def sent_here(self, job: Job, client_id: str) -> bool:
        raise NotImplementedError

    def on_stranger(self, job: Job, state: OrderState) -> None:
        raise NotImplementedError

    def book(self, order: Order, fill: Fill) -> None:
        """Enter a fill, once."""
        key = (fill.symbol, fill.trade_id, fill.order)
        if key in self.books.fills:
            return
        self.books.fills[key] = fill
        self.task.publish(self.fill_view(fill))

    def take_events(self) -> None:
        """Read what the stream has told."""
        for state in self.port.events():
            self.on_event(state)

    def on_event(self, state: OrderState) -> None:
        """One event of the private stream. One that names no client order id, of an order that is not known here, may
        be about an own one whose answer is under way: that answer will tell."""
        if state.client_id or self.books.find(state) is not None:
            self.learn(state)

    # ------------------------------------------------------------ requests
    async def ask(self, request: Callable[[], Awaitable[T]]) -> T:
        """Send one request, unless a limit forbids it (NotYet); a limit met on the way closes the gate."""
        if self.now() < self.gate.opens:
            raise NotYet(self.gate.opens)
        try:
            answer = await request()
        except Refused as refusal:
            self.heard(banned=refusal.kind == "ban")
            if refusal.kind == "rate":
                self.on_rate_limit(refusal)
            elif refusal.kind == "ban":
                self.on_ban(refusal)
            else:
                self.gate.passed()
            if self.gate.opens > self.now():
                self.journal.keep_silence(self.gate.opens)
            raise
        except PortError:
            self.unheard.append(self.now())
            raise
        self.gate.passed()
        self.heard()
        return answer

    def heard(self, *, banned: bool = False) -> None:
        """The venue answered. One that says that it will not for a long time need not be asked twice."""
        if banned:
            self.unheard += [self.now()] * 2
        else:
            self.unheard.clear()

    def on_rate_limit(self, refusal: Refused) -> None:
        """429: silence for as long as the venue says."""
        self.gate.close(refusal, self.now())

    def on_ban(self, refusal: Refused) -> None:
        """418: silence until the ban ends; whoever goes on knocking is banned for longer."""
        self.gate.close(refusal, self.now())
        self.alert("error", f"banned by the venue: {refusal.message}")

    async def patiently(self, action: Callable[[], Awaitable[None]], deadline: float) -> bool:
        """Repeat reads until they succeed or ``deadline`` (run time) has come; a failed read says nothing."""
        backoff = Backoff(self.rng, cap=15.0)
        while True:
            try:
                await action()
                return True
            except (NotYet, PortError) as problem:
                again = self.retry_at(problem, backoff)
            if again >= deadline:
                return False
            await self.pause(again)

    def retry_at(self, problem: NotYet | PortError, backoff: Backoff) -> float:
        """When to repeat a read that failed with ``problem``."""
        if isinstance(problem, NotYet):
            return problem.until
        wait = backoff.next()
        return max(self.now() + wait, self.gate.opens)

    async def pause(self, until: float) -> None:
        """Wait until ``until`` (run time), taking events as they come."""
        while (left := until - self.now()) > 0:
            await self.port.wait(max(left, 0.001))
            self.take_events()

    # --------------------------------------------------------------- words
    def alert(self, level: str, text: str, job: Job | None = None, about: str | None = None) -> None:
        """Something that a person should look at, about a job or something else; told once."""
        about = job.intent.id if job else about
        if not any(known.text == text and known.about == about for known in self.alerts):
            self.alerts.append(Alert.model_validate({"level": level, "text": text, "about": about}))
            self.task.publish(self.alerts[-1])

    def is_stray(self, job: Job, state: OrderState) -> bool:
        raise NotImplementedError

    def on_stray(self, job: Job, state: OrderState) -> None:
        raise NotImplementedError

    def on_overfill(self, order: Order) -> None:
        raise NotImplementedError

    def order_view(self, order: Order) -> OrderView:
        raise NotImplementedError

    def fill_view(self, fill: Fill) -> FillView:
        raise NotImplementedError
