"""Scenarios with a plot: orders and faults are put down one after the other, and the rest is filled in.

``usual`` wishes for faults and looks for orders that suit them. A space that is about one thing knows its orders and
its faults together; it needs somebody who keeps the books: which (symbol, side) is still free, what time it is, when
the last fault has healed, and how long the run has to be for all of that::

    story = Story(d)
    fields = story.order(d.sub("late"), "resting", at=40, lasts=200)
    story.fault(Refuse(on=Trigger(after=35), duration=20), ends=55)
    return told(story, "retry")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from outtrade.model.fault import Fault
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Bounds, Intent
from outtrade_suites.spaces import intents
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.intents import Shape
from outtrade_suites.spaces.markets import OWN, Universe, market
from outtrade_suites.spaces.wording import sentence

SHORTEST = 300
"""Seconds of run time at which the earliest reports are due."""


class Story:
    """A scenario in the making, on Binance spot's instruments."""

    def __init__(self, d: Draw, known: Universe = OWN) -> None:
        self.d = d
        self.known = known
        self.markets: dict[str, Market] = {
            symbol: market(d.sub(f"market {product.base}{product.quote}"), product)
            for symbol, product in known.products.items()
        }
        self.slots = d.shuffled("slots", [(symbol, side) for symbol in known.products for side in ("buy", "sell")])
        """(symbol, side) that no order intent has yet."""
        self.intents: list[dict[str, Any]] = []
        self.about: dict[str, Any] = {}
        """What the plot put down last."""
        self.faults: list[Fault] = []
        self.clock = float(d.integer("first", 5, 25))
        """When the latest intent falls due, in seconds of run time."""
        self.healed = 0.0
        """When the last fault is over, in seconds of run time."""
        self.extra: dict[str, Any] = {}
        """Further fields of the scenario."""

    def order(
        self, part: Draw, shape: Shape, *, at: float, lasts: float | None = None, side: str | None = None
    ) -> dict[str, Any]:
        """An order intent of a shape; ``lasts``: seconds from ``at`` to its end (None: as the shape has it)."""
        slot = next(slot for slot in self.slots if side is None or slot[1] == side)
        self.slots.remove(slot)
        symbol, side = slot
        fields = intents.order(part, self.known.products[symbol], self.markets[symbol], side, at, shape)
        if lasts is not None:
            fields["expires"] = at + lasts
        fields["tag"] = part.tag("tag")
        self.clock = max(self.clock, at)
        self.intents.append(fields)
        return fields

    def intent(self, **fields: Any) -> dict[str, Any]:
        """Any other intent; it needs ``kind``, ``at`` and ``tag``."""
        self.clock = max(self.clock, fields["at"])
        self.intents.append(fields)
        return fields

    def fault(self, fault: Fault, ends: float) -> None:
        """A fault, and when it has healed for certain, in seconds of run time."""
        self.faults.append(fault)
        self.healed = max(self.healed, ends)


Plot = Callable[[Draw, Story], None]
"""Puts down the orders and faults of one kind of story."""


def begun(d: Draw, plots: Mapping[str, Plot]) -> Story:
    """A story about one of ``plots`` (over consecutive indices each comes equally often), with an order or two beside
    what it is about."""
    story = Story(d)
    plots[d.spread("plot", tuple(plots))](d.sub("about"), story)
    story.about = story.intents[-1]
    return _beside(d, story)


def told_in_turn(d: Draw, plots: Mapping[str, Plot], combinations: Sequence[tuple[str, ...]]) -> Story:
    """Several stories in one, each beginning when the faults of the one before it are over; over consecutive indices
    each of ``combinations`` comes equally often. An order or two stand beside them."""
    story = Story(d)
    for number, plot in enumerate(d.spread("plots", combinations), 1):
        story.clock = max(story.clock, story.healed)
        plots[plot](d.sub(f"about {number}"), story)
    return _beside(d, story)


def _beside(d: Draw, story: Story) -> Story:
    for number in range(min(d.integer("extra", 0, 2), len(story.slots))):
        story.order(d.sub(f"extra {number}"), "any", at=story.clock + d.integer(f"then {number}", 5, 60))
    return story


def about_one(d: Draw, plots: Mapping[str, Plot], space: str) -> Scenario:
    """A scenario about one of ``plots`` and nothing else; its id says which."""
    story, plot = Story(d), d.spread("plot", tuple(plots))
    plots[plot](d.sub(plot), story)
    made = told(story, space)
    return made.model_copy(update={"id": f"{made.id}-{plot}"})


def told(story: Story, space: str) -> Scenario:
    """The scenario: named, numbered, long enough for everything to heal and to settle."""
    d = story.d
    story.intents.sort(key=lambda fields: fields["at"])
    for number, fields in enumerate(story.intents, 1):
        fields["id"] = f"i{number}"
    last = max(max(fields["at"], fields.get("expires") or 0.0) for fields in story.intents)
    end = max(story.healed + Bounds().settle, last + 70) + d.integer("to the end", 20, 90)
    used = {fields.get("symbol") for fields in story.intents}
    symbols = tuple(symbol for symbol in story.known.products if symbol in used)
    foreign = d.shuffled("foreign", sorted(story.known.foreign))[: d.integer("foreigners", 1, 3)]
    balances = story.known.balances | {asset: story.known.foreign[asset] for asset in foreign}
    whole: dict[str, Any] = {
        "id": f"{space}-{d.seed}-{d.index:04d}",
        "seed": d.integer("seed", 0, 2**31 - 1),
        "space": space,
        "symbols": symbols,
        "balances": {asset: Decimal(amount) for asset, amount in balances.items()},
        "markets": {symbol: story.markets[symbol] for symbol in symbols},
        "latency": d.number("latency", 0.005, 0.12),
        "knobs": {"event_first": d.boolean("event first")},
        "intents": tuple(_intent(fields) for fields in story.intents),
        "until": float(max(round(end), SHORTEST)),
        "faults": tuple(story.faults),
    }
    return Scenario(**whole | story.extra)


def _intent(fields: dict[str, Any]) -> Intent:
    if isinstance(fields.get("target"), dict):  # an intent of this story, which has its id by now
        fields = fields | {"target": fields["target"]["id"]}
    return Intent(**fields, text=sentence(fields))
