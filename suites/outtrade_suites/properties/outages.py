"""When the venue could be asked: outages as the target met them.

"In time" starts when the venue answers again. Two things say that it did not: a request that ended without a usable
answer, and a fault that was in force (a name that did not resolve, a refused connection, a ban). The later of the two
ends is the moment from which a target can be expected to know.
"""

from __future__ import annotations

from outtrade.judge.index import Index, ns
from outtrade.model.fault import READS, Ban, Blackhole, DnsFailure, RateLimit, Refuse, Visibility
from outtrade.model.history import Connect, Resolve

OUTAGES = (DnsFailure, Refuse, Blackhole, RateLimit, Ban)
"""Faults that keep a client from asking anything for as long as they last."""
UNUSABLE = frozenset({"rate", "ban", "clock", "auth", "transient", "closed", "unknown"})
"""Definite refusals of a read that tell nothing about orders."""


def answers_since(ix: Index, since: int, until: int) -> int:
    """The first time at or after ``since`` from which on the venue answered without a break until ``until``.

    Times in nanoseconds. Counts what the target saw (reads that failed, connections that did not come about, its own
    restart) and the faults that were in force, hidden effects of writes included.
    """
    start = since
    for op in ix.ops:
        end = op.ended_at
        if end is None or not since < end <= until or op.request.op not in READS:
            continue
        if op.state == "ambiguous" or (op.state == "definite" and op.error in UNUSABLE):
            start = max(start, end)
    for at in ix.memo("unreached", _unreached):
        if since < at <= until:
            start = max(start, at)
    for life in ix.incarnations:
        if life.started is not None and since < life.started.at <= until:
            start = max(start, life.started.at)
    for record in ix.faults:
        if isinstance(record.fault, Visibility):
            for landed in record.landed:
                over = landed.at + ns(record.fault.delay)
                if landed.at <= until and over > start:
                    start = over
        elif isinstance(record.fault, OUTAGES) and record.landed:
            begun = record.landed[0].at
            over = record.healed.at if record.healed is not None else begun + ns(record.fault.duration)
            if begun <= until and over > start:
                start = over
    return min(start, until)


def _unreached(ix: Index) -> list[int]:
    """When names did not resolve and connections did not come about (ns)."""
    return [
        event.at
        for event in ix.events
        if (isinstance(event, Resolve) and not event.ok) or (isinstance(event, Connect) and event.outcome != "ok")
    ]


def answered_for(ix: Index, since: int, until: int) -> int:
    """For how long (nanoseconds) before ``until`` the venue had answered, as far as it matters after ``since``."""
    return until - answers_since(ix, since, until)
