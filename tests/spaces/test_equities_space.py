"""The space of a market that closes: every plot lies where it says, the reference is right, and who takes an order that
waits for a lost one, or a change for an end, is caught."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import pytest

from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.model.capability import missing
from outtrade.model.history import FillTruth, History, OrderTruth, Request, Response
from outtrade.model.scenario import Scenario
from outtrade.suites import Broken, load
from outtrade.targets import resolve
from outtrade_mocks.core.sessions import NS, Phase, calendar_of
from outtrade_suites.spaces import generate
from outtrade_suites.spaces.equities import PLOTS, SHORT_DAYS
from outtrade_suites.zoo import ZOO

NYSE = calendar_of("XNYS")
MADE = [generate("equities", 1, index) for index in range(len(PLOTS) * 4)]


def plot(made: Scenario) -> str:
    return made.id.rpartition("-")[2]


def phase(made: Scenario, at: float) -> Phase:
    return NYSE.phase(int((made.epoch + at) * NS))


def of(name: str) -> list[Scenario]:
    return [made for made in MADE if plot(made) == name]


def test_every_plot_comes_and_lies_where_it_says() -> None:
    assert Counter(map(plot, MADE)) == dict.fromkeys(PLOTS, 4)
    for made in MADE:
        assert Scenario.from_json(made.to_json()) == made
        assert made.venue == "alpaca" and made.needs == ("sessions",)
        sides = {(intent.symbol, intent.side) for intent in made.intents if intent.kind == "order"}
        both = {symbol for symbol, _ in sides if {(symbol, "buy"), (symbol, "sell")} <= sides}
        assert not both or plot(made) == "patterns", "an order that could meet one's own is refused (wash trades)"
        if plot(made) != "amount":  # at any time
            regular = plot(made) in ("halted", "late", "closing", "patterns", "replaced", "regular")
            assert (phase(made, 0) is Phase.REGULAR) == regular
    for made in of("queued") + of("opening"):
        assert phase(made, made.intents[0].at) is Phase.PRE_MARKET and phase(made, made.until - 60) is Phase.REGULAR
    for made in of("closing") + of("late"):
        assert phase(made, made.until - 60) is not Phase.REGULAR
    days = {NYSE.session_for(made.epoch * NS, extended=True).day for made in MADE}
    assert days & set(SHORT_DAYS) and "2026-03-09" in days and "2026-11-02" in days
    kinds = {(intent.time_in_force, intent.extended_hours) for made in MADE for intent in made.intents}
    assert {("OPG", False), ("CLS", False), ("DAY", True), ("DAY", False), ("GTC", False), ("IOC", False)} <= kinds


@lru_cache
def played(index: int, spec: str = "agent:alpaca") -> tuple[Scenario, History]:
    made = MADE[index]
    return made, run(resolve(spec), made)


def wrong(history: History) -> set[str]:
    findings = judge_history(history, load().properties)
    return {finding.id for finding in findings if finding.verdict in ("fail", "warn", "harness-error")}


def first(name: str) -> int:
    return next(index for index, made in enumerate(MADE) if plot(made) == name)


@pytest.mark.parametrize("name", PLOTS)
def test_the_reference_is_right(name: str) -> None:
    _, history = played(first(name))
    assert wrong(history) == set()


def test_what_waits_is_filled_at_the_open_and_by_nobody_twice() -> None:
    made, history = played(first("queued"))
    taken = [event for event in history.events if isinstance(event, OrderTruth)]
    fills = [event for event in history.events if isinstance(event, FillTruth)]
    assert phase(made, min(event.at for event in taken) / NS) is Phase.PRE_MARKET
    assert fills and all(phase(made, event.at / NS) is Phase.REGULAR for event in fills)


def test_a_change_makes_another_order_of_the_same_intent() -> None:
    _, history = played(first("replaced"))
    assert any(isinstance(event, Request) and event.op == "amend" for event in history.events)
    tags: Counter[str] = Counter()
    for event in history.events:
        if isinstance(event, OrderTruth) and event.status == "open" and event.client_id:
            tags[event.client_id] += 1
    assert {name[-1] for name in tags} >= {"1", "2"}


def test_a_change_that_came_about_without_an_answer_is_done() -> None:
    """The look at the old order was the first to say that it was replaced; that was taken for its end."""
    assert wrong(run(resolve("agent:alpaca"), generate("equities", 1, 127))) == set()


def test_a_fourth_day_trade_is_refused_and_not_sent_again() -> None:
    _, history = played(first("patterns"))
    [denied] = [event for event in history.events if isinstance(event, Response) and event.code == 40310100]
    assert denied.outcome == "definite"


@pytest.mark.parametrize("broken", [one for one in ZOO if one.space == "equities"], ids=lambda one: one.name)
def test_broken_agents_are_caught(broken: Broken) -> None:
    story = {"waiting_is_lost": "queued", "replaced_is_over": "replaced"}[broken.name]
    found: set[str] = set()
    for index in [index for index, made in enumerate(MADE) if plot(made) == story][:2]:
        found |= wrong(run(resolve(f"zoo:{broken.name}"), MADE[index]))
    assert broken.property in found and found <= {broken.property, *broken.also}


def test_who_knows_only_coins_is_not_asked_for_shares_nor_the_other_way_round() -> None:
    lacks = {name: resolve(f"agent:{name}").lacks for name in ("ccxt", "ccxt_pro", "stateless", "alpaca")}
    coins = generate("alpaca", 1, 0)
    for name in ("ccxt", "ccxt_pro", "stateless"):
        assert missing(MADE[0].needs, lacks[name]) and not missing(coins.needs, lacks[name])
    assert missing(coins.needs, lacks["alpaca"]) and not missing(MADE[0].needs, lacks["alpaca"])
