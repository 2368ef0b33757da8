"""What is believed: views for the timeline, outcomes, and the report.

Everything is computed from the books at the moment it is asked for; nothing is remembered beside them. An average
price is that of the fills, never the price that was asked for, and each fee is in the currency it was taken in.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.model.task import BalanceView, FillView, Intent, OrderView, Outcome, OutcomeStatus, PositionView, Report
from outtrade.model.units import price_of
from outtrade_suites.agents.books import average, signed
from outtrade_suites.agents.port import Fill, OrderState
from outtrade_suites.agents.recording import Recording
from outtrade_suites.agents.state import ZERO, Job, Order


def average_of(state: OrderState) -> Decimal | None:
    """The average price of an order that the venue shows; None where nothing is filled, or the venue does not say."""
    known = state.filled and state.quote_filled
    return price_of(state.symbol, state.filled, state.quote_filled) if known else None


class Reporting(Recording):
    """Beliefs as the contract words them."""

    # -------------------------------------------------------------- views
    def average_price(self, order: Order) -> Decimal | None:
        """Volume-weighted over the fills; from the venue's totals where fills are missing."""
        if not order.filled:
            return None
        fills = self.books.fills_of(order)
        if fills and not self.books.incomplete(order):
            return average(fills)
        if not order.quote_filled:
            return average(fills)
        return price_of(order.terms.symbol, order.filled, order.quote_filled)

    def order_view(self, order: Order) -> OrderView:
        """An own order."""
        terms = order.terms
        return OrderView(
            client_id=order.client_id,
            venue_ids=(order.venue_id,) if order.venue_id else (),
            symbol=terms.symbol,
            side=terms.side,
            type=terms.type,
            quantity=order.quantity or terms.quantity,
            filled=order.filled,
            average_price=self.average_price(order),
            status="unknown" if order.phase == "doubt" and self.closing else order.status,
            intent=order.intent,
        )

    def foreign_view(self, state: OrderState) -> OrderView:
        """Somebody else's order on the same account."""
        return OrderView(
            client_id=state.client_id,
            venue_ids=(state.venue_id,),
            symbol=state.symbol,
            side=state.side,
            type=state.type,
            quantity=state.quantity,
            filled=state.filled,
            average_price=average_of(state),
            status=state.status,
        )

    def fill_view(self, fill: Fill) -> FillView:
        """One fill, with its fee."""
        fee, fee_asset = self.fee(fill)
        return FillView(
            trade_id=fill.trade_id,
            order=fill.order,
            price=fill.price,
            quantity=fill.quantity,
            fee=fee,
            fee_asset=fee_asset,
        )

    def fee(self, fill: Fill) -> tuple[Decimal, str]:
        """What was taken, and in which currency."""
        return fill.fee, fill.fee_asset

    def position_view(self, symbol: str) -> PositionView:
        """The own net position; its price is the average of the buys that it consists of."""
        return PositionView(quantity=self.net(symbol), entry_price=self.entry_price(symbol))

    def entry_price(self, symbol: str) -> Decimal | None:
        """The average price of net buys: a sale takes from the position at its average, and leaves that as it is."""
        held, cost = ZERO, ZERO
        for fill in self.books.traded(symbol):
            change = signed(fill)
            if change > 0:
                held, cost = held + change, cost + change * fill.price
            elif held > 0:
                left = max(ZERO, held + change)
                held, cost = left, cost * left / held
        return cost / held if held > 0 and self.net(symbol) > 0 else None

    def balance_view(self, free: Decimal, locked: Decimal) -> BalanceView:
        """One asset of the account."""
        return BalanceView(free=free, locked=locked)

    # ------------------------------------------------------------ outcomes
    def complete(self, intent: Intent, job: Job) -> bool:
        """Whether everything that was asked for is filled, within one step of the start: the task counts in these."""
        step = self.venue.instruments[intent.symbol or ""].step
        if intent.quantity is not None:
            return job.filled > intent.quantity - step
        target = intent.quote_quantity or ZERO
        price = job.quote_filled / job.filled if job.filled else ZERO
        return job.quote_filled > target - step * price

    def outcome(self, job: Job) -> Outcome:
        """What became of an intent."""
        fills = [fill for order in job.orders for fill in self.books.fills_of(order)]
        partial = bool(job.filled) and not self.complete(job.intent, job)
        return Outcome(
            status=self.outcome_status(job),
            filled=job.filled,
            average_price=average(fills),
            reason=job.reason,
            execution=self.execution(job, partial=partial),
        )

    def outcome_status(self, job: Job) -> OutcomeStatus:
        """The row of the contract's table that the books admit."""
        intent = job.intent
        if intent.kind == "cancel":
            return job.verdict or self.cancel_status(job)
        if intent.kind not in ("order", "trade"):
            return job.verdict or "failed"
        if any(order.phase == "doubt" for order in job.orders):
            return "unknown"
        if job.filled and self.complete(intent, job):
            return "done"
        if any(order.phase == "live" for order in job.orders):
            return "working"
        if job.filled:
            return "partial"
        if job.verdict is not None and not any(order.venue_id for order in job.orders):
            return job.verdict
        if all(order.sends == 0 or order.status == "rejected" for order in job.orders):
            return "refused"
        return "failed"

    def target(self, job: Job) -> Job | None:
        """The job that a cancel is aimed at."""
        return next((other for other in self.jobs if other.intent.id == job.intent.target), None)

    def cancel_status(self, job: Job) -> OutcomeStatus:
        """A cancel is done where its target stood, does not work any more and was not complete."""
        target = self.target(job)
        if target is None or not any(order.venue_id for order in target.orders):
            return "failed"
        if any(order.may_stand for order in target.orders) or self.complete(target.intent, target):
            return "failed"
        return "done"

    # -------------------------------------------------------------- report
    def order_views(self) -> tuple[OrderView, ...]:
        """Own orders that came to be or may have, and foreign ones that work."""
        own = [self.order_view(order) for order in self.books.orders.values() if order.phase != "unsent"]
        foreign = [self.foreign_view(state) for key, state in self.books.foreign.items() if key in self.working]
        return (*own, *foreign)

    def fill_views(self) -> tuple[FillView, ...]:
        """Own fills."""
        return tuple(self.fill_view(fill) for fill in self.books.fills.values())

    def report(self) -> Report:
        """What is believed now."""
        for order in self.books.orders.values():
            if order.phase == "doubt":
                self.alert("error", f"order {order.client_id} could not be settled", self.job_of(order))
            elif self.books.incomplete(order):
                self.alert("error", f"fills of {order.client_id} do not add up to {order.filled}", self.job_of(order))
        balances = self.balances
        if balances is None:
            self.alert("error", "the account could not be read")
        return Report(
            outcomes={job.intent.id: self.outcome(job) for job in self.jobs},
            orders=self.order_views(),
            fills=self.fill_views(),
            positions={symbol: self.position_view(symbol) for symbol in self.symbols},
            balances=None if balances is None else {a: self.balance_view(*both) for a, both in balances.items()},
            alerts=tuple(self.alerts),
        )
