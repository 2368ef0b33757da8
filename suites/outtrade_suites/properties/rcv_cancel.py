"""RCV-15, RCV-16: cancels that race with fills.

A cancel has three ends: done, "unknown order", and no usable answer. Only the first says what became of the order.
"Unknown" covers filled, already cancelled and never arrived; silence covers everything. Both have to be resolved
by asking before anybody acts on the order's end, above all before a replacement is sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index
from outtrade.judge.records import Operation, Order
from outtrade.model.fault import READS
from outtrade.model.history import NS
from outtrade_suites.properties import gateway, sight
from outtrade_suites.properties.claims import exceeds, refused_for_good, reported_as, verdicts


def target_of(ix: Index, cancel: Operation) -> tuple[Operation | None, Order | None, set[str]]:
    """What a cancel was aimed at: the request that asked for the order, the order (if it ever stood), its names."""
    request = cancel.request
    wanted = {name for name in (request.client_id, request.venue_id) if name}
    send: Operation | None = None
    order: Order | None = None
    for op in ix.sends:
        if op.seq > cancel.seq:
            break
        if wanted & sight.names_of(op):
            send = op
            order = op.orders[-1] if op.orders else order
    names = set(wanted)
    if send is not None:
        names |= sight.names_of(send)
    return send, order, names


# ---------------------------------------------------------------- RCV-15
def unknown_resolved(ix: Index) -> Iterator[Case]:
    """RCV-15: after "unknown order" on a cancel: ask, then judge."""
    if ix.scope == "G":
        yield from gateway.unknown_cancels(ix)
        return
    done: set[int] = set()
    for cancel in ix.by_op("cancel"):
        if cancel.state != "definite" or cancel.error not in ("unknown_order", "not_found"):
            continue
        send, order, names = target_of(ix, cancel)
        if send is None or send.seq in done or cancel.ended_seq is None:
            continue
        done.add(send.seq)
        name, answered = send.client_id or "the order", cancel.ended_seq
        for seq, text, key in acts(ix, send, answered):
            if resolved_by(ix, send, order, names, cancel, seq):
                continue
            message = (
                f'the venue answered "unknown order" to the cancel of {name} at {cancel.sent_at / NS:.3f} s, and the'
                f" client {text} without having asked what became of it"
            )
            yield broke(message, cancel.seq, answered, seq, subject=name, key=key)
            break
        else:
            yield held(cancel.seq, answered, subject=name)


def acts(ix: Index, send: Operation, after: int) -> Iterator[tuple[int, str, str]]:
    """Moments after an "unknown order" at which the target acts or speaks as if it knew how the order ended."""
    moments: list[tuple[int, str, str]] = []
    for verdict in verdicts(ix):
        if verdict.op is send and verdict.seq > after:
            moments.append((verdict.seq, f"called it {verdict.view.status}", f"called-{verdict.view.status}"))
    if send.intent is not None:
        for op in ix.sends_of(send.intent):
            another = op.client_id is None or op.client_id != send.client_id
            if op.seq > after and another and send.intent.kind != "scale":
                moments.append((op.seq, f"sent {op.client_id or 'another order'} for the same intent", "new-order"))
    reported = ix.reported
    if reported is not None and reported.seq > after and not reported_as(ix, send):
        moments.append((reported.seq, "left it out of the report", "left-out"))
    yield from sorted(moments)


def resolved_by(
    ix: Index, send: Operation, order: Order | None, names: set[str], cancel: Operation, before: int
) -> bool:
    """Whether the client knew how the order ended before event ``before``: the venue had shown it to be over, had
    answered a question about it asked after the cancel, or it is proven never to have stood."""
    if order is not None and sight.shown_over(ix, order, before=before):
        return True
    if any(seen.op in READS and seen.asked > cancel.seq for seen in sight.of(ix, names, before=before)):
        return True
    if sight.not_found(ix, names, after=cancel.seq, before=before):
        return True  # asked; whether it asked late enough is the matter of RCV-04
    if any(doubt.op is send and doubt.resolution is not None and doubt.resolution.seq < before for doubt in ix.doubts):
        return order is None
    return refused_for_good(ix, send, before=before)


# ---------------------------------------------------------------- RCV-16
def replaced_after_cancel(ix: Index) -> Iterator[Case]:
    """RCV-16: the replacement waits for the end of what it replaces."""
    judged: set[tuple[int, int]] = set()
    for cancel in ix.by_op("cancel"):
        send, order, names = target_of(ix, cancel)
        if send is None or send.intent is None:
            continue
        for op in ix.sends_of(send.intent):
            another = op.client_id is None or op.client_id != send.client_id
            if op.seq < cancel.seq or not another or (send.seq, op.seq) in judged:
                continue
            if not exceeds(ix, send.intent, send, op):
                continue
            judged.add((send.seq, op.seq))
            end = ended_before(ix, send, order, names, op.seq)
            if end is not None:
                yield held(cancel.seq, end, op.seq, subject=send.client_id or "")
                continue
            how = "was still unanswered" if cancel.ended_seq is None or cancel.ended_seq > op.seq else "had failed"
            message = (
                f"{op.client_id or 'a new order'} was sent at {op.sent_at / NS:.3f} s in place of"
                f" {send.client_id or 'the order'}, whose cancel {how}; both could fill"
            )
            key = "cancel-unanswered" if how.startswith("was") else "cancel-failed"
            yield broke(message, send.seq, cancel.seq, op.seq, subject=send.client_id or "", key=key)


def ended_before(ix: Index, send: Operation, order: Order | None, names: set[str], before: int) -> int | None:
    """The event that showed, before event ``before``, that an order could not trade any more; None where none did.

    The venue's definite "unknown order" counts here: what it is worth is the matter of RCV-15."""
    if order is not None:
        seen = sight.shown_over(ix, order, before=before)
        if seen is not None:
            return seen.seq
    for cancel in ix.by_op("cancel"):
        request, ended = cancel.request, cancel.ended_seq
        if ended is None or ended >= before or not names & {request.client_id, request.venue_id}:
            continue
        if cancel.state == "ok" or (cancel.state == "definite" and cancel.error in ("unknown_order", "not_found")):
            return ended
    for cancel_all in ix.by_op("cancel_all"):
        ended = cancel_all.ended_seq
        if ended is not None and send.seq < cancel_all.seq and ended < before and cancel_all.state == "ok":
            return ended
    for doubt in ix.doubts:
        resolution = doubt.resolution
        if doubt.op is send and resolution is not None and resolution.how == "absent" and resolution.seq < before:
            return resolution.seq
    if refused_for_good(ix, send, before=before):
        return send.ended_seq
    return None


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="RCV-15",
        title='"unknown order" on a cancel is resolved by a query',
        level="MUST",
        severity="critical",
        scope="AG",
        source=(
            'Binance spot error codes (-2011 "Unknown order sent." for filled, cancelled and never placed orders);'
            " freqtrade#3208 and #3647, gekko#1806, passivbot#514"
        ),
        explain="""\
The cancel comes back with "unknown order". On most venues that sentence covers three things: the order has filled, it
was cancelled before, or it never arrived. All three readings have been hard-coded in published trading software, and
each loses money in the other two cases.

Example: a limit buy is to be cancelled at its deadline and fills a few milliseconds earlier. The venue answers
"unknown order". An agent that reads this as "cancelled" reports nothing bought and walks away from a position. One
that reads it as "never placed" buys again and holds it twice. One that reads it as "filled" sells what it never had.

What passes: asking for the order by its id (or having been shown its end by an answer or an event), then deciding.
While the order itself is still in doubt, "unknown order" proves nothing about its absence either.

How it is judged: after each such answer, every terminal verdict on the order, every new order for its intent, and a
report that leaves it out, must come after an answer to a query for it or after a sighting of its end. For gateways:
the cancel must not be said to have led to a terminal state without a question in between; an error is fine.
""",
        check=unknown_resolved,
        venues="each",
    ),
    Property(
        id="RCV-16",
        title="a replacement is sent only after the cancel is resolved",
        level="MUST",
        severity="critical",
        scope="A",
        source=(
            "stellar-deprecated/kelp#458 (new offer placed after a failed cancel); zenbot#890; Binance spot"
            " documentation (a 5XX or timed-out cancel leaves the order's state unknown)"
        ),
        explain="""\
Moving an order by cancel and new order is safe in one sequence only: cancel, know the end, send the rest. Until the
end is known the old order can still fill, and how much of it has filled decides how much is left to buy.

Example: an order for 1 BTC has to be taken at the market because time runs out. The cancel times out. The agent sends
the market order at once. The cancel never reached the venue, the old order fills later: 2 BTC instead of 1.

What passes: a new order for the same intent after the cancel was answered as done, or after a query, a stream event
or a list of all orders showed that the old order is over. Two slices that together stay within the intent are no
replacement.

How it is judged: for each order request of an intent that came after a cancel of another order of that intent, and
that would exceed the intent if that order stood in full, the order's end must have reached the client before. An
"unknown order" counts as an end here, since RCV-15 judges it.
""",
        check=replaced_after_cancel,
    ),
)
