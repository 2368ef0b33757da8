"""The space about stops that follow the price: every plot and distance comes, the reference is right, what is wrong is
caught, and who has no such stop is not asked."""

from __future__ import annotations

from collections import Counter

import pytest

from outtrade.engine.run import run
from outtrade.judge.api import judge
from outtrade.judge.index import Index
from outtrade.model.capability import missing
from outtrade.model.history import FillTruth, OrderTruth, Request
from outtrade.model.scenario import Scenario
from outtrade.targets import resolve
from outtrade_suites.properties import PROPERTIES
from outtrade_suites.spaces import generate
from outtrade_suites.spaces.trailing import DISTANCES, FAULTS, PLOTS

MADE = [generate("trailing", 1, index) for index in range(len(PLOTS) * len(FAULTS))]
BY_ID = {prop.id: prop for prop in PROPERTIES}


def plot(made: Scenario) -> str:
    return made.id.rpartition("-")[2]


def trail(made: Scenario) -> int:
    (guard,) = (intent for intent in made.intents if intent.kind == "protect")
    assert guard.trail is not None
    return int(guard.trail)


def test_every_plot_and_distance_comes() -> None:
    assert Counter(plot(made) for made in MADE) == dict.fromkeys(PLOTS, len(FAULTS))
    for low, high in DISTANCES.values():
        assert any(low <= trail(made) <= high for made in MADE)
    for made in MADE:
        assert Scenario.from_json(made.to_json()) == made
        assert made.intents[1].text.endswith(f"with a stop that follows the price at {trail(made)} basis points.")
        assert missing(made.needs, {"trailing_stop"}) == ("trailing_stop",)
        assert any(fault.kind == "crash" for fault in made.faults) == ("restart" in made.needs)
    assert len({fault.variant for made in MADE for fault in made.faults}) >= 10


@pytest.mark.parametrize("target", ["agent:httpx", "agent:ccxt"])
def test_the_reference_sends_the_distance_and_the_stop_follows_the_price(target: str) -> None:
    """It rose, turned and was sold above the first price: by the venue alone, nothing was sent meanwhile."""
    made = generate("trailing", 1, 4, pins={"plot": "climbs", "fault": "none", "turns": True, "steps": 3})
    history = run(resolve(target), made)
    index = Index(history)
    assert [p.id for p in PROPERTIES if judge(p, index).verdict in ("fail", "harness-error")] == []
    assert judge(BY_ID["ORD-05"], index).verdict == "pass"
    (sent,) = (e for e in history.events if isinstance(e, Request) and e.op == "place" and e.order.side == "sell")
    assert (sent.order.type, sent.params["trailingDelta"]) == ("trailing_stop", str(trail(made)))
    stops = [e for e in history.events if isinstance(e, OrderTruth) and e.trigger == "trailing_stop"]
    assert {e.trail_bps for e in stops} == {str(trail(made))}
    bought, sold = ([float(e.price) for e in history.events if isinstance(e, FillTruth) and e.side == side]
                    for side in ("buy", "sell"))  # fmt: skip
    assert min(sold) > max(bought)


@pytest.mark.parametrize(("name", "index"), [("trail_stays_put", 0), ("trail_in_percent", 1)])
def test_each_broken_agent_is_caught(name: str, index: int) -> None:
    pins = {"plot": "stays", "fault": "none", "distance": ("usual", "tight")[index]}
    made = generate("trailing", 1, index, pins=pins)
    finding = judge(BY_ID["ORD-05"], Index(run(resolve(f"py:outtrade_suites.zoo.{name}:execute"), made)))
    assert {case.key for case in finding.broken} == {"bare"}
