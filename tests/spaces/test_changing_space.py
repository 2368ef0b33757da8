"""The space of changing conditions: every plot comes, every fault lands, and the references stay right."""

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
from outtrade_suites.spaces.changing import PLOTS

MADE = [generate("changing", 1, index) for index in range(len(PLOTS) * 6)]


def test_every_plot_comes_and_its_faults_are_over_in_time() -> None:
    plots, kinds = Counter(made.id.split("-", 3)[3] for made in MADE), Counter[str]()
    assert plots == dict.fromkeys(PLOTS, 6)
    for made in MADE:
        assert Scenario.from_json(made.to_json()) == made
        kinds.update(fault.variant for fault in made.faults)
        for fault in made.faults:
            assert fault.on.after + getattr(fault, "duration", 0.0) <= made.until - made.bounds.settle
    assert kinds["rule_change.tick"] == kinds["rule_change.step"] == kinds["rule_change.notional"] == 6


@pytest.mark.parametrize("agent", ["agent:httpx", "agent:ccxt"])
def test_all_land_and_the_references_pass(agent: str) -> None:
    applied = Counter[str]()
    for made in MADE[: len(PLOTS)]:
        history = run(resolve(agent), made)
        assert {event.status for event in history.events if isinstance(event, Ledger)} <= {"landed"}
        findings = [judge(prop, Index(history)) for prop in PROPERTIES]
        applied.update(finding.id for finding in findings if finding.verdict == "pass")
        assert not [one for one in findings if one.verdict in ("fail", "warn", "harness-error")]
    assert applied["PAR-14"] == 3


@pytest.mark.parametrize(
    ("broken", "space", "property"),
    [
        ("argues_about_rules", "changing", "PAR-14"),
        ("sweeps_the_book", "changing", "EXQ-02"),
        ("executes_old_decisions", "changing", "EXQ-04"),
        ("calls_it_even", "execution", "EXQ-05"),
        ("stop_on_the_wrong_side", "orders", "PAR-09"),
        ("sends_what_others_take", "binance_spot", "PAR-10"),
    ],
)
def test_who_is_wrong_is_caught_and_the_reference_is_not(broken: str, space: str, property: str) -> None:
    chosen = next(one for one in PROPERTIES if one.id == property)
    for index in range(30):
        made = generate(space, 1, index)
        if judge(chosen, Index(run(resolve(f"zoo:{broken}"), made))).verdict in ("fail", "warn"):
            right = judge(chosen, Index(run(resolve("agent:ccxt"), made)))
            assert right.verdict == "pass"
            return
    raise AssertionError("nothing was noticed")
