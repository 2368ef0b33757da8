"""The space of busy accounts: its plots come in turn, bite, and hit only who was made for them."""

from __future__ import annotations

from collections import Counter

import pytest

from outtrade import suites
from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.model.history import FillTruth
from outtrade.model.scenario import Scenario
from outtrade.targets import resolve
from outtrade_suites.spaces import generate
from outtrade_suites.spaces.reconciliation import PAGE, PLOTS

COUNT = 10 * len(PLOTS)


def of_plot(plot: str) -> list[Scenario]:
    return [s for index in range(3 * len(PLOTS)) if (s := generate("reconciliation", 1, index)).id.endswith(plot)]


def test_plots_come_in_turn_and_scenarios_are_sound() -> None:
    made = [generate("reconciliation", 1, index) for index in range(COUNT)]
    assert Counter(scenario.id.split("-")[3] for scenario in made) == dict.fromkeys(PLOTS, COUNT // len(PLOTS))
    for scenario in made:
        assert Scenario.from_json(scenario.to_json()) == scenario
        assert all(intent.text for intent in scenario.intents)
        assert {intent.symbol for intent in scenario.intents} <= set(scenario.symbols)
    assert 0.3 < sum("bnb_burn" in scenario.knobs for scenario in made) / COUNT < 0.7
    assert any(scenario.standing for scenario in made)


@pytest.mark.parametrize(
    ("name", "plot"),
    [
        ("adopts_what_it_never_sent", "stray"),
        ("takes_the_balance_as_given", "transfer"),
        ("reads_one_page", "pages"),
        ("pages_by_the_clock", "pages"),
    ],
)
def test_a_broken_agent_fails_what_it_was_made_for_and_the_reference_does_not(name: str, plot: str) -> None:
    suite = suites.load()
    broken = next(found for found in suite.zoo if found.name == name)

    def failed(spec: str) -> set[str]:
        found = [f for scenario in of_plot(plot) for f in judge_history(run(resolve(spec), scenario), suite.properties)]
        return {finding.id for finding in found if finding.verdict not in ("pass", "not-applicable", "waived")}

    assert {broken.property} <= failed(broken.spec) <= {broken.property, *broken.also}
    assert failed(suite.agents[broken.base]) == set()


def test_fees_in_a_third_asset_and_more_trades_than_a_page() -> None:
    scenario = next(
        s
        for index in range(40)
        if (s := generate("reconciliation", 1, index)).id.endswith("pages") and "bnb_burn" in s.knobs
    )
    fills = [event for event in run(resolve("agent:ccxt"), scenario).events if isinstance(event, FillTruth)]
    large = [fill for fill in fills if fill.order == fills[0].order]
    assert len(large) > PAGE and {fill.fee_asset for fill in large} == {"BNB"}
    assert len({fill.at for fill in large}) < 10
