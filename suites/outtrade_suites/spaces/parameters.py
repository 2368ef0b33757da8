"""Parameters: intents that ask for what there is not, with and without a way out.

Two or three of the orders of each scenario cannot be said in the venue's words: a type that it has not got, or terms
that contradict each other. Some name types that may stand in; the others are to be refused. Another order or two are
as usual, because refusing everything is no answer either.

    outtrade run agent:httpx --space parameters --scenarios 40
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outtrade.model.scenario import Scenario
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.told import Story, told

ASKED: dict[str, dict[str, Any]] = {
    "trailing": {"type": "trailing_stop", "trail": Decimal(100)},
    "trailing or market": {"type": "trailing_stop", "trail": Decimal(100), "fallback_types": ("market",)},
    "trailing or limit": {"type": "trailing_stop", "trail": Decimal(100), "fallback_types": ("limit", "market")},
    "maker at once": {"type": "limit", "post_only": True, "time_in_force": "IOC"},
    "maker all at once": {"type": "limit", "post_only": True, "time_in_force": "FOK"},
    "market all at once": {"type": "market", "time_in_force": "FOK", "limit_price": None},
    "market maker": {"type": "market", "post_only": True, "limit_price": None},
    "reduce only": {"type": "limit", "reduce_only": True, "time_in_force": None},
}
"""What is asked for -> the fields that ask for it, over those of a resting limit order."""


def parameters(d: Draw) -> Scenario:
    """Orders that cannot be, among some that can, on a mild Binance spot market without faults."""
    story = Story(d)
    names = [
        d.spread("asked", tuple(ASKED)),
        *(d.choice(f"asked {n}", tuple(ASKED)) for n in range(d.integer("n", 1, 2))),
    ]
    for number, name in enumerate(names):
        part = d.sub(f"order {number}")
        fields = story.order(part, "resting", at=story.clock + part.integer("then", 5, 40), lasts=90)
        fields |= {"post_only": False, "on_partial": "keep", **ASKED[name]}
    for number in range(d.integer("extra", 1, 2)):
        story.order(d.sub(f"extra {number}"), "any", at=story.clock + d.integer(f"then {number}", 5, 40))
    return told(story, "parameters")
