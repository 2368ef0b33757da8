"""The same scenario spaces with Hypothesis making the choices."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.model.fault import LostAnswer
from outtrade.model.scenario import Scenario
from outtrade.strategies import scenarios
from outtrade.suites import SuiteError, load
from outtrade.targets import resolve
from outtrade_suites.spaces.markets import PRODUCTS

CALM = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100
)


@CALM
@given(scenarios())
def test_scenarios_of_the_default_space_are_fair(made: Scenario) -> None:
    assert Scenario.from_json(made.to_json()) == made
    assert made.space == "binance_spot" and 400 <= made.until <= 1800
    assert 1 <= len(made.intents) <= 6 and len(made.faults) <= 3
    assert len({intent.tag for intent in made.intents}) == len(made.intents)
    assert set(made.markets) == set(made.symbols) <= set(PRODUCTS)
    known = {intent.id: intent for intent in made.intents}
    for intent in made.intents:
        assert intent.target is None or known[intent.target].at < intent.at


@pytest.mark.parametrize("space", ["flagship", "standard", "smoke"])
def test_every_space_can_be_drawn(space: str) -> None:
    made = find(scenarios(space), lambda scenario: True, settings=CALM)
    assert made.space == space and Scenario.from_json(made.to_json()) == made


def test_both_twins_come() -> None:
    for committed in (True, False):
        found = find(scenarios("flagship"), lambda made: made.faults[0].committed is committed, settings=CALM)  # noqa: B023
        assert isinstance(found.faults[0], LostAnswer)


def test_shrinking_makes_scenarios_small() -> None:
    smallest = find(scenarios(), lambda made: True, settings=CALM)
    assert len(smallest.intents) == 1 and not smallest.faults
    lossy = find(
        scenarios(),
        lambda made: any(isinstance(fault, LostAnswer) and fault.committed for fault in made.faults),
        settings=settings(CALM, max_examples=500),
    )
    assert len(lossy.faults) == 1 and len(lossy.intents) <= 2


def test_an_unknown_space_is_told_at_once() -> None:
    with pytest.raises(SuiteError, match="no space 'nowhere' in suite core"):
        scenarios("nowhere")


def test_a_correct_agent_passes_what_is_drawn() -> None:
    target, properties = resolve("agent:ccxt"), load().properties

    @settings(CALM, max_examples=8, phases=[Phase.generate])
    @given(scenarios())
    def nothing_is_violated(made: Scenario) -> None:
        findings = judge_history(run(target, made), properties)
        assert [finding.fingerprint for finding in findings if finding.verdict == "fail"] == []

    nothing_is_violated()
