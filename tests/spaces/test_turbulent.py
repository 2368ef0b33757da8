"""The space in which something happens to the markets: only to them, of every kind, and the references stay right."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outtrade.engine.run import run
from outtrade.model.history import Ledger
from outtrade.model.scenario import Scenario
from outtrade.suites import load
from outtrade.targets import resolve
from outtrade_suites.spaces import generate
from outtrade_suites.spaces.turbulent import KINDS, NEEDS_CALM

MADE = [generate("turbulent", 1, index) for index in range(60)]


def test_only_the_markets_differ_from_binance_spot() -> None:
    for index, made in enumerate(MADE):
        base = generate("binance_spot", 1, index)
        for name in Scenario.model_fields:
            if name not in ("id", "space", "markets"):
                assert getattr(made, name) == getattr(base, name)
        for symbol, market in made.markets.items():
            plain = market.model_copy(update={"path": None, "events": ()})
            assert plain == base.markets[symbol]
        assert Scenario.from_json(made.to_json()) == made


def test_every_kind_comes_often_and_calm_is_kept() -> None:
    kinds: Counter[str] = Counter()
    calm = paths = 0
    for made in MADE:
        tags = {fault.on.tag for fault in made.faults if fault.kind in NEEDS_CALM}
        for symbol, market in made.markets.items():
            kinds.update(event.kind for event in market.events)
            paths += market.path is not None
            needed = any(intent.symbol == symbol and intent.tag in tags for intent in made.intents)
            assert needed <= (not market.events and market.path is None)
            calm += not market.events
            assert len({event.missing for event in market.events if event.kind == "one_sided"}) < 2
    assert set(kinds) == set(KINDS) and min(kinds.values()) >= 20
    assert 3 <= calm <= 60 and paths >= 8


@pytest.mark.parametrize("agent", ["agent:httpx", "agent:ccxt", "agent:threaded"])
def test_what_was_planned_lands(agent: str) -> None:
    """Whole runs are judged in numbers by hand (CONTRIBUTING.md); here, that planned faults find what they need."""
    for index in (4, 7, 13, 34):
        history = run(resolve(agent), MADE[index])
        ledger = [event.status for event in history.events if isinstance(event, Ledger)]
        assert ledger and "incomplete" not in ledger


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_hypothesis_draws_it_too(data: st.DataObject) -> None:
    assert load().drawn("turbulent", data.draw).space == "turbulent"
