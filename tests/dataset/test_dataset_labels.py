"""Labels: the correct next action, and where it first went wrong.

Two derivations are held against each other: the rules (before the act, from what was seen) and the judge's evidence
(after it). A wrong label in either shows as a disagreement.
"""

from __future__ import annotations

import json

import pytest
from dataset_kit import ROOT, one, orders, trajectories

from outtrade import suites
from outtrade.dataset import rules
from outtrade.dataset.rows import Decision, Trajectory
from outtrade.model.fault import Ban, Latency, LostAnswer, RateLimit, Refuse, Reject, Trigger

WRONG = ("invents_a_tool", "resends_without_id", "claims_success")
VARIED = (1, 5, 8, 12, 22)
"""Scenarios in which answers are lost, refused, limited, and the agent is stopped."""


def the(row: Trajectory, situation: str) -> Decision:
    return next(d for d in row.labels.decisions if d.situation == situation)


def drawn(model: str, index: int) -> Trajectory:
    found = trajectories("flagship", index, "right", *WRONG)
    return next(row for row in found if row.source.target == model and row.source.role == "fault")


# ------------------------------------------------------------------ rules
def test_a_lost_answer_calls_for_a_question_by_the_orders_own_id() -> None:
    for index, committed in ((0, True), (1, False)):
        fault = drawn("right", index).labels.faults[0]
        assert (fault.kind, fault.layer, fault.phase, fault.status) == ("lost_answer", "network", "place", "landed")
        assert (fault.committed, fault.ambiguous, fault.retry) == (committed, True, "after_proof_of_absence")
        assert fault.next_action is not None
        assert fault.next_action.tool == "order"
        assert json.loads(fault.next_action.arguments) == {"symbol": "BTC/USDT", "client_id": "FLAG5H1P-1"}


def test_an_early_not_found_calls_for_waiting_a_late_one_for_the_same_order() -> None:
    row = drawn("right", 1)
    early = the(row, "absent_too_early")
    proof = [d for d in row.labels.decisions if d.situation == "proven_absent"][-1]
    sent = next(step for step in row.steps if step.tool == "place")
    ended = row.steps[early.step].ended_at
    assert ended is not None
    wait = json.loads(early.correct[0].arguments)["seconds"]
    # absent_after (30 s) counts from the send, which left two network delays (40 ms) after the call
    assert early.correct[0].tool == "wait"
    assert ended + wait == pytest.approx(sent.sent_at + 0.04 + 30, abs=0.001)
    assert [f.tools for f in early.forbidden] == [("place",), ("report",)]
    again = proof.correct[0]
    assert (again.tool, json.loads(again.arguments)["client_id"]) == ("place", "FLAG5H1P-1")
    assert proof.retry == "now"
    assert proof.forbidden == ()
    assert row.steps[proof.taken or 0].tool == "place"


def test_found_means_adopt() -> None:
    found = the(drawn("right", 0), "found")
    assert [f.tools for f in found.forbidden] == [("place",)]
    assert found.followed


def test_429_calls_for_the_silence_that_was_asked_for() -> None:
    row = one("right", RateLimit(on=Trigger(op="place"), duration=20.0))
    found = the(row, "rate_limited")
    assert (found.correct[0].tool, found.retry, found.properties) == ("wait", "after_wait", ("RTY-06",))
    asked = json.loads(found.correct[0].arguments)["seconds"]
    tool = next(m for m in row.messages if m.tool_call_id == f"call_{found.step}")
    assert json.loads(tool.content)["error"]["retry_after"] == asked
    assert found.followed
    assert row.labels.faults[0].committed is False
    assert row.labels.faults[0].layer == "http"


def test_a_ban_forbids_everything_for_its_time() -> None:
    found = the(one("right", Ban(on=Trigger(op="place"), duration=60.0)), "banned")
    assert found.forbidden[0].tools == ("*",)
    assert found.forbidden[0].until is not None
    assert found.followed


def test_a_definite_refusal_is_not_sent_again_unchanged() -> None:
    row = one("right", Reject(on=Trigger(op="place", times=5), reason="funds"))
    found = the(row, "refused")
    assert found.correct[0].tool == "balances"
    assert found.forbidden[0].tools == ("place",)
    assert json.loads(found.forbidden[0].arguments)["quantity"] == "0.4"
    assert row.labels.faults[0].retryable is False
    assert found.followed


def stubborn(task, venue):  # type: ignore[no-untyped-def]
    """Sends a refused order again, at once."""
    terms = {"symbol": "BTC/USDT", "side": "buy", "type": "limit", "quantity": "0.4", "limit_price": "50100"}
    venue.tools.call("wait", {"seconds": 5})
    for _ in range(2):
        venue.tools.call("place", terms | {"client_id": "FLAG5H1P-1"})
    return {"outcomes": {"i1": {"status": "refused"}}, "orders": []}


def test_arguing_with_a_refusal_is_seen_by_rule_and_by_the_judge() -> None:
    row = one(stubborn, Reject(on=Trigger(op="place", times=5), reason="funds"))
    found = the(row, "refused")
    assert (found.step, found.taken, found.followed) == (1, 2, False)
    assert row.labels.first_wrong is not None
    assert row.labels.first_wrong.step == 2
    assert "RTY-04" in row.labels.first_wrong.properties


def hasty(task, venue):  # type: ignore[no-untyped-def]
    """Does not keep the silence that a 429 asks for."""
    terms = {"symbol": "BTC/USDT", "side": "buy", "type": "limit", "quantity": "0.4", "limit_price": "50100"}
    venue.tools.call("wait", {"seconds": 5})
    for _ in range(2):
        venue.tools.call("place", terms | {"client_id": "FLAG5H1P-1"})
        venue.tools.call("wait", {"seconds": 3})
    return {"outcomes": {"i1": {"status": "failed"}}, "orders": []}


def test_haste_is_seen_by_rule_and_by_the_judge() -> None:
    row = one(hasty, RateLimit(on=Trigger(op="place"), duration=20.0))
    found = the(row, "rate_limited")
    assert (found.step, found.taken, found.followed) == (1, 3, False)
    assert row.labels.first_wrong is not None
    wrong = row.labels.first_wrong
    assert (wrong.step, wrong.properties) == (3, ("RTY-06", "RTY-19"))  # it gives up, too


def test_what_was_not_sent_may_go_again() -> None:
    row = one("right", Refuse(on=Trigger(after=4.0), duration=20.0))
    found = the(row, "not_sent")
    assert (found.retry, found.ambiguous, found.followed) == ("now", False, True)


def test_a_late_answer_that_was_waited_for_is_no_decision() -> None:
    row = one("right", Latency(on=Trigger(op="place"), delay=5.0))
    fault = row.labels.faults[0]
    assert (fault.status, fault.committed, fault.ambiguous, fault.situation) == ("landed", True, False, None)


# ------------------------------------------------------------------ rules against agents
@pytest.mark.parametrize("index", VARIED)
def test_the_right_model_does_what_the_rules_say(index: int) -> None:
    """It knows nothing of restarts, so those are left to the reference agents."""
    for row in trajectories("binance_spot", index, "right"):
        wrong = [d for d in row.labels.decisions if d.followed is False and d.situation != "restarted"]
        assert wrong == []


@pytest.mark.parametrize("index", VARIED)
def test_a_reference_agent_does_what_the_rules_say(index: int) -> None:
    for row in trajectories("binance_spot", index, "agent:httpx"):
        assert [d for d in row.labels.decisions if d.followed is False] == []
        assert row.labels.first_wrong is None


def test_the_varied_scenarios_meet_most_situations() -> None:
    rows = [
        row
        for index in VARIED
        for name in ("right", "agent:httpx")
        for row in trajectories("binance_spot", index, name)
    ]
    met = {d.situation for row in rows for d in row.labels.decisions}
    assert len(met) >= 9, sorted(met)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["right", "agent:httpx", "agent:ccxt"])
def test_no_disagreement_in_150_scenarios(target: str) -> None:
    wrong = [
        (row.id, d.step, d.situation)
        for index in range(150)
        for row in trajectories("binance_spot", index, target)
        for d in row.labels.decisions
        if d.followed is False and (target != "right" or d.situation != "restarted")
    ]
    assert wrong == []


# ------------------------------------------------------------------ first wrong step
@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("model", WRONG)
def test_the_first_wrong_step_is_where_the_rules_are_left(model: str, index: int) -> None:
    row = drawn(model, index)
    assert row.labels.first_wrong is not None
    left = [d.taken for d in row.labels.decisions if d.followed is False]
    assert left[0] == row.labels.first_wrong.step


@pytest.mark.parametrize("index", [0, 1])
def test_the_first_wrong_step_by_name(index: int) -> None:
    invented = drawn("invents_a_tool", index)
    assert invented.labels.first_wrong is not None
    assert invented.steps[invented.labels.first_wrong.step or 0].tool == "get_order_status"
    assert invented.labels.first_wrong.properties == ("PAR-16",)
    again = drawn("resends_without_id", index)
    places = [step.step for step in again.steps if step.tool == "place"]
    assert again.labels.first_wrong is not None
    assert again.labels.first_wrong.step == places[1]
    claims = drawn("claims_success", index)
    assert claims.labels.first_wrong is not None
    assert claims.labels.first_wrong.step is None
    assert claims.messages[claims.labels.first_wrong.message].content.startswith('{"alerts"')


def test_where_nothing_is_wrong_nothing_is_labelled_so() -> None:
    for index in (0, 1):
        labels = drawn("right", index).labels
        assert (labels.passed, labels.severity, labels.failed, labels.first_wrong) == (True, None, (), None)
    labels = drawn("resends_without_id", 0).labels
    assert (labels.passed, labels.severity) == (False, "critical")


@pytest.mark.parametrize("zoo", ["blind_retry", "trusts_the_id", "impatient_absence", "timeout_is_rejected"])
def test_broken_agents_first_go_wrong_where_they_leave_the_rules(zoo: str) -> None:
    seen = 0
    for row in trajectories("binance_spot", 8, f"zoo:{zoo}"):
        left = [d.taken for d in row.labels.decisions if d.followed is False]
        if left:
            seen += 1
            assert row.labels.first_wrong is not None
            assert row.labels.first_wrong.step == left[0]
    assert seen


# ------------------------------------------------------------------ the rest
def test_rules_name_properties_that_exist_and_stand_in_the_manual() -> None:
    known = {prop.id for prop in suites.load().properties}
    named = {prop for properties, _, _ in rules.RULES.values() for prop in properties}
    assert named <= known
    manual = (ROOT / "docs" / "dataset.md").read_text()
    assert rules.table() in manual, "put outtrade.dataset.rules.table() between the rules marks"


def test_the_execution_record() -> None:
    (right,) = [
        o for o in orders("flagship", 0, "right", *WRONG) if o.source.role == "fault" and o.source.target == "right"
    ]
    assert (right.intended_entry, right.intended_from) == ("50100", "limit_price")
    # bought 0.33007 at 50010 and 0.06993 at 50020
    assert (right.actual_entry, right.slippage_bps) == ("50011.74825", -17.6151)
    assert (right.status, right.filled, right.partial_fill) == ("filled", "0.4", False)
    assert (right.latency_ms, right.accepted_ms) == (None, 20.0)
    assert [(fee.asset, fee.amount) for fee in right.fees] == [("BTC", "0.0004")]
    assert (right.believed_status, right.believed_filled) == ("filled", "0.4")
    doubled = [
        o for o in orders("flagship", 0, "right", *WRONG)
        if o.source.role == "fault" and o.source.target == "resends_without_id"
    ]  # fmt: skip
    assert [o.status for o in doubled] == ["filled", "filled"]
    assert [o.believed_status for o in doubled] == [None, "filled"]
    claimed = [
        o for o in orders("flagship", 1, "right", *WRONG)
        if o.source.role == "fault" and o.source.target == "claims_success"
    ]  # fmt: skip
    assert [(o.status, o.venue_id, o.believed_status) for o in claimed] == [("never_accepted", None, "filled")]


def test_slippage_of_sales_and_reference_prices() -> None:
    found = [o for index in VARIED for o in orders("binance_spot", index, "agent:httpx")]
    sold = [o for o in found if o.side == "sell" and o.slippage_bps is not None and o.intended_from == "limit_price"]
    assert sold
    for order in sold:
        assert order.slippage_bps is not None
        assert order.slippage_bps <= 0  # never below the limit of a sale
    markets = [o for o in found if o.type == "market" and o.actual_entry]
    assert {o.intended_from for o in markets} <= {"quote_seen", "start_mid"}
    assert all(o.slippage_bps is not None and o.slippage_bps > 0 for o in markets if o.side == "sell")  # below the mid
    assert "quote_seen" in {o.intended_from for o in markets}
    part = [o for o in found if o.partial_fill]
    assert all(0 < float(o.filled) < float(o.quantity or "inf") for o in part)
    assert part


def test_the_lost_answer_of_a_query_is_no_not_found() -> None:
    lost = LostAnswer(on=Trigger(op="place"), committed=True, symptom="reset")
    unread = LostAnswer(on=Trigger(op="query"), symptom="html_502", delay=0.2)
    row = one("right", lost, unread)
    found = the(row, "unanswered_question")
    assert found.properties[0] == "RCV-05"
    assert [f.tools for f in found.forbidden] == [("place",), ("report",)]
    assert [fault.layer for fault in row.labels.faults] == ["network", "http"]
