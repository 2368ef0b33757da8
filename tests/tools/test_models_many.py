"""Scripted models over many scenarios: each wrong one fails by the property it was made for, the right one nothing."""

from __future__ import annotations

from collections import Counter

import pytest

from outtrade import suites
from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.suites import ScriptedModel
from outtrade.targets import resolve

MODELS = suites.load().models


def failures(model: ScriptedModel, scenarios: int) -> Counter[str]:
    """How often a model fails what, over scenarios of its space."""
    suite, target = suites.load(), resolve(f"agent:models/{model.name}")
    found: Counter[str] = Counter()
    for index in range(scenarios):
        findings = judge_history(run(target, suite.scenario(model.space, 7, index)), suite.properties)
        found.update(finding.id for finding in findings if finding.verdict not in ("pass", "not-applicable", "waived"))
    return found


def check(model: ScriptedModel, scenarios: int) -> None:
    found = failures(model, scenarios)
    if model.property is None:
        assert not found
    else:
        assert found[model.property] == scenarios
        assert set(found) <= {model.property, *model.also}
        assert all(found[ident] for ident in model.also), "what is permitted is seen"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_over_some_scenarios(model: ScriptedModel) -> None:
    check(model, 6)


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_over_two_hundred_scenarios(model: ScriptedModel) -> None:
    check(model, 200)


def test_one_is_right() -> None:
    assert [model.name for model in MODELS if model.property is None] == ["right"]
