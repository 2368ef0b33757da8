"""The space fleet: two, three and eight copies, every plot, and what the agents of the zoo are caught by."""

from __future__ import annotations

from collections import Counter

import pytest

from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.targets import resolve
from outtrade_suites import suite
from outtrade_suites.spaces import generate
from outtrade_suites.spaces.fleet import PLOTS, SIZES

KILLED = {
    "counts_from_one": 3,
    "adopts_strangers": 0,
    "tells_and_goes_on": 0,
    "never_lets_go": 5,
    "halts_one_of_many": 1,
}
"""Broken agent -> a scenario of seed 1 that shows it."""


def test_sizes_and_plots_come_in_turn() -> None:
    made = [generate("fleet", 7, index) for index in range(36)]
    sizes = Counter(one.instances for one in made)
    assert set(sizes) == set(SIZES) and min(sizes.values()) >= 8
    assert Counter(one.id.split("-")[3] for one in made) == dict.fromkeys(PLOTS, 6)
    assert made == [generate("fleet", 7, index) for index in range(36)]
    for one in made:
        assert "instances" in one.needs and one.crowded
        assert ("store" in one.needs) == any(fault.kind == "second_instance" for fault in one.faults)
        assert all(fault.on.after < one.until - one.bounds.settle for fault in one.faults)


@pytest.mark.parametrize("agent", sorted(KILLED))
def test_the_zoo_is_caught(agent: str) -> None:
    pytest.importorskip("ccxt")
    broken = next(one for one in suite.zoo if one.name == agent)
    history = run(resolve(f"zoo:{agent}"), generate("fleet", 1, KILLED[agent]))
    failed = {found.id for found in judge_history(history, suite.properties) if found.verdict == "fail"}
    assert broken.property in failed and failed <= {broken.property, *broken.also}


def test_who_has_no_store_is_not_asked_whether_it_was_replaced() -> None:
    doubled = generate("fleet", 1, 5)
    assert set(doubled.needs) & resolve("agent:stateless").lacks == {"store"}
    assert not set(doubled.needs) & resolve("agent:httpx").lacks
