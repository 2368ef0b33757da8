"""Orders in doubt: found, or proven absent. There is no third way out.

*Found*: the venue shows the order, in an answer, a list or the stream. *Absent*: the venue answered "no such order" to
a query by id that was asked at least ``absent_after`` seconds after the last request for it can have left, and the
list of all orders does not hold it either (on Binance a cancel renames an order, so that its first id is gone). A
query that fails says nothing, and neither does a list of open orders.
"""

from __future__ import annotations

from outtrade_suites.agents.desk import NotYet
from outtrade_suites.agents.learning import Learning
from outtrade_suites.agents.port import OrderState, PortError, Refused
from outtrade_suites.agents.state import Job, Order

LOOK_CAP = 12.0
"""The longest wait between two looks for an order in doubt, in seconds."""


class Resolution(Learning):
    """What became of it?"""

    async def resolve(self, job: Job, order: Order) -> None:
        """One look for an order in doubt."""
        asked = self.now()
        try:
            state = await self.look_up(order)
        except (NotYet, PortError) as problem:
            job.wake = self.on_failed_look(order, problem)
            return
        if order.phase != "doubt":
            return
        if state is not None:
            job.backoff.reset()
            job.wake = self.next_look(order)
            self.learn(state, order)
        elif self.old_enough(order, asked) and await self.confirm_absence(order):
            self.on_absent(job, order)
        elif order.phase == "doubt":
            job.wake = self.next_look(order, asked)

    async def look_up(self, order: Order) -> OrderState | None:
        """Ask for the order by id; None: the venue says that there is none. Failures are raised, never read as None."""
        symbol, venue_id = order.terms.symbol, order.venue_id
        try:
            if venue_id is not None:
                return await self.ask(lambda: self.port.order(symbol, venue_id=venue_id))
            return await self.ask(lambda: self.port.order(symbol, client_id=order.client_id))
        except Refused as refusal:
            if refusal.kind == "not_found":
                return None
            raise

    def old_enough(self, order: Order, asked: float) -> bool:
        """Whether a "not found" to a question put at ``asked`` proves that the order does not exist."""
        return order.venue_id is None and asked >= order.last_sent + self.venue.absent_after

    async def confirm_absence(self, order: Order) -> bool:
        """The list of all orders does not show it either, under any name."""
        try:
            states = await self.ask(lambda: self.port.all_orders(order.terms.symbol, self.task.epoch))
        except (NotYet, PortError):
            return False
        for state in states:
            self.learn(state)
        return order.phase == "doubt"

    def on_absent(self, job: Job, order: Order) -> None:
        """Proven: it never came to be. The same request may go again under the same id."""
        order.phase = "unsent"
        self.journal.order(order)
        job.wake = self.now()

    def on_failed_look(self, order: Order, problem: NotYet | PortError) -> float:
        """The question got no answer: it says nothing about the order. Returns when to ask again."""
        if isinstance(problem, NotYet):
            return problem.until
        return max(self.next_look(order), self.gate.opens)

    def next_look(self, order: Order, asked: float | None = None) -> float:
        """Soon at first, then every few seconds, and in any case as soon as a "not found" is proof: at once, where the
        last question was put (``asked``) a moment too early for that, and answered a moment later."""
        order.queries += 1
        again = self.now() + min(LOOK_CAP, 2.0 ** min(order.queries - 1, 10)) * (1 + 0.2 * self.rng.random())
        proof = order.last_sent + self.venue.absent_after + 0.1
        if proof > (self.now() if asked is None else asked):
            return max(self.now(), min(again, proof))
        return again

    async def refresh(self, order: Order) -> None:
        """Ask how a live order stands. It exists, so "not found" only means that the venue's readers lag behind."""
        state = await self.look_up(order)
        if state is not None:
            self.learn(state)
