"""Every scenario of every space obeys the rules that make it fair, and all faults come often enough."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from spaces_kit import acts_until, delay_of_an_answer

from outtrade import suites
from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.model import fault as kinds
from outtrade.model.fault import LostAnswer
from outtrade.model.history import Ledger
from outtrade.model.scenario import Scenario
from outtrade.model.task import Intent
from outtrade.targets import resolve
from outtrade_mocks import venues
from outtrade_suites.spaces import SPACES, generate, pair
from outtrade_suites.spaces.leveraged import PLACES
from outtrade_suites.spaces.markets import BALANCES, PRODUCTS
from outtrade_suites.spaces.plans import SYMPTOMS, VARIANTS

ABSENT_AFTER = 30.0
SAMPLE = [generate("binance_spot", seed, index) for seed in range(100) for index in (0, 37, 911)]
THOUSAND = [generate("binance_spot", 1, index) for index in range(1000)]


def live(intent: Intent, scenario: Scenario) -> tuple[float, float]:
    return intent.at, intent.expires if intent.expires is not None else scenario.until


def test_the_sample_holds_three_hundred_scenarios() -> None:
    assert len({scenario.to_json() for scenario in SAMPLE}) == 300
    assert len({scenario.id for scenario in THOUSAND}) == 1000


def test_scenarios_survive_their_json() -> None:
    for scenario in SAMPLE:
        assert Scenario.from_json(scenario.to_json()) == scenario


def test_the_json_of_scenarios_is_that_of_json_dumps() -> None:
    odd = {"text": '\u2028 \x7f \x01 \\ " é', "small": 1e-05, "large": 1e16, "less": -3, "yes": True}
    for scenario in (*SAMPLE, SAMPLE[0].model_copy(update={"knobs": odd})):
        text = scenario.to_json()
        assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"


def test_odd_knobs_are_written_all_the_same() -> None:
    text = SAMPLE[0].model_copy(update={"knobs": {"ratio": float("inf"), "text": "\ud800"}}).to_json()
    assert '\n  "ratio": null,\n  "text": "\ud800"\n' in text


def test_a_scenario_depends_on_seed_and_index_only() -> None:
    assert generate("binance_spot", 1, 500) == THOUSAND[500]
    assert generate("binance_spot", 2, 500).to_json() != THOUSAND[500].to_json()


def test_shape_of_the_task() -> None:
    for scenario in SAMPLE:
        assert 400 <= scenario.until <= 1800
        assert 1 <= len(scenario.intents) <= 6 and len(scenario.faults) <= 3
        times = [intent.at for intent in scenario.intents]
        assert times == sorted(times) and len({intent.id for intent in scenario.intents}) == len(times)
        assert len({intent.tag for intent in scenario.intents}) == len(times)
        for intent in scenario.intents:
            assert intent.text and intent.at < scenario.until - 60
            assert intent.expires is None or intent.at + 8 <= intent.expires <= scenario.until - 60
        assert set(scenario.markets) == set(scenario.symbols) <= set(PRODUCTS)
        assert set(scenario.balances) - set(BALANCES), "some asset is nobody's business"


def test_symbol_and_side_are_unique_among_live_intents() -> None:
    for scenario in SAMPLE:
        orders = [intent for intent in scenario.intents if intent.kind == "order"]
        for number, first in enumerate(orders):
            for second in orders[number + 1 :]:
                if (first.symbol, first.side) == (second.symbol, second.side):
                    assert live(first, scenario)[1] <= live(second, scenario)[0]


def test_targets_exist_and_come_first() -> None:
    for scenario in THOUSAND:
        known = {intent.id: intent for intent in scenario.intents}
        for intent in scenario.intents:
            if intent.kind == "cancel":
                target = known[intent.target or ""]
                assert target.kind == "order" and target.at < intent.at < live(target, scenario)[1]
            if intent.kind == "flatten":
                assert not [
                    later for later in scenario.intents if later.at > intent.at and later.symbol == intent.symbol
                ]


def test_all_faults_heal_before_the_time_to_settle() -> None:
    for scenario in (*SAMPLE, *THOUSAND):
        for fault in scenario.faults:
            assert acts_until(fault) <= scenario.until - scenario.bounds.settle + 1e-6, (scenario.id, fault)


def test_no_answer_is_delayed_beyond_proof_of_absence() -> None:
    for scenario in (*SAMPLE, *THOUSAND):
        for fault in scenario.faults:
            assert delay_of_an_answer(fault) <= ABSENT_AFTER
            if isinstance(fault, kinds.Trickle):
                assert fault.pause > 15


def test_possible_intents_are_affordable_and_impossible_ones_are_not() -> None:
    refused = 0
    for scenario in THOUSAND:
        need: Counter[str] = Counter()
        for intent in scenario.intents:
            if intent.kind != "order":
                continue
            if why_impossible(intent, scenario):
                refused += 1
                continue
            product, market = PRODUCTS[intent.symbol or ""], scenario.markets[intent.symbol or ""]
            price = intent.limit_price or market.mid * Decimal("1.02")
            size = intent.quantity or (intent.quote_quantity or Decimal(0)) / price
            assert size * price > 2 * product.notional_min and size > 2 * product.step
            if intent.side == "buy":
                need[product.quote] += size * price  # type: ignore[assignment]
            else:
                need[product.base] += size  # type: ignore[assignment]
        for asset, amount in need.items():
            assert amount < scenario.balances[asset], (scenario.id, asset)
    assert refused >= 80


def why_impossible(intent: Intent, scenario: Scenario) -> str:
    product = PRODUCTS.get(intent.symbol or "")
    if product is None:
        return "symbol"
    price = intent.limit_price
    if price is None or intent.quantity is None:
        return ""
    mid = scenario.markets[product.symbol].mid
    if intent.quantity < product.quantity_min or intent.quantity * price < product.notional_min:
        return "small"
    if not mid / 5 <= price <= mid * 5:
        return "band"
    asset, amount = (
        (product.quote, price * intent.quantity) if intent.side == "buy" else (product.base, intent.quantity)
    )
    return "funds" if amount > scenario.balances.get(asset, 0) else ""


def test_faults_on_orders_name_an_order_of_the_scenario() -> None:
    for scenario in THOUSAND:
        tags = {intent.tag: intent for intent in scenario.intents if intent.kind == "order"}
        for fault in scenario.faults:
            if fault.on.tag is not None:
                assert not why_impossible(tags[fault.on.tag], scenario)
            if isinstance(fault, kinds.DelayedFill | kinds.Duplicated) and fault.on.op == "place":
                intent = tags[fault.on.tag or ""]
                assert intent.type == "limit" and intent.time_in_force in (None, "GTC")
            if fault.on.op == "cancel" and fault.on.symbol is not None:
                assert any(i.symbol == fault.on.symbol and i.expires is not None for i in scenario.intents)


def test_every_variant_of_every_kind_comes_often_enough() -> None:
    seen = Counter(fault.variant for scenario in THOUSAND for fault in scenario.faults)
    assert set(seen) == set(VARIANTS)
    assert min(seen.values()) >= 24, seen.most_common()[-5:]


def test_every_form_of_intent_comes_often_enough() -> None:
    forms: Counter[Any] = Counter()
    for scenario in THOUSAND:
        for intent in scenario.intents:
            forms[intent.kind] += 1
            if intent.kind == "order":
                forms[intent.on_partial] += 1
                forms[intent.time_in_force] += 1
                forms["post_only"] += intent.post_only
                forms["quote"] += intent.quote_quantity is not None
                forms["off grid"] += off_grid(intent)
                forms[why_impossible(intent, scenario)] += 1
    for form in ("cancel", "flatten", "watch", "complete", "IOC", "FOK", "post_only", "quote", "off grid"):
        assert forms[form] >= 50, (form, forms[form])
    for form in ("symbol", "small", "band", "funds"):
        assert forms[form] >= 10, (form, forms[form])


def off_grid(intent: Intent) -> bool:
    product = PRODUCTS.get(intent.symbol or "")
    if product is None:
        return False
    return bool(intent.quantity and intent.quantity % product.step) or bool(
        intent.limit_price and intent.limit_price % product.tick
    )


def test_a_round_trip_starts_without_the_asset_it_buys() -> None:
    trips = 0
    for scenario in THOUSAND:
        for flatten in scenario.intents:
            if flatten.kind == "flatten":
                base = PRODUCTS[flatten.symbol or ""].base
                trips += base not in scenario.balances
    assert trips >= 150


@pytest.mark.parametrize("space", ["binance_spot", "flagship", "standard", "smoke"])
def test_twins_differ_in_nothing_but_the_truth(space: str) -> None:
    for index in range(30):
        accepted, never = pair(space, 1, index)
        assert accepted.pair == never.pair and accepted.id != never.id
        differ = [(a, b) for a, b in zip(accepted.faults, never.faults, strict=True) if a != b]
        ((a, b),) = differ
        assert isinstance(a, LostAnswer) and isinstance(b, LostAnswer)
        assert (a.committed, b.committed) == (True, False)
        assert a.model_copy(update={"committed": False}) == b
        same = {"id": "", "faults": ()}
        assert accepted.model_copy(update=same) == never.model_copy(update=same)
        assert Scenario.from_json(never.to_json()) == never


def test_pairs_take_all_symptoms_in_turn() -> None:
    pairs = [pair("binance_spot", 1, index)[0] for index in range(len(SYMPTOMS))]
    lost = [next(f for f in scenario.faults if isinstance(f, LostAnswer)) for scenario in pairs]
    assert {fault.symptom for fault in lost} == set(SYMPTOMS)


def test_every_stream_fault_of_the_short_space_lands_and_is_survived() -> None:
    """In the World here; over sockets the same scenarios take their 24 s each."""
    suite = suites.load()
    kinds = set()
    for index in range(6):
        plan = generate("wire_stream", 1, index)
        history = run(resolve("agent:httpx"), plan)
        kinds.add(plan.faults[0].kind)
        assert [event.status for event in history.events if isinstance(event, Ledger)] == ["landed"]
        assert {finding.verdict for finding in judge_history(history, suite.properties)} <= {"pass", "not-applicable"}
    assert len(kinds) == 6


def test_fixed_spaces() -> None:
    own = [
        "binance_spot",
        "flagship",
        "standard",
        "smoke",
        "wire",
        "wire_stream",
        "turbulent",
        "regressions",
        "retry",
        "orders",
        "faults",
        "swarm",
        "every_kind",
        "crash_points",
        "recovery",
        "execution",
        "parameters",
        "fleet",
        "changing",
        "leveraged",
        "reconciliation",
        "fallback",
        "moving",
        "equities",
        "deadman",
        "trailing",
        "shares",
        *(f"leveraged//{venue}" for venue in PLACES),
    ]
    assert list(SPACES) == own + [venue for venue in venues.NAMES if venue not in own]
    standard = generate("standard", 1, 0)
    assert (len(standard.intents), standard.until, len(standard.faults)) == (10, 2700, 1)
    accepted, never = generate("flagship", 1, 0), generate("flagship", 1, 1)
    assert (accepted.id, never.id) == ("flagship-1-committed", "flagship-1-absent")
    assert accepted.pair == never.pair and accepted.seed == never.seed
    for space in ("flagship", "standard", "smoke"):
        for index in range(5):
            scenario = generate(space, 1, index)
            assert Scenario.from_json(scenario.to_json()) == scenario
            assert all(acts_until(fault) <= scenario.until - scenario.bounds.settle for fault in scenario.faults)


def test_the_trading_rules_known_here_are_those_of_the_venue() -> None:
    from outtrade_mocks import venues
    from outtrade_mocks.venues.config import VenueConfig

    scenario = generate("binance_spot", 1, 0)
    module = venues.load("binance_spot")
    config = VenueConfig(symbols=list(PRODUCTS), balances={}, epoch_ns=scenario.epoch * 10**9)
    for symbol, rules in module.instruments(config).items():
        product = PRODUCTS[symbol]
        known = (product.tick, product.step, product.quantity_min, product.notional_min, product.base, product.quote)
        theirs = [Decimal(str(rules[name])) for name in ("tick", "step", "quantity_min", "notional_min")]
        assert known == (*theirs, rules["base"], rules["quote"])
