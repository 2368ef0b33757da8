"""Amendments: an order that works gets a smaller quantity, and keeps its place in the queue.

What is asked for is the new *total*, fills included; that is also what the venue is told (Binance spot: ``newQty`` of
amend/keepPriority). So the request may be repeated without harm, and an answer that was lost is no problem of its own:
the order is asked for, and its quantity says whether the amendment arrived.

An amendment that the order cannot take is not forced on it: more than it has, or another price, is refused before
anything is sent; where more is filled already than is wanted in all, the rest is cancelled.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade_suites.agents.books import AMEND_SUFFIX
from outtrade_suites.agents.moving import Moving
from outtrade_suites.agents.port import TRANSIENT, Doubtful, NotSent, Refused
from outtrade_suites.agents.sending import FIRST_LOOK
from outtrade_suites.agents.sizing import Impossible
from outtrade_suites.agents.state import Job, Order

TARGET_LOOK = 1.0
"""Seconds between two looks at a target that has not settled yet."""


class Amending(Moving):
    """``amend`` intents."""

    async def step_amend(self, job: Job) -> None:
        """Ask for the new total once the target works; done when the venue shows it."""
        target = self.target(job)
        if target is not None and target.intent.kind == "protect":
            self.step_move(job, target)
            return
        if target is None or target.intent.kind != "order" or target.intent.symbol not in self.venue.instruments:
            job.close("failed", "there is no such order to amend")
            return
        order = target.current
        if order is None or order.phase in ("doubt", "unsent"):
            if target.closed:
                job.close("failed", "the order never worked")
            job.wake = self.now() + TARGET_LOOK
            return
        wanted = self.amended(job, target, order)
        if job.stage == "asked":
            await self.refresh(order)
            job.stage = ""
        if order.quantity == wanted:
            target.intent = target.intent.model_copy(update={"quantity": self.total(target, wanted)})
            target.wake = self.now()
            job.close("done")
        elif order.phase == "ended" or target.closed:
            job.close("failed", "the order ended before it could be amended")
        elif order.filled >= wanted:
            self.stop(target, f"filled up to what intent {job.intent.id} wants in all")
            job.wake = self.now() + TARGET_LOOK
        elif job.tries > self.task.bounds.attempts:
            job.close("failed", "given up after too many attempts")
        else:
            await self.amend(job, order, wanted)

    def amended(self, job: Job, target: Job, order: Order) -> Decimal:
        """The new quantity of the order, fills included; raises Impossible."""
        intent, rules = job.intent, self.instrument(target.intent.symbol or "")
        if intent.quantity is None or intent.limit_price not in (None, target.intent.limit_price):
            raise Impossible("only the quantity of an order can be amended")
        if "amend" not in self.port.offers or len(target.orders) > 1:
            raise Impossible("this order cannot be amended here")
        wanted = self.quantity_on_grid(intent.quantity, rules, market=False)
        if wanted > order.quantity or wanted < rules.quantity_min:
            raise Impossible(f"a quantity of {wanted} cannot be had by reducing {order.quantity}")
        return wanted

    async def amend(self, job: Job, order: Order, wanted: Decimal) -> None:
        """One request; afterwards, whatever it brought, the order is looked at."""
        assert order.venue_id is not None
        symbol, venue_id, name = order.terms.symbol, order.venue_id, f"{order.client_id}{AMEND_SUFFIX}"
        quantity = self.new_total(order, wanted)
        job.tries += 1
        try:
            await self.ask(lambda: self.port.amend(symbol, venue_id, quantity, name))
        except NotSent:
            job.wake = self.now() + job.backoff.next()
        except Doubtful:
            job.stage, job.wake = "asked", self.now() + max(FIRST_LOOK, job.backoff.next())
        except Refused as refusal:
            if refusal.kind in TRANSIENT:
                job.wake = max(self.now() + job.backoff.next(), self.gate.opens)
            elif refusal.kind in ("unknown_order", "not_found"):
                job.stage, job.wake = "asked", self.now()
            else:
                job.close("failed", refusal.message)
        else:
            job.stage, job.wake = "asked", self.now()

    def new_total(self, order: Order, wanted: Decimal) -> Decimal:
        """What the venue is told: the whole quantity, with what is filled."""
        return wanted

    def total(self, target: Job, wanted: Decimal) -> Decimal:
        """What the intent has in all, once its order has ``wanted``."""
        return wanted

    # ------------------------------------------------------ of other layers
    def stop(self, job: Job, reason: str) -> None:
        raise NotImplementedError
