"""Changes that make a new order: the old one ends as *replaced*, and what it had left goes on under another id.

Where a venue amends like that (Alpaca's PATCH), an order's life is a chain. Whoever takes the end of a link for the end
of the order sends it again; whoever takes the next link for an order of somebody else, or for a second one, counts
twice. So there is one rule, wherever the news comes from (our own request, a lost answer found out, a restart)::

    an own order is replaced  ──►  the order that took its place is looked up and followed, as the same intent's

The old order's fills stay its own, the new one has the rest: what the intent has in all is the sum over the chain. The
change itself is safe to repeat: an order can be replaced once, and a client order id is taken once.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade_suites.agents.brain import Brain
from outtrade_suites.agents.port import TRANSIENT, Doubtful, NotSent, OrderState, Refused
from outtrade_suites.agents.sending import FIRST_LOOK
from outtrade_suites.agents.state import Job, Order

LOOK = 1.0
"""Seconds between two looks at an order whose change is on its way."""
ON_ITS_WAY = 30.0
"""Seconds after which a change that was taken and has not come about is given up."""


class Replacing(Brain):
    """``amend`` intents where a change makes a new order."""

    moving: dict[str, float]
    """Client id of an order whose change was taken -> when (run time)."""
    successors: dict[str, str]
    """Client id of an order that was replaced -> the venue id of the one in its place."""
    names: set[str]
    """Client ids that were given to orders that are to take another's place."""

    def learn(self, state: OrderState, order: Order | None = None) -> Order | None:
        """News of a replaced order say who took its place."""
        found = super().learn(state, order)
        if found is not None and state.replaced_by is not None:
            self.successors[found.client_id] = state.replaced_by
        return found

    def is_stray(self, job: Job, state: OrderState) -> bool:
        """An order that we named in a change was asked for, though it was never placed."""
        return state.client_id not in self.names and super().is_stray(job, state)

    async def conclude(self, job: Job, order: Order) -> None:
        """A replaced order is not the end."""
        successor = self.successors.get(order.client_id)
        if successor is None:
            await super().conclude(job, order)
        else:
            await self.pass_on(job, order, successor)

    async def pass_on(self, job: Job, order: Order, successor: str) -> None:
        """Follow the order that took the place of ``order``."""
        symbol = order.terms.symbol
        state = await self.ask(lambda: self.port.order(symbol, venue_id=successor))
        if not any(known.venue_id == successor for known in job.orders):
            made = Order.adopted(state, state.client_id, job.intent.id)
            self.books.add(made)
            job.orders.append(made)
            self.learn(state, made)
        job.wake = self.now()

    # ------------------------------------------------------------ the change
    async def amend(self, job: Job, order: Order, wanted: Decimal) -> None:
        """One request. Whatever it brought, the order is looked at next: it says whether it was replaced."""
        assert order.venue_id is not None
        symbol, venue_id = order.terms.symbol, order.venue_id
        target = self.job_of(order)
        name = self.client_id(target, len(target.orders) + 1)
        self.names.add(name)
        job.tries += 1
        job.stage, job.wake = "asked", self.now() + LOOK
        try:
            await self.ask(lambda: self.port.amend(symbol, venue_id, wanted, name))
        except NotSent:
            job.wake = self.now() + job.backoff.next()
        except Doubtful:
            job.wake = self.now() + max(FIRST_LOOK, job.backoff.next())
        except Refused as refusal:
            if refusal.kind in TRANSIENT:
                job.wake = max(self.now() + job.backoff.next(), self.gate.opens)
            elif refusal.kind in ("unknown_order", "not_found", "duplicate"):
                job.wake = self.now()
            else:
                job.close("failed", refusal.message)
        else:
            self.moving[order.client_id] = self.now()
            job.wake = self.now()

    async def step_amend(self, job: Job) -> None:
        """A change that was taken is waited for; it is not asked for twice."""
        target = self.target(job)
        order = None if target is None else target.current
        taken = None if order is None else self.moving.get(order.client_id)
        if order is not None and taken is not None and order.phase == "live":
            await self.refresh(order)
            if order.phase == "live":
                job.wake = self.now() + LOOK
                if self.now() > taken + ON_ITS_WAY:
                    job.close("failed", "the change was taken and has not come about")
                return
        elif order is not None and order.phase == "live" and job.stage == "asked":  # and no answer came
            await self.refresh(order)
            job.stage = ""
        if order is not None and order.phase == "ended" and target is not None and not target.closed:
            job.wake = self.now() + LOOK  # its own job finds out first what has come after it
            return
        await super().step_amend(job)
