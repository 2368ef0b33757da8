"""Several copies of an agent on one account: two, three and eight of them.

Each scenario has one *plot*; the intents are dealt out among the copies (``outtrade.model.fleet``).

``calm``     nothing happens but that there are several
``lost``     the answer to one copy's order is lost
``crash``    one of the copies dies at a point of an order's life and is started again
``halt``     orders rest, a kill switch, and intents that are due after it: it is given to every copy
``second``   a copy is started a second time while the first still runs
``old``      one copy was forgotten in the last deployment: it does once more what the others do

    outtrade run agent:ccxt --space fleet --scenarios 40
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outtrade.model.fault import Crash, LostAnswer, SecondInstance, Trigger
from outtrade.model.fleet import Fleet
from outtrade.model.scenario import Scenario
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.intents import Shape
from outtrade_suites.spaces.plans import SYMPTOMS
from outtrade_suites.spaces.told import Story, told

SHAPES: tuple[Shape, ...] = ("resting", "marketable")
Plot = Callable[[Draw, Story, int], None]

SIZES = (2, 3, 8)
"""How many copies there are."""


def fleet(d: Draw) -> Scenario:
    """Two, three or eight copies of an agent on one account of Binance spot."""
    story, plot = Story(d), d.spread("plot", tuple(PLOTS))
    size = d.spread("instances", SIZES)
    story.extra |= {"fleet": Fleet(instances=size), "needs": ("instances",)}
    PLOTS[plot](d.sub(plot), story, size)
    made = told(story, "fleet")
    return made.model_copy(update={"id": f"{made.id}-{plot}-of-{size}"})


def _orders(d: Draw, story: Story, size: int, *, least: int = 2, pause: int = 12) -> list[dict[str, Any]]:
    """An order for each of the copies, one after the other; ``pause``: seconds between two, at most."""
    found = []
    number = min(max(least, size), 8, len(story.slots))
    for turn in range(number):
        shape = d.choice(f"shape {turn}", SHAPES)
        at = story.clock + d.integer(f"then {turn}", 1, pause)
        found.append(story.order(d.sub(f"order {turn}"), shape, at=at, lasts=150))
    return found


def _calm(d: Draw, story: Story, size: int) -> None:
    _orders(d, story, size)


def _lost(d: Draw, story: Story, size: int) -> None:
    fields = d.choice("which", _orders(d, story, size))
    on = Trigger(op="place", tag=fields["tag"])
    symptom = d.choice("symptom", SYMPTOMS)
    lost = LostAnswer(on=on, symptom=symptom, committed=d.boolean("committed"), delay=0.3)
    story.fault(lost, ends=fields["at"] + 60)


def _crash(d: Draw, story: Story, size: int) -> None:
    fields = d.choice("which", _orders(d, story, size))
    on = Trigger(op="place", tag=fields["tag"])
    point = d.choice("point", ("before_send", "after_send", "after_commit", "after_ack"))
    downtime = float(d.integer("downtime", 2, 15))
    store = d.choice("store", ("kept", "lost"), weights=(3, 1))
    story.fault(Crash(on=on, point=point, downtime=downtime, store=store), ends=fields["at"] + downtime + 60)


def _halt(d: Draw, story: Story, size: int) -> None:
    orders = _orders(d, story, size)
    at = orders[len(orders) // 2]["at"] + 0.5
    story.intent(kind="halt", at=at, tag=d.tag("halt tag"))


def _second(d: Draw, story: Story, size: int) -> None:
    """Before an order of that copy is due, while it rests, or after."""
    orders = _orders(d, story, size, least=4)
    which = d.integer("which", 0, min(size, len(orders)) - 1)
    at = round(orders[which]["at"] + d.number("when", -4, 15, digits=1), 3)
    story.extra["needs"] = ("instances", "store")
    story.fault(SecondInstance(on=Trigger(after=max(at, 1.0)), instance=which), ends=at + 5)


def _old(d: Draw, story: Story, size: int) -> None:
    _orders(d, story, size, least=6, pause=60)
    story.extra["fleet"] = Fleet(instances=size, old=d.integer("old", 0, size - 1))


PLOTS: dict[str, Plot] = {
    "calm": _calm,
    "lost": _lost,
    "crash": _crash,
    "halt": _halt,
    "second": _second,
    "old": _old,
}
"""What a scenario is about; over consecutive indices each comes equally often."""

__all__ = ["PLOTS", "fleet"]
