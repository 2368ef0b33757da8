"""The space `deadman`: reference agents play every plot, and the switch does what it is for."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.model.history import History, SwitchTruth
from outtrade.model.scenario import Scenario
from outtrade.targets import resolve
from outtrade_suites.properties import PROPERTIES
from outtrade_suites.spaces import generate
from outtrade_suites.spaces.deadman import PLOTS, VENUES


def made(plot: str, venue: str, index: int = 0, **pins: object) -> Scenario:
    return generate("deadman", 3, index, pins={"plot": plot, "venue": venue, **pins})


def played(target: str, scenario: Scenario) -> tuple[History, dict[str, str]]:
    history = run(resolve(target), scenario)
    return history, {found.id: found.verdict for found in judge_history(history, PROPERTIES)}


def states(history: History) -> list[str]:
    return [event.state for event in history.events if isinstance(event, SwitchTruth)]


@pytest.mark.parametrize("number, plot", list(enumerate(PLOTS)))
def test_a_reference_agent_plays_every_plot(number: int, plot: str) -> None:
    scenario = made(plot, VENUES[number % len(VENUES)])
    assert Scenario.from_json(scenario.to_json()) == scenario and scenario.task().dead_man == scenario.dead_man
    history, verdicts = played("agent:ccxt" if number % 2 else "agent:stateless", scenario)
    assert set(verdicts.values()) <= {"pass", "not-applicable", "warn"}, verdicts
    assert verdicts["ORD-08"] == "pass"
    told = states(history)
    assert told[0] == "set" and told.count("set") >= 4 and told[-1] == "off"
    if plot in ("outage", "pause"):
        assert "fired" in told


@pytest.mark.parametrize("venue", VENUES)
def test_at_each_venue_the_switch_goes_off_under_a_program_that_stands_still(venue: str) -> None:
    history, verdicts = played("agent:ccxt", made("pause", venue, 1))
    assert "fired" in states(history) and verdicts["ORD-08"] == verdicts["REC-01"] == "pass"


@pytest.mark.parametrize(
    "target, plot",
    [("zoo:sets_its_switch_once", "quiet"), ("zoo:never_sets_its_switch", "quiet"), ("zoo:keeps_dead_orders", "pause")],
)
def test_who_does_it_wrong_is_caught(target: str, plot: str) -> None:
    _, verdicts = played(target, made(plot, "okx"))
    assert verdicts["ORD-08"] == "fail"


def test_who_asks_for_a_switch_needs_a_target_that_sets_it() -> None:
    scenario = made("quiet", "okx")
    with pytest.raises(ValidationError, match="dead_man"):
        Scenario.model_validate(scenario.model_dump() | {"needs": ()})
    assert '"dead_man"' not in generate("binance_spot", 1, 0).to_json()
    assert "dead_man" not in generate("binance_spot", 1, 0).task().model_dump()
