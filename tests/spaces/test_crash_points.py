"""Crash points: every point of every order's life is in the list, once a round, and a correct agent survives it."""

from __future__ import annotations

from collections import Counter

import pytest

from outtrade import suites
from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.model.fault import POINTS, Crash
from outtrade.model.history import Crashed, Ledger
from outtrade.model.scenario import Scenario
from outtrade.targets import resolve
from outtrade_suites.spaces import generate
from outtrade_suites.spaces.crash_points import CANCELLED, CASES, ORDERS, STORES, Case

ROUND = [generate("crash_points", 1, index) for index in range(len(CASES))]


def test_the_list_holds_every_point_of_every_kind_of_order() -> None:
    assert {case.point for case in CASES} == set(POINTS)
    assert len(CASES) == len(set(CASES)) == 330
    for order in ORDERS:
        for store in STORES:
            mine = {(case.op, case.point) for case in CASES if (case.order, case.store) == (order, store)}
            assert {("place", point) for point in ("before_send", "after_send", "after_commit", "after_ack")} <= mine
            assert (("cancel", "during_cancel") in mine) is (order in CANCELLED)


def test_a_round_has_each_case_once() -> None:
    crashes = [scenario.faults[0] for scenario in ROUND]
    assert all(isinstance(crash, Crash) for crash in crashes)
    found = Counter((c.on.op, c.on.nth, c.point, c.store) for c in crashes if isinstance(c, Crash))
    assert found == Counter(case[1:] for case in CASES)
    for scenario in ROUND:
        assert Scenario.from_json(scenario.to_json()) == scenario
        crash = scenario.faults[0]
        assert isinstance(crash, Crash) and crash.on.before is not None
        assert crash.on.before + crash.downtime <= scenario.until - scenario.bounds.settle


@pytest.mark.parametrize(
    "case",
    [
        Case("market", "place", 1, "after_commit", "lost"),
        Case("resting", "cancel", 1, "during_cancel", "stale"),
        Case("completed", "place", 2, "after_send", "kept"),
        Case("limit", "any", 1, "after_store_set", "stale"),
    ],
)
def test_a_correct_agent_survives(case: Case) -> None:
    assert case in CASES
    history = run(resolve("agent:httpx"), generate("crash_points", 1, 0, pins={"case": case}))
    assert {event.status for event in history.events if isinstance(event, Ledger)} == {"landed"}
    assert [event.point for event in history.events if isinstance(event, Crashed)] == [case.point]
    verdicts = {finding.verdict for finding in judge_history(history, suites.load().properties)}
    assert verdicts <= {"pass", "not-applicable"}
