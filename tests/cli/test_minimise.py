"""The minimiser on synthetic failures: what is needed stays, everything else goes, within the budget."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from outtrade.engine.minimise import BUDGET, minimise
from outtrade.model.fault import Crash, Latency, LostAnswer, RateLimit, Reject, Trigger
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Intent, Limits


def big(intents: int = 8) -> Scenario:
    return Scenario(
        id="big",
        seed=5,
        until=4000,
        symbols=("BTC/USDT", "ETH/USDT"),
        balances={"USDT": "1000"},
        knobs={"listing": "late"},
        limits=Limits(max_notional="10000"),
        markets={name: Market(mid="100", depth="5", taker_size="1") for name in ("BTC/USDT", "ETH/USDT")},
        intents=tuple(
            Intent(
                id=f"i{n}",
                tag=f"TAGTAG{n:02d}",
                at=10 * n,
                kind="order" if n != 5 else "cancel",
                target="i4" if n == 5 else None,
                symbol="BTC/USDT",
                side="buy",
                quantity="1",
                text="in words",
            )
            for n in range(intents)
        ),
        faults=(
            Latency(on=Trigger(op="place"), delay=3),
            LostAnswer(on=Trigger(op="place", nth=3, times=2), committed=False, symptom="reset", delay=2.5),
            RateLimit(on=Trigger(op="query"), duration=30),
            Crash(point="after_ack", downtime=9),
            Reject(reason="funds"),
        ),
    )


def kinds(scenario: Scenario) -> list[str]:
    return [fault.kind for fault in scenario.faults]


def names(scenario: Scenario) -> list[str]:
    return [intent.id for intent in scenario.intents]


Rule = Callable[[Scenario], bool]


@pytest.mark.parametrize(
    ("fails", "faults", "intents"),
    [
        (lambda s: True, [], ["i0"]),
        (lambda s: "lost_answer" in kinds(s), ["lost_answer"], ["i0"]),
        (lambda s: {"crash", "latency"} <= set(kinds(s)), ["latency", "crash"], ["i0"]),
        (lambda s: {"i2", "i7"} <= set(names(s)), [], ["i2", "i7"]),
        (lambda s: "i5" in names(s), [], ["i4", "i5"]),  # a cancel keeps its target
        (lambda s: "reject" in kinds(s) and "i6" in names(s), ["reject"], ["i6"]),
    ],
)
def test_only_what_is_needed_stays(fails: Rule, faults: list[str], intents: list[str]) -> None:
    small = minimise(big(), fails)
    assert fails(small.scenario)
    assert kinds(small.scenario) == faults
    if intents == ["i0"]:
        assert len(small.scenario.intents) == 1  # which one does not matter
    else:
        assert names(small.scenario) == intents
    assert small.runs <= BUDGET


def test_fields_become_plain() -> None:
    small = minimise(big(), lambda s: "lost_answer" in kinds(s), budget=200).scenario
    (fault,) = small.faults
    assert isinstance(fault, LostAnswer)
    assert (fault.on.nth, fault.on.times, fault.delay) == (1, 1, 0.5)
    assert (fault.committed, fault.symptom) == (False, "reset")  # the variant is what failed: it stays
    assert small.knobs == {}
    assert small.symbols == ("BTC/USDT",)
    assert set(small.markets) == {"BTC/USDT"}
    assert small.markets["BTC/USDT"].volatility_bps == 0
    assert small.limits == Limits()
    assert small.intents[0].text == ""
    assert small.until < 4000


def test_what_the_failure_needs_is_not_made_plain() -> None:
    def fails(s: Scenario) -> bool:
        return any(f.on.nth == 3 for f in s.faults) and s.knobs == {"listing": "late"} and s.until == 4000

    small = minimise(big(), fails, budget=200).scenario
    assert fails(small)
    assert kinds(small) == ["lost_answer"]


@pytest.mark.parametrize("budget", [0, 1, 5, 14])
def test_the_budget_is_kept_and_the_result_still_fails(budget: int) -> None:
    runs = 0

    def fails(s: Scenario) -> bool:
        nonlocal runs
        runs += 1
        return "crash" in kinds(s) and len(s.intents) >= 2

    small = minimise(big(40), fails, budget=budget)
    assert runs == small.runs <= budget
    assert "crash" in kinds(small.scenario) and len(small.scenario.intents) >= 2


def test_a_usual_failure_takes_few_runs() -> None:
    small = minimise(big(), lambda s: "lost_answer" in kinds(s) and "i3" in names(s))
    assert (kinds(small.scenario), names(small.scenario)) == (["lost_answer"], ["i3"])
    assert 10 <= small.runs <= BUDGET


def test_no_scenario_is_tried_twice_and_all_are_readable_files() -> None:
    seen: list[str] = []

    def fails(s: Scenario) -> bool:
        seen.append(s.to_json())
        assert Scenario.from_json(seen[-1]) == s
        return "rate_limit" in kinds(s)

    minimise(big(), fails, budget=200)
    assert len(seen) == len(set(seen)) > 5
    assert big().to_json() not in seen


def test_it_is_deterministic() -> None:
    one = minimise(big(), lambda s: "reject" in kinds(s))
    two = minimise(big(), lambda s: "reject" in kinds(s))
    assert one == two


def test_what_was_to_happen_to_the_price_goes_unless_it_is_needed() -> None:
    told = {"events": [{"kind": "gap", "at": 5, "percent": -3}], "path": {"points": [[9, "110"]]}}
    markets = {name: Market.model_validate(market.model_dump() | told) for name, market in big().markets.items()}
    scenario = big(2).model_copy(update={"markets": markets, "faults": ()})
    left = minimise(scenario, lambda candidate: True).scenario.markets["BTC/USDT"]
    assert (left.path, left.events, left.volatility_bps) == (None, (), 0)
    kept = minimise(scenario, lambda candidate: bool(candidate.markets["BTC/USDT"].events)).scenario
    assert kept.markets["BTC/USDT"].events == markets["BTC/USDT"].events


def test_plain_values_go_together_and_the_end_of_the_search_is_said() -> None:
    small = minimise(big(), lambda s: len(s.faults) >= 1 and len(s.intents) >= 1)
    assert small.one_minimal and small.runs <= 16
    spent = minimise(big(), lambda s: len(s.faults) >= 1 and len(s.intents) >= 1, budget=3)
    assert not spent.one_minimal and spent.runs == 3


def test_one_minimal_means_that_nothing_can_go_alone() -> None:
    """Two faults, an odd trigger and a busy market are all needed; everything else goes."""

    def fails(s: Scenario) -> bool:
        lost = [fault for fault in s.faults if isinstance(fault, LostAnswer)]
        return bool(lost) and lost[0].on.nth == 3 and "crash" in kinds(s) and bool(s.knobs)

    small = minimise(big(), fails, budget=200)
    assert small.one_minimal and sorted(kinds(small.scenario)) == ["crash", "lost_answer"]
    assert len(small.scenario.intents) == 1 and small.scenario.limits == Limits()
    for n in range(2):
        rest = small.scenario.faults[:n] + small.scenario.faults[n + 1 :]
        assert not fails(small.scenario.model_copy(update={"faults": rest}))
