"""The spaces of venues that have none of their own: playable, judged, and chosen for a target that trades there."""

from __future__ import annotations

from decimal import Decimal

import pytest

from outtrade import suites
from outtrade.engine.judging import judge_history
from outtrade.engine.plan import Kit, Plan
from outtrade.engine.run import run
from outtrade.model.scenario import Scenario
from outtrade.targets import Target, resolve
from outtrade_mocks.venues import NAMES, load
from outtrade_suites.spaces import SPACES, by_venue, generate
from outtrade_suites.spaces.draw import Draw

TRADED = tuple(name for name in NAMES if load(name).ccxt_id is not None)


@pytest.mark.parametrize("venue", NAMES)
def test_every_venue_has_a_space_that_it_can_play(venue: str) -> None:
    module = load(venue)
    for index in range(40):
        made = by_venue.space(venue)(Draw(3, index))
        assert made.venue == venue and made.intents and set(made.symbols) <= set(module.symbols)
        assert Scenario.from_json(made.to_json()) == made
        assert all(Decimal(amount) > 0 for amount in made.balances.values())
    assert generate(venue, 3, 0).venue == venue and venue in SPACES


@pytest.mark.parametrize("venue", TRADED)
def test_ccxt_is_judged_there(venue: str) -> None:
    """Whatever it fails, no property crashes on a venue that it has never seen, and orders are placed."""
    target = resolve(f"ccxt:{load(venue).ccxt_id}")
    properties = tuple(prop for prop in suites.load().properties if "G" in prop.scope)
    placed = 0
    for index in range(4):
        history = run(target, by_venue.space(venue)(Draw(5, index)))
        found = judge_history(history, properties)
        assert [finding for finding in found if finding.verdict == "harness-error"] == []
        placed += sum(1 for event in history.events if type(event).__name__ == "OrderTruth")
    assert placed > 3


def kit(spec: str, **plan: str) -> Kit:
    return Kit(Plan(spec, **plan), resolve(spec), suites.load())  # type: ignore[arg-type]


@pytest.mark.parametrize("venue", TRADED)
def test_a_ccxt_target_gets_a_space_of_its_venue(venue: str) -> None:
    made = kit(f"ccxt:{load(venue).ccxt_id}")
    assert made.scenario(0).venue in made.target.venues
    assert kit(f"ccxt:{load(venue).ccxt_id}", venue=venue).space == venue


def test_a_space_of_another_venue_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Target(name="ccxt:far", scope="G", is_async=False, load=lambda: None, venues=("far",))  # type: ignore[arg-type]
    with pytest.raises(suites.SuiteError, match=r"^ccxt:far trades at far, the space flagship plays binance_spot$"):
        Kit(Plan("ccxt:far", space="flagship"), elsewhere, suites.load()).scenario(0)
    with pytest.raises(suites.SuiteError, match="the space binance_spot plays binance_spot, not far"):
        Kit(Plan("agent:httpx", space="binance_spot", venue="far"), resolve("agent:httpx"), suites.load()).scenario(0)
    nearby = Target(name="ccxt:b", scope="G", is_async=False, load=lambda: None, venues=("wire",))  # type: ignore[arg-type]
    with pytest.raises(suites.SuiteError, match=r"; choose --space wire$"):
        Kit(Plan("ccxt:b", space="flagship"), nearby, suites.load()).scenario(0)


@pytest.mark.parametrize("name", ["httpx", "threaded"])
def test_a_reference_agent_is_not_sent_to_a_venue_whose_wire_it_does_not_speak(name: str) -> None:
    with pytest.raises(suites.SuiteError, match="trades at binance_spot, the space kraken_spot plays"):
        kit(f"agent:{name}", space="kraken_spot").scenario(0)
    assert kit(f"agent:{name}").scenario(0).venue == "binance_spot"
