"""The execution record: what an intent was to cost, what it cost, and how long the venue took to answer.

Three numbers are easily made up, and all of them by taking the answer for the question. The *intended* price is known
before anything is sent: the limit that was given, else the mid price on which the decision was made; it never changes
afterwards. What was *paid* is the average of the fills. Slippage is the distance between the two, positive where it was
worse than intended::

    slippage = (paid / intended - 1) * 10,000 basis points, with the other sign for a sale

*Latency* runs from the first request for an order until its answer is known; where the answer was lost, until the order
was found.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import ExecutionView
from outtrade_suites.agents.accounts import Accounts
from outtrade_suites.agents.books import average
from outtrade_suites.agents.port import Doubtful, OrderState, Refused
from outtrade_suites.agents.state import Job, Order

BPS = Decimal(10_000)
RECORDED = ("order", "trade")
"""Kinds of intent that are executed."""


class Recording(Accounts):
    """How well intents were executed."""

    # ------------------------------------------------------------ the clock
    async def placed(self, order: Order) -> OrderState:
        """The request itself, with a look at the clock before and after the first one of an intent."""
        job, began = self.job_of(order), self.now()
        first = job.latency is None and job.unanswered is None
        try:
            state = await super().placed(order)
        except Doubtful:
            if first:
                job.unanswered = began
            raise
        except Refused:
            if first:
                job.latency = self.now() - began
            raise
        if first:
            job.latency = self.now() - began
        return state

    def learn(self, state: OrderState, order: Order | None = None) -> Order | None:
        """News of an order whose answer was lost: now it is known."""
        found = super().learn(state, order)
        if found is not None:
            job = self.job_of(found)
            if job.unanswered is not None and job.latency is None:
                job.latency = self.now() - job.unanswered
        return found

    # ----------------------------------------------------------- the prices
    def decided_at(self, job: Job, mid: Decimal) -> None:
        """Note the mid price on which the first order of an intent is decided."""
        if job.intended is None:
            job.intended = mid

    def intended(self, job: Job) -> Decimal | None:
        """The price that the intent counts on."""
        return job.intent.limit_price if job.intent.limit_price is not None else job.intended

    def paid(self, job: Job) -> Decimal | None:
        """What was paid or received on average, whatever had been intended."""
        return average(fill for order in job.orders for fill in self.books.fills_of(order))

    def execution(self, job: Job, *, partial: bool) -> ExecutionView | None:
        """The record of an intent; ``partial``: some of it was filled, and not all."""
        if job.intent.kind not in RECORDED:
            return None
        intended, paid = self.intended(job), self.paid(job)
        slippage = None
        if intended and paid is not None:
            slippage = (paid / intended - 1) * BPS * (1 if job.intent.side == "buy" else -1)
        return ExecutionView(intended_price=intended, slippage_bps=slippage, partial_fill=partial, latency=job.latency)
