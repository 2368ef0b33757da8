"""Protection that moves: an ``amend`` of a ``protect`` intent gives it another stop, or another take-profit.

What a protection asks for is a matter of the clock alone: the intent, and every amendment of it whose time has come
(``as_amended``). So nothing has to be remembered, and a restart in the middle of a move finds its way. An order that
stands at a price which is asked for no more is *misplaced*: it is cancelled, and once the venue says that it is gone,
what is uncovered then is covered anew in the same step. Not the other way round: the old order holds the asset that the
new one needs, and two that stand may both fill.

The old order is not taken away while nothing new could be sent (a gap in the stream, a limit on requests): a stop at
the old price is better than none. A new stop that the market has passed is refused, and becomes an exit
(``protecting``).
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import Intent
from outtrade_suites.agents.desk import NotYet
from outtrade_suites.agents.reporting import Reporting
from outtrade_suites.agents.state import Job, Order

MOVABLE = ("stop_price", "take_profit_price", "limit_price", "quantity")
"""What an amendment may change of a protection."""
MOVE_LOOK = 20.0
"""Seconds between two looks at a protection that is moved, where no news of it comes before."""


class Moving(Reporting):
    """``amend`` intents that are aimed at a ``protect`` intent."""

    def as_amended(self, job: Job, by: float | None = None) -> Intent:
        """The intent of a job with every amendment that is due ``by`` then (run time; None: now); another intent than
        ``protect`` as it is."""
        changes: dict[str, Decimal] = {}
        for other in self.task.intents if job.intent.kind == "protect" else ():
            if (
                other.kind == "amend"
                and other.target == job.intent.id
                and other.at <= (self.now() if by is None else by)
            ):
                changes |= {name: value for name in MOVABLE if (value := getattr(other, name)) is not None}
        return job.intent.model_copy(update=changes) if changes else job.intent

    def misplaced(self, job: Job, order: Order) -> bool:
        """Whether an order, or its other half, stands at a price that is asked for no more, and can be replaced now."""
        wanted = self.as_amended(job)
        if order.phase != "live" or wanted is job.intent:
            return False
        pair = [one for one in (order, self.sibling(job, order)) if one is not None]
        return any(self.out_of_place(one, wanted) for one in pair) and self.free_to_send()

    def out_of_place(self, order: Order, wanted: Intent) -> bool:
        """Whether an order is not where ``wanted`` has it. Of one that only the venue remembered the trigger is not
        known: it is replaced."""
        if order.terms.type == "market" or wanted.side is None:
            return False
        stops = order.terms.type.startswith("stop")
        price = wanted.stop_price if stops else wanted.take_profit_price
        if price is None:
            return True
        tick = self.instrument(order.terms.symbol).tick
        return (order.terms.stop_price if stops else order.terms.price) != self.price_on_grid(price, wanted.side, tick)

    def free_to_send(self) -> bool:
        """Whether an order that adds exposure could leave now."""
        try:
            self.check_exposure()
        except NotYet:
            return False
        return True

    def step_move(self, job: Job, target: Job) -> None:
        """The protection does the work; the amendment is done as soon as an order stood where it wants it, or where
        there was nothing to protect."""
        if job.stage == "":
            job.stage, target.wake = "told", self.now()
        wanted = self.as_amended(target, by=job.intent.at)
        stood = any(self.stands(target, order, wanted, job.intent.at) for order in target.orders)
        job.stage = "exposed" if self.exposed(target) else job.stage
        job.verdict = "failed" if job.stage == "exposed" else "done"
        job.wake = self.now() + MOVE_LOOK
        if stood:
            job.close("done")
        elif target.closed or target.stopped or target.stage in ("exit", "stuck"):
            job.close("failed", "the protection ended before it could be moved")

    def stands(self, job: Job, order: Order, wanted: Intent, since: float) -> bool:
        """Whether an order, and the other half of its pair, stands or stood where ``wanted`` has it, ``since`` then; it
        is the stop that counts, if there is to be one."""
        if order.venue_id is None or order.status == "rejected" or not (order.may_stand or order.last_sent >= since):
            return False
        if order.terms.type.startswith("stop") != (wanted.stop_price is not None) or order.terms.type == "market":
            return False
        pair = [one for one in (order, self.sibling(job, order)) if one is not None]
        return not any(self.out_of_place(one, wanted) for one in pair)

    # ------------------------------------------------------ of other layers
    def sibling(self, job: Job, order: Order) -> Order | None:
        raise NotImplementedError

    def exposed(self, job: Job) -> Decimal:
        raise NotImplementedError
