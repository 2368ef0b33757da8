"""LIM-04: the kill switch.

A ``halt`` intent says: nothing new any more, and everything of ours off the book, now. It is judged on what left and on
what stood on the exchange, in every incarnation until the end of the task.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import CLOCK_SLACK, Index, ns
from outtrade.judge.records import Operation, Order
from outtrade.model.history import NS
from outtrade.model.task import Intent
from outtrade_suites.properties.outages import UNUSABLE, answers_since


# ---------------------------------------------------------------- LIM-04
def check_halt(ix: Index) -> Iterator[Case]:
    """LIM-04. Where the venue could not be asked, a request was hanging or an order was in doubt while the halt was to
    be carried out, the cancels have ``recovery`` seconds from when the venue answers again."""
    for intent in ix.intents.values():
        begun = ns(intent.at)
        if intent.kind != "halt" or begun + ns(ix.bounds.halt) >= ix.until:
            continue
        yield _nothing_new(ix, intent, begun)
        for order in ix.own_orders:
            state = order.state_by(begun + ns(ix.bounds.halt) - 1)
            if _covers(intent, order.symbol) and state is not None and stood(order, begun):
                yield from gone(ix, f"{intent.id} halted all trading", order, begun)


def _covers(intent: Intent, symbol: str) -> bool:
    return intent.symbol in (None, symbol)


def _nothing_new(ix: Index, intent: Intent, begun: int) -> Case:
    """Whether any order left later than the halt allows."""
    due = begun + ns(ix.bounds.halt)
    late = [op for op in ix.sends if op.sent_at > due and op.order is not None and _covers(intent, op.order.symbol)]
    if not late:
        before = [op.seq for op in ix.sends if op.sent_at <= due]
        return held(*before[-1:], subject=intent.id)
    return broke(
        f"{intent.id} halted all trading at {intent.at:g} s; {late[0].name} is a new order"
        + (f", and {len(late) - 1} more followed" if len(late) > 1 else ""),
        late[0].seq,
        subject=intent.id,
        key="new-order",
    )


def stood(order: Order, begun: int) -> bool:
    """Whether an order worked at the halt, or came to work after it."""
    state = order.state_by(begun)
    return (state is None and order.accepted) or (state is not None and state.status == "open")


def gone(ix: Index, why: str, order: Order, begun: int) -> Iterator[Case]:
    """Whether an order that worked when trading was halted (``why``, at ``begun``) was off the book in time."""
    due = begun + ns(ix.bounds.halt)
    if order.ended_by(due):
        yield held(order.first.seq, order.last.seq, subject=order.created_as)
        return
    if (again := _disturbed(ix, order, begun, due)) is not None:
        due = again + ns(ix.bounds.recovery)
    if due >= ix.until:
        return  # the end of the task comes first (REC-10)
    if order.ended_by(due):
        yield held(order.first.seq, order.last.seq, subject=order.created_as)
    else:
        yield broke(
            f"{why} at {begun / NS:g} s; {order.created_as} still worked at {due / NS:.0f} s",
            order.first.seq,
            max(event.seq for event in ix.events if event.at <= due),
            subject=order.created_as,
            key="still-working",
        )


def _disturbed(ix: Index, order: Order, begun: int, due: int) -> int | None:
    """From when the halt could be carried out, where something stood in its way; None where nothing did."""
    ends = [answers_since(ix, begun, ix.until)] if answers_since(ix, begun, due) > begun else []
    for op in ix.ops:
        end = ix.until if op.ended_at is None else op.ended_at
        if op.sent_at <= due and end > begun and _useless(op, begun):
            ends.append(max(end, answers_since(ix, begun, end)))
    ends += [
        ix.until if doubt.resolution is None else doubt.resolution.at
        for doubt in ix.doubts
        if order in doubt.op.orders and (doubt.resolution is None or doubt.resolution.at > begun)
    ]
    ends += [life.started.at for life in ix.incarnations if life.started and begun < life.started.at]
    return min(max(ends), ix.until) if ends else None


def _useless(op: Operation, begun: int) -> bool:
    """Whether a request that was under way said nothing, came too late to act on, or was refused for the moment."""
    slow = op.ended_at is None or op.ended_at > max(op.sent_at, begun) + 10 * CLOCK_SLACK
    return slow or op.state == "ambiguous" or (op.state == "definite" and op.error in UNUSABLE)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="LIM-04",
        title="The kill switch: no new orders, all cancelled, in time",
        level="MUST",
        severity="critical",
        scope="A",
        explain="""\
The one command that must always work is "stop". In an agent whose scheduler, retry queue and order loop each know only
their own list, a halt ends what it sees: the order that waits in the queue leaves a minute later, the order in doubt
stays on the book, and whoever pulled the switch believes that all is quiet.

Example: halt at second 60, three orders working. Three cancels by second 61 and nothing new pass. An intent that is due
at second 90 and is sent at second 90 fails; so does an order that is still working at second 66.

Real bugs: Knight Capital had no switch at all, and uninstalling the new code on seven of eight servers made it worse.

How to mend: one flag, durable, that every path which sends orders asks last of all; cancel by the venue's list of
open orders, not by one's own; look again until that list is empty.

Judged: from `halt` seconds after the intent's `at` until the end, no order request in its symbols (None: all), in any
incarnation; and every own order that worked is off the book by then. Where the venue could not be asked, a request was
hanging or the order itself was in doubt, the cancels are due `recovery` seconds after that ended. Foreign orders and
positions are not touched by a halt (ORD-10).""",
        source="SEC Release 34-70694 (Knight Capital, 1 August 2012); 17 CFR 240.15c3-5; nautilus_trader documentation,"
        " risk engine (trading state HALTED); the contract with agents (halt)",
        check=check_halt,
        account=True,
    ),
)
