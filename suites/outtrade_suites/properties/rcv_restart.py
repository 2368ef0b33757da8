"""RCV-06, RCV-18: crashes, and being well again in time.

A process can die between any two of its instructions. What it knew is then what it had made durable and what the venue
can tell. And whatever broke, at some point it is over: from then on an agent has a bounded time to settle what was in
doubt and to come to an end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import Doubt
from outtrade.model.history import NS, Deadlocked
from outtrade_suites.properties import rec_state, rty
from outtrade_suites.properties.claims import reported_as
from outtrade_suites.properties.compare import UNSETTLED, views_of
from outtrade_suites.properties.outages import answered_for, answers_since

POLLING = ns(20)
"""How long after a deadline an answer that settles a doubt may still arrive: one poll of a careful client."""

Check = Callable[[Index], Iterator[Case]]


# ---------------------------------------------------------------- RCV-06
def one_exposure(ix: Index) -> Iterator[Case]:
    """RTY-01, which belongs to the retry dimension."""
    yield from next(prop for prop in rty.PROPERTIES if prop.id == "RTY-01").check(ix)


def consistent_after_crash(ix: Index) -> Iterator[Case]:
    """RCV-06: after a crash and a restart, one exposure per intent, and the books agree."""
    last = ix.last_incarnation
    if not ix.crashes or last is None or last.crashed is not None or last.number == 0:
        return
    lost = any(
        getattr(ix.faults[c.fault].fault, "store", "kept") != "kept" for c in ix.crashes if c.fault < len(ix.faults)
    )
    parts: list[tuple[str, Check]] = [("RTY-01", one_exposure)]
    if not lost:
        parts += [
            ("REC-01", rec_state.open_orders),
            ("REC-02", rec_state.positions),
            ("REC-10", rec_state.nothing_left_working),
        ]
    crash = ix.crashes[-1]
    any_case = False
    for name, check in parts:
        for case in check(ix):
            any_case = True
            if case.kind == "broke":
                message = f"after the crash ({crash.point} at {crash.at / NS:.3f} s): {case.message}"
                yield replace(case, message=message, evidence=(crash.seq, *case.evidence), key=f"{name}-{case.key}")
            elif case.kind in ("held", "undecided"):
                yield replace(case, evidence=(crash.seq, *case.evidence))
    if not any_case:
        yield held(crash.seq)


# ---------------------------------------------------------------- RCV-18
def well_again(ix: Index) -> Iterator[Case]:
    """RCV-18: the report comes, in time, and nothing in it is still in doubt that could have been settled."""
    if ix.scope == "G":
        return
    for event in ix.events:
        if isinstance(event, Deadlocked):
            waits = (f"thread {one.thread}: {one.call}{one.where and ' at '}{one.where}" for one in event.waits)
            message = f"threads wait for each other for ever: {'; '.join(waits)}"
            yield broke(message, event.seq, key="threads-deadlocked")
    missing = ix.no_report
    if missing is not None:
        where = f" ({missing.where})" if missing.where else ""
        words = {
            "raised": "the agent raised instead of reporting",
            "invalid": "the agent returned something that is no report",
            "late": "the agent did not report in time",
            "deadlock": "the agent waits for something that cannot come",
            "budget": "the agent never came to an end",
            "watchdog": "the agent computes without end",
        }
        yield broke(f"{words[missing.why]}: {missing.detail}{where}", missing.seq, key=f"no-report-{missing.why}")
        return
    reported, report = ix.reported, ix.report
    if reported is None or report is None:
        return
    yield held(reported.seq)
    doubts = [doubt for doubt in ix.doubts if doubt.since_seq < reported.seq]
    for doubt in doubts:
        yield from _settled(ix, doubt, reported.seq, reported.at)
    yield from _unknown_at_the_end(ix, doubts, reported.seq, reported.at)


def _settled(ix: Index, doubt: Doubt, seq: int, at: int) -> Iterator[Case]:
    """The evidence that ended a doubt came in time, counted from when the venue answered and absence could be proven.

    Where the agent never learned what became of the order and yet claims to know, RCV-03 and RCV-04 judge the claim."""
    resolution = doubt.resolution
    if resolution is None or resolution.seq > seq:
        return
    last = ix.last_send(doubt.client_id, resolution.seq) if doubt.client_id is not None else None
    start = answers_since(ix, doubt.since, resolution.at)
    start = max(start, (last or doubt.op).sent_at + ix.absent_after)
    name = doubt.client_id or "an order without an id"
    if resolution.at > start + ns(ix.bounds.resolve) + POLLING:
        message = (
            f"{name} was in doubt from {doubt.since / NS:.1f} s; the venue answered from {start / NS:.1f} s on, and"
            f" the agent knew only at {resolution.at / NS:.1f} s"
        )
        yield broke(message, doubt.op.seq, doubt.since_seq, resolution.seq, subject=name, key="settled-late")
    else:
        yield held(doubt.op.seq, resolution.seq, subject=name)


def _unknown_at_the_end(ix: Index, doubts: list[Doubt], seq: int, at: int) -> Iterator[Case]:
    """``unknown`` and ``pending`` in the report are failures where the venue could have been asked."""
    report = ix.report
    if report is None:
        return
    resolve = ns(ix.bounds.resolve)
    since = {id(doubt): max(doubt.since, doubt.op.sent_at + ix.absent_after) for doubt in doubts}
    for view in report.orders:
        if view.status not in UNSETTLED:
            continue
        mine = [doubt for doubt in doubts if view in reported_as(ix, doubt.op)]
        known = [order for order in ix.own_orders if views_of([view], order)]
        start = max((since[id(doubt)] for doubt in mine), default=known[0].first.at if known else 0)
        if answered_for(ix, start, at) >= resolve:
            name = view.client_id or "/".join(view.venue_ids) or view.symbol
            message = (
                f"{name} is {view.status} in the report, although the venue had answered for {ix.bounds.resolve:g} s"
            )
            proof = tuple(doubt.op.seq for doubt in mine)
            yield broke(message, *proof, seq, subject=name, key=f"order-{view.status}")
    for intent in ix.scenario.intents:
        outcome = report.outcomes.get(intent.id)
        if outcome is None or outcome.status != "unknown":
            continue
        mine = [doubt for doubt in doubts if doubt.op.intent is intent]
        if not mine and intent.id in ix.elsewhere:
            continue
        start = max((since[id(doubt)] for doubt in mine), default=ns(intent.at))
        if answered_for(ix, start, at) >= resolve:
            message = (
                f"intent {intent.id} is unknown in the report, although the venue had answered for"
                f" {ix.bounds.resolve:g} s"
            )
            proof = tuple(doubt.op.seq for doubt in mine)
            yield broke(message, *proof, seq, subject=intent.id, key="outcome-unknown")


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="RCV-06",
        title="a crash at any point and a restart leave the books right",
        level="MUST",
        severity="critical",
        scope="A",
        source="l2code/trader-bot2#9 (state saved only after the answer); freqtrade#8913; nautilus_trader#3878",
        explain="""\
A process dies whenever it likes: before sending, after sending and before the answer, after the answer and before
writing it down, in the middle of a cancel. What it had not made durable by then is gone, and what it sent is not.

Example: an agent sends an exit order, then saves "exit sent". The connection drops, an exception skips the saving,
the process restarts, finds no exit in its state and sells again. The account is short.

What passes: choosing and storing the client order id before the order is sent, and asking the venue about every
stored id after a restart, before anything new is sent. Then one crash costs nothing but time.

How it is judged: in runs with a crash and a restart, one intent has one exposure (RTY-01), the report's open orders
(REC-01) and positions (REC-02) are right, and nothing is left working (REC-10). Where the scenario lost the store,
only RTY-01 is asked for. After a crash without a restart nothing is judged.
""",
        check=consistent_after_crash,
    ),
    Property(
        id="RCV-18",
        title="after healing the agent settles what was in doubt and reports in time",
        level="MUST",
        severity="major",
        scope="A",
        source=(
            "hummingbot#1993 and #4601 (a failed cancel repeated for ever blocks new orders); zenbot#890;"
            " nautilus_trader#4020 (reconnect that dead-locks)"
        ),
        explain="""\
Safety alone is easy: stop doing anything. An agent must also come back. Networks heal, bans end, venues answer again;
one that still waits for an event that will not come, or that leaves its orders "unknown", has stopped trading without
telling anybody.

Example: the answer to an order never comes and the client has no timeout. Nothing else happens in that process for
the rest of the day: positions are not closed, stops are not moved.

What passes: a report by `until` (and 60 s), nothing in it `unknown` or `pending` that the venue could have told, and
every doubt settled within `bounds.resolve` of the venue answering (counted from `absent_after` at the earliest, with
one poll of grace).

How it is judged: an agent that raises, hangs, never ends or returns no report fails here, and only here. So does one
that reports while threads of it wait for each other: what they were there for (follow the stream, cancel in time) no
longer happens, and the process looks alive. Threads that wait on a queue or an event are no deadlock. Else each
doubt's evidence is timed from the last failed read, the last outage, or the agent's own restart, and an `unknown` in
the report fails where the venue had answered for `bounds.resolve`.
""",
        check=well_again,
        venues="each",
    ),
)
