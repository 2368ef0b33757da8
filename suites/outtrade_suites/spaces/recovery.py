"""Scenarios about finding one's way back: memory lost, questions unanswered, plans cut in half, what others did.

Each scenario has two or three *plots*, one after the other, and orders that they are about; another order or two stand
beside them. Plots:

``store lost``      the process dies with orders on the venue and fills behind it, and comes back without its store
``no snapshot``     the first reads of the account or of its orders fail, just before an order is due
``half done``       a partly filled order was cancelled to take the rest, and that second step meets trouble
``others``          a person or the venue ends an order that rests
``expired``         what the private stream was opened with ends, with orders on the venue
``silent``          the private stream stays open and says nothing, with an order on the venue that fills meanwhile

    outtrade run agent:ccxt --space recovery --scenarios 50
"""

from __future__ import annotations

from outtrade.model.fault import (
    Crash,
    DelayedFill,
    Fault,
    LostAnswer,
    OthersCancel,
    PartialFill,
    Reject,
    StreamExpire,
    StreamSilent,
    Trigger,
)
from outtrade.model.scenario import Scenario
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.plans import SYMPTOMS
from outtrade_suites.spaces.told import Plot, Story, told, told_in_turn


def recovery(d: Draw) -> Scenario:
    """Stores lost, questions unanswered, plans cut in half, orders ended by others (Binance spot)."""
    return told(told_in_turn(d, PLOTS, COMBINATIONS), "recovery")


def _store_lost(d: Draw, story: Story) -> None:
    """One order has filled, one rests, and with the third the process dies."""
    filled = story.order(d.sub("filled"), "marketable", at=story.clock + d.integer("then", 5, 20))
    resting = story.order(d.sub("resting"), "resting", at=filled["at"] + d.integer("pause", 10, 30), lasts=400)
    last = story.order(d.sub("last"), d.choice("shape", ("resting", "marketable")), at=resting["at"] + 20)
    point = d.spread("point", ("before_send", "after_send", "after_commit", "after_ack"))
    on = Trigger(op="place", tag=last["tag"])
    downtime = float(d.integer("downtime", 2, 20))
    story.fault(Crash(on=on, point=point, downtime=downtime, store="lost"), ends=last["at"] + downtime + 60)


def _no_snapshot(d: Draw, story: Story) -> None:
    """The questions that come before an order fail."""
    fields = story.order(d.sub("order"), "any", at=story.clock + d.integer("then", 5, 40), lasts=300)
    op = d.choice("question", ("account", "open_orders"), weights=(3, 1))
    after = fields["at"] - 1 if op == "account" else 0.0
    on = Trigger(op=op, times=d.integer("times", 1, 2), after=after, before=fields["at"] + 100)
    story.fault(LostAnswer(on=on, symptom=d.choice("symptom", SYMPTOMS), delay=0.3), ends=fields["at"] + 100)


def _half_done(d: Draw, story: Story) -> None:
    """Partly filled, cancelled, and then the request for the rest."""
    fields = story.order(d.sub("order"), "complete", at=story.clock + d.integer("then", 5, 30), lasts=450)
    tag, at = fields["tag"], fields["at"]
    part = PartialFill(on=Trigger(op="place", tag=tag), fraction=d.number("fraction", 0.2, 0.5), after=4.0)
    story.fault(part, ends=at + 60)
    second = Trigger(op="place", tag=tag, nth=2)
    trouble: Fault
    match d.choice("trouble", ("busy", "busy", "crash", "lost")):
        case "busy":
            trouble = Reject(on=second.model_copy(update={"times": d.integer("times", 1, 3)}), reason="busy")
        case "crash":
            trouble = Crash(on=second, point=d.choice("point", ("before_send", "after_send")), downtime=5.0)
        case _:
            symptom = d.choice("symptom", [symptom for symptom in SYMPTOMS if symptom != "hang"])
            trouble = LostAnswer(on=second, committed=False, symptom=symptom, delay=0.2)
    story.fault(trouble, ends=at + 180)


def _others(d: Draw, story: Story) -> None:
    """An order rests, and somebody else ends it."""
    fields = story.order(d.sub("order"), "resting", at=story.clock + d.integer("then", 5, 40), lasts=420)
    after = d.number("after", 3, 60, digits=1)
    by = d.spread("by", ("person", "venue"))
    story.fault(OthersCancel(on=Trigger(op="place", tag=fields["tag"]), by=by, after=after), ends=fields["at"] + after)


def _expired(d: Draw, story: Story) -> None:
    """The stream's key runs out while an order rests; another is due later."""
    fields = story.order(d.sub("order"), "resting", at=story.clock + d.integer("then", 5, 40), lasts=420)
    at = fields["at"] + d.integer("after", 10, 60)
    story.order(
        d.sub("later"), d.choice("shape", ("resting", "marketable")), at=at + d.integer("pause", 5, 90), lasts=300
    )
    story.fault(StreamExpire(on=Trigger(after=float(at))), ends=at + 5)


def _silent(d: Draw, story: Story) -> None:
    """Nothing comes on the stream any more, no ping either, while an order rests; in most scenarios it fills."""
    fields = story.order(d.sub("order"), "resting", at=story.clock + d.integer("then", 5, 40), lasts=420)
    begins, lasts = fields["at"] + d.integer("after", 2, 30), d.integer("lasts", 140, 200)
    story.fault(StreamSilent(on=Trigger(after=float(begins)), duration=float(lasts)), ends=begins + lasts)
    if d.boolean("fills", 0.7):
        after = begins - fields["at"] + d.integer("fills after", 10, 60)
        story.fault(DelayedFill(on=Trigger(op="place", tag=fields["tag"]), after=float(after)), ends=begins + lasts)


PLOTS: dict[str, Plot] = {
    "store lost": _store_lost,
    "no snapshot": _no_snapshot,
    "half done": _half_done,
    "others": _others,
    "expired": _expired,
    "silent": _silent,
}
"""What a scenario is about."""

COMBINATIONS: tuple[tuple[str, ...], ...] = (
    ("expired", "store lost"),
    ("half done", "expired", "store lost"),
    ("silent", "store lost"),
    ("expired", "others", "store lost"),
    ("half done", "expired", "others"),
    ("no snapshot", "half done", "silent"),
    ("no snapshot", "silent", "others", "store lost"),
)
"""What comes together; over consecutive indices each comes equally often. A lost store comes last: what an agent that
was started again has forgotten is not held against it."""

__all__ = ["COMBINATIONS", "PLOTS", "recovery"]
