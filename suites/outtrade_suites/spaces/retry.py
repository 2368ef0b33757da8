"""Scenarios about pace: refusals that come again and again, limits, outages that an order does not outlast.

Each scenario has one *plot*, and orders that the plot is about; another order or two stand beside it. Plots:

``busy``        every order is refused three to five times because the venue is busy: do waits grow, and differ?
``limited``     a rate limit or a ban begins just before an order is due, which has minutes left afterwards
``cut off``     an order's whole time lies within an outage: who is told?
``outage``      an outage begins before an order is due and ends in time for it

    outtrade run agent:httpx --space retry --scenarios 50
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outtrade.model.fault import Ban, Blackhole, DnsFailure, Fault, RateLimit, Refuse, Reject, Trigger
from outtrade.model.scenario import Scenario
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.told import Story, told

Plot = Callable[[Draw, Story], None]


def retry(d: Draw) -> Scenario:
    """One plot about pace a scenario, on a mild Binance spot market."""
    story = Story(d)
    PLOTS[d.spread("plot", tuple(PLOTS))](d.sub("about"), story)
    for number in range(d.integer("extra", 0, 2)):
        story.order(d.sub(f"extra {number}"), "any", at=story.clock + d.integer(f"then {number}", 5, 60))
    return told(story, "retry")


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


PLOTS: dict[str, Plot] = {"busy": _busy, "limited": _limited, "cut off": _cut_off, "outage": _outlasted}
"""What a scenario is about; over consecutive indices each comes equally often."""

__all__ = ["PLOTS", "retry"]
