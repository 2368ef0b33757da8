"""Sending orders and cancels, and what each failure means.

The order is written down as *in doubt* before the first byte leaves. Then::

    answer             what it means                               what happens next
    ---------------------------------------------------------------------------------------------------------
    an order           it stands                                   follow it
    NotSent            nothing happened                            the same request again, later
    429 418 -1015      nothing happened, and the venue wants       the same request again, after the silence asked for
                       silence
    market closed      nothing happened, for how long is not said  the same request again, after longer and longer waits
    duplicate id       an order with this id works already         ask for it
    any other refusal  it was refused for good                     give up; the same request would meet the same answer
    Doubtful           nobody knows                                ask, until it is found or proven absent
"""

from __future__ import annotations

from outtrade_suites.agents.desk import NotYet
from outtrade_suites.agents.port import TRANSIENT, Doubtful, NotSent, OrderState, Refused, Terms
from outtrade_suites.agents.sizing import Sizing
from outtrade_suites.agents.state import Job, Order

CLOSED_FIRST, CLOSED_CAP = 5.0, 60.0
"""Seconds between two requests to a closed market: at first, and at most (``recovery`` is usually 120)."""
FIRST_LOOK = 0.5
"""Seconds between a doubtful answer and the first query: a request may still be on its way to the engine."""


class Sending(Sizing):
    """New orders and cancels."""

    synced = 0
    """The generation of the stream for which the account has been read."""
    sent_at: tuple[float, ...] = ()
    """Run times by which the latest new orders had left: a connection that has to be made first takes its time."""

    # ------------------------------------------------------------- orders
    def client_id(self, job: Job, number: int) -> str:
        """The id of the ``number``-th order for an intent: the same in every incarnation."""
        copy = self.task.instance if self.task.instances > 1 else None
        return self.habits.client_id(job.intent.tag, number, copy)

    def cancel_id(self, order: Order) -> str:
        """What the cancel renames the order to; it still shows whose order it is."""
        return f"{order.client_id}x"

    def new_order(self, job: Job, terms: Terms) -> Order:
        """Another order for an intent.

        After a restart, an id of an intent that was due before may have been used although the store does not say so:
        such an order begins in doubt, as sent at the restart.
        """
        number = len(job.orders) + 1
        while (client_id := self.client_id(job, number)) in self.books.orders:
            number += 1
        order = Order(client_id, job.intent.id, terms)
        if self.task.resumed and job.intent.at <= self.started:
            order.phase, order.last_sent = "doubt", self.started
        job.orders.append(order)
        self.books.add(order)
        return order

    def check_exposure(self) -> None:
        """May anything that adds exposure be sent now? Raises NotYet.

        Not while the stream is down or has a gap: what happened in between must be known first.
        """
        link = self.port.link
        if link is not None and link.generation and not (link.up and link.generation == self.synced):
            raise NotYet(self.now() + 0.5)
        if self.now() < self.gate.opens:
            raise NotYet(self.gate.opens)
        rate = self.task.limits.max_orders_per_second
        if rate is not None:
            allowed, span = max(1, int(rate)), max(1.0, 1 / float(rate))
            if len(self.sent_at) >= allowed and self.sent_at[-allowed] + span + 0.001 > self.now():
                raise NotYet(self.sent_at[-allowed] + span + 0.002)

    def may_resend(self, order: Order) -> bool:
        """Whether the same request may be sent once more: ``bounds.attempts`` resends, then somebody should look."""
        return order.sends <= self.task.bounds.attempts

    async def send(self, job: Job, order: Order) -> None:
        """Send an order of which nothing stands on the venue."""
        self.check_exposure()
        await self.before_sending(order.terms.symbol)
        before = order.last_sent
        order.phase, order.last_sent, order.cancel_unclear = "doubt", self.now(), False
        order.sends += 1
        order.queries, order.answer_lost = 0, False
        self.journal.order(order)
        try:
            state = await self.placed(order)
        except NotSent as problem:
            order.sends -= 1
            order.last_sent = before
            self.on_not_sent(job, order, problem)
        except Doubtful as problem:
            order.last_sent, order.answer_lost = self.now(), True
            self.take_events()
            if order.phase == "doubt":
                self.on_doubt(job, order, problem)
        except Refused as refusal:
            self.take_events()
            if order.phase == "doubt":
                self.on_refused(job, order, refusal)
        else:
            self.take_events()
            self.on_placed(job, order, state)

    async def before_sending(self, symbol: str) -> None:
        """What has to be known before an order in ``symbol`` may leave: of contracts, how the account trades them."""

    async def placed(self, order: Order) -> OrderState:
        """The request itself; whatever comes of it, it counts towards the cap on orders per second."""
        try:
            return await self.ask(lambda: self.port.place(order.client_id, order.terms))
        finally:
            self.sent_at = (*self.sent_at[-100:], self.now())

    def on_placed(self, job: Job, order: Order, state: OrderState) -> None:
        """The venue took it."""
        job.backoff.reset()
        order.poll_at = self.now() + 2
        self.learn(state, order)

    def on_not_sent(self, job: Job, order: Order, problem: NotSent) -> None:
        """Nothing left."""
        order.phase = "unsent"
        self.journal.order(order)
        job.wake = self.now() + job.backoff.next()

    def on_doubt(self, job: Job, order: Order, problem: Doubtful) -> None:
        """It may stand on the venue or not: ask."""
        self.journal.order(order)
        job.wake = self.now() + FIRST_LOOK

    def on_refused(self, job: Job, order: Order, refusal: Refused) -> None:
        """A definite no."""
        if refusal.kind in TRANSIENT:
            self.on_transient(job, order, refusal)
        elif refusal.kind == "duplicate":
            self.on_duplicate(job, order, refusal)
        elif refusal.kind == "closed":
            self.on_closed(job, order, refusal)
        else:
            self.on_permanent(job, order, refusal)

    def on_transient(self, job: Job, order: Order, refusal: Refused) -> None:
        """Not now, but later: the same request, under the same id, after the silence asked for."""
        order.phase = "unsent"
        self.journal.order(order)
        asked = refusal.retry_after if refusal.kind == "busy" else None  # for all requests, the gate remembers it
        job.wake = max(self.now() + max(asked or 0.0, job.backoff.next()), self.gate.opens)

    def on_closed(self, job: Job, order: Order, refusal: Refused) -> None:
        """The market takes no orders now, and does not say until when: the same request, after longer and longer waits,
        for as long as the intent has time."""
        order.phase = "unsent"
        self.journal.order(order)
        job.wake = max(self.now() + min(CLOSED_FIRST * job.backoff.next(), CLOSED_CAP), self.gate.opens)

    def on_duplicate(self, job: Job, order: Order, refusal: Refused) -> None:
        """An order with this id works already, so an earlier request for it arrived: it stays in doubt, ask for it."""
        job.wake = self.now()

    def on_permanent(self, job: Job, order: Order, refusal: Refused) -> None:
        """Never, not like this."""
        order.phase, order.status = "ended", "rejected"
        self.journal.order(order)
        job.reason = refusal.message
        job.wake = self.now()

    # ------------------------------------------------------------ cancels
    async def cancel(self, job: Job, order: Order) -> None:
        """Cancel a live order, or find out what became of the last attempt.

        It is live until the venue says otherwise.
        """
        assert order.venue_id is not None
        venue_id = order.venue_id
        if order.cancel_unclear:
            await self.refresh(order)
            if order.phase == "live":
                order.cancel_unclear = False
                job.wake = self.now() + job.backoff.next()
            return
        if order.cancels > self.task.bounds.attempts and not self.closing:
            job.wake = self.closing_time
            return
        if self.now() < self.gate.opens:
            raise NotYet(self.gate.opens)
        order.cancels += 1
        try:
            name = self.cancel_id(order) if self.habits.renames_on_cancel else None
            state = await self.ask(lambda: self.port.cancel(order.terms.symbol, venue_id, name))
        except NotSent:
            order.cancels -= 1
            job.wake = self.now() + min(job.backoff.next(), 15)
        except Doubtful:
            order.cancel_unclear = True
            job.wake = self.now() + FIRST_LOOK
        except Refused as refusal:
            self.take_events()
            if order.phase == "live":
                self.on_cancel_refused(job, order, refusal)
        else:
            job.backoff.reset()
            if state is not None:
                self.learn(state)
            if order.phase == "live":
                order.cancel_unclear = True
                job.wake = self.now() + FIRST_LOOK

    def on_cancel_refused(self, job: Job, order: Order, refusal: Refused) -> None:
        """The venue will not cancel."""
        if refusal.kind in TRANSIENT:
            job.wake = max(self.now() + min(job.backoff.next(), 15), self.gate.opens)
        elif refusal.kind in ("unknown_order", "not_found"):
            self.on_cancel_unknown(job, order)
        else:
            order.cancel_unclear = True
            job.wake = self.now() + job.backoff.next()
            self.alert("warning", f"cancel of {order.client_id} refused: {refusal.message}", job)

    def on_cancel_unknown(self, job: Job, order: Order) -> None:
        """ "Unknown order": it may be filled, cancelled, expired, or not visible yet. Only a query tells."""
        order.cancel_unclear = True
        job.wake = self.now()

    async def refresh(self, order: Order) -> None:
        raise NotImplementedError
