"""The space about positions: every plot comes, long and short, in strange modes; faults land, the reference is right,
and every broken agent that was made for it is caught."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from outtrade.engine.run import run
from outtrade.judge.api import judge
from outtrade.judge.index import Index
from outtrade.model.history import Charged, FillTruth, Ledger, PositionTruth
from outtrade.model.scenario import Scenario
from outtrade.model.units import is_inverse, settled_in, value_of
from outtrade.suites import Broken
from outtrade.targets import resolve
from outtrade_mocks import venues
from outtrade_mocks.venues.config import VenueConfig
from outtrade_suites.properties import PROPERTIES
from outtrade_suites.spaces import generate
from outtrade_suites.spaces.leveraged import FUNDING, PLACES, PLOTS
from outtrade_suites.zoo import ZOO

MADE = [generate("leveraged", 1, index) for index in range(len(PLOTS) * 8)]
BY_ID = {prop.id: prop for prop in PROPERTIES}


def plot(made: Scenario) -> str:
    return made.id.rpartition("-")[2]


def test_every_plot_comes_with_what_it_is_about() -> None:
    assert Counter(plot(made) for made in MADE) == dict.fromkeys(PLOTS, 8)
    left = [made.modes for made in MADE if made.modes is not None]
    assert len(left) == len(MADE) and {one.position_mode for one in left} == {"one_way", "hedge"}
    assert {one.margin_mode for one in left} == {"cross", "isolated"} and len({one.leverage for one in left}) >= 4
    assert all(
        one.margin_mode == "isolated" for made, one in zip(MADE, left, strict=True) if plot(made) == "liquidation"
    )
    first = [made.intents[0] for made in MADE]
    assert min(Counter(intent.side for intent in first).values()) >= 20, "long and short"
    assert any(intent.reduce_only for made in MADE for intent in made.intents)
    for made in MADE:
        assert Scenario.from_json(made.to_json()) == made
        if plot(made) == "funding":
            assert 0 < FUNDING - made.epoch % FUNDING < made.until - made.bounds.settle


@pytest.mark.parametrize("venue", PLACES)
def test_each_venue_has_its_own_traps(venue: str) -> None:
    """Only what the venue knows is left behind, quantities are on its grid, and what is liquidated can be."""
    place, made = PLACES[venue], [generate(f"leveraged//{venue}", 5, index) for index in range(56)]
    assert {one.venue for one in made} == {venue} and all(Scenario.from_json(one.to_json()) == one for one in made)
    assert {plot(one) for one in made} == set(PLOTS) - (set() if place.leverage else {"modes"})
    modes = [one.modes for one in made if one.modes is not None]
    assert {one.margin_mode for one in modes} == set(place.margin)
    assert {one.position_mode for one in modes} == ({"one_way", "hedge"} if place.hedge else {"one_way"})
    assert all((one.leverage is not None) == place.leverage for one in modes)
    module = venues.load(venue)
    rules = module.instruments(VenueConfig(symbols=tuple(module.symbols), balances={}, epoch_ns=0))
    assert set(place.symbols) <= {symbol for one in made for symbol in one.symbols}
    for one in made:
        for intent in one.intents:
            if intent.quantity is not None and intent.symbol is not None:
                assert intent.quantity % Decimal(rules[intent.symbol]["step"]) == 0
                if is_inverse(intent.symbol):
                    assert f"{intent.quantity} USD worth of {intent.symbol}" in intent.text
    for one in made:
        if plot(one) == "liquidation" and "isolated" not in place.margin:
            opened = one.intents[0]
            assert opened.symbol is not None and opened.quantity is not None
            value = value_of(opened.symbol, opened.quantity, one.markets[opened.symbol].mid)
            assert value / 3 < one.balances[settled_in(opened.symbol)] < value


@pytest.mark.parametrize("venue", [venue for venue in PLACES if venue != "binance_usdm"])
def test_liquidation_and_funding_are_booked_at_every_venue(venue: str) -> None:
    """What the venue took or gave is in the report, where its client can ask for it."""
    booked: Counter[str] = Counter()
    for made in (generate(f"leveraged//{venue}", 1, index) for index in range(20)):
        if plot(made) in ("liquidation", "funding") and len(booked) < 2:
            history = run(resolve("agent:ccxt"), made)
            booked.update({event.why for event in history.events if isinstance(event, Charged)})
            index = Index(history)
            bad = [f for f in (judge(prop, index) for prop in PROPERTIES) if f.verdict in ("fail", "harness-error")]
            assert not bad, (made.id, bad)
            verdict = judge(BY_ID["REC-13"], index).verdict
            assert verdict == ("waived" if venue == "deribit" else "pass") or not booked
    assert booked.keys() == {"funding", "liquidation_fee"}


def test_all_land_and_the_reference_is_right() -> None:
    seen: Counter[str] = Counter()
    for made in MADE[: len(PLOTS) + 4]:
        history = run(resolve("agent:ccxt"), made)
        for event in history.events:
            if isinstance(event, Ledger) and made.faults[event.fault].kind in ("liquidation", "adl", "expiry"):
                assert event.status == "landed"
            elif isinstance(event, FillTruth) and event.forced:
                seen[event.forced] += 1
            elif isinstance(event, Charged):
                seen[event.why] += 1
            elif isinstance(event, PositionTruth) and event.quantity != "0":
                seen["short" if event.quantity.startswith("-") else "long"] += 1
        index = Index(history)
        bad = [f for f in (judge(prop, index) for prop in PROPERTIES) if f.verdict in ("fail", "warn", "harness-error")]
        assert not bad, (made.id, bad)
    assert seen.keys() >= {"liquidation", "adl", "settlement", "funding", "liquidation_fee", "long", "short"}


@pytest.mark.parametrize(
    "broken", [one for one in ZOO if (one.space or "").startswith("leveraged")], ids=lambda one: one.name
)
def test_who_is_wrong_is_caught(broken: Broken) -> None:
    for made in MADE if broken.space == "leveraged" else (generate(str(broken.space), 1, i) for i in range(20)):
        finding = judge(BY_ID[broken.property], Index(run(resolve(broken.spec), made)))
        if finding.verdict == "fail":
            return
    pytest.fail(f"{broken.name} passes {broken.property}")
