"""RTY-08, -16, -19: pauses that grow, an alarm when nothing gets through, and work that goes on when it can.

Retrying is a matter of pace. Too eager is a crowd that comes back in step and keeps the venue down; too timid is an
order that waits ten minutes for a limit of ten seconds. And where nothing gets through at all, somebody must be told.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from outtrade.judge.api import Case, Property, broke, held
from outtrade.judge.index import Index, ns
from outtrade.judge.records import FaultRecord, Operation
from outtrade.model.fault import Blackhole, DnsFailure, Refuse, StreamSilent
from outtrade.model.history import NS, Response
from outtrade.model.task import Alert, Intent
from outtrade_suites.properties.outages import OUTAGES
from outtrade_suites.properties.rty_errors import last_chance
from outtrade_suites.properties.rty_pace import chains
from outtrade_suites.properties.sent import EXPOSING, TRANSIENT, final_refusals, impossible

RESENDS = 3
"""A chain of fewer resends shows no growth."""
GROWN = 1.2
"""The longest later wait is at least this many times the first."""
SLOW = ns(30)
"""Whoever waits this long before the first resend is polite without growing (*inferred*)."""
IN_STEP = NS // 1000
"""First waits that differ by less than 1 ms were not spread on purpose: a hundredth of a fifth of half a second."""
CROWD = 3
"""So many first waits must be equal before they are called equal on purpose."""
CUT_OFF = ns(5)
"""An outage shorter than this within the intent's time does not excuse anything (seconds)."""


# ---------------------------------------------------------------- RTY-08
def check_growing(ix: Index) -> Iterator[Case]:
    """RTY-08."""
    firsts: list[tuple[int, Operation]] = []
    for ops in chains(ix).values():
        waits = _own_waits(ops)
        if waits:
            firsts.append(waits[0])
        if len(waits) < RESENDS:
            continue
        lengths = [length for length, _ in waits]
        subject = ops[0].client_id or ops[0].request.op
        if lengths[0] >= SLOW or max(lengths[1:]) >= GROWN * lengths[0]:
            yield held(*(op.seq for _, op in waits), subject=subject)
        else:
            told = ", ".join(f"{length / NS:.2f}" for length in lengths)
            yield broke(
                f"{ops[0].name} was sent again {len(lengths)} times, after waits of {told} s: they do not grow",
                *(op.seq for _, op in waits),
                subject=subject,
                key="waits-do-not-grow",
            )
    if len(firsts) >= CROWD:
        lengths = [length for length, _ in firsts]
        if max(lengths) - min(lengths) < IN_STEP:
            yield broke(
                f"{len(firsts)} requests failed at different times, and each was sent again after the same"
                f" {lengths[0] / NS:.3f} s: a crowd of such clients comes back in step",
                *(op.seq for _, op in firsts),
                key="no-jitter",
            )
        else:
            yield held(*(op.seq for _, op in firsts))


def _own_waits(ops: list[Operation]) -> list[tuple[int, Operation]]:
    """The waits of a chain of resends (ns), each with the request that ended it; those that the venue asked for, and
    those after an answer that leaves the outcome open (they are filled with questions), are left out."""
    found = []
    for before, op in pairwise(ops):
        end = before.end
        if isinstance(end, Response) and end.outcome == "definite" and end.retry_after is None:
            found.append((op.sent_at - end.at, op))
    return found


# ---------------------------------------------------------------- RTY-16
def check_alarm(ix: Index) -> Iterator[Case]:
    """RTY-16."""
    reported, last = ix.reported, ix.last_incarnation
    if reported is None or ix.report is None or (last is not None and last.number > 0):
        return
    yield from _moved(ix)
    stopped = {intent.target for intent in ix.intents.values() if intent.kind == "cancel"}
    for intent in ix.intents.values():
        if intent.kind not in EXPOSING or intent.id in stopped or impossible(ix, intent) is not None:
            continue
        outage = _kept_from(ix, intent, ix.venue or 0)
        if outage is None or any(order.accepted for order in ix.orders_of(intent)):
            continue
        if final_refusals(ix.sends_of(intent)) or any(d.op.intent is intent for d in ix.doubts):
            continue
        told = [alert for alert in _alerts(ix) if alert.level != "info" and _concerns(ix, alert, intent)]
        landed = outage.landed[0]
        if told and not (_could_move(ix, intent) and not ix.scenario.allow_alert_only):
            yield held(landed.seq, reported.seq, subject=intent.id)
        elif told:
            yield broke(
                f"the venue could not be reached for the whole time of {intent.id} ({outage.fault.variant}); another"
                " one was at hand, and the task does not accept an alert in place of the order",
                landed.seq,
                reported.seq,
                subject=intent.id,
                key="fallback-unused",
            )
        else:
            yield broke(
                f"the venue could not be reached for the whole time of {intent.id} ({outage.fault.variant}); nothing"
                " was placed, and no alert tells of it",
                landed.seq,
                reported.seq,
                subject=intent.id,
                key="silent",
            )


def _moved(ix: Index) -> Iterator[Case]:
    """Orders at another venue than before: nothing of the intent was in doubt elsewhere when they left."""
    for op in ix.sends if ix.history.header.fallbacks else ():
        if op.intent is None:
            continue
        here = op.request.venue
        doubts = [
            doubt for doubt in ix.doubts_of(op.intent) if doubt.op.request.venue != here and doubt.op.seq < op.seq
        ]
        if not here and not doubts:
            continue  # at the main venue, as ever
        unsettled = [d for d in doubts if d.resolution is None or d.resolution.seq > op.seq]
        if not unsettled:
            yield held(op.seq, subject=op.intent.id)
            continue
        first = unsettled[0]
        yield broke(
            f"{op.name} went to {ix.name_of(here)} at {op.sent_at / NS:.1f} s while nobody knew whether"
            f" {first.op.name}, sent at {first.op.sent_at / NS:.1f} s to {ix.name_of(first.op.request.venue)},"
            " stands there",
            first.op.seq,
            op.seq,
            subject=op.intent.id,
            key="moved-in-doubt",
        )


def _could_move(ix: Index, intent: Intent) -> bool:
    """Whether a fallback trades the symbol, and there was time enough to decide for it."""
    for number, offered in enumerate(ix.history.header.fallbacks, 1):
        end = ix.deadline(intent)
        free = max([ns(intent.at), *(over for _, begun, over in _outages(ix, number) if begun < end)])
        enough = end - free >= ns(ix.bounds.recovery)
        if enough and intent.kind == "order" and intent.symbol in offered.instruments:
            return True
    return False


def _outages(ix: Index, venue: int) -> Iterator[tuple[FaultRecord, int, int]]:
    """The outages of a venue: from when to when, in nanoseconds of run time."""
    for record in ix.faults:
        if record.fault.venue == venue and isinstance(record.fault, OUTAGES) and record.landed:
            yield record, _in_force(record), record.healed.at if record.healed is not None else ix.until


def _kept_from(ix: Index, intent: Intent, venue: int) -> FaultRecord | None:
    """The outage that covered the intent's time; None where there was time to place it."""
    begins, ends = ns(intent.at), min(ix.deadline(intent), ix.until)
    for record, begun, over in _outages(ix, venue):
        if begun <= begins + NS and over >= ends - NS and ends - begins >= CUT_OFF:
            return record
    return None


def _in_force(record: FaultRecord) -> int:
    """When a fault that landed began to act: before anybody noticed, where it waits for no request."""
    begun = record.landed[0].at
    if isinstance(record.fault, DnsFailure | Refuse | Blackhole | StreamSilent):
        begun = min(begun, ns(record.fault.on.after))
    return begun


def _alerts(ix: Index) -> list[Alert]:
    """What was reported and published."""
    published = [Alert.model_validate(event.data) for event in ix.published if event.view == "Alert"]
    return [*published, *((ix.report.alerts or ()) if ix.report is not None else ())]


def _concerns(ix: Index, alert: Alert, intent: Intent) -> bool:
    """Whether an alert is about this intent, or about nothing in particular (the venue, say)."""
    return alert.about == intent.id or alert.about not in ix.intents


# ---------------------------------------------------------------- RTY-19
def check_resumed(ix: Index) -> Iterator[Case]:
    """RTY-19."""
    last = ix.last_incarnation
    if last is None or last.crashed is not None:
        return
    bound = ns(ix.bounds.recovery)
    for intent in ix.intents.values():
        if intent.kind not in EXPOSING or impossible(ix, intent) is not None or intent.max_slippage_bps is not None:
            continue
        sends = ix.sends_of(intent)
        failed = [op for op in sends if op.state == "definite" and op.error in TRANSIENT]
        since = failed[-1].seq if failed else None
        free = _free_again(ix, intent, failed[-1] if failed else None)
        if free is None or any(d.op.intent is intent for d in ix.doubts) or final_refusals(sends):
            continue
        if free + bound > last_chance(ix, intent) or any(
            o.accepted and o.first.at <= free for o in ix.orders_of(intent)
        ):
            continue
        again = next((op for op in sends if op.seq > (since or 0) and op.sent_at >= free - NS), None)
        evidence = tuple(seq for seq in (since, again.seq if again else None) if seq is not None)
        if again is not None and again.sent_at <= free + bound:
            yield held(*evidence, subject=intent.id)
        else:
            when = "never" if again is None else f"only at {again.sent_at / NS:.0f} s"
            yield broke(
                f"nothing stood in the way of {intent.id} from {free / NS:.0f} s on; its order was sent {when}"
                f" (within {ix.bounds.recovery:g} s)",
                *evidence,
                subject=intent.id,
                key="too-timid",
            )


def _free_again(ix: Index, intent: Intent, failed: Operation | None) -> int | None:
    """When the last obstacle that the intent had met was gone; None where it met none.

    Obstacles: passing refusals of its own orders, and outages that were in force when it fell due. What the venue
    asked for in silence counts, whoever was told, and so does every fault that had not healed by then.
    """
    due = ns(intent.at)
    met = failed is not None
    free = max(due, failed.ended_at or 0) if failed is not None else due
    for record in sorted((record for record in ix.faults if record.landed), key=_in_force):
        over = record.healed.at if record.healed is not None else ix.until
        if isinstance(record.fault, OUTAGES) and record.landed[0].at <= due < over:
            met = True
        free = max(free, over if _in_force(record) <= free else 0)
    free = max(free, _noticed(ix, free))
    for op in ix.ops:
        if isinstance(op.end, Response) and op.error in ("rate", "ban") and op.end.at <= free:
            free = max(free, op.end.at + ns(op.end.retry_after or 0))
    for life in ix.incarnations:
        if life.started is not None:
            free = max(free, life.started.at)
    return free if met else None


def _noticed(ix: Index, free: int) -> int:
    """When a private stream that an outage killed without a word was given up, at the latest after ``silence``: as long
    as it seems to stand, whoever follows it has every reason to think that it only has nothing to tell."""
    found = free
    for record in ix.faults:
        if not isinstance(record.fault, OUTAGES) or not record.landed or record.healed is None:
            continue
        begun, over = record.landed[0].at, record.healed.at
        for stream in ix.streams:
            dead = stream.up_at <= begun and not any(event.at > over for event in stream.events)
            if dead and over <= free < (stream.down_at or 0) and stream.down_by == "client":
                found = max(found, min(stream.down_at or 0, over + ns(ix.bounds.silence)))
    return found


PROPERTIES: tuple[Property, ...] = (
    Property(
        id="RTY-08",
        title="Waits between resends grow, and differ",
        level="SHOULD",
        severity="minor",
        scope="A",
        explain="""\
A venue that is too busy is kept busy by clients that come back every second, and the more of them fail the more come
back at once. Waits that grow take the load off; a random part keeps a crowd from returning in step, which is what
turns a second of trouble into an hour.

Example: "busy", one second, "busy", one second, "busy", one second. 1, 2.1 and 4.3 seconds pass.

Judged: in each chain of at least three resends of a request that was definitely refused, without a time named by the
venue, the longest later wait is at least a fifth longer than the first (whoever begins with 30 seconds need not grow).
Where at least three requests of a run were sent again, their first waits are not all equal to the millisecond. Waits
after answers that leave the outcome open are filled with questions, and not judged.""",
        source="AWS Architecture Blog, Exponential Backoff And Jitter; Kraken documentation, rate limits;"
        " hummingbot/hummingbot#1291",
        check=check_growing,
        venues="each",
    ),
    Property(
        id="RTY-16",
        title="An agent that is cut off says so",
        level="MUST",
        severity="major",
        scope="A",
        explain="""\
The network is down, the venue does not answer, the key is banned: nothing of an intent can be placed before it
expires. Whoever ordered the trade believes it is on its way. A hedge that silently did not happen is found when the
loss is.

Example: names do not resolve from second 10 to 60, the order was to be placed between 15 and 40, and the report says
"failed" without a word to anybody. An alert passes, and so does an order at another venue or of another type where the
task allows that.

Judged: for every intent that could be carried out and whose whole time (five seconds at least) an outage, a rate limit
or a ban covered, so that no order of it was ever accepted or in doubt: an alert of level warning or error that is about
this intent or about no other, published or reported. Where the task has fallbacks, does not allow an alert alone, and
an order intent's time is `recovery` at least (counted from when the fallback's own outages were over), an order request
at a fallback. And whatever is sent to one venue: no order of the intent is in doubt at another when it leaves.""",
        source="nautechsystems/nautilus_trader#4020; freqtrade/freqtrade#7932; scrtlabs/catalyst#317 (in doubt)",
        check=check_alarm,
        venues="all",
    ),
    Property(
        id="RTY-19",
        title="Work resumes once nothing stands in its way",
        level="SHOULD",
        severity="minor",
        scope="A",
        explain="""\
The other half of restraint: whoever answers a limit of ten seconds with an hour of silence is safe and useless. The
position that was to be closed stays open, at the market's price.

Example: 429 with Retry-After 20 at second 10; the order goes out at second 300. At second 31 it passes.

Judged: for every intent that could be carried out and that met a passing refusal (`transient`, `rate`, `ban`, `clock`)
or an outage when it fell due: from the moment when all that had healed, the silence that was asked for was over, and a
private stream that the outage had killed was given up (after `silence` at the latest), an order request for it leaves
within `recovery`, if that still lies before its end. Intents in doubt, with a slippage bound or refused for good are
not judged.""",
        source="hummingbot/hummingbot#1993; askmike/gekko#1855",
        check=check_resumed,
        venues="all",
    ),
)
