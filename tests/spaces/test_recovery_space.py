"""The space about finding one's way back: every plot comes, every fault lands, and the references stay right."""

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
from outtrade_suites.spaces.recovery import COMBINATIONS, PLOTS

MADE = [generate("recovery", 1, index) for index in range(len(COMBINATIONS) * 8)]


def test_every_plot_comes_with_its_faults() -> None:
    kinds: Counter[str] = Counter()
    for made in MADE:
        assert Scenario.from_json(made.to_json()) == made
        kinds.update({fault.variant.partition(".")[0] for fault in made.faults})
    assert kinds["crash"] >= 8 and kinds["lost_answer"] >= 8 and kinds["partial_fill"] >= 8
    assert {name for combination in COMBINATIONS for name in combination} == set(PLOTS)
    assert kinds["stream_silent"] >= 8 and kinds["stream_expire"] >= 8 and kinds["others_cancel"] >= 8
    assert any(getattr(fault, "store", "kept") == "lost" for made in MADE for fault in made.faults)


@pytest.mark.parametrize("agent", ["agent:httpx", "agent:ccxt"])
def test_all_land_and_the_references_pass(agent: str) -> None:
    for made in MADE[: len(COMBINATIONS)]:
        history = run(resolve(agent), made)
        for event in history.events:
            if isinstance(event, Ledger):
                deaf = agent == "agent:ccxt" and made.faults[event.fault].kind.startswith("stream_")
                assert event.status == ("not-exercised" if deaf else "landed")
        index = Index(history)
        bad = [f for f in (judge(prop, index) for prop in PROPERTIES) if f.verdict in ("fail", "warn", "harness-error")]
        assert not bad, bad
