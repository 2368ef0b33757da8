"""The spaces about faults: every variant of every kind comes, swarms are subsets, all obey the rules of fairness."""

from __future__ import annotations

from collections import Counter
from typing import get_args

from spaces_kit import acts_until, all_kinds, delay_of_an_answer

from outtrade.model.fault import PLOTTED, Fault, Symptom
from outtrade.model.scenario import Scenario
from outtrade_suites.spaces import Draw, breakage, generate, plans

EVENLY = [generate("faults", 1, index) for index in range(400)]
SWARM = [generate("swarm", 1, index) for index in range(400)]


def test_every_kind_has_variants_and_every_symptom_is_planned() -> None:
    assert set(breakage.KINDS) | PLOTTED == all_kinds()
    assert set(get_args(Symptom)) == {*plans.SYMPTOMS, *plans.MORE_SYMPTOMS}
    assert len(set(plans.EVERY)) == len(plans.EVERY)


def test_every_variant_comes_and_the_data_says_what_the_table_says() -> None:
    seen = Counter(fault.variant for scenario in EVENLY for fault in scenario.faults)
    assert set(plans.EVERY) <= set(seen)
    assert set(seen) == set(plans.EVERY)
    kinds = Counter(fault.kind for scenario in SWARM for fault in scenario.faults)
    assert set(kinds) == all_kinds() - PLOTTED and min(kinds.values()) >= 15, kinds.most_common()[-5:]


def test_a_swarm_has_faults_of_the_kinds_that_are_on_and_companions() -> None:
    sizes = set()
    for index, scenario in enumerate(SWARM):
        on = breakage.enabled(Draw(1, index))
        sizes.add(len(on))
        chosen = [wish.kind for wish in breakage.from_a_subset(Draw(1, index))]
        assert set(chosen) <= set(on) and 1 <= len(chosen) <= 4
        assert [fault.kind for fault in scenario.faults][: len(chosen)] == chosen
    assert len(sizes) > 8


def test_the_rules_of_fairness() -> None:
    for scenario in (*EVENLY, *SWARM):
        assert Scenario.from_json(scenario.to_json()) == scenario
        for fault in scenario.faults:
            check(scenario, fault)


def check(scenario: Scenario, fault: Fault) -> None:
    assert acts_until(fault) <= scenario.until - scenario.bounds.settle + 1e-6, (scenario.id, fault)
    assert delay_of_an_answer(fault) <= 30
