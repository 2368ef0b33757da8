"""The space of shares that are protected and of parts of shares: its plots are what they say, the reference is right,
and who sells shares twice or counts whole ones is caught."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from functools import lru_cache

import pytest

from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.model.capability import missing
from outtrade.model.history import FillTruth, History, OrderTruth, Request
from outtrade.model.scenario import Scenario
from outtrade.suites import Broken, load
from outtrade.targets import resolve
from outtrade_mocks.core.sessions import NS, Phase, calendar_of
from outtrade_suites.agents.alpaca_orders import in_parts
from outtrade_suites.spaces import generate
from outtrade_suites.spaces.shares import FINEST, IN_PARTS, PLOTS
from outtrade_suites.zoo import ZOO

NYSE = calendar_of("XNYS")
MADE = [generate("shares", 1, index) for index in range(len(PLOTS) * 4)]


def plot(made: Scenario) -> str:
    return made.id.rpartition("-")[2]


def first(name: str, wanted: str = "") -> int:
    return next(i for i, made in enumerate(MADE) if plot(made) == name and wanted in made.to_json())


@lru_cache
def played(index: int, spec: str = "agent:alpaca") -> History:
    return run(resolve(spec), MADE[index])


def wrong(history: History) -> set[str]:
    findings = judge_history(history, load().properties)
    return {finding.id for finding in findings if finding.verdict in ("fail", "warn", "harness-error")}


def sent(index: int) -> list[dict[str, str]]:
    """The parameters of the requests for new orders."""
    return [dict(event.params) for event in played(index).events if isinstance(event, Request) and event.op == "place"]


def test_every_plot_comes_in_the_regular_session() -> None:
    assert Counter(map(plot, MADE)) == dict.fromkeys(PLOTS, 4)
    parts = 0
    for made in MADE:
        assert Scenario.from_json(made.to_json()) == made and made.venue == "alpaca"
        for at in (0, made.until):
            assert NYSE.phase(int((made.epoch + at) * NS)) is Phase.REGULAR
        assert made.knobs.get("parts_told", False) == (plot(made) in IN_PARTS)
        assert ("protect" in made.needs) == (plot(made) != "parts")
        for intent in made.intents:
            exponent = (intent.quantity or Decimal(0)).as_tuple().exponent
            assert isinstance(exponent, int) and exponent >= -FINEST
            parts += in_parts(intent.quantity)
    assert parts >= 8
    lacks = {name: resolve(f"agent:{name}").lacks for name in ("ccxt", "alpaca")}
    assert all(missing(made.needs, lacks["ccxt"]) and not missing(made.needs, lacks["alpaca"]) for made in MADE)


@pytest.mark.parametrize("name", PLOTS)
def test_the_reference_is_right(name: str) -> None:
    assert wrong(played(first(name))) == set()


def test_a_pair_is_one_request_whose_stop_the_venue_names() -> None:
    index = first("rises")
    *_, pair = (one for one in sent(index) if one.get("order_class") == "oco")
    guard = next(intent for intent in MADE[index].intents if intent.kind == "protect")
    assert float(json.loads(pair["stop_loss"])["stop_price"]) == float(guard.stop_price or 0)
    orders = {e.order: e for e in played(index).events if isinstance(e, OrderTruth) and e.side == "sell"}
    [parent] = [one for one in orders.values() if one.client_id == pair["client_order_id"]]
    [leg] = [one for one in orders.values() if one is not parent]
    assert guard.tag in parent.created_as and guard.tag not in leg.created_as
    assert (parent.status, leg.status) == ("filled", "expired")


def test_a_position_in_parts_is_protected_whole() -> None:
    index = first("guarded", "a take-profit at")
    made, tried = MADE[index], sent(index)
    entry, guard = (next(i for i in made.intents if i.kind == kind) for kind in ("order", "protect"))
    assert entry.quantity is not None and guard.take_profit_price is not None
    covers = [one for one in tried if one["side"] == "sell"]
    assert {one["time_in_force"] for one in covers if "order_class" not in one} == {"day"}
    assert any(one.get("order_class") == "oco" and float(one["qty"]).is_integer() for one in covers)
    sold = sum(float(e.quantity) for e in played(index).events if isinstance(e, FillTruth) and e.side == "sell")
    assert sold == pytest.approx(float(entry.quantity), abs=1e-9)


def test_parts_for_longer_than_a_day_are_not_sent() -> None:
    index = first("parts", '"GTC"')
    longer = next(intent for intent in MADE[index].intents if intent.time_in_force == "GTC")
    assert all(longer.tag not in one["client_order_id"] for one in sent(index))
    assert any(not float(one["qty"]).is_integer() for one in sent(index))


@pytest.mark.parametrize("broken", [one for one in ZOO if one.space == "shares"], ids=lambda one: one.name)
def test_broken_agents_are_caught(broken: Broken) -> None:
    story = {"sells_shares_twice": "rises", "counts_whole_shares": "parts"}[broken.name]
    found: set[str] = set()
    for index in [index for index, made in enumerate(MADE) if plot(made) == story]:
        found |= wrong(played(index, f"zoo:{broken.name}"))
        if broken.property in found:
            break
    assert broken.property in found and found <= {broken.property, *broken.also}
