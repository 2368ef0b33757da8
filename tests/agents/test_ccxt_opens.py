"""An agent that is told to wait while it loads the markets waits, whether ccxt loads them in its own task or not."""

from __future__ import annotations

import pytest

from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.model.fault import RateLimit, Trigger
from outtrade.model.history import Request, Response
from outtrade.suites import load
from outtrade.targets.naming import resolve


@pytest.mark.parametrize("agent", ["ccxt", "ccxt_pro"])
def test_markets_are_not_asked_for_again_before_the_time_given(agent: str) -> None:
    suite = load()
    scenario = suite.scenario("bybit", 1, 0)
    limit = RateLimit(on=Trigger(op="any"), duration=17)
    history = run(resolve(f"agent:{agent}"), scenario.model_copy(update={"faults": (limit,)}))
    first, second, *_ = (event for event in history.events if isinstance(event, Request))
    told = next(event for event in history.events if isinstance(event, Response) and event.call == first.call)
    assert second.at - told.at >= 16 * 10**9
    assert not [found for found in judge_history(history, suite.properties) if found.verdict == "fail"]
