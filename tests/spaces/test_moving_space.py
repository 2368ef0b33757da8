"""The space about stops that move: every story comes, nearly every scenario decides the property, and each broken agent
that was made for it is caught where its bug lies."""

from __future__ import annotations

from collections import Counter

import pytest

from outtrade.engine.run import run
from outtrade.judge.api import judge
from outtrade.judge.index import Index
from outtrade.model.scenario import Scenario
from outtrade.targets import resolve
from outtrade_suites.properties import PROPERTIES
from outtrade_suites.spaces import generate
from outtrade_suites.spaces.moving import FAULTS, STORIES

MADE = [generate("moving", 1, index) for index in range(len(STORIES) * len(FAULTS))]
BY_ID = {prop.id: prop for prop in PROPERTIES}


def story(made: Scenario) -> str:
    return made.id.rpartition("-")[2]


def test_every_story_comes_and_what_is_moved_is_a_protection() -> None:
    assert Counter(story(made) for made in MADE) == dict.fromkeys(STORIES, len(FAULTS))
    for made in MADE:
        assert Scenario.from_json(made.to_json()) == made
        moves = [intent for intent in made.intents if intent.kind == "amend"]
        target = next((intent for intent in made.intents if intent.kind == "protect"), made.intents[0])
        assert moves and {move.target for move in moves} == {target.id}
        if story(made) in ("repriced", "enlarged"):
            assert story(made) == "repriced" or (moves[0].quantity or 0) > (made.intents[0].quantity or 0)
        else:
            assert all(move.text.startswith(f"Move the protection of {target.id}: the stop to ") for move in moves)
    assert len({fault.variant for made in MADE for fault in made.faults}) >= 8


def test_the_property_is_decided_and_the_reference_right() -> None:
    for made in (next(made for made in MADE if story(made) == told) for told in ("races", "grows", "both")):
        index = Index(run(resolve("agent:httpx"), made))
        failed = [prop.id for prop in PROPERTIES if judge(prop, index).verdict in ("fail", "harness-error")]
        assert failed == [], made.id
        assert judge(BY_ID["ORD-06"], index).verdict == "pass", made.id


@pytest.mark.parametrize(
    ("name", "told", "key"),
    [
        ("leaves_the_old_stop", "both", "double"),
        ("moves_by_and_by", "follows", "gap"),
        ("forgets_the_stop", "closed", "outlives-the-position"),
    ],
)
def test_each_broken_agent_is_caught(name: str, told: str, key: str) -> None:
    made = next(made for made in MADE if story(made) == told and not made.faults)
    finding = judge(BY_ID["ORD-06"], Index(run(resolve(f"py:outtrade_suites.zoo.{name}:execute"), made)))
    assert key in {case.key for case in finding.broken}
