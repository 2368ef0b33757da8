"""The space about pace: every plot comes, every fault finds what it needs, and the references stay right."""

from __future__ import annotations

from collections import Counter

import pytest

from outtrade.engine.run import run
from outtrade.judge.api import judge
from outtrade.judge.index import Index
from outtrade.model.history import Ledger
from outtrade.model.scenario import Scenario
from outtrade.targets import resolve
from outtrade_suites.properties import PROPERTIES
from outtrade_suites.spaces import generate
from outtrade_suites.spaces.retry import PLOTS

MADE = [generate("retry", 1, index) for index in range(len(PLOTS) * 8)]


def test_every_kind_of_trouble_comes_and_heals_in_time() -> None:
    kinds: Counter[str] = Counter()
    for made in MADE:
        assert Scenario.from_json(made.to_json()) == made
        kinds.update({fault.kind for fault in made.faults})
        for fault in made.faults:
            lasts = getattr(fault, "duration", 0.0)
            assert fault.on.after + lasts <= made.until - made.bounds.settle
    assert kinds["reject"] >= 8 and kinds["rate_limit"] + kinds["ban"] >= 16
    assert kinds["dns_failure"] + kinds["refuse"] + kinds["blackhole"] >= 16
    assert kinds["halt"] >= 8 and kinds["clock_skew"] >= 8


@pytest.mark.parametrize("agent", ["agent:httpx", "agent:ccxt"])
def test_all_land_and_the_references_pass(agent: str) -> None:
    for made in MADE[: len(PLOTS)]:
        history = run(resolve(agent), made)
        assert {event.status for event in history.events if isinstance(event, Ledger)} == {"landed"}
        index = Index(history)
        bad = [f for f in (judge(prop, index) for prop in PROPERTIES) if f.verdict in ("fail", "warn", "harness-error")]
        assert not bad, bad
