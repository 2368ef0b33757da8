"""Scenarios about pace: refusals that come again and again, limits, outages that an order does not outlast.

Each scenario has two or three *plots*, one after the other, and orders that they are about; another order or two stand
beside them. Plots:

``busy``        every order is refused three to five times because the venue is busy: do waits grow, and differ?
``limited``     a rate limit or a ban begins just before an order is due, which has minutes left afterwards
``cut off``     an order's whole time lies within an outage: who is told?
``outage``      an outage begins before an order is due and ends in time for it
``clock``       the clock at the venue's door runs apart, and right again
``closed``      the market is halted when an order falls due, and opens again in time for it
``queue``       when a limit ends, an order is due to be cancelled and others are due to be placed

    outtrade run agent:httpx --space retry --scenarios 50
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outtrade.model.fault import Ban, Blackhole, ClockSkew, DnsFailure, Fault, Halt, RateLimit, Refuse, Reject, Trigger
from outtrade.model.scenario import Scenario
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.told import Plot, Story, told, told_in_turn


def retry(d: Draw) -> Scenario:
    """Refusals again and again, rate limits, outages that an order does not outlast (Binance spot)."""
    return told(told_in_turn(d, PLOTS, COMBINATIONS), "retry")


def _busy(d: Draw, story: Story) -> None:
    """Every order is refused several times; the intents have time enough to be met in the end."""
    for number in range(3):
        part = d.sub(f"order {number}")
        fields = story.order(part, "resting", at=story.clock + part.integer("then", 5, 40), lasts=400)
        on = Trigger(op="place", tag=fields["tag"], times=part.integer("times", 3, 4))
        story.fault(Reject(on=on, reason="busy"), ends=fields["at"] + 60)


def _limited(d: Draw, story: Story) -> None:
    """A limit is met with an order; a second falls due while it holds."""
    lasts = d.integer("lasts", 15, 90)
    first = story.order(d.sub("first"), "resting", at=story.clock + d.integer("then", 5, 40), lasts=400)
    story.order(d.sub("second"), "resting", at=first["at"] + d.integer("after", 2, 12), lasts=400)
    on = Trigger(op="place", tag=first["tag"])
    names = d.boolean("names the time", 0.7)
    kind: Callable[..., Any] = d.choice("kind", (RateLimit, Ban), weights=(3, 1))
    story.fault(kind(on=on, duration=float(lasts), retry_after=names), ends=first["at"] + lasts + 60)


def _cut_off(d: Draw, story: Story) -> None:
    """Nothing gets through for as long as the order would have had."""
    at, lasts = story.clock + d.integer("then", 20, 60), d.integer("lasts", 10, 40)
    fields = story.order(d.sub("hidden"), "resting", at=at, lasts=lasts)
    story.fault(*_outage(d, fields["at"] - d.integer("ahead", 3, 8), fields["expires"] + d.integer("behind", 3, 15)))


def _outage(d: Draw, start: float, end: float) -> tuple[Fault, float]:
    on = Trigger(after=float(start))
    kind: Callable[..., Any] = d.choice("outage", (DnsFailure, Refuse, Blackhole))
    return kind(on=on, duration=float(end - start)), end


def _outlasted(d: Draw, story: Story) -> None:
    """An outage is in force when the order falls due, and over in good time."""
    at = story.clock + d.integer("then", 20, 60)
    story.order(d.sub("late"), d.choice("shape", ("resting", "marketable")), at=at, lasts=400)
    story.fault(*_outage(d, at - d.integer("ahead", 3, 8), at + d.integer("behind", 10, 60)))


def _clock(d: Draw, story: Story) -> None:
    """The venue's clock runs apart while one order is placed, and is right again when the next is."""
    lasts = d.integer("lasts", 60, 160)
    first = story.order(d.sub("first"), "resting", at=story.clock + d.integer("then", 20, 40), lasts=350)
    story.order(d.sub("second"), d.choice("shape", ("resting", "marketable")), at=first["at"] + lasts + 10, lasts=200)
    ahead = d.boolean("ahead", 0.7)
    seconds = d.number("ahead by", 8, 90, digits=1) if ahead else -d.number("behind by", 1.5, 3.5, digits=1)
    drift = d.number("drift", 1, 60, digits=0) if ahead and d.boolean("drifts", 0.4) else 0.0
    on = Trigger(after=first["at"] - d.integer("before", 1, 8))
    story.fault(ClockSkew(on=on, seconds=seconds, drift=drift, duration=float(lasts)), ends=first["at"] + lasts + 20)


def _closed(d: Draw, story: Story) -> None:
    """A halt, a cancel-only mode or maintenance when an order falls due."""
    at, lasts = story.clock + d.integer("then", 20, 60), d.integer("lasts", 20, 120)
    fields = story.order(d.sub("order"), d.choice("shape", ("resting", "marketable")), at=at, lasts=lasts + 250)
    fields.pop("max_slippage_bps", None)
    state = d.spread("state", ("halted", "cancel_only", "maintenance"))
    start = at - d.integer("ahead", 1, 8)
    whole = d.boolean("everything", 0.4)
    on = Trigger(after=float(start), symbol=None if whole else fields["symbol"])
    story.fault(Halt(on=on, state=state, duration=float(lasts)), ends=start + lasts + 60)
    story.clock = start + lasts


def _queue(d: Draw, story: Story) -> None:
    """An order expires within a limit that another order has met; a third falls due."""
    lasts = d.integer("lasts", 30, 60)
    tagged = d.sub("meets the limit")
    begins = story.clock + d.integer("then", 60, 90)
    story.order(d.sub("expires"), "resting", at=begins - 50, lasts=50 + lasts // 2)
    met = story.order(tagged, "resting", at=begins, lasts=400)
    story.order(d.sub("due"), "resting", at=begins + lasts // 3, lasts=400)
    on = Trigger(op="place", tag=met["tag"])
    story.fault(RateLimit(on=on, duration=float(lasts), retry_after=True), ends=begins + lasts + 30)


PLOTS: dict[str, Plot] = {
    "busy": _busy,
    "limited": _limited,
    "cut off": _cut_off,
    "outage": _outlasted,
    "clock": _clock,
    "closed": _closed,
    "queue": _queue,
}
"""What a scenario is about."""

COMBINATIONS: tuple[tuple[str, ...], ...] = (
    ("busy", "clock"),
    ("limited", "closed"),
    ("cut off", "queue", "clock"),
    ("outage", "closed"),
    ("busy", "queue", "closed"),
)
"""What comes together; over consecutive indices each comes equally often. What a property of its own depends on (the
clock, the halt, the queue) comes in two of five scenarios or more."""

__all__ = ["COMBINATIONS", "PLOTS", "retry"]
