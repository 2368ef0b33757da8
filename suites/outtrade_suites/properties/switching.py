"""The dead-man switch as it truly was: when it stood behind the account, when it went off, what that ended.

A switch with a timer is set for so many seconds and set again before they are over; a venue has one for the account, or
one for each symbol. From the truth feed follow the spans in which it was set; from the requests, the faults and the
lives of the target follow the spans in which nobody can be asked to set it (``hindered``): the process was down or
stood still, or what it asked for got no usable answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from outtrade.judge.index import Index, ns
from outtrade.judge.records import Order
from outtrade.model.fault import Forbidden, Pause
from outtrade.model.history import NS, Broken, Connect, Resolve, Response, SwitchTruth
from outtrade_suites.properties.outages import OUTAGES, UNUSABLE

Span = tuple[int, int]
"""From and until, in nanoseconds of run time."""
SLOW = 5 * NS
"""An answer that takes longer hinders a target that waits for it."""

UNTOLD = 60.0
"""Seconds of silence that nobody can object to where a limit does not say how long it lasts: most are counted by the
minute."""


@dataclass(slots=True)
class Fired:
    """The switch went off: with what it had been set by, and the own orders that it ended."""

    event: SwitchTruth
    set_by: SwitchTruth | None
    removed: list[Order]


def has_timer(ix: Index) -> bool:
    """Whether the venue has a switch that runs out by itself: one that acts on the end of a connection needs no
    refreshing, and leaves no trace of having been set."""
    rule = ix.trait("dead_man_switch")
    return isinstance(rule, Mapping) and "unit" in rule and "acts" not in rule


def switched(ix: Index) -> list[SwitchTruth]:
    """Everything that happened to the switch."""
    return ix.memo("switched", lambda ix: [event for event in ix.events if isinstance(event, SwitchTruth)])


def guarded(ix: Index, symbol: str) -> list[Span]:
    """When the switch stood behind orders in ``symbol``."""
    found: list[Span] = []
    for wanted in (None, symbol):
        mine = [event for event in switched(ix) if event.symbol == wanted]
        for event, after in zip(mine, [*mine[1:], None], strict=False):
            if event.state == "set":
                due = event.at + ns(event.timeout)
                found.append((event.at, due if after is None else min(due, after.at)))
    return sorted(found)


def fired(ix: Index) -> list[Fired]:
    """Each time that it went off."""
    found: list[Fired] = []
    for event in switched(ix):
        if event.state != "fired":
            continue
        before = [e for e in switched(ix) if e.seq < event.seq and e.symbol == event.symbol and e.state == "set"]
        removed = [
            order
            for order in ix.own_orders
            if event.symbol in (None, order.symbol)
            and any(
                change.seq > event.seq and change.at == event.at and change.why == "cancel" and change.call is None
                for change in order.changes
            )
        ]
        found.append(Fired(event, before[-1] if before else None, removed))
    return found


def tried(ix: Index, symbol: str | None, span: Span) -> list[Span]:
    """Requests for the switch within a span that came to nothing."""
    return [
        (op.sent_at, op.ended_at)
        for op in ix.by_op("dead_man")
        if op.ended_at is not None
        and (symbol is None or op.request.symbol == symbol)
        and (op.state == "ambiguous" or (op.state == "definite" and op.error in UNUSABLE))
        and op.sent_at < span[1]
        and op.ended_at > span[0]
    ]


def hindered(ix: Index) -> list[Span]:
    """When the target could do nothing about the switch; merged, in order of time."""
    return ix.memo("hindered", lambda ix: merged([*_down(ix), *_unanswered(ix), *_cut_off(ix)]))


def _down(ix: Index) -> Iterable[Span]:
    """The process had died, or stood still."""
    for life, after in zip(ix.incarnations, [*ix.incarnations[1:], None], strict=False):
        if life.crashed is not None:
            back = after.started.at if after is not None and after.started is not None else max(ix.until, 0)
            yield life.crashed.at, back
    for record in ix.faults:
        if isinstance(record.fault, Pause):
            for landed in record.landed:
                yield landed.at, landed.at + ns(record.fault.duration)


def _unanswered(ix: Index) -> Iterable[Span]:
    """A request got no usable answer, or one that asks for silence, or one that took long."""
    for op in ix.ops:
        end = op.end
        if end is None:
            continue
        if isinstance(end, Broken) or op.state == "ambiguous" or end.at - op.sent_at > SLOW:
            yield op.sent_at, end.at
        elif op.state == "definite" and op.error in UNUSABLE:
            silence = end.retry_after if isinstance(end, Response) else None
            if silence is None and op.error in ("rate", "ban"):
                silence = UNTOLD
            yield op.sent_at, end.at + ns(silence or 0.0)


def _cut_off(ix: Index) -> Iterable[Span]:
    """Nothing got through: names, connections, outages."""
    for event in ix.events:
        if (isinstance(event, Resolve) and not event.ok) or (isinstance(event, Connect) and event.outcome != "ok"):
            yield event.at, event.at + NS
    for record in ix.faults:
        if isinstance(record.fault, (*OUTAGES, Forbidden)) and record.landed:
            begun = record.landed[0].at
            yield begun, record.healed.at if record.healed is not None else begun + ns(record.fault.duration)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same spans, overlapping ones as one.

    >>> merged([(5, 9), (1, 3), (2, 4)])
    [(1, 4), (5, 9)]
    """
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif end > begin:
            found.append((begin, end))
    return found


def free(span: Span, taken: Iterable[Span]) -> list[Span]:
    """What is left of a span without those of ``taken``.

    >>> free((0, 10), [(2, 3), (8, 20)])
    [(0, 2), (3, 8)]
    """
    found, begin = [], span[0]
    for other, end in merged(taken):
        if other >= span[1]:
            break
        if other > begin:
            found.append((begin, other))
        begin = max(begin, end)
    if begin < span[1]:
        found.append((begin, span[1]))
    return found


def length(spans: Iterable[Span]) -> int:
    """Nanoseconds in all."""
    return sum(end - begin for begin, end in spans)
