"""Intents that change others: what an amendment asks for, and whether it ever came true.

An ``amend`` names its *target* and the terms that are new; what it does not name stays. Its terms are asked for from
its ``at`` on, until the next amendment of the same target. They *stood* when the exchange held an order of the target
that had them: at the new price, and, where a new total was asked for, so large that it and what was filled made that
total.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.judge.index import CLOCK_SLACK, Index, ns
from outtrade.judge.records import Order, working
from outtrade.model.history import OrderTruth
from outtrade.model.task import Instrument, Intent

PRICES = ("limit_price", "stop_price", "take_profit_price")
TERMS = ("quantity", *PRICES)
"""What an amendment may change."""


def amendments(ix: Index, target: Intent) -> list[Intent]:
    """The amendments of an intent, in order of time."""
    found = [intent for intent in ix.intents.values() if intent.kind == "amend" and intent.target == target.id]
    return sorted(found, key=lambda intent: intent.at)


def moves(ix: Index, guard: Intent) -> list[Intent]:
    """The amendments that give a protection another stop or take-profit, in order of time."""
    return [one for one in amendments(ix, guard) if one.stop_price is not None or one.take_profit_price is not None]


def in_force(ix: Index, target: Intent, at: int) -> Intent:
    """The target with every amendment that was due by ``at`` (ns)."""
    changes: dict[str, Decimal] = {}
    for one in amendments(ix, target):
        if ns(one.at) <= at:
            changes |= {name: value for name in TERMS if (value := getattr(one, name)) is not None}
    return target.model_copy(update=changes) if changes else target


def most(ix: Index, intent: Intent, at: int) -> Decimal | None:
    """The largest base quantity that an intent asked for until ``at`` (ns): a request for the older, larger total may
    be on its way when a smaller one falls due."""
    due = [one.quantity for one in amendments(ix, intent) if ns(one.at) - CLOCK_SLACK <= at]
    named = [quantity for quantity in (intent.quantity, *due) if quantity is not None]
    return max(named) if intent.quantity is not None else None


def in_place(ix: Index, order: Order, wanted: Intent) -> bool:
    """Whether an order that protects is where ``wanted`` has it, within a tick; the take-profit of a pair included."""
    tick = ix.instruments[order.symbol].tick
    if order.first.trigger is None or order.first.stop_price is None:
        return True  # an exit
    if wanted.stop_price is None or abs(Decimal(order.first.stop_price) - wanted.stop_price) > tick:
        return False
    others = [other.first for other in ix.own_orders if other.first.group and other.first.group == order.first.group]
    targets = [Decimal(first.price) for first in others if first.trigger is None and first.price is not None]
    target = wanted.take_profit_price
    return target is None or not targets or any(abs(price - target) <= tick for price in targets)


# ------------------------------------------------------------- did it stand
def stood(ix: Index, amend: Intent, seq: int) -> bool:
    """Whether the terms of an amendment stood at some instant up to event ``seq``."""
    target = ix.intents.get(amend.target or "")
    rules = None if target is None else ix.instruments.get(target.symbol or "")
    if target is None or rules is None:
        return False
    since = ns(amend.at) - CLOCK_SLACK
    wanted = in_force(ix, target, ns(amend.at))
    orders = [order for order in ix.orders_of(target) if order.side == target.side]
    stands = [state for order in orders if (state := order.state_by(since)) is not None and working(state)]
    changes = [change for order in orders for change in order.changes if since <= change.at]
    told = [change for change in (*stands, *changes) if change.seq <= seq]
    if target.kind == "protect":
        return any(
            working(change) and change.trigger is not None and in_place(ix, ix.orders[change.order], wanted)
            for change in told
        )
    return any(_has_terms(ix, target, amend, change, rules) for change in told)


def _has_terms(ix: Index, target: Intent, amend: Intent, change: OrderTruth, rules: Instrument) -> bool:
    """Whether a working order of the target has the new price, and makes the new total with what was filled."""
    if not working(change):
        return False
    if amend.limit_price is not None and (
        change.price is None or abs(Decimal(change.price) - amend.limit_price) >= rules.tick
    ):
        return False
    total = ix.filled(target, change.seq) + ix.working(target, change.seq)
    return amend.quantity is None or abs(total - amend.quantity) < rules.step
