"""The reference agents are right at every venue.

In CI a few scenarios of each venue; ``python dev.py test -m slow tests/agents/test_venues.py`` runs 1,000 of each agent
at each venue, and 300 about contracts where there are any.
"""

from __future__ import annotations

import pytest

from outtrade.cli.zoo import elsewhere, jobs
from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.model.history import OrderTruth, StoreSet
from outtrade.suites import load
from outtrade.targets.naming import resolve
from outtrade_mocks.venues import NAMES
from outtrade_suites.spaces.leveraged import PLACES

AGENTS = ("ccxt", "stateless", "ccxt_pro")
CONTRACTS = [(agent, venue, index) for venue in PLACES for index, agent in enumerate(AGENTS)]
"""Another plot for each agent, the same at no two."""
FEW = {"ccxt": range(3), "stateless": range(2), "ccxt_pro": range(2)}


def failures(agent: str, space: str, seed: int, index: int) -> list[str]:
    """What the judge finds wrong with one run; an order must have reached the venue."""
    suite = load()
    history = run(resolve(f"agent:{agent}"), suite.scenario(space, seed, index))
    assert any(isinstance(event, OrderTruth) for event in history.events)
    return [
        f"{finding.id} in scenario {index}: {case.message}"
        for finding in judge_history(history, suite.properties)
        for case in finding.broken
        if finding.verdict in ("fail", "harness-error")
    ]


@pytest.mark.parametrize(("agent", "venue", "index"), CONTRACTS)
def test_it_is_clean_in_contracts(agent: str, venue: str, index: int) -> None:
    assert failures(agent, f"leveraged//{venue}", 3, index) == []


@pytest.mark.parametrize("venue", NAMES)
@pytest.mark.parametrize("agent", AGENTS)
def test_it_is_clean(agent: str, venue: str) -> None:
    assert [
        found
        for index in FEW[agent][: 1 if venue == "kraken_spot" else None]
        for found in failures(agent, venue, 3, index)
    ] == []


@pytest.mark.slow
@pytest.mark.parametrize("venue", PLACES)
@pytest.mark.parametrize("agent", AGENTS)
def test_it_is_clean_in_contracts_over_three_hundred(agent: str, venue: str) -> None:
    assert [found for index in range(300) for found in failures(agent, f"leveraged//{venue}", 4, index)] == []


def test_an_idle_connection_that_an_outage_holds_ends_no_run() -> None:
    """OKX ends a connection on which nothing comes for 30 s; here nothing can come through, its farewell neither."""
    assert failures("ccxt_pro", "okx", 1, 9) == []


@pytest.mark.slow
@pytest.mark.parametrize("venue", NAMES)
@pytest.mark.parametrize("agent", AGENTS)
def test_it_is_clean_over_a_thousand(agent: str, venue: str) -> None:
    assert [found for index in range(1000) for found in failures(agent, venue, 4, index)] == []


@pytest.mark.parametrize(
    ("target", "venues"),
    [
        ("zoo:blind_retry", NAMES),
        ("zoo:fee_in_quote", ("binance_spot",)),
        ("agent:stateless", NAMES),
        ("agent:threaded", ("binance_spot",)),
        ("agent:models/right", ("binance_spot",)),
    ],
)
def test_a_broken_agent_trades_where_its_base_does(target: str, venues: tuple[str, ...]) -> None:
    assert resolve(target).venues == tuple(venues)


def test_the_zoo_leaves_out_who_does_not_trade_there() -> None:
    suite = load()
    made = jobs(suite, scenarios=1, reference=1, space="okx")
    absent = {job.agent for job in elsewhere(suite, made, seed=1)}
    assert {"httpx", "threaded", "fee_in_quote"} <= absent
    assert not absent & {"ccxt", "stateless", "blind_retry"}
    everywhere = elsewhere(suite, jobs(suite, scenarios=1, reference=1, space=None), seed=1)
    assert {(job.agent, job.space) for job in everywhere if job.agent != "alpaca"} == {
        (agent, space)
        for agent in ("httpx", "threaded")
        for space in ("deadman", "equities", "leveraged", "leveraged//deribit", "leveraged//okx", "shares")
    }


def test_the_stateless_agent_writes_nothing_down() -> None:
    history = run(resolve("agent:stateless"), load().scenario("kraken_spot", 3, 0))
    assert not any(isinstance(event, StoreSet) for event in history.events)


def test_a_subscription_that_ends_on_an_open_connection_is_renewed() -> None:
    """Binance says ``eventStreamTerminated`` and leaves it open; ccxt only forgets what it subscribed to."""
    suite = load()
    history = run(resolve("agent:ccxt_pro"), suite.scenario("recovery", 1, 1))
    (finding,) = (found for found in judge_history(history, suite.properties) if found.id == "RCV-17")
    assert finding.verdict == "pass"
