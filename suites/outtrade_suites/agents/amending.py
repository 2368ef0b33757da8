"""Amendments: an order that works gets another quantity, or another price.

What is asked for is the new *total*, fills included. Less of an order can be had in place at some venues, which are
told the same (Binance spot: ``newQty`` of amend/keepPriority). So the request may be repeated without harm, and an
answer that was lost is no problem of its own: the order is asked for, and its quantity says whether the amendment
arrived.

What the venue cannot change in place (another price; more; anything at all, at most venues) is two steps, and the order
loses its place: it is cancelled, what it filled is seen to the end, and the rest of the new total is placed at the new
price. What the new order would look like is held against the venue's rules before the old one goes; that the old one is
on its way out is made durable, so that a restart in between completes the second step. Where more is filled already
than is wanted in all, the rest is cancelled and nothing comes.
"""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from outtrade_suites.agents.books import AMEND_SUFFIX
from outtrade_suites.agents.moving import Moving
from outtrade_suites.agents.port import TRANSIENT, Doubtful, NotSent, Refused, Terms
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
        wanted, price = self.new_terms(job, target)
        if job.stage == "asked":
            await self.refresh(order)
            job.stage = ""
        others = target.filled - order.filled
        if order.quantity + others == wanted and order.terms.price == price and order.status != "rejected":
            target.intent = target.intent.model_copy(update={"quantity": wanted})
            target.wake = self.now()
            job.close("done")
        elif self.journal.replacing(job.intent.id):
            await self.replace(job, target, order)
        elif order.phase == "ended" or target.closed:
            job.close("failed", "the order ended before it could be amended")
        elif target.filled >= wanted:
            self.stop(target, f"filled up to what intent {job.intent.id} wants in all")
            job.wake = self.now() + TARGET_LOOK
        elif job.tries > self.task.bounds.attempts:
            job.close("failed", "given up after too many attempts")
        elif self.in_place(order, wanted - others, price):
            await self.amend(job, order, wanted - others)
        else:
            await self.possible(self.replacement(target, wanted, price))
            self.journal.replace(job.intent.id)
            await self.replace(job, target, order)

    def new_terms(self, job: Job, target: Job) -> tuple[Decimal, Decimal | None]:
        """The new total of the target, fills included, and its new price; raises Impossible."""
        intent, old = job.intent, target.intent
        if old.quantity is None or (intent.quantity is None and intent.limit_price is None):
            raise Impossible("only the quantity and the limit of an order can be amended")
        rules, price = self.instrument(old.symbol or ""), target.orders[-1].terms.price
        if intent.limit_price is not None:
            if price is None or old.side is None:
                raise Impossible("an order at the market has no price to be amended")
            price = self.price_on_grid(intent.limit_price, old.side, rules.tick)
        wanted = old.quantity if intent.quantity is None else intent.quantity
        return self.quantity_on_grid(wanted, rules, market=False), price

    def in_place(self, order: Order, wanted: Decimal, price: Decimal | None) -> bool:
        """Whether the venue changes the order itself to ``wanted`` in all: less of it, at the same price."""
        return "amend" in self.port.offers and price == order.terms.price and wanted <= order.quantity

    # --------------------------------------------------------- in two steps
    async def replace(self, job: Job, target: Job, order: Order) -> None:
        """The next step of a replacement: the old order goes; when it is gone, the new one comes."""
        if target.closed or target.stopped or self.now() >= self.deadline(target.intent):
            job.close("failed", "the order ended before it could be amended")
        elif order.phase == "live":
            await self.cancel(target, order)
            job.wake = max(target.wake, self.now()) if order.may_stand else self.now()
        elif job.stage == "placed":
            job.close("failed", "the new order was refused")
        else:
            await self.complete_fills()
            wanted, price = self.new_terms(job, target)
            if target.filled >= wanted or order.status == "rejected":
                job.close("failed", "the order ended before it could be amended")
                target.wake = self.now()
                return
            terms = await self.possible(self.replacement(target, wanted, price))
            target.intent = target.intent.model_copy(update={"quantity": wanted})
            self.new_order(target, terms)
            job.stage, job.wake, target.wake = "placed", self.now() + TARGET_LOOK, self.now()

    def replacement(self, target: Job, wanted: Decimal, price: Decimal | None) -> Terms:
        """What is left of the new total, at the new price, else as the order that it replaces."""
        old = target.orders[-1].terms
        return dataclasses.replace(old, quantity=wanted - target.filled, price=price)

    async def possible(self, terms: Terms) -> Terms:
        """``terms``, if the venue's rules allow them; raises Impossible."""
        quote = await self.ask(lambda: self.port.quote(terms.symbol))
        return self.within_rules(terms, quote)

    def being_replaced(self, job: Job) -> bool:
        """Whether an order ended because another one is to take its place."""
        amends = [other for other in self.jobs if other.intent.kind == "amend" and other.intent.target == job.intent.id]
        return any(not other.closed and self.journal.replacing(other.intent.id) for other in amends)

    # ------------------------------------------------------------- in place
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

    # ------------------------------------------------------ of other layers
    def stop(self, job: Job, reason: str) -> None:
        raise NotImplementedError
