"""ORD-10: what belongs to others.

An account is seldom one program's alone. A person has an order standing, another strategy holds coins, the tax reserve
lies where the trading balance lies. Whoever tidies up what it does not know trades with somebody else's money.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import CLOCK_SLACK, Index, ns
from outtrade.judge.records import ZERO, Operation, Order
from outtrade.model.history import NS, OrderTruth
from outtrade.model.task import Intent
from outtrade_suites.properties import strays
from outtrade_suites.properties.compare import plain
from outtrade_suites.properties.guarding import moments


# ---------------------------------------------------------------- ORD-10
def check_foreign(ix: Index) -> Iterator[Case]:
    """ORD-10."""
    for order in ix.orders.values():
        if order.foreign and order.accepted and not strays.is_stray(ix, order):
            yield _left_alone(ix, order)
    for intent in ix.intents.values():
        if intent.kind == "flatten":
            yield from _own_only(ix, intent)


def _left_alone(ix: Index, order: Order) -> Case:
    """Whether the target changed a foreign order, and was allowed to."""
    for change in order.changes:
        op = _touched_by(ix, change)
        if op is not None and not _flattening(ix, order.symbol, op.sent_at):
            return broke(
                f"{op.name} ended or changed {order.created_as}, which somebody else had placed; no flatten in"
                f" {order.symbol} asked for that",
                order.first.seq,
                op.seq,
                change.seq,
                subject=order.created_as,
                key=f"foreign-{change.why}",
            )
    return held(order.first.seq, order.last.seq, subject=order.created_as)


def _touched_by(ix: Index, change: OrderTruth) -> Operation | None:
    """The target's request that cancelled or amended an order."""
    if change.why not in ("cancel", "amend") or change.call is None:
        return None
    return ix.by_call.get(change.call)


def _flattening(ix: Index, symbol: str, at: int) -> bool:
    """Whether a ``flatten`` that covers the symbol had begun at ``at``."""
    return any(
        intent.kind == "flatten" and intent.symbol in (None, symbol) and ns(intent.at) - CLOCK_SLACK <= at
        for intent in ix.intents.values()
    )


def _own_only(ix: Index, intent: Intent) -> Iterator[Case]:
    """A flatten trades no more than the own net position."""
    for symbol in [intent.symbol] if intent.symbol else list(ix.instruments):
        orders = [order for order in ix.orders_of(intent) if order.symbol == symbol and order.accepted]
        if symbol in ix.instruments and any(order.fills for order in orders):
            yield _beyond(ix, intent, symbol, orders) or held(*(o.first.seq for o in orders), subject=intent.id)


def _beyond(ix: Index, intent: Intent, symbol: str, orders: list[Order]) -> Case | None:
    """The fill by which a flatten left the own position behind."""
    filled = {fill.at: order for order in orders for fill in order.fills}
    step, before = ix.instruments[symbol].step, ZERO
    for moment in moments(ix, symbol):
        order, after = filled.get(moment.at), moment.position
        crossed = abs(after) > step and before * after <= 0
        if order is not None and (crossed or abs(after) > abs(before) + step):
            return broke(
                f"{intent.id} closes the own position in {symbol}, {plain(before)}; at {moment.at / NS:.3f} s"
                f" {order.created_as} had made it {plain(after)}: the difference belongs to somebody else",
                order.first.seq,
                moment.seq,
                subject=intent.id,
                key="foreign-holdings",
            )
        before = after
    return None


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="ORD-10",
        title="What belongs to others is left alone",
        level="MUST",
        severity="critical",
        scope="A",
        explain="""\
Code that starts with a clean slate ("cancel all orders") ends the stop that a person placed by hand. Code that closes a
position by selling the balance sells what another strategy holds. Both work in the tests of whoever wrote them, on an
account that nobody else uses.

Example: another program's limit order stands on the account; at its start the agent cancels everything it does not
know. Passes: it stays, and is in the report. With a `flatten` in the symbol, orders of others there go too, as the
contract says; what is sold or bought back is the own net position only.

Judged from the truth: orders that the task did not place are cancelled or amended by the target's requests only after
the `at` of a `flatten` that covers their symbol. The fills of a flatten's own orders never take the own net position to
the other side by more than a step, nor make it larger.""",
        source="the contract with agents (foreign orders and holdings are left alone); Binance spot API documentation,"
        " rest-api.md (cancel all open orders on a symbol: of the whole account)",
        check=check_foreign,
    ),
)
