"""RCV-13 of positions: liquidation, deleveraging and settlement are noticed.

The check of RCV-13 in `rcv_others` speaks of orders that others end; this is its part about what others close.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.api import Case, broke, held
from outtrade.judge.index import Index, ns
from outtrade.model.history import NS
from outtrade_suites.properties.outages import answers_since

WORDS = {"liquidation": "liquidated", "adl": "deleveraged", "settlement": "settled"}
SHOWING = frozenset({"positions", "account", "trades", "all_orders"})
"""Operations whose answer shows what became of a position, or by what it did."""
PUSHED = frozenset({"position", "fill"})
"""Kinds of stream events that do."""


def check_taken(ix: Index) -> Iterator[Case]:
    """Each fill by which the venue closed a part of a position: somebody looked, or was told, within ``lost_frame`` (an
    outage extends it). Whether it was believed is judged by REC-02. Where the report comes earlier there is nothing to
    judge."""
    for fill in ix.fills:
        if not fill.forced:
            continue
        due = max(fill.at + ns(ix.bounds.lost_frame), answers_since(ix, fill.at, ix.until) + ns(ix.bounds.answer))
        lives = [life for life in ix.incarnations if life.started is not None and life.started.seq < fill.seq]
        ends = [e.at for e in (lives[-1].crashed, lives[-1].reported, lives[-1].no_report) if e] if lives else []
        if not lives or (ends and min(ends) < due):
            continue
        looks = (op.ended_seq for op in ix.by_op(*SHOWING) if op.seq > fill.seq and op.state == "ok")
        told = (event.seq for event in ix.stream_events if event.seq > fill.seq and event.kind in PUSHED)
        shown = min((seq for seq in (*looks, *told) if seq is not None and ix.at(seq) <= due), default=None)
        if shown is not None:
            yield held(fill.seq, shown, subject=fill.symbol)
        else:
            yield broke(
                f"{fill.quantity} of the position in {fill.symbol} was {WORDS.get(fill.forced, fill.forced)} at"
                f" {fill.at / NS:.1f} s; until {due / NS:.0f} s the target was not told, because it did not ask",
                fill.seq,
                subject=fill.symbol,
                key="position-never-looked-at",
            )
