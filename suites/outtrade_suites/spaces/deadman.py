"""The dead-man switch: orders that may not outlive whoever minds them.

At venues whose switch is a timer: Kraken and OKX (one for the account), Binance USD-M futures (one for each symbol).
Each scenario asks for a switch of 20 to 60 seconds and has one *plot* (they come in turn):

``quiet``     an order rests for several timeouts, and nothing happens
``at first``  the very first request for the switch fails, with an order waiting behind it
``lost``      the answers to one or two refreshes are lost, whether they were carried out or not
``limited``   the venue asks for silence when a refresh is due
``late``      a refresh is on its way for so long that the switch goes off before it arrives, or nearly
``outage``    nothing gets through for longer than the timeout: the switch goes off
``pause``     the process stands still for longer than the timeout
``crash``     the process dies at a refresh, or with an order, and is down for longer than the timeout

Behind the trouble another order is due, so that an agent has to set the switch again.

    outtrade run agent:ccxt --space deadman --scenarios 40
"""

from __future__ import annotations

from typing import Any

from outtrade.model.capability import Capability
from outtrade.model.fault import (
    Blackhole,
    Crash,
    DnsFailure,
    Fault,
    LateRequest,
    LostAnswer,
    Pause,
    RateLimit,
    Refuse,
    Reject,
    Trigger,
)
from outtrade.model.scenario import Scenario
from outtrade_suites.spaces.by_venue import universe_of
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.intents import Shape
from outtrade_suites.spaces.plans import SYMPTOMS
from outtrade_suites.spaces.told import Plot, Story, told

VENUES = ("kraken_spot", "okx", "binance_usdm")
"""Where the switch is a timer that runs out."""
TIMEOUTS = (20, 30, 45, 60)
"""Seconds; all of them are taken by all of these venues (OKX: 10 to 120)."""


def deadman(d: Draw) -> Scenario:
    """Orders under a dead-man switch, whose requests get lost, late or limited (Kraken, OKX, Binance USD-M)."""
    venue = d.choice("venue", VENUES)
    story, plot = Story(d, universe_of(venue)), d.spread("plot", tuple(PLOTS))
    needs: tuple[Capability, ...] = ("contracts", "dead_man") if venue == "binance_usdm" else ("dead_man",)
    timeout = float(d.choice("timeout", TIMEOUTS))
    story.extra |= {"venue": venue, "needs": needs, "dead_man": timeout}
    PLOTS[plot](d.sub(plot), story)
    made = told(story, "deadman")
    return made.model_copy(update={"id": f"{made.id}-{plot}"})


# ------------------------------------------------------------------ plots
def _quiet(d: Draw, story: Story) -> None:
    """It only has to be kept set."""
    first = _first(d, story)
    if d.boolean("second", 0.6):
        _after(d, story, first["at"] + d.integer("later", 10, 60))


def _at_first(d: Draw, story: Story) -> None:
    """Nothing may leave before the switch is set, and the request for that fails."""
    first = _first(d, story)
    on = Trigger(op="dead_man", times=d.integer("times", 1, 2))
    fault: Fault
    if d.boolean("refused", 0.3):
        fault = Reject(on=on, reason="busy")
    else:
        fault = LostAnswer(on=on, committed=d.boolean("committed"), symptom=_symptom(d), delay=0.3)
    story.fault(fault, ends=first["at"] + 40)


def _lost(d: Draw, story: Story) -> None:
    """Refreshes that nobody confirms."""
    first = _first(d, story)
    on = Trigger(op="dead_man", nth=d.integer("nth", 2, 4), times=d.integer("times", 1, 2))
    lost = LostAnswer(on=on, committed=d.boolean("committed"), symptom=_symptom(d), delay=0.3)
    story.fault(lost, ends=first["at"] + 4 * _timeout(story))
    _after(d, story, first["at"] + 2 * _timeout(story))


def _limited(d: Draw, story: Story) -> None:
    """Silence for a part of the timeout, or for longer than it."""
    first, timeout = _first(d, story), _timeout(story)
    on = Trigger(op="dead_man", nth=d.integer("nth", 2, 3))
    lasts = timeout * d.number("share", 0.2, 1.6)
    story.fault(
        RateLimit(on=on, duration=round(lasts, 1), retry_after=d.boolean("told", 0.7)),
        ends=first["at"] + 2 * timeout + lasts,
    )
    _after(d, story, first["at"] + 2 * timeout + lasts)


def _late(d: Draw, story: Story) -> None:
    """What was sent in time arrives after it."""
    first, timeout = _first(d, story), _timeout(story)
    on = Trigger(op="dead_man", nth=d.integer("nth", 2, 3), times=d.integer("times", 1, 3))
    delay = round(timeout * d.number("share", 0.3, 0.9), 1)
    story.fault(LateRequest(on=on, delay=delay), ends=first["at"] + 3 * timeout)
    _after(d, story, first["at"] + 3 * timeout)


def _outage(d: Draw, story: Story) -> None:
    """Nothing gets through, and the switch does what it is for."""
    first, timeout = _first(d, story), _timeout(story)
    start = first["at"] + d.integer("then", 5, 60)
    lasts = round(timeout * d.number("lasts", 1.05, 2), 1)
    kind: Any = d.choice("outage", (DnsFailure, Refuse, Blackhole))
    story.fault(kind(on=Trigger(after=float(start)), duration=lasts), ends=start + lasts)
    _after(d, story, start + lasts)


def _pause(d: Draw, story: Story) -> None:
    """The process stands still and knows nothing of it."""
    first, timeout = _first(d, story), _timeout(story)
    start = first["at"] + d.integer("then", 5, 60)
    lasts = round(timeout * d.number("lasts", 1.02, 2), 1)
    story.fault(Pause(on=Trigger(after=float(start)), duration=lasts), ends=start + lasts)
    _after(d, story, start + lasts)


def _crash(d: Draw, story: Story) -> None:
    """Its orders are gone when it comes back, or will be soon."""
    first, timeout = _first(d, story), _timeout(story)
    downtime = round(timeout * d.number("down", 0.7, 2.2), 1)
    point = d.choice("point", ("before_send", "after_send", "after_commit", "after_ack"))
    if d.boolean("at a refresh", 0.6):
        on = Trigger(op="dead_man", nth=d.integer("nth", 2, 4))
    else:
        second = _after(d.sub("second"), story, first["at"])
        on = Trigger(op="place", tag=second["tag"])
    store = d.choice("store", ("kept", "kept", "lost"))
    story.fault(Crash(on=on, point=point, downtime=downtime, store=store), ends=first["at"] + 2 * timeout + downtime)
    _after(d, story, first["at"] + 2 * timeout + downtime)


PLOTS: dict[str, Plot] = {
    "quiet": _quiet, "at first": _at_first, "lost": _lost, "limited": _limited,
    "late": _late, "outage": _outage, "pause": _pause, "crash": _crash,
}  # fmt: skip
"""What a scenario is about; over consecutive indices each comes equally often."""


# ------------------------------------------------------------------ parts
def _timeout(story: Story) -> float:
    return float(story.extra["dead_man"])


def _symptom(d: Draw) -> str:
    return d.choice("symptom", SYMPTOMS)


def _first(d: Draw, story: Story) -> dict[str, Any]:
    """An order that rests for several timeouts."""
    part = d.sub("first order")
    at, lasts = story.clock + part.integer("then", 5, 20), _timeout(story) * 4 + part.integer("for", 60, 200)
    return story.order(part, "resting", at=at, lasts=lasts)


def _after(d: Draw, story: Story, at: float) -> dict[str, Any]:
    """Another order, at least ``at`` seconds after the start."""
    part = d.sub("order after")
    shape: Shape = part.choice("kind", ("resting", "resting", "marketable"))
    return story.order(part, shape, at=float(at + part.integer("begin", 5, 30)), lasts=_timeout(story) * 2 + 60)
