"""ORD-03, REC-08: orders that change: the total that was meant, and one order under all its names.

An amendment is where two ways of counting meet: the whole of an order, and what is left of it. And it is where an order
gets another id, on some venues another client id, on others both; a stop that triggers and the halves of a pair change
names in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import CLOCK_SLACK, Index, ns
from outtrade.judge.records import Order
from outtrade.model.history import NS, OrderTruth
from outtrade.model.task import Intent
from outtrade_suites.properties.books import Books, books
from outtrade_suites.properties.compare import near_any, plain, step_of, wanted_base

CHAINING = frozenset({"amend", "triggered", "released"})
"""Changes by which an order may get another name."""


# ---------------------------------------------------------------- ORD-03
def check_total(ix: Index) -> Iterator[Case]:
    """ORD-03."""
    for intent in ix.intents.values():
        target = ix.intents.get(intent.target or "")
        if intent.kind != "amend" or intent.quantity is None or target is None or target.quantity is None:
            continue
        for change in _amendments(ix, intent, target):
            yield _total(ix, intent, target, change)


def _amendments(ix: Index, intent: Intent, target: Intent) -> Iterator[OrderTruth]:
    """Changes by which the target's order took new terms at the target's request: amended, or replaced by a new one."""
    later = [
        ns(other.at) for other in ix.intents.values()
        if other.kind == "amend" and other.target == target.id and other.at > intent.at
    ]  # fmt: skip
    since, until = ns(intent.at) - CLOCK_SLACK, min([*later, ix.until])
    for order in ix.orders_of(target):
        if order.side != target.side:
            continue
        replaces = any(other.accepted and other.first.seq < order.first.seq for other in ix.orders_of(target))
        if order.op is not None and order.accepted and replaces and since <= order.op.sent_at < until:
            yield order.first
        yield from (c for c in order.changes if c.why == "amend" and c.call is not None and since <= c.at < until)


def _total(ix: Index, intent: Intent, target: Intent, change: OrderTruth) -> Case:
    """Filled and working of the target at the end of the instant of a change, against what was asked."""
    instrument = ix.instruments.get(target.symbol or "")
    wanted, step = wanted_base(intent, instrument) or Decimal(0), step_of(instrument)
    end = max(c.seq for order in ix.orders_of(target) for c in order.changes if c.at == change.at)
    filled, works = ix.filled(target, end), ix.working(target, end)
    before = ix.filled(target, change.seq - 1)
    if abs(filled + works - wanted) <= step or (filled >= wanted and not works):
        return held(change.seq, end, subject=target.id)
    return broke(
        f"{intent.id} changes {target.id} to {plain(wanted)} in all; {plain(before)} of it was filled when, at"
        f" {change.at / NS:.3f} s, the new terms came into force, and from then on it came to {plain(filled + works)}",
        change.seq,
        end,
        subject=target.id,
        key="too-much" if filled + works > wanted else "too-little",
    )


# ---------------------------------------------------------------- REC-08
def check_chain(ix: Index) -> Iterator[Case]:
    """REC-08."""
    for stated in books(ix):
        if stated.orders is None or not stated.agent:
            continue
        for order in ix.own_orders:
            if order.accepted and order.first.seq < stated.seq and _chained(order, stated.seq):
                yield _one_order(ix, stated, order)


def _chained(order: Order, seq: int) -> bool:
    """Whether the order was amended, replaced another, belongs to a list, or was triggered."""
    if order.first.group is not None or (order.op is not None and order.op.request.op == "cancel_replace"):
        return True
    return any(change.why in CHAINING and change.seq < seq for change in order.changes)


def _one_order(ix: Index, stated: Books, order: Order) -> Case:
    """Whether the books know the order once, with all that it filled."""
    views = stated.named(ix).get(order.id, [])
    proof = (order.first.seq, order.last.seq, stated.seq)
    if len(views) != 1:
        names = " and ".join(str(view.client_id) for view in views)
        what = f"as {len(views)} orders ({names})" if views else "not at all"
        return broke(
            f"order {order.id} ({' = '.join(order.names)}) is one order under all its names;"
            f" {stated.what} has it {what}",
            *proof,
            subject=order.created_as,
            key="two-orders" if views else "lost",
        )
    whole = [ix.orders[name] for name in dict.fromkeys(views[0].venue_ids) if name in ix.orders] or [order]
    step = step_of(ix.instruments.get(order.symbol))
    true = [sum((one.filled_at(seq) for one in whole), Decimal(0)) for seq in stated.window.moments(ix)]
    if not near_any(views[0].filled, true, step):
        return broke(
            f"order {order.id} ({' = '.join(order.names)}) had filled {plain(true[-1])} over all its changes;"
            f" {stated.what} says {plain(views[0].filled)}",
            *proof,
            subject=order.created_as,
            key="filled-not-carried-over",
        )
    return held(*proof, subject=order.created_as)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="ORD-03",
        title="An amendment after a partial fill keeps the intended total",
        level="MUST",
        severity="critical",
        scope="AG",
        explain="""\
Half of an order is filled, and its size is to be changed. Some venues mean the whole order by "quantity", some what is
left; where the amendment is a cancel and a new order, what was filled has to be taken off. Whoever mixes them up trades
too much or too little by exactly what was filled, and notices it in the position.

Example: an order for 3, of which 1 is filled, is to become 2 in all. A replacement for 2 makes it 3; an amendment to 1,
where the venue means the total, ends the order at once. Passes: an amendment to 2 where the venue counts fills, a
replacement for 1 where it does not.

Judged from the truth, for `amend` intents with a quantity: whenever the target's order takes new terms (an amendment
that the venue carried out, or a new order for the target after the amendment's `at`), filled plus working is the new
total, within one step. Not judged where more had been filled by then.""",
        source="nautechsystems/nautilus_trader#3986 (an absolute quantity sent to the replacement), #4154; Binance"
        " spot API documentation, order_amend_keep_priority.md (newQty)",
        check=check_total,
    ),
    Property(
        id="REC-08",
        title="One order under all its names",
        level="MUST",
        severity="critical",
        scope="AG",
        explain="""\
An order that is amended, replaced, triggered or part of a list changes its ids: a new client order id, a new venue id,
or both. Code that keys its books by one of them holds two orders where there is one: the first never ends, the second
has filled less than it did, and the fills in between belong to neither.

Example: an order has filled 1 of 3 when it is amended and gets the id `AB12CD34-1a`. The report lists `AB12CD34-1`,
open, filled 1, and `AB12CD34-1a`, filled 2.

What passes: one order that filled 3, under any of its names; or one with several venue ids, where the venue gave the
replacement another.

How it is judged: own orders that the venue accepted and that were amended, replaced, triggered, or placed as part of a
list. The report names each exactly once (by venue id, else by any client id it had), and what it says was filled is
what filled over all venue ids of that entry.""",
        source="nautechsystems/nautilus_trader#4154, #4270; QuantConnect/Lean.Brokerages.TradeStation#84 (a fill"
        " during an amendment lost)",
        check=check_chain,
    ),
)
