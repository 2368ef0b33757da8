"""RCV-01 to RCV-05: what became of an order whose confirmation never came.

The request was sent and no usable answer arrived. On the venue there are two worlds: in one the order stands, in the
other it never existed, and on the wire they look the same. The only way out is to ask, by the order's own id, and to
know what an answer is worth: "here it is" settles the question at once; "not found" settles it only when the question
was asked late enough that the request can no longer be on its way; a question that failed settles nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import Doubt, Operation
from outtrade.model.history import NS, Response
from outtrade_suites.properties import gateway, sight
from outtrade_suites.properties.claims import (
    Treatment,
    Verdict,
    absent,
    found,
    refused_for_good,
    reported_as,
    treatments,
    verdicts,
)
from outtrade_suites.properties.compare import UNSETTLED
from outtrade_suites.properties.outages import answered_for
from outtrade_suites.properties.truth import store_lost


def name_of(op: Operation) -> str:
    """The order a request asked for, for a sentence."""
    return op.client_id or f"the order sent at {op.sent_at / NS:.3f} s"


SEEN = {
    "gave_up": "no answer",
    "unanswered": "no answer",
    "crashed": "no answer before it crashed",
    "reset": "a connection reset",
    "close": "a closed connection",
    "truncated": "a cut-off answer",
}
"""How a call ended that got no whole answer, in words."""


def told(doubt: Doubt) -> str:
    """How the client saw the request end, for a sentence."""
    end = doubt.op.end
    if isinstance(end, Response):
        return f"HTTP {end.status}" + (f" ({end.code})" if end.code is not None else "")
    return "no answer" if end is None else SEEN[end.how]


# ---------------------------------------------------------------- RCV-01
def lost_confirmation(ix: Index) -> Iterator[Case]:
    """RCV-01: the order stands, its confirmation was lost: the report must know it, under the right intent."""
    reported = ix.reported
    if reported is None or ix.report is None:
        return
    for doubt in ix.doubts:
        op = doubt.op
        accepted = [order for order in op.orders if order.accepted and order.first.seq < reported.seq]
        if not accepted or doubt.since_seq > reported.seq or store_lost(ix, op.request.incarnation):
            continue
        name, proof = name_of(op), (op.seq, doubt.since_seq, accepted[0].first.seq, reported.seq)
        views = reported_as(ix, op)
        if not views:
            message = (
                f"{name} was accepted by the venue as order {accepted[0].id}, the client saw {told(doubt)}, and the"
                " report does not know the order"
            )
            yield broke(message, *proof, subject=name, key="not-adopted")
        elif all(view.status == "rejected" for view in views):
            message = f"{name} stood on the venue as order {accepted[0].id}; the report calls it rejected"
            yield broke(message, *proof, subject=name, key="called-rejected")
        elif op.intent is not None and all(view.intent != op.intent.id for view in views):
            message = f"{name} was sent for intent {op.intent.id}; the report books it under {views[0].intent}"
            yield broke(message, *proof, subject=name, key="wrong-intent")
        elif all(view.status in UNSETTLED for view in views) and overdue(ix, doubt, reported.at):
            message = (
                f"{name} was accepted by the venue as order {accepted[0].id}; the report still calls it"
                f" {views[0].status} although the venue had answered for {ix.bounds.resolve:g} s"
            )
            yield broke(message, *proof, subject=name, key="never-looked-up")
        else:
            yield held(*proof, subject=name)


def overdue(ix: Index, doubt: Doubt, at: int) -> bool:
    """Whether, at time ``at``, a doubt should have been settled: absence could be proven, and the venue answered for
    ``bounds.resolve``."""
    last = ix.last_send(doubt.client_id, ix.end) if doubt.client_id is not None else None
    sent = (last or doubt.op).sent_at
    return at >= sent + ix.absent_after and answered_for(ix, doubt.since, at) >= ns(ix.bounds.resolve)


# ---------------------------------------------------------------- RCV-02
def never_accepted(ix: Index) -> Iterator[Case]:
    """RCV-02: nothing was accepted, with the same symptom: nobody may believe in the order."""
    reported, report = ix.reported, ix.report
    if reported is None or report is None:
        return
    for doubt in ix.doubts:
        op = doubt.op
        if doubt.since_seq > reported.seq or any(order.accepted for order in op.orders):
            continue
        if store_lost(ix, op.request.incarnation):
            continue
        name, proof = name_of(op), (op.seq, doubt.since_seq, reported.seq)
        twins = [order for order in ix.own_orders if order.accepted and order.created_as == op.client_id]
        believed = [view for view in reported_as(ix, op) if view.status in ("open", "filled", "cancelled")]
        intent = op.intent
        outcome = report.outcomes.get(intent.id) if intent is not None else None
        stood = intent is not None and any(order.accepted for order in ix.orders_of(intent))
        stood = stood or (intent is not None and intent.id in ix.elsewhere)
        if believed and not twins:
            message = (
                f"{name} never reached the book (the client saw {told(doubt)}); the report calls it"
                f" {believed[0].status}"
            )
            yield broke(message, *proof, subject=name, key="phantom-order")
        elif outcome is not None and outcome.status in ("done", "partial", "working") and not stood:
            message = (
                f"{name} never reached the book and nothing else was accepted for intent {intent.id if intent else ''};"
                f" the outcome says {outcome.status}"
            )
            yield broke(message, *proof, subject=name, key="phantom-outcome")
        else:
            yield held(*proof, subject=name)


# ---------------------------------------------------------------- RCV-03
def verdict_needs_evidence(ix: Index) -> Iterator[Case]:
    """RCV-03: rejected, cancelled, expired, filled: only what the venue said."""
    if ix.scope == "G":
        yield from gateway.verdicts(ix)
        return
    for verdict in verdicts(ix):
        proof = evidence_for(ix, verdict)
        name = name_of(verdict.op)
        if proof is not None:
            yield held(verdict.seq, *proof, subject=name)
        else:
            message = (
                f"{name} was called {verdict.view.status} at {verdict.at / NS:.3f} s; until then the venue had said"
                " nothing that shows it"
            )
            yield broke(message, verdict.op.seq, verdict.seq, subject=name, key=f"{verdict.view.status}-unproven")
    yield from given_up_unproven(ix)


def given_up_unproven(ix: Index) -> Iterator[Case]:
    """The outcome ``failed`` or ``refused`` is a verdict on every order that was sent for the intent and left out."""
    reported, report = ix.reported, ix.report
    if reported is None or report is None:
        return
    for doubt in ix.doubts:
        op, intent = doubt.op, doubt.op.intent
        if intent is None or doubt.since_seq > reported.seq or store_lost(ix, op.request.incarnation):
            continue
        outcome = report.outcomes.get(intent.id)
        if outcome is None or outcome.status not in ("failed", "refused") or reported_as(ix, op):
            continue
        name = name_of(op)
        if doubt.resolution is not None and doubt.resolution.seq < reported.seq:
            yield held(op.seq, doubt.resolution.seq, reported.seq, subject=name)
        elif refused_for_good(ix, op, before=reported.seq):
            yield held(op.seq, reported.seq, subject=name)
        else:
            message = (
                f"intent {intent.id} was reported {outcome.status}, so {name} is taken for dead; the client saw"
                f" {told(doubt)}, and nothing the venue said until the report shows that the order does not stand"
            )
            yield broke(message, op.seq, doubt.since_seq, reported.seq, subject=name, key="given-up-unproven")


def evidence_for(ix: Index, verdict: Verdict) -> tuple[int, ...] | None:
    """Events that show a terminal verdict, or None. ``cancelled``, ``expired`` and ``rejected`` are one family (venues
    word the end of an unfilled remainder differently), but an order that traded was not rejected."""
    said = verdict.view.status
    traded = any(fill.seq < verdict.seq for order in verdict.op.orders for fill in order.fills)
    for seen in sight.of(ix, verdict.names, before=verdict.seq):
        if said == "filled":
            if seen.status == "filled" or (seen.status is None and was_filled(verdict, seen.seq)):
                return (seen.seq,)
        elif seen.status in sight.OVER and not (said == "rejected" and traded):
            return (seen.seq,)
    if said == "filled":
        return None
    if refused_for_good(ix, verdict.op, before=verdict.seq):
        return (verdict.op.ended_seq,) if verdict.op.ended_seq is not None else ()
    for doubt in ix.doubts:
        if doubt.op is verdict.op and absent(doubt, verdict.seq) and doubt.resolution is not None:
            return (doubt.resolution.seq,)
    return None


def was_filled(verdict: Verdict, seq: int) -> bool:
    """Whether the order was complete when a mention without a state (a trade) arrived."""
    states = [order.state_at(seq) for order in verdict.op.orders]
    return any(state is not None and state.status == "filled" for state in states)


# ---------------------------------------------------------------- RCV-04
def absence_needs_proof(ix: Index) -> Iterator[Case]:
    """RCV-04: only a late enough by-id "not found" lets a target act as if an order were not there."""
    for doubt in ix.doubts:
        op = doubt.op
        if store_lost(ix, op.request.incarnation):
            continue
        for treatment in treatments(ix, op, after=doubt.since_seq):
            if found(doubt, treatment.seq):
                continue
            name, proof = name_of(op), (op.seq, doubt.since_seq, treatment.seq)
            if absent(doubt, treatment.seq) and doubt.resolution is not None:
                yield held(*proof, doubt.resolution.seq, subject=name)
                continue
            why, key = what_it_had(ix, doubt, treatment)
            message = (
                f"the client saw {told(doubt)} for {name} and {treatment.text}; {why}, so the order could still stand"
                " on the venue"
            )
            yield broke(message, *proof, subject=name, key=key)


def what_it_had(ix: Index, doubt: Doubt, treatment: Treatment) -> tuple[str, str]:
    """What a target that assumed absence had to go by: words for the message, and a key."""
    names = sight.names_of(doubt.op)
    early = sight.not_found(ix, names, after=doubt.op.seq, before=treatment.seq)
    if early:
        last = ix.last_send(doubt.client_id, early[-1].seq) if doubt.client_id is not None else None
        waited = (early[-1].sent_at - (last or doubt.op).sent_at) / NS
        return f'its "not found" came to a query sent {waited:.1f} s after the last send, too early', "too-early"
    listed = [op for op in ix.by_op("open_orders", "all_orders") if doubt.since_seq < op.seq < treatment.seq]
    if any(op.state == "ok" for op in listed):
        return "it had only looked at lists of orders", "missing-from-list"
    asked = [op for op in ix.by_op("query") if op.request.client_id in names and doubt.op.seq < op.seq < treatment.seq]
    if asked:
        return "its queries had failed", "query-failed"
    return "it had not asked", "not-asked"


# ---------------------------------------------------------------- RCV-05
def failed_query(ix: Index) -> Iterator[Case]:
    """RCV-05: a query that failed is no answer, least of all "not found"."""
    if ix.scope == "G":
        yield from gateway.failed_queries(ix)
        return
    done: set[str] = set()
    doubts = {doubt.op.seq: doubt for doubt in ix.doubts}
    for op in ix.sends:
        name = name_of(op)
        refused = op.state == "definite" and op.error != "duplicate"
        if name in done or op.ended_seq is None or refused or store_lost(ix, op.request.incarnation):
            continue
        names = sight.names_of(op)
        failed = [query for query in ix.by_op("query") if query.seq > op.seq and failed_about(query, names)]
        if not failed or failed[0].ended_seq is None:
            continue
        done.add(name)
        first = failed[0].ended_seq
        for treatment in treatments(ix, op, after=first):
            answered = sight.not_found(ix, names, after=op.seq, before=treatment.seq)
            seen = sight.of(ix, names, after=op.seq, before=treatment.seq)
            doubt = doubts.get(op.seq)
            settled = doubt is not None and doubt.resolution is not None and doubt.resolution.seq < treatment.seq
            if doubt is None:
                settled = any(one.terminal or one.seq > first for one in seen)
            if answered or settled:
                continue
            message = (
                f"the query for {name} failed ({failure(failed[0])}) and the client {treatment.text}: a failed query"
                ' was taken for "not found"'
            )
            yield broke(message, op.seq, first, treatment.seq, subject=name, key=f"failed-query-{treatment.how}")
            break
        else:
            yield from _verdict_after_failure(ix, op, failed[0])


def _verdict_after_failure(ix: Index, op: Operation, query: Operation) -> Iterator[Case]:
    """A terminal verdict whose only novelty is a failed query."""
    first = query.ended_seq or query.seq
    for verdict in verdicts(ix):
        if verdict.op is not op or verdict.seq < first or verdict.view.status == "filled":
            continue
        if evidence_for(ix, verdict) is None:
            message = (
                f"the query for {name_of(op)} failed ({failure(query)}) and the order was called"
                f" {verdict.view.status}: a failed query was taken for an answer"
            )
            yield broke(message, op.seq, first, verdict.seq, subject=name_of(op), key="failed-query-verdict")
            return
    yield held(op.seq, query.seq, first, subject=name_of(op))


def failed_about(query: Operation, names: set[str]) -> bool:
    """Whether this by-id query about one of these names ended without telling anything about the order."""
    if query.request.client_id not in names and query.request.venue_id not in names:
        return False
    if query.state == "ambiguous":
        return True
    return query.state == "definite" and query.error not in ("not_found", "unknown_order")


def failure(query: Operation) -> str:
    """How a query failed, for a sentence."""
    end = query.end
    if isinstance(end, Response):
        return f"HTTP {end.status}"
    return "no answer" if end is None else SEEN[end.how]


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="RCV-01",
        title="an accepted order whose confirmation was lost is found and adopted",
        level="MUST",
        severity="critical",
        scope="A",
        source=(
            "Binance spot REST documentation (general information: a 5XX answer leaves the execution status unknown, it"
            " could have been a success); hummingbot#1357, nautilus_trader#4958"
        ),
        explain="""\
The venue accepts the order first and answers afterwards. If the answer is lost on the way (a timeout, a reset, a 502
of a proxy), the order stands on the book and will trade, while the client has nothing in its hands: no order id, no
state.

An agent that forgets such an order owns a position that it does not know. Example: a sell of 0.4 BTC is accepted, the
answer times out after 10 s, the agent notes "failed". The order fills a minute later. The books say flat, the account
is short 0.4 BTC, nobody hedges it, and the loss grows with the market until a person looks.

What passes: the agent asks for the order by the client order id that it chose itself (or meets it in a list of orders
or on its private stream), takes it into its books under the intent for which it was sent, and reports its true state.
Reporting it as `unknown` passes only where the venue had not answered for `bounds.resolve` before the report.

How it is judged: for every order request whose end the client could not interpret, and which the venue accepted, the
report must hold an order with that client order id or venue id, booked under the intent, and not called rejected.
""",
        check=lost_confirmation,
        venues="each",
    ),
    Property(
        id="RCV-02",
        title="its twin, never accepted: placed again or reported failed",
        level="MUST",
        severity="major",
        scope="A",
        source=(
            "Binance spot REST documentation (5XX: the execution status is unknown); sonvister/Binance#66 and"
            " sieblyio/binance#580 (the same 504 on orders that did and did not exist)"
        ),
        explain="""\
The same symptom as in RCV-01, and the opposite truth: the request was lost before the exchange executed it. Whoever
has learned that a timeout may hide an order must not fall into the other ditch and believe that it always does.

An agent that counts an order which never existed waits for fills that cannot come: the hedge is missing, the exit is
missing, or a strategy reports success and stops. Example: the request for a buy of 1 ETH vanishes in a gateway that
answers 504. The agent books the order as open. At the end the intent is reported `working`, with nothing on the
venue.

What passes: after proof of absence (see RCV-04) the agent places the order again, with the same id if nothing in it
changed, or reports the intent as failed. An order that was proven absent is left out of the report.

How it is judged: for every order request that ended in doubt and that the venue never accepted, the report must not
call the order open, filled or cancelled, and must not call the intent done, partial or working when nothing was ever
accepted for it.
""",
        check=never_accepted,
        venues="each",
    ),
    Property(
        id="RCV-03",
        title="no terminal verdict without evidence from the venue",
        level="MUST",
        severity="critical",
        scope="AG",
        source=(
            "hummingbot#8457 (network errors counted as not found, six live sells marked failed);"
            " nautilus_trader#3870, release notes of 2026 (transport failures emitted as rejections)"
        ),
        explain="""\
Rejected, cancelled, expired, filled: after such a word nobody looks at the order again. Therefore only the venue may
say it. A timeout, an exception in the client's own code, a counter of failed attempts, or the order's absence from a
list of open orders are no evidence.

Example: six sells are accepted, then name resolution fails for a minute. Each failed status request is counted as a
"not found"; after three of them the orders are marked as failed and dropped. They fill. The account is short six
orders that no book contains. This happened to a widely used open-source trading bot.

What passes: calling an order terminal after the venue's answer to the order, to a query or to a cancel showed that
state, after a stream event that showed it, after trades that add up to its quantity, after a definite refusal of the
order itself, or after proof of absence (RCV-04). `unknown` is always allowed here.

How it is judged: every order view with a terminal status that the target published or reported is searched for such
evidence among all that had reached any incarnation before it. An intent reported `failed` or `refused` is a verdict
on the in-doubt orders sent for it. For gateways: an order that stands must never have been called rejected, nor have
been given a terminal state that it did not have.
""",
        check=verdict_needs_evidence,
        venues="each",
    ),
    Property(
        id="RCV-04",
        title="absence counts only from a late enough by-id not-found",
        level="MUST",
        severity="critical",
        scope="A",
        source=(
            "Binance spot REST documentation (timing security: a request is valid within recvWindow, up to 60 s; data"
            " sources: queries read from memory and database behind the matching engine); ccxt#1786, Binance.Net#692"
        ),
        explain="""\
After a lost answer the tempting question is "is it there?", asked at once, and the tempting conclusion from "no" is
to send the order again. But the first request may still be on its way: signed requests stay valid for a while, they
wait in queues, and the part of the venue that answers queries lags behind the part that matches orders.

Example: the place request hangs in a proxy. Two seconds later the agent asks, hears "order does not exist" and sends
a second order with a new id. Then the first one arrives. Both fill: twice the exposure that anybody wanted.

What passes: a query by the order's own id, sent at least `absent_after` seconds after that id was last sent, and
answered "not found". Missing from a list of open orders proves nothing at any time: the order may have filled.

How it is judged: whoever sends another order for the same intent that would not fit beside the first, sends the same
id again where the venue would accept it twice, leaves the order out of the report or reports it rejected, treats it
as absent. Each such moment must be preceded by that proof, or by a sighting of the order, or by a definite refusal.
The clock of a client may differ from the wire by a tenth of a second. Orders of a lost store are judged by RCV-06.
""",
        check=absence_needs_proof,
        venues="each",
    ),
    Property(
        id="RCV-05",
        title="a failed query is not a not-found",
        level="MUST",
        severity="critical",
        scope="AG",
        source=(
            "hummingbot#8457 and its order tracker (any exception of a status query was counted as order not found);"
            " Binance spot error codes (-2013 is the only answer that says that an order does not exist)"
        ),
        explain="""\
"I asked and the venue says that there is no such order" and "I could not ask" arrive in many clients as the same
thing: an exception. Code that catches both in one branch turns every network problem into the death of all open
orders.

Example: an agent polls its four open orders. The venue answers 502 for half a minute. The agent counts each failure
as "not found", drops all four, and places four new ones. When the venue is back, eight orders stand on the book.

What passes: asking again later, waiting for the stream, or reporting the order as it was last known or as `unknown`.

How it is judged: for every order with a by-id query that ended in a transport error, a 5xx, an unreadable body or a
refusal that is not about the order (rate limit, ban, clock), nothing may treat the order as absent or call it
rejected, cancelled or expired afterwards unless a real answer came in between. A "not found" that came too early is a
matter of RCV-04, not of this property. For gateways: a call whose requests got no such answer from the venue must not
be said to mean `not_found`.
""",
        check=failed_query,
        venues="each",
    ),
)
