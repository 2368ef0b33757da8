"""The space about positions: every plot comes, long and short, in strange modes; faults land, the reference is right,
and every broken agent that was made for it is caught."""

from __future__ import annotations

from collections import Counter

import pytest

from outtrade.engine.run import run
from outtrade.judge.api import judge
from outtrade.judge.index import Index
from outtrade.model.history import Charged, FillTruth, Ledger, PositionTruth
from outtrade.model.scenario import Scenario
from outtrade.suites import Broken
from outtrade.targets import resolve
from outtrade_suites.properties import PROPERTIES
from outtrade_suites.spaces import generate
from outtrade_suites.spaces.leveraged import FUNDING, PLOTS
from outtrade_suites.zoo import ZOO

MADE = [generate("leveraged", 1, index) for index in range(len(PLOTS) * 8)]
BY_ID = {prop.id: prop for prop in PROPERTIES}


def plot(made: Scenario) -> str:
    return made.id.rpartition("-")[2]


def test_every_plot_comes_with_what_it_is_about() -> None:
    assert Counter(plot(made) for made in MADE) == dict.fromkeys(PLOTS, 8)
    left = [made.modes for made in MADE if made.modes is not None]
    assert len(left) == len(MADE) and {one.position_mode for one in left} == {"one_way", "hedge"}
    assert {one.margin_mode for one in left} == {"cross", "isolated"} and len({one.leverage for one in left}) >= 4
    assert all(
        one.margin_mode == "isolated" for made, one in zip(MADE, left, strict=True) if plot(made) == "liquidation"
    )
    first = [made.intents[0] for made in MADE]
    assert min(Counter(intent.side for intent in first).values()) >= 20, "long and short"
    assert any(intent.reduce_only for made in MADE for intent in made.intents)
    for made in MADE:
        assert Scenario.from_json(made.to_json()) == made
        if plot(made) == "funding":
            assert 0 < FUNDING - made.epoch % FUNDING < made.until - made.bounds.settle


def test_all_land_and_the_reference_is_right() -> None:
    seen: Counter[str] = Counter()
    for made in MADE[: len(PLOTS) + 4]:
        history = run(resolve("agent:ccxt"), made)
        for event in history.events:
            if isinstance(event, Ledger) and made.faults[event.fault].kind in ("liquidation", "adl", "expiry"):
                assert event.status == "landed"
            elif isinstance(event, FillTruth) and event.forced:
                seen[event.forced] += 1
            elif isinstance(event, Charged):
                seen[event.why] += 1
            elif isinstance(event, PositionTruth) and event.quantity != "0":
                seen["short" if event.quantity.startswith("-") else "long"] += 1
        index = Index(history)
        bad = [f for f in (judge(prop, index) for prop in PROPERTIES) if f.verdict in ("fail", "warn", "harness-error")]
        assert not bad, (made.id, bad)
    assert seen.keys() >= {"liquidation", "adl", "settlement", "funding", "liquidation_fee", "long", "short"}


@pytest.mark.parametrize("broken", [one for one in ZOO if one.space == "leveraged"], ids=lambda one: one.name)
def test_who_is_wrong_is_caught(broken: Broken) -> None:
    for made in MADE:
        finding = judge(BY_ID[broken.property], Index(run(resolve(broken.spec), made)))
        if finding.verdict == "fail":
            return
    pytest.fail(f"{broken.name} passes {broken.property}")
