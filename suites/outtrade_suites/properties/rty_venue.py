"""RTY-10, -17, -18: what a venue may do to everybody, and how to live with it: clocks, halts, limits.

None of it is an error of the client. The clock at the door runs apart, a market is halted, requests are rationed: the
venue says so in plain words, and each has one right answer. Set the clock. Wait. Send the cancel first.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import CLOCK_SLACK, Index, ns
from outtrade.judge.records import FaultRecord, Operation, Order
from outtrade.model.fault import Halt
from outtrade.model.history import NS, Response
from outtrade.model.task import Intent
from outtrade_suites.properties.outages import answers_since
from outtrade_suites.properties.rty_errors import last_chance
from outtrade_suites.properties.sent import EXPOSING, impossible

RESYNC = 3
"""So many requests may meet the clock error again before one gets through."""
PAUSE = ns(2)
"""Order requests to a closed market that come faster than this are hammering (*inferred*: no venue names a number)."""


# ---------------------------------------------------------------- RTY-10
def check_resync(ix: Index) -> Iterator[Case]:
    """RTY-10."""
    for life in {op.request.incarnation for op in ix.ops}:
        signed = [op for op in ix.ops if op.request.incarnation == life and op.request.signed]
        first: Operation | None = None
        again: list[Operation] = []
        for op in signed:
            if first is None:
                if _clock(op) and op.ended_seq is not None:
                    first, again = op, []
            elif op.seq < (first.ended_seq or 0) or op.answer is None:
                continue  # on its way when the error came, or never answered
            elif _clock(op):
                again.append(op)
            else:
                yield from _told(first, again)
                first = None
        if first is not None and len(again) > RESYNC:
            yield from _told(first, again)


def _clock(op: Operation) -> bool:
    return op.state == "definite" and op.error == "clock"


def _told(first: Operation, again: list[Operation]) -> Iterator[Case]:
    if len(again) <= RESYNC:
        yield held(first.seq, *(op.seq for op in again), subject=first.request.op)
    else:
        yield broke(
            f"{first.name} was refused for its time; the next {len(again)} signed requests were refused for the same"
            f" reason, the last at {again[-1].sent_at / NS:.1f} s (at most {RESYNC})",
            first.seq,
            *(op.seq for op in again[: RESYNC + 1]),
            subject=first.request.op,
            key="no-resync",
        )


# ---------------------------------------------------------------- RTY-17
def check_closed(ix: Index) -> Iterator[Case]:
    """RTY-17."""
    last = ix.last_incarnation
    if last is None or last.crashed is not None:
        return
    for record in ix.faults:
        if isinstance(record.fault, Halt) and record.landed:
            for intent in ix.intents.values():
                if record.fault.on.symbol in (None, intent.symbol) and intent.kind in EXPOSING:
                    yield from _waited_for(ix, intent, record)


def _waited_for(ix: Index, intent: Intent, record: FaultRecord) -> Iterator[Case]:
    begun = record.landed[0].at
    over = record.healed.at if record.healed is not None else ix.until
    refused = [op for op in ix.sends_of(intent) if op.state == "definite" and op.error == "closed"]
    refused = [op for op in refused if begun <= op.sent_at < over]
    for before, op in pairwise(refused):
        if op.sent_at - (before.ended_at or before.sent_at) < PAUSE:
            yield broke(
                f"{before.name} was answered that the market is closed; {op.name} followed"
                f" {(op.sent_at - (before.ended_at or 0)) / NS:.2f} s later",
                before.seq,
                op.seq,
                subject=intent.id,
                key="hammered",
            )
            return
    if not refused and not begun <= ns(intent.at) < over:
        return
    if any(order.accepted and order.first.at <= over for order in ix.orders_of(intent)):
        return
    if impossible(ix, intent) is not None or intent.max_slippage_bps is not None:
        return
    if any(d.op.intent is intent for d in ix.doubts) or over + ns(ix.bounds.recovery) > last_chance(ix, intent):
        if refused:
            yield held(*(op.seq for op in refused), subject=intent.id)
        return
    free = answers_since(ix, over, last_chance(ix, intent))
    after = [op for op in ix.sends_of(intent) if over - CLOCK_SLACK <= op.sent_at <= free + ns(ix.bounds.recovery)]
    proof = (record.landed[0].seq, *(op.seq for op in refused))
    if after:
        yield held(*proof, after[0].seq, subject=intent.id)
    else:
        yield broke(
            f"the market was closed from {begun / NS:.0f} to {over / NS:.0f} s; {intent.id}, which had time enough"
            " afterwards, was given up",
            *proof,
            subject=intent.id,
            key="not-waited-for",
        )


# ---------------------------------------------------------------- RTY-18
def check_cancels_first(ix: Index) -> Iterator[Case]:
    """RTY-18."""
    for limited in ix.ops:
        end = limited.end
        if limited.error not in ("rate", "ban") or not isinstance(end, Response) or end.retry_after is None:
            continue
        free = end.at + ns(end.retry_after)
        due = [order for order in ix.own_orders if _due_by(ix, order, free)]
        life = limited.request.incarnation
        later = [op for op in ix.ops if op.sent_at >= free - CLOCK_SLACK and op.request.incarnation == life]
        sends = [op for op in later if op.is_send and op.state != "open"]
        for order in due:
            cancel = next((op for op in later if _cancels(op, order)), None)
            if not sends or cancel is None:
                continue
            if cancel.seq < sends[0].seq:
                yield held(limited.seq, cancel.seq, sends[0].seq, subject=order.created_as)
            elif sends[0].sent_at <= free + ns(ix.bounds.answer):
                yield broke(
                    f"{order.created_as} was due to be cancelled when the limit ended at {free / NS:.1f} s;"
                    f" {sends[0].name} went before its cancel at {cancel.sent_at / NS:.1f} s",
                    limited.seq,
                    sends[0].seq,
                    cancel.seq,
                    subject=order.created_as,
                    key="order-before-cancel",
                )


def _due_by(ix: Index, order: Order, t: int) -> bool:
    """Whether an order works at ``t`` and its time was over before (its intent's end, or a cancel of it)."""
    state = order.state_by(t)
    if state is None or state.status != "open" or order.intent is None or ix.scenario.leave_resting:
        return False
    ends = [ix.deadline(order.intent)]
    ends += [ns(i.at) for i in ix.intents.values() if i.kind == "cancel" and i.target == order.intent.id]
    return min(ends) + NS <= t


def _cancels(op: Operation, order: Order) -> bool:
    request = op.request
    named = request.venue_id == order.id or request.client_id in order.names
    return (request.op == "cancel" and named) or (request.op == "cancel_all" and request.symbol in (None, order.symbol))


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="RTY-10",
        title="A clock error leads to a resync",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
Signed requests carry the time, and a venue refuses what is too old or from the future. Clocks drift, on both sides.
A client that takes "timestamp outside of the window" for an error like any other sends the same wrong time again, and
is shut out with its orders on the book.

Example: -1021, a second later -1021, and so on for ten minutes. Reading the venue's time after the first, and signing
the next request with it, passes.

Judged: after a signed request was refused for its time or nonce, at most three more signed requests of the same
incarnation are refused for that before one gets through. Requests that were on their way count neither way.""",
        source="Binance spot API documentation, rest-api.md (timing security) and errors.md (-1021);"
        " askmike/gekko#1855; ccxt/binance-trade-bot#164",
        check=check_resync,
        venues="each",
    ),
    Property(
        id="RTY-17",
        title="A closed market is waited for",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
Markets are halted, venues go into maintenance, sessions end. All say so, none says for how long. One kind of agent
sends its order twice a second until the limit bans it; the other takes "closed" for "never" and forgets the order,
although the market opens again a minute later.

Example: "Market is closed" at second 20, and the intent, which runs until second 500, ends as refused. Asking again
after 5, 10, 20 and 40 seconds, and placing it when the market trades again, passes.

Judged where a market was halted, in cancel-only mode or in maintenance: two order requests of an intent that were both
refused for that lie at least two seconds apart; and an intent that could be carried out, fell due before the market
opened again, and had `recovery` left then, has an order request sent within that time after the opening.""",
        source="Binance spot API documentation, errors.md (-2010 Market is closed) and enums.md (symbol status);"
        " Kraken, system status; the contract (closed market)",
        check=check_closed,
    ),
    Property(
        id="RTY-18",
        title="Under a limit, cancels go before new orders",
        level="SHOULD",
        severity="minor",
        scope="A",
        explain="""\
When requests are rationed, the first that gets through ought to be the one that takes risk away. A queue that is worked
off in the order of arrival sends ten new orders while an old one, due to be cancelled for a minute, fills at a price
that nobody wants any more.

Example: the limit ends at second 60; an order that expired at second 45 works on; a new order leaves at 60.1, the
cancel at 60.3. The other way round passes.

Judged: after each answer of class `rate` or `ban` that names a time, for every own order that works when it ends and
was due to be cancelled a second before: its cancel leaves before the first new order.""",
        source="Kraken documentation, rate limits; Binance spot API documentation, rest-api.md (LIMITS);"
        " hummingbot/hummingbot#1291",
        check=check_cancels_first,
    ),
)
