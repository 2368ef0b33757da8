"""ORD-09: a cancel of everything is looked at, not believed.

"Cancel all" is what is sent when something is wrong, and it is the request whose failure nobody notices: it names no
order, so its answer is about none. What is left over is found by whoever looks at the account next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import Operation, Order
from outtrade.model.history import Response
from outtrade.model.task import Intent
from outtrade_suites.properties.books import Books, books
from outtrade_suites.properties.ord_time import hit

LOOKS = frozenset({"open_orders", "all_orders", "query"})
"""Reads that show whether an order still stands."""


# ---------------------------------------------------------------- ORD-09
def check_cancel_all(ix: Index) -> Iterator[Case]:
    """ORD-09."""
    for op in ix.by_op("cancel_all"):
        orders = hit(ix, op)
        if orders and ix.reported is not None and op.seq < ix.reported.seq:
            yield _looked(ix, op, orders)
    if ix.scope != "A" or ix.report is None:
        return
    for stated in books(ix):
        for intent in ix.intents.values():
            said = ix.report.outcomes.get(intent.id)
            if intent.kind in ("flatten", "halt") and said is not None and said.status == "done":
                yield from _gone(ix, intent, stated)


def _looked(ix: Index, op: Operation, orders: list[Order]) -> Case:
    """Whether the target learned what became of every order that a cancel-all was aimed at."""
    assert ix.reported is not None
    end, subject = op.end, op.request.symbol or ""
    if op.state == "ok" and isinstance(end, Response):
        body = ix.body(end)
        if all(any(re.search(rf"(?<![\w-]){re.escape(n)}(?![\w-])", body) for n in (o.id, *o.names)) for o in orders):
            return held(op.seq, end.seq, subject=subject)
    since = op.ended_seq if op.ended_seq is not None else op.seq
    for other in ix.ops:
        looks = other.request.op in LOOKS and other.request.symbol in (None, op.request.symbol) and other.state == "ok"
        if looks and since < other.seq < ix.reported.seq:
            return held(op.seq, other.seq, subject=subject)
    told = {event.venue_id for event in ix.stream_events if event.seq > op.seq}
    if all(order.id in told for order in orders):
        return held(op.seq, subject=subject)
    names = ", ".join(order.created_as for order in orders)
    return broke(
        f"{op.name} was aimed at {names}; its answer did not name them all, and nobody looked what had become of them",
        op.seq,
        *(order.first.seq for order in orders),
        subject=subject,
        key="not-looked-at",
    )


def _gone(ix: Index, intent: Intent, stated: Books) -> Iterator[Case]:
    """Whether what a flatten or halt was to cancel had gone, where the report calls it done."""
    before = [
        order
        for order in ix.orders.values()
        if order.accepted
        and intent.symbol in (None, order.symbol)
        and not (order.foreign and intent.kind == "halt")
        and (state := order.state_by(ns(intent.at))) is not None
        and state.status == "open"
    ]
    for order in before:
        if all(order.working_at(seq) > 0 for seq in stated.window.moments(ix)):
            yield broke(
                f"{intent.id} ({intent.kind}) is reported done; {order.created_as}, which stood when it began at"
                f" {intent.at:g} s, still works",
                order.first.seq,
                stated.seq,
                subject=intent.id,
                key=f"{intent.kind}-left-an-order",
            )
        else:
            yield held(order.first.seq, order.last.seq, subject=intent.id)


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="ORD-09",
        title="A cancel of everything is verified",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
"Cancel all" is sent when something is wrong, and then its answer is the one that gets lost. It names no order, so there
is nothing to ask for; code that takes it for done leaves orders on the book that it believes gone, and they fill when
the position has been closed.

Example: three orders stand, the cancel of one is answered with a timeout, the position is sold, and the flatten is
reported done; the order that is left buys it back. Passes: a list of open orders afterwards, and another cancel for
what is still in it.

Judged: every cancel-all request, aimed at own orders that stood: its answer names each of them, or the target reads
orders afterwards (or is told of each by the stream) before it reports. And every `flatten` and `halt` that is reported
done: of the orders that stood in its symbol when it began (of others only for a flatten) none works all through the
window of the report.""",
        source="hummingbot/hummingbot#4024 (orders believed cancelled); Binance spot API documentation, rest-api.md"
        " (cancel all open orders on a symbol)",
        check=check_cancel_all,
    ),
)
