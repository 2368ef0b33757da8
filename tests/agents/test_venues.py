"""The reference agents are right at every venue.

In CI a few scenarios of each venue; ``python dev.py test -m slow tests/agents/test_venues.py`` runs 1,000 of each agent
at each venue.
"""

from __future__ import annotations

import pytest

from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.model.history import OrderTruth
from outtrade.suites import load
from outtrade.targets.naming import resolve
from outtrade_mocks.venues import NAMES

AGENTS = ("ccxt",)
FEW = {"ccxt": range(3)}


def failures(agent: str, venue: str, seed: int, index: int) -> list[str]:
    """What the judge finds wrong with one run; an order must have reached the venue."""
    suite = load()
    history = run(resolve(f"agent:{agent}"), suite.scenario(venue, seed, index))
    assert any(isinstance(event, OrderTruth) for event in history.events)
    return [
        f"{finding.id} in scenario {index}: {case.message}"
        for finding in judge_history(history, suite.properties)
        for case in finding.broken
        if finding.verdict in ("fail", "harness-error")
    ]


@pytest.mark.parametrize("venue", NAMES)
@pytest.mark.parametrize("agent", AGENTS)
def test_it_is_clean(agent: str, venue: str) -> None:
    assert [found for index in FEW[agent] for found in failures(agent, venue, 3, index)] == []


@pytest.mark.slow
@pytest.mark.parametrize("venue", NAMES)
@pytest.mark.parametrize("agent", AGENTS)
def test_it_is_clean_over_a_thousand(agent: str, venue: str) -> None:
    assert [found for index in range(1000) for found in failures(agent, venue, 4, index)] == []
