"""RTY-05, -06, -07, -13: how often, how soon, and how long.

Resends are bounded, the venue's demand for silence is kept, a ban is sat out, and no answer is waited for for ever.
For gateways only what the library does by itself is judged: requests within one call of a method. When to call again
is the driver's decision.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import CLOCK_SLACK, Index, ns
from outtrade.judge.records import Operation, Order
from outtrade.model.fault import WRITES, Trickle
from outtrade.model.history import NS, Broken, Connect, Response
from outtrade_suites.properties.sent import EXPOSING, TRANSIENT, impossible, terms

TICK = NS // 1000
"""A client that sleeps exactly as long as it was told may wake a rounding error early (1 ms)."""
HAMMERING = NS
"""A read that is repeated within one second of its failure is a resend; after that it is the next poll."""
READ_TIMEOUT = 15.0
"""Trickled answers with shorter pauses keep a read timeout from firing, and are not judged (seconds)."""


# ---------------------------------------------------------------- RTY-05
def check_attempts(ix: Index) -> Iterator[Case]:
    """RTY-05."""
    worst: dict[Hashable, tuple[Operation, int]] = {}
    for (key, _), ops in chains(ix).items():
        if len(ops) > 1 and len(ops) - 1 >= worst.get(key, (ops[0], 0))[1]:
            worst[key] = (ops[-1], len(ops) - 1)
    for op, count in worst.values():
        if count > ix.bounds.attempts:
            yield broke(
                f"{op.name}: sent again unchanged {count} times, each time after a failure"
                f" (at most {ix.bounds.attempts})",
                op.seq,
                subject=op.client_id or op.request.op,
                key=f"attempts {op.request.op}",
            )
        else:
            yield held(op.seq, subject=op.client_id or op.request.op)


def chains(ix: Index) -> dict[tuple[Hashable, int], list[Operation]]:
    """Requests that ask for the same thing, each sent because the one before it had failed: (what, which chain of
    it) -> the requests in order of sending. A request that was never repeated is a chain of one."""
    return ix.memo("chains of resends", _chains)


def _chains(ix: Index) -> dict[tuple[Hashable, int], list[Operation]]:
    found: dict[tuple[Hashable, int], list[Operation]] = {}
    latest: dict[Hashable, int] = {}
    for op in ix.ops:
        key = _request_key(ix, op)
        number = latest.get(key, 0)
        chain = found.get((key, number))
        if chain is not None and _is_resend(chain[-1], op):
            chain.append(op)
        else:
            latest[key] = number + 1
            found[key, number + 1] = [op]
    return found


def _request_key(ix: Index, op: Operation) -> Hashable:
    """Equal for requests that ask for the same thing (an order request: whatever its client order id)."""
    call = _call_of(ix).get(op.seq)
    scope = (op.request.incarnation, call)
    if op.is_send and op.order is not None:
        return (scope, op.request.op, op.intent.id if op.intent is not None else None, terms(op.order))
    return (scope, op.request.op, op.request.digest)


def _call_of(ix: Index) -> dict[int, int]:
    """Sequence number of a request -> number of the gateway's call during which it was sent (no entry: outside)."""
    return ix.memo("call of request", lambda i: {op.seq: g.call.id for g in i.gateway for op in g.requests})


def _is_resend(before: Operation, op: Operation) -> bool:
    """Whether ``op``, which asks for the same as ``before``, repeats it because it failed."""
    if before.ended_seq is None or before.ended_seq > op.seq or before.state == "ok":
        return False
    if before.request.op in WRITES:
        return True
    if before.error == "not_found":
        return False
    return before.ended_at is not None and op.sent_at - before.ended_at < HAMMERING


# ---------------------------------------------------------------- RTY-06, RTY-07 silence
def _limits(ix: Index, error: str) -> Iterator[tuple[Operation, Response]]:
    for op in ix.ops:
        if op.error == error and isinstance(op.end, Response):
            yield op, op.end


def _after(ix: Index, limited: Operation, response: Response, seconds: float) -> Iterator[Operation]:
    """Requests to the same host that were decided after the answer arrived and before its time was up.

    Exempt: what had been sent before, what another incarnation sends (it never saw the answer), and the first request
    on a connection that was opened before the answer came (it was on its way). Of a gateway only what it sends by
    itself counts: within the call that met the limit, or outside of any call.
    """
    until = response.at + ns(seconds) - TICK
    calls = _call_of(ix)
    for op in ix.ops:
        if op.seq < response.seq or op.sent_at >= until:
            continue
        if ix.scope == "G" and calls.get(op.seq, calls.get(limited.seq)) != calls.get(limited.seq):
            continue
        if op.request.host != limited.request.host or op.request.incarnation != limited.request.incarnation:
            continue
        if op.sent_at - response.at < CLOCK_SLACK and _opened_before(ix, op, response.seq):
            continue
        yield op


def _opened_before(ix: Index, op: Operation, seq: int) -> bool:
    """Whether ``op`` is the first request on a connection that was opened before event ``seq``."""
    first, opened = ix.memo("connections", _connections)
    return first.get(op.request.conn) is op and opened.get(op.request.conn, seq) < seq


def _connections(ix: Index) -> tuple[dict[int, Operation], dict[int, int]]:
    first: dict[int, Operation] = {}
    for op in ix.ops:
        first.setdefault(op.request.conn, op)
    opened = {event.conn: event.seq for event in ix.events if isinstance(event, Connect)}
    return first, opened


def check_retry_after(ix: Index) -> Iterator[Case]:
    """RTY-06."""
    for limited, response in _limits(ix, "rate"):
        seconds = response.retry_after
        if seconds is None:
            continue
        offender = next((op for op in _after(ix, limited, response, seconds) if _same_bucket(limited, op)), None)
        if offender is None:
            yield held(limited.seq, response.seq, subject=limited.request.op)
        else:
            yield broke(
                f"{limited.name} was answered 'too many requests, wait {seconds:g} s' at {response.seconds:.3f} s;"
                f" {offender.name} did not wait",
                limited.seq,
                response.seq,
                offender.seq,
                subject=limited.request.op,
                key="did-not-wait",
            )


def _same_bucket(limited: Operation, op: Operation) -> bool:
    """Whether a request surely counts to the limit that was hit: it is of the same kind, or was refused for it too.

    Venues count orders and request weight apart and do not always say which limit it was.
    """
    return op.is_send == limited.is_send or (op.answer is not None and op.answer.error == "rate")


def check_ban(ix: Index) -> Iterator[Case]:
    """RTY-07."""
    for limited, response in _limits(ix, "ban"):
        seconds = response.retry_after or 0
        offender = next(_after(ix, limited, response, seconds), None)
        if offender is not None:
            yield broke(
                f"{limited.name} was answered with a ban of {seconds:g} s at {response.seconds:.3f} s;"
                f" {offender.name} broke the silence",
                limited.seq,
                response.seq,
                offender.seq,
                subject=limited.request.op,
                key="not-silent",
            )
        elif not _resumed(ix, limited, response, seconds):
            yield broke(
                f"the ban that {limited.name} met was over and there was work left to do, yet nothing was sent for"
                f" {ix.bounds.recovery:g} s",
                limited.seq,
                response.seq,
                subject=limited.request.op,
                key="not-resumed",
            )
        elif response.retry_after is not None:
            yield held(limited.seq, response.seq, subject=limited.request.op)


def _resumed(ix: Index, limited: Operation, response: Response, seconds: float) -> bool:
    """Whether requests were sent in time after the ban, or there was no work for an agent that lived on."""
    end = max(response.at + ns(seconds), ix.healed_at)
    last = end + ns(ix.bounds.recovery)
    if any(end <= op.sent_at <= last for op in ix.ops):
        return True
    lives = [life for life in ix.incarnations if life.crashed is not None and life.crashed.at > response.at]
    if ix.scope == "G" or lives or last > ix.until:
        return True
    return not _work_left(ix, end, last)


def _work_left(ix: Index, end: int, last: int) -> bool:
    """Whether a cancel fell due after the ban, or an intent that could be met had no order yet."""
    if any(_overdue(ix, order, end, last) for order in ix.own_orders):
        return True
    cancelled = {intent.target for intent in ix.intents.values() if intent.kind == "cancel"}
    for intent in ix.intents.values():
        live = ns(intent.at) <= end and ix.deadline(intent) >= last
        free = intent.kind in EXPOSING and intent.id not in cancelled and intent.max_slippage_bps is None
        if not live or not free or intent.id in ix.elsewhere or impossible(ix, intent) is not None:
            continue
        refused = any(op.state == "definite" and op.error not in TRANSIENT for op in ix.sends_of(intent))
        if not refused and not any(order.accepted and order.first.at <= last for order in ix.orders_of(intent)):
            return True
    return False


def _overdue(ix: Index, order: Order, end: int, last: int) -> bool:
    """Whether an order that had to be cancelled by ``last`` worked from ``end`` until then."""
    before, after = order.state_by(end), order.state_by(last)
    if before is None or after is None or order.intent is None or ix.scenario.leave_resting:
        return False
    return before.status == after.status == "open" and ix.deadline(order.intent) + ns(ix.bounds.answer) <= last


# ---------------------------------------------------------------- RTY-13
def check_wait(ix: Index) -> Iterator[Case]:
    """RTY-13."""
    bound = ns(ix.bounds.answer)
    trickled = _trickled_fast(ix)
    stuck = ix.no_report is not None and ix.no_report.why in ("deadlock", "late")
    for op in ix.ops:
        if op.request.op == "subscribe" or op.request.call in trickled:
            continue
        unanswered = op.end is None or (isinstance(op.end, Broken) and op.end.how == "unanswered")
        if op.ended_at is not None and op.ended_at - op.sent_at <= bound:
            waited = op.ended_at - op.sent_at
        else:
            over = _end_of_life(ix, op.request.incarnation)
            waited = (over if op.ended_at is None else min(over, op.ended_at)) - op.sent_at
        if waited > bound or (unanswered and stuck and not _later(ix, op)):
            how = "and was never given up" if unanswered else "before it ended"
            yield broke(
                f"{op.name}: waited {waited / NS:.1f} s for the answer {how} (at most {ix.bounds.answer:g} s)",
                op.seq,
                *(() if op.ended_seq is None else (op.ended_seq,)),
                subject=op.client_id or op.request.op,
                key="no-timeout",
            )
        else:
            yield held(op.seq, subject=op.client_id or op.request.op)


def _end_of_life(ix: Index, number: int) -> int:
    """When an incarnation reported, failed or was killed; the end of the record if it did none of that."""
    for life in ix.incarnations:
        ends = [e.at for e in (life.crashed, life.reported, life.no_report) if e is not None]
        if life.number == number and ends:
            return min(ends)
    return ix.events[-1].at


def _later(ix: Index, op: Operation) -> bool:
    """Whether the target went on to send something else after ``op``: then it was not that wait that held it up."""
    return bool(ix.ops) and ix.ops[-1].seq > op.seq


def _trickled_fast(ix: Index) -> set[int]:
    """Calls whose answer trickled so that a read timeout never fires."""
    fast = [r for r in ix.faults if isinstance(r.fault, Trickle) and r.fault.pause <= READ_TIMEOUT]
    return {landed.call for record in fast for landed in record.landed if landed.call is not None}


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="RTY-05",
        title="Unchanged resends are bounded",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
A request that fails ten times will fail the eleventh time. Retry loops without an end burn the rate limit that
the cancel of another order needs, end in a ban with orders on the book, or block everything behind them: agents
have cancelled the same filled order until somebody restarted them.

Example: the same cancel, answered "unknown order", thirty times. Five attempts, then a question about the
order, pass.

Judged: chains of requests that ask for the same thing (order requests: same intent and terms, whatever the
client order id), each sent after the one before it had failed; a success ends the chain, a restart too. The
bound is `attempts` resends. A read is a resend only if it is repeated within one second of its failure (later
it is the next poll), and "not found" is an answer, not a failure. For gateways only the resends within one call
of a method count.""",
        source="bennycode/trading-signals#1178; hummingbot/hummingbot#1993; DeviaVir/zenbot#890;"
        " Reya-Labs/reya-python-sdk#55",
        check=check_attempts,
        venues="each",
    ),
    Property(
        id="RTY-06",
        title="Retry-After is obeyed",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
When a venue says "too many requests, wait 20 seconds", every request before that time counts against the sender
and leads to a ban, with orders on the book that can no longer be cancelled. A backoff of one's own that ignores
the header is usually too short at first and too long later.

Example: 429 with Retry-After 20 at second 10; the next order request at second 13. A request at second 30
passes, and so do requests that were on their way when the answer arrived.

Judged: after each answer of class `rate` that names a time (header or body), no request to the same host is
sent within it that surely counts to the same limit: of the same kind (order or not), or itself refused for the
limit. Venues keep several limits and do not always say which was hit; a request of another kind that the venue
served is no violation. Another incarnation never saw the answer and is exempt. For gateways only what the
library sends by itself, within the same call, counts.""",
        source="Binance spot API documentation, rest-api.md (IP limits, Retry-After); rotki/rotki#1860;"
        " hummingbot/hummingbot#1291",
        check=check_retry_after,
        venues="each",
    ),
    Property(
        id="RTY-07",
        title="A ban is sat out, then work resumes",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
A ban grows with every request that arrives during it: from minutes to days. So the only right move is silence
until it ends. The second half is forgotten as often: code that handles the ban with an exception never comes
back, and leaves its orders alone with the market.

Example: 418 with 120 seconds at second 10; a status poll at second 40. Or: silence until the end of the run,
although an intent still waits for its order. Silence until second 130, then the order, passes.

Judged: after each answer of class `ban` that names a time, no request at all to that host within it (what was
on its way is exempt, and so is another incarnation). After it (and all faults), something is sent within
`recovery`, if there was work left: an order whose deadline passed, or an intent that has none yet, can be met
and does not expire too soon. Where the ban names no time, only the resumption is judged. For gateways the
driver decides when to go on, so that only the silence is judged.""",
        source="Binance spot API documentation, rest-api.md (IP limits, 418); GuntharDeNiro/BTCT#427;"
        " taniman/profit-trailer#444",
        check=check_ban,
        venues="each",
    ),
    Property(
        id="RTY-13",
        title="No answer is waited for for ever",
        level="MUST",
        severity="major",
        scope="AG",
        explain="""\
Several exchange libraries have no timeout unless one is set. One lost packet, and the agent stands still with a
position on, while prices move and its other orders fill.

Example: an order request whose answer never comes; the client still waits 300 seconds later. Giving up after 10
seconds and asking for the order by its id passes.

Judged: for each request the time from sending it to the end that the client saw (answer, break, or its own
giving up) is at most `answer`. A request that nothing would ever have ended, in a run that ended for that
reason, counts as too long. Subscriptions on streams (judged by RCV-09) and answers that trickle in with pauses
of up to 15 seconds are not judged, as no common read timeout would fire.""",
        source="Binance spot API documentation, errors.md (-1007, timeout); s4w3d0ff/python-poloniex#109;"
        " nautechsystems/nautilus_trader#4020",
        check=check_wait,
        venues="each",
    ),
)
