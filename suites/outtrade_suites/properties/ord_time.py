"""ORD-01, ORD-11, ORD-12, RTY-15: when things are done: not before their time, and not after it.

An intent has a beginning (``at``), an end (``expires``, else the end of the task) and says what happens in between.
Four mistakes with time cost money: an order that leaves too early, one that leaves after its reason has gone (the
queue of an outage empties itself into another market), one that is pulled while it should still work, and one that
nobody pulls.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import CLOCK_SLACK, Index, ns
from outtrade.judge.records import Operation, Order
from outtrade.model.history import NS
from outtrade.model.task import Intent
from outtrade_suites.properties.outages import answers_since
from outtrade_suites.properties.sent import EXPOSING
from outtrade_suites.properties.strays import halted_since

EARLY_CANCEL = ns(2)
"""How long before its deadline an order may be cancelled (the contract's tolerance)."""
CLEAN_UP = ns(30)
"""How long before the end of the task everything may be cancelled (the contract)."""
CANCELS = frozenset({"cancel", "cancel_all", "cancel_replace", "cancel_batch"})
"""Operations that end orders."""


# ---------------------------------------------------------------- ORD-11
def check_not_early(ix: Index) -> Iterator[Case]:
    """ORD-11."""
    for intent in ix.intents.values():
        for op in ix.sends_of(intent):
            if op.sent_at < ns(intent.at) - CLOCK_SLACK:
                yield broke(
                    f"{op.name} is for {intent.id}, which begins at {intent.at:g} s",
                    op.seq,
                    subject=intent.id,
                    key="before-its-time",
                )
            else:
                yield held(op.seq, subject=intent.id)


# ---------------------------------------------------------------- RTY-15
def check_not_late(ix: Index) -> Iterator[Case]:
    """RTY-15."""
    for intent in ix.intents.values():
        if intent.kind not in EXPOSING:
            continue
        end = ix.deadline(intent)
        for op in ix.sends_of(intent):
            if op.sent_at >= end + CLOCK_SLACK:
                late = (op.sent_at - end) / NS
                yield broke(
                    f"{op.name} was sent {late:.1f} s after {intent.id} had expired",
                    op.seq,
                    subject=intent.id,
                    key="after-its-end",
                )
            else:
                yield held(op.seq, subject=intent.id)


# ---------------------------------------------------------------- ORD-12
def check_patience(ix: Index) -> Iterator[Case]:
    """ORD-12."""
    for op in ix.ops:
        if op.request.op not in CANCELS:
            continue
        for order in hit(ix, op):
            if order.intent is None or order.intent.kind != "order":
                continue
            reason = allowed(ix, order, op)
            if reason:
                yield held(op.seq, order.first.seq, subject=order.created_as)
            else:
                until = "the end of the task" if order.intent.expires is None else f"{order.intent.expires:g} s"
                yield broke(
                    f"{op.name} ended {order.created_as}, which was to work until {until}: nobody had asked for that",
                    op.seq,
                    order.first.seq,
                    subject=order.created_as,
                    key="cancelled-too-soon",
                )


def hit(ix: Index, op: Operation) -> list[Order]:
    """Own orders that a cancel was aimed at and that stood on the venue when it was sent."""
    return [order for order in ix.own_orders if order.working_at(op.seq) > 0 and _aimed(op, order)]


def _aimed(op: Operation, order: Order) -> bool:
    request = op.request
    if request.op == "cancel_all":
        return request.symbol in (None, "", order.symbol)
    if request.venue_id is not None:
        return request.venue_id == order.id
    return request.op != "cancel_replace" and request.client_id is not None and request.client_id in order.names


def allowed(ix: Index, order: Order, op: Operation) -> str:
    """Why an order may be cancelled by ``op``; "" where nothing allows it."""
    intent = order.intent
    assert intent is not None
    if op.sent_at >= ix.deadline(intent) - EARLY_CANCEL or op.sent_at >= ix.until - CLEAN_UP:
        return "deadline"
    if intent.on_partial != "keep" and order.filled_at(op.seq) > 0:
        return "partial fill"
    for other in ix.intents.values():
        if ns(other.at) - CLOCK_SLACK > op.sent_at:
            continue
        if other.kind in ("cancel", "amend") and other.target == intent.id:
            return other.kind
        if other.kind in ("flatten", "halt") and other.symbol in (None, intent.symbol):
            return other.kind
    halted = halted_since(ix)
    if halted is not None and op.sent_at >= halted:
        return "stray"
    more = [peer for peer in ix.orders_of(intent) if peer is not order and peer.working_at(op.seq) > 0]
    return "one too many" if more else ""


# ---------------------------------------------------------------- ORD-01
def check_deadline(ix: Index) -> Iterator[Case]:
    """ORD-01."""
    for order in ix.own_orders:
        intent = order.intent
        if intent is None or intent.kind != "order" or intent.expires is None:
            continue
        end = ns(intent.expires)
        state = order.state_by(end - EARLY_CANCEL)
        if end > ix.until - CLEAN_UP or state is None or state.status != "open":
            continue
        yield from _gone(ix, order, intent, end)


def _gone(ix: Index, order: Order, intent: Intent, end: int) -> Iterator[Case]:
    """Whether an order that stood at its deadline was gone in time, reckoned from when the venue could be told."""
    due = end + ns(ix.bounds.answer)
    if order.ended_by(due):
        yield held(order.first.seq, order.last.seq, subject=order.created_as)
        return
    due = answers_since(ix, end, ix.until) + ns(ix.bounds.recovery)
    if due > ix.until or _nobody_there(ix, due):
        return  # the end of the task comes first (REC-10), or there was nobody to do it
    if order.ended_by(due):
        yield held(order.first.seq, order.last.seq, subject=order.created_as)
    else:
        yield broke(
            f"{order.created_as} was to be cancelled at {intent.expires:g} s and still worked at {due / NS:.0f} s",
            order.first.seq,
            max(event.seq for event in ix.events if event.at <= due),
            subject=order.created_as,
            key="past-its-deadline",
        )


def _nobody_there(ix: Index, t: int) -> bool:
    """Whether the target had crashed for good, failed or reported before ``t``."""
    life = ix.last_incarnation
    if life is None:
        return True
    ends = [event.at for event in (life.crashed, life.no_report, life.reported) if event is not None]
    return bool(ends) and min(ends) < t


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="ORD-01",
        title="A resting order is cancelled by its deadline",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
An order that outlives its reason is an option that one gives away for nothing: whoever sees the price move first takes
it. Schedulers lose such orders when the timer belongs to a task that died, or when the one cancel that was sent failed
and nobody looked.

Example: an order good until second 60, still open at second 180. A cancel that leaves at second 60 and is done at
second 61 passes; so does one that an outage delays, if it comes after the outage.

Judged: own orders of `order` intents with an `expires` before the last 30 seconds, which stood on the venue two seconds
before it. They are gone `answer` seconds after the deadline, or `recovery` seconds after the venue could be reached
again. Orders that work until the very end are judged by REC-10.""",
        source="the contract with agents (a deadline cancel is on time between expires - 2 s and expires + answer);"
        " nautechsystems/nautilus_trader#3797 and release notes (a cancel dropped, the order stays open)",
        check=check_deadline,
        venues="each",
    ),
    Property(
        id="ORD-11",
        title="Nothing is sent for an intent before its time",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
An order that leaves early meets another market than the one it was meant for: before the auction, before the hedge it
depends on, before the news. Clocks that are read in the wrong unit or zone, and queues that are worked off in the order
of arrival, send early.

Example: an intent with `at` 60 and its order request at second 5. One at second 60.02 passes.

Judged: every order request that carries an intent's tag (or is the only one of its symbol and side) leaves at or after
`at`; a tenth of a second is allowed for clocks.""",
        source="shinnytech/tqsdk-python#71; the contract with agents (nothing before `at`)",
        check=check_not_early,
        venues="each",
    ),
    Property(
        id="ORD-12",
        title="An order gets the time it was given",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
An order that is to rest for ten minutes earns its price by waiting. Agents that cancel and place again on every tick,
on every reconnect or after every restart lose the place in the queue, pay the taker's fee in the end, and use up the
order limits of the venue.

Example: an order good until second 600, cancelled at second 40 because the stream reconnected. Cancelling it at second
599, after a partial fill with `on_partial` = `cancel` or `complete`, for a `cancel`, `amend`, `flatten` or `halt` that
is due, or in the last 30 seconds of the task passes.

Judged: cancels (also cancel-all and cancel/replace) that are aimed at an own order of an `order` intent while it stands
on the venue. Cancelling one of two working orders of the same intent is a correction and passes.""",
        source="the contract with agents (expires, on_partial, clean-up); Kraken documentation, rate limits (a young"
        " order's cancel costs eight times as much)",
        check=check_patience,
        venues="each",
    ),
    Property(
        id="RTY-15",
        title="No order after its intent has expired",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
During an outage orders wait in a queue. When the venue is back, a queue without dates empties itself: orders from ten
minutes ago meet the market of now. The decision was for that time; later it is somebody else's bargain.

Example: an intent that expires at second 100, the venue unreachable from 90 to 130, its order sent at 131. Reporting it
as failed passes.

Judged: every order request of an `order`, `trade` or `scale` intent leaves before `expires` (None: before `until`); a
tenth of a second is allowed for clocks. Cancels and queries may always be sent.""",
        source="the contract with agents (no exposure at or after expires); shinnytech/tqsdk-python#71",
        check=check_not_late,
        venues="each",
    ),
)
