"""The plan: triggers count matching operations, the first match decides, the ledger is honest."""

from __future__ import annotations

import pytest

from outtrade.faults.plan import Plan, op_matches
from outtrade.model.fault import Blackhole, Latency, LostAnswer, RateLimit, StreamClose, Trigger
from outtrade.model.history import NS
from outtrade.model.task import Intent
from outtrade_mocks.venues.api import Call


def place(client_id: str = "TAG00001-1", symbol: str = "BTC/USDT", op: str = "place") -> Call:
    return Call(op, "POST", "/api/v3/order", {}, client_id=client_id, symbol=symbol)


def intent(tag: str, symbol: str, side: str, at: float = 0) -> Intent:
    return Intent.model_validate({"id": tag, "tag": tag, "at": at, "kind": "order", "symbol": symbol, "side": side})


@pytest.mark.parametrize(
    ("wanted", "op", "expected"),
    [
        ("place", "place", True),
        ("place", "cancel", False),
        ("any", "depth", True),
        ("read", "trades", True),
        ("read", "depth", False),
        ("write", "cancel", True),
        ("write", "query", False),
    ],
)
def test_operation_names(wanted: str, op: str, expected: bool) -> None:
    assert op_matches(wanted, op) is expected


def test_fires_from_nth_on_and_only_so_often() -> None:
    plan = Plan([Latency(on=Trigger(op="place", nth=2, times=2), delay=1)])
    fired = []
    for number in range(5):
        armed = plan.match(place(), 0, "latency")
        fired.append(armed is not None)
        if armed is not None:
            armed.landed(call=number)
    assert fired == [False, True, True, False, False]
    assert next(iter(plan.ledger())).status == "landed"
    assert next(iter(plan.ledger())).times == 2


def test_a_fault_that_could_not_land_waits_for_the_next_operation_and_is_incomplete_if_none_comes() -> None:
    plan = Plan([Latency(on=Trigger(op="place"), delay=1)])
    assert plan.match(place(), 0, "latency") is not None  # offered, not landed
    assert next(iter(plan.ledger())).status == "incomplete"
    again = plan.match(place(), 0, "latency")
    assert again is not None
    again.landed()
    assert next(iter(plan.ledger())).status == "landed"


def test_operation_that_never_occurred_is_not_exercised() -> None:
    plan = Plan([Latency(on=Trigger(op="cancel"), delay=1)])
    assert plan.match(place(), 0, "latency") is None
    assert next(iter(plan.ledger())).status == "not-exercised"


def test_tag_symbol_and_window_restrict() -> None:
    plan = Plan(
        [Latency(on=Trigger(op="place", tag="TAG00002", symbol="ETH/USDT", after=10, before=20), delay=1)],
        [intent("TAG00001", "BTC/USDT", "buy"), intent("TAG00002", "ETH/USDT", "sell")],
    )
    right = place("TAG00002-1", "ETH/USDT")
    assert plan.match(right, 9 * NS, "latency") is None
    assert plan.match(right, 20 * NS, "latency") is None
    assert plan.match(place("TAG00001-1", "ETH/USDT"), 15 * NS, "latency") is None
    assert plan.match(place("TAG00002-1", "BTC/USDT"), 15 * NS, "latency") is None
    assert plan.match(right, 15 * NS, "latency") is not None


def test_first_match_in_the_order_of_the_plan_decides() -> None:
    plan = Plan([LostAnswer(on=Trigger(op="place")), RateLimit(on=Trigger(op="any"))])
    armed = plan.match(place(), 0, "rate_limit", "lost_answer")
    assert armed is not None
    assert armed.index == 0


def test_a_tag_is_found_by_symbol_and_side_where_the_client_id_does_not_carry_it() -> None:
    plan = Plan([], [intent("TAG00001", "BTC/USDT", "buy"), intent("TAG00002", "BTC/USDT", "sell", at=50)])
    anonymous = place("mine-1")
    anonymous.order = {"symbol": "BTC/USDT", "side": "sell"}
    assert plan.tag_of(anonymous, 60 * NS) == "TAG00002"
    assert plan.tag_of(anonymous, 40 * NS) is None
    assert plan.tag_of(place("x-TAG00001-7"), 60 * NS) == "TAG00001"
    assert plan.tag_of(place("mine-1", "ETH/USDT"), 60 * NS) is None


def test_windows_are_half_open() -> None:
    plan = Plan([Blackhole(on=Trigger(after=5), duration=10), StreamClose(on=Trigger(after=7), down=3)])
    assert plan.window("blackhole", 5 * NS - 1) is None
    assert plan.window("blackhole", 5 * NS) is not None
    assert plan.window("blackhole", 15 * NS) is None
    assert plan.window("stream_close", 9 * NS) is not None
    assert plan.window("stream_close", 10 * NS) is None


def test_planned_events_name_the_variant() -> None:
    plan = Plan([LostAnswer(on=Trigger(op="place"), committed=False, symptom="reset")])
    assert [event.variant for event in plan.planned()] == ["lost_answer.reset.absent"]


def test_a_fault_armed_later_counts_too() -> None:
    plan = Plan([Latency(on=Trigger(op="place"), delay=1)])
    assert [armed.index for armed in plan.of("latency", "rate_limit")] == [0]
    assert plan.window("blackhole", 5 * NS) is None
    plan.add(RateLimit(on=Trigger(op="any"), duration=5))
    plan.add(Blackhole(on=Trigger(op="any", after=5), duration=10))
    assert [armed.index for armed in plan.of("latency", "rate_limit")] == [0, 1]
    assert plan.window("blackhole", 5 * NS) is not None
