"""What a target claims by words and by deeds about an order that it sent.

A report that says "rejected" is a claim. So is a second order for the same intent: whoever sends it acts as if the
first did not exist. The checks of recovery ask of each such claim on what evidence it was made, so the claims are
collected here, once:

* a *verdict*: an order view, published or reported, with a terminal status;
* a *treatment as absent*: a new order for the intent that only makes sense if the first is not there, a resend of the
  same id where the venue would accept it twice, or a report that leaves the order out or calls it rejected.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import ValidationError

from outtrade.judge.index import Index, decimal, ns
from outtrade.judge.records import ZERO, Doubt, Operation
from outtrade.model.history import OrderParams
from outtrade.model.task import Instrument, Intent, OrderView
from outtrade.model.units import worth
from outtrade_suites.properties import sight
from outtrade_suites.properties.amended import most
from outtrade_suites.properties.compare import TERMINAL, step_of
from outtrade_suites.properties.sent import size

SAFE_RESEND = frozenset({"never", "returns_first"})
"""Values of the trait ``id_reuse`` by which a second send of the same id cannot create a second order."""
QUOTE_TOLERANCE = Decimal("0.02")
"""Relative slack where exposure is compared in quote currency (the price of a market order is not known)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A published or reported order view with a terminal status, about an order that was sent."""

    op: Operation
    """The first request that asked for the order."""
    view: OrderView
    seq: int
    at: int
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Treatment:
    """A moment from which the target acts, or speaks, as if an order it sent were not there."""

    seq: int
    at: int
    how: Literal["new-order", "resend", "left-out", "rejected"]
    text: str
    """What was done, to stand after "the target"."""


def verdicts(ix: Index) -> list[Verdict]:
    """The first terminal verdict of each kind on each order that was sent, in order of time."""
    return ix.memo("verdicts", lambda index: list(_verdicts(index)))


def _verdicts(ix: Index) -> Iterator[Verdict]:
    seen: set[tuple[int, str]] = set()
    for seq, at, view in _views(ix):
        if view.status not in TERMINAL:
            continue
        op = sent_as(ix, view, seq)
        if op is None or (op.seq, view.status) in seen:
            continue
        seen.add((op.seq, view.status))
        names = set(sight.names_of(op)) | set(view.venue_ids)
        yield Verdict(op, view, seq, at, frozenset(names))


def _views(ix: Index) -> Iterator[tuple[int, int, OrderView]]:
    for event in ix.published:
        if event.view == "OrderView":
            try:
                yield event.seq, event.at, OrderView.model_validate(event.data)
            except ValidationError:
                continue
    reported, report = ix.reported, ix.report
    if reported is not None and report is not None:
        for view in report.orders:
            yield reported.seq, reported.at, view


def sent_as(ix: Index, view: OrderView, seq: int) -> Operation | None:
    """The last request before event ``seq`` that asked for the order of this view; None if none did."""
    found = None
    for op in ix.sends:
        if op.seq > seq:
            break
        by_venue_id = any(order.id in view.venue_ids for order in op.orders)
        if by_venue_id or (view.client_id is not None and view.client_id == op.client_id):
            found = op
    return found


def reported_as(ix: Index, op: Operation) -> list[OrderView]:
    """The report's views of the order that ``op`` asked for."""
    report = ix.report
    if report is None:
        return []
    venue_ids = {order.id for order in op.orders}
    names = sight.names_of(op)
    return [
        view
        for view in report.orders
        if (view.client_id is not None and view.client_id in names) or venue_ids & set(view.venue_ids)
    ]


def exposure(order: OrderParams | None, rule: Instrument | None, *, in_quote: bool) -> Decimal | None:
    """How much an order asks for, in base or in quote; None where that cannot be told from the request."""
    if order is None:
        return None
    quantity, price, quote = size(order, rule), decimal(order.price), decimal(order.quote_quantity)
    if not in_quote:
        return quantity
    if quote is not None:
        return quote
    return None if quantity is None or price is None else worth(order.symbol, quantity, price)


def exceeds(ix: Index, intent: Intent, first: Operation, second: Operation) -> bool:
    """Whether ``second`` asks for more than the intent leaves open if the order of ``first`` stands in full.

    A second slice beside a first one is no replacement: both together stay within the intent. Where the amounts are
    not stated, the second order counts as a replacement.
    """
    in_quote = intent.quantity is None
    wanted = intent.quote_quantity if in_quote else most(ix, intent, second.sent_at)
    rule = ix.instruments.get(intent.symbol or "")
    one, two = (exposure(op.order, rule, in_quote=in_quote) for op in (first, second))
    if wanted is None or one is None or two is None:
        return True
    total = one + two
    for order in ix.orders_of(intent):
        state = order.state_at(second.seq)
        if state is None or order in first.orders or (first.client_id is not None and first.client_id in order.names):
            continue
        rest = order.working_at(second.seq)
        if in_quote:
            total += Decimal(state.quote_filled) + rest * Decimal(state.price or 0)
        else:
            total += Decimal(state.filled) + rest
    slack = wanted * QUOTE_TOLERANCE if in_quote else step_of(ix.instruments.get(intent.symbol or ""))
    return total > wanted + slack


def later_orders(ix: Index, op: Operation, *, after: int) -> list[Operation]:
    """Requests for other orders of the same intent, sent after event ``after``, that do not fit beside this one."""
    if op.intent is None:
        return []
    intent = op.intent
    return [
        other
        for other in ix.sends_of(intent)
        if other.seq > after
        and (other.client_id is None or other.client_id != op.client_id)
        and exceeds(ix, intent, op, other)
    ]


def treatments(ix: Index, op: Operation, *, after: int) -> Iterator[Treatment]:
    """All moments after event ``after`` at which the order of ``op`` is treated as absent, in order of time."""
    deeds: list[Treatment] = []
    for other in later_orders(ix, op, after=after):
        text = f"sent {other.client_id or 'another order'} for the same intent at {other.sent_at / 1e9:.3f} s"
        deeds.append(Treatment(other.seq, other.sent_at, "new-order", text))
    if op.client_id is not None:
        for other in ix.by_id(op.client_id):
            if other.is_send and other.seq > after and not safe_resend(ix, op, other):
                text = f"sent {op.client_id} again at {other.sent_at / 1e9:.3f} s"
                deeds.append(Treatment(other.seq, other.sent_at, "resend", text))
    yield from sorted(deeds, key=lambda deed: deed.seq)
    reported = ix.reported
    if reported is not None and reported.seq > after:
        views = reported_as(ix, op)
        if not views:
            yield Treatment(reported.seq, reported.at, "left-out", "left it out of the report, as if proven absent")
        elif all(view.status == "rejected" for view in views):
            yield Treatment(reported.seq, reported.at, "rejected", "reported it as rejected")


def safe_resend(ix: Index, first: Operation, again: Operation) -> bool:
    """Whether the venue's declared rules keep a second send of an id from creating a second order."""
    if ix.trait("id_reuse") not in SAFE_RESEND:
        return False
    window = ix.trait("id_window")
    return window is None or again.sent_at - first.sent_at <= ns(float(window))


def refused_for_good(ix: Index, op: Operation, *, before: int) -> bool:
    """Whether, before event ``before``, every send of this id was refused by a definite answer other than "duplicate"
    or proven absent, so that nothing of it can stand on the venue."""
    sends = [op] if op.client_id is None else [o for o in ix.by_id(op.client_id) if o.is_send and o.seq < before]
    doubts = {id(doubt.op): doubt for doubt in ix.doubts}
    for send in sends:
        ended = send.ended_seq
        if ended is None or ended > before or send.state == "ok" or send.error == "duplicate":
            return False
        if send.state == "ambiguous" and not absent(doubts.get(id(send)), before):
            return False
    return bool(sends)


def absent(doubt: Doubt | None, before: int) -> bool:
    """Whether a doubt had ended in proof of absence before event ``before``."""
    return (
        doubt is not None
        and doubt.resolution is not None
        and doubt.resolution.how == "absent"
        and (doubt.resolution.seq < before)
    )


def found(doubt: Doubt, before: int) -> bool:
    """Whether a doubt had ended by finding the order before event ``before``."""
    return doubt.resolution is not None and doubt.resolution.how == "found" and doubt.resolution.seq < before


def filled_base(ix: Index, intent: Intent, seq: int) -> Decimal:
    """Base quantity filled for the intent just after event ``seq``."""
    return sum((order.filled_at(seq) for order in ix.orders_of(intent)), ZERO)
