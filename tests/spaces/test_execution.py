"""The space of caps, rates and halts: what its scenarios hold, and that its plots bite."""

from __future__ import annotations

from collections import Counter

import pytest

from outtrade import suites
from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.model.scenario import Scenario
from outtrade.targets import resolve
from outtrade_suites.spaces import generate
from outtrade_suites.spaces.execution import PLOTS

COUNT = 10 * len(PLOTS)


def test_plots_come_in_turn_and_scenarios_are_sound() -> None:
    made = [generate("execution", 1, index) for index in range(COUNT)]
    assert Counter(scenario.id.split("-")[3] for scenario in made) == dict.fromkeys(PLOTS, COUNT // len(PLOTS))
    for scenario in made:
        assert Scenario.from_json(scenario.to_json()) == scenario
        assert [i.at for i in scenario.intents] == sorted(i.at for i in scenario.intents)
        assert all(fault.on.before and fault.on.before <= scenario.until - 180 for fault in scenario.faults)
        assert all(intent.text for intent in scenario.intents)
    assert any(scenario.faults for scenario in made)


@pytest.mark.parametrize(
    ("target", "plot"),
    [
        ("ignores_caps", "notional"),
        ("fires_at_will", "rate"),
        ("halts_what_it_sees", "halt"),
        ("takes_at_any_price", "slippage"),
        ("waits_at_the_bound", "slippage"),
        ("never_makes", "patience"),
    ],
)
def test_a_broken_agent_fails_what_it_was_made_for_and_the_reference_does_not(target: str, plot: str) -> None:
    suite = suites.load()
    broken = next(found for found in suite.zoo if found.name == target)
    made = [s for index in range(4 * len(PLOTS)) if (s := generate("execution", 1, index)).id.endswith(plot)]

    def failed(spec: str) -> set[str]:
        found = [f for scenario in made for f in judge_history(run(resolve(spec), scenario), suite.properties)]
        return {finding.id for finding in found if finding.verdict not in ("pass", "not-applicable")}

    assert {broken.property} <= failed(broken.spec) <= {broken.property, *broken.also}
    assert failed(suite.agents[broken.base]) == set()
