"""Strays: what nobody asked for, on the exchange.

The contract names two: an order that bears a tag of this task although the target never sent it, and an own order that
filled beyond its quantity (by more than a step: venues round). Both are found in the truth; whether the target could
know is another question.

Whose a stray is, nobody can tell from outside: it has the tag of an intent, and no intent asked for it. So it is in the
truth as somebody else's, and a target that counts it as its own is not called wrong for that (``ambiguous``).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from outtrade.judge.index import Index
from outtrade.judge.records import Order
from outtrade.model.task import Intent
from outtrade_suites.properties.compare import step_of


@dataclass(frozen=True, slots=True)
class Stray:
    """An order that nobody asked for, or not for so much; since when (ns, and the event)."""

    order: Order
    intent: Intent | None
    at: int
    seq: int
    overfill: bool = False


def strays(ix: Index) -> list[Stray]:
    """All of a run, in the order in which they came."""
    return ix.memo("strays", _found)


def _found(ix: Index) -> list[Stray]:
    found = []
    begun = ix.ops[0].seq if ix.ops else 0
    for order in ix.orders.values():
        if order.foreign and order.accepted and order.first.seq > begun:
            intent = tagged(ix, order)
            if intent is not None:
                found.append(Stray(order, intent, order.first.at, order.first.seq))
        elif not order.foreign:
            more = step_of(ix.instruments.get(order.symbol))
            over = next((c for c in order.changes if Decimal(c.filled) > Decimal(c.quantity) + more > more), None)
            if over is not None:
                found.append(Stray(order, order.intent, over.at, over.seq, overfill=True))
    return sorted(found, key=lambda stray: stray.seq)


def tagged(ix: Index, order: Order) -> Intent | None:
    """The intent whose tag stands in the id an order was created with."""
    return next((intent for intent in ix.intents.values() if intent.tag in order.created_as), None)


def halted_since(ix: Index) -> int | None:
    """When (ns) the first thing happened that halts a careful target; None: nothing of that kind did."""
    found = strays(ix)
    return found[0].at if found else None


def ambiguous(ix: Index, intent: Intent) -> bool:
    """Whether an order bears the tag of this intent that nobody asked for: what became of the intent may be told with
    it or without."""
    return any(stray.intent is intent and not stray.overfill for stray in strays(ix))


def symbols(ix: Index) -> set[str]:
    """Symbols in which the own position may be told with a stray or without."""
    return {stray.order.symbol for stray in strays(ix) if not stray.overfill}


def is_stray(ix: Index, order: Order | None) -> bool:
    """Whether an order is one that nobody asked for."""
    return order is not None and any(stray.order is order for stray in strays(ix))
