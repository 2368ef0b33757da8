"""The state machine for users, and the page that documents it: its examples run as they stand."""

from __future__ import annotations

import re
import unittest
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from outtrade.machines import AgentMachine
from outtrade.model.scenario import Scenario

PAGE = Path(__file__).parents[2] / "docs" / "hypothesis.md"
FEW = settings(
    deadline=None, derandomize=True, database=None, max_examples=4, stateful_step_count=5,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


class Right(AgentMachine):
    target = "agent:ccxt"


class Wrong(AgentMachine):
    target = "zoo:blind_retry"


def test_a_correct_agent_survives_any_story() -> None:
    run_state_machine_as_test(Right, settings=FEW)


def test_a_wrong_agent_does_not() -> None:
    story = Wrong()
    story.order(away=20, hundredths=1, rest=60, side="buy")
    story.lose_answer(committed=True, op="place", symptom="hang")
    with pytest.raises(AssertionError, match=r"RTY-02"):
        story.teardown()


@pytest.mark.slow
def test_a_failure_is_told_in_the_fewest_steps(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AssertionError) as failed:
        run_state_machine_as_test(Wrong, settings=settings(FEW, max_examples=60))
    told = "\n".join(getattr(failed.value, "__notes__", [])) + capsys.readouterr().out
    assert told.count(".order(") == 1 and told.count(".lose_answer(") == 1 and ".pause(" not in told
    assert "RTY-0" in str(failed.value) or "RCV-" in str(failed.value)


def test_a_story_is_a_fair_scenario() -> None:
    story = Right()
    story.order(away=-150, hundredths=7, rest=50, side="sell")
    story.pause(30)
    story.lose_answer(committed=True, op="cancel", symptom="reset")
    story.lose_answer(committed=False, op="cancel", symptom="hang")
    made = story.scenario()
    assert Scenario.from_json(made.to_json()) == made
    assert len(made.faults) == 1 and made.until >= made.intents[0].expires + made.bounds.settle  # type: ignore[operator]


def test_the_examples_of_the_page_run() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    assert len(blocks) == 3
    body = blocks[0].partition("@settings")[2]
    assert len([line for line in body.splitlines() if line.strip()]) <= 10, "ten lines are promised"
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks:
        exec(compile(block, "docs/hypothesis.md", "exec"), names)  # the page's own code
    names["test_never_buys_more_than_was_asked"]()
    names["test_violates_nothing"]()
    outcome = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(names["TestCancels"]).run(outcome)
    assert outcome.testsRun == 1 and outcome.wasSuccessful(), outcome.failures + outcome.errors
