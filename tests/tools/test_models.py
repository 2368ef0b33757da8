"""Scripted models on the flagship pair, judged like any other agent."""

from __future__ import annotations

from functools import lru_cache

import pytest
from tools_kit import flagship

from outtrade import suites
from outtrade.engine.run import run
from outtrade.judge.api import judge
from outtrade.judge.index import Index
from outtrade.targets import resolve
from outtrade_suites.agents.models import MODELS

PAIR = ("answer_lost", "never_accepted")


@lru_cache
def failed(model: str, scenario: str) -> frozenset[str]:
    """The properties that a model fails. These keep no record of execution, which waives EXQ-05."""
    index = Index(run(resolve(MODELS[model]), flagship(scenario)))
    found = (judge(prop, index) for prop in suites.load().properties if "A" in prop.scope)
    return frozenset(finding.id for finding in found if finding.verdict not in ("pass", "not-applicable", "waived"))


@pytest.mark.parametrize("scenario", PAIR)
def test_the_right_model_passes_the_pair(scenario: str) -> None:
    assert failed("right", scenario) == frozenset()


@pytest.mark.parametrize("scenario", PAIR)
def test_an_invented_tool_is_all_that_the_second_gets_wrong(scenario: str) -> None:
    assert failed("invents_a_tool", scenario) == {"PAR-16"}


@pytest.mark.parametrize("scenario", PAIR)
def test_without_an_id_there_are_two_orders(scenario: str) -> None:
    assert {"RTY-02", "RCV-04"} <= failed("resends_without_id", scenario)
    assert ("RTY-01" in failed("resends_without_id", scenario)) == (scenario == "answer_lost")


@pytest.mark.parametrize("scenario", PAIR)
def test_a_claim_is_no_fill(scenario: str) -> None:
    assert {"RCV-03", "REC-02"} <= failed("claims_success", scenario)
    assert ("REC-12" in failed("claims_success", scenario)) == (scenario == "never_accepted")


def test_a_model_runs_the_same_way_twice() -> None:
    hashes = {run(resolve(MODELS["right"]), flagship()).hash() for _ in range(2)}
    assert len(hashes) == 1
