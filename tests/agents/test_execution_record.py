"""What an execution cost: the record, the pieces that suit the book, and decisions that have become old."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from fake import FakePort, order, run, task

from outtrade.model.task import ExecutionView, Intent
from outtrade_suites.agents.port import Doubtful, Quote, Refused

D = Decimal


@pytest.fixture
def port() -> FakePort:
    return FakePort()


def trade(**fields: Any) -> Intent:
    return order(type=None, limit_price=None, **fields).model_copy(update={"kind": "trade"})


def record(port: FakePort, intent: Intent) -> ExecutionView:
    found = run(port, task(intent)).outcomes["i1"].execution
    assert found is not None
    return found


def asked(port: FakePort) -> list[tuple[str, Any]]:
    """(client order id, terms) of every order request."""
    return [what for op, _, what in port.calls if op == "place"]


def test_slippage_counts_from_the_limit_and_is_bad_when_positive(port: FakePort) -> None:
    port.at(20, lambda: port.fill("100", "1"))
    port.link = None
    assert record(port, order(limit_price="100")) == ExecutionView(
        intended_price=D(100), slippage_bps=D(0), partial_fill=False, latency=0
    )


def test_a_market_order_counts_from_the_mid_it_was_decided_on(port: FakePort) -> None:
    port.script["quote"] = [lambda: setattr(port, "shown", Quote(D("99.5"), D("100.3")))]
    made = record(port, order(type="market", limit_price=None, side="sell"))
    assert made.intended_price == D("99.9") and made.slippage_bps is not None
    assert round(made.slippage_bps, 2) == D("-10.01"), "sold for 100: better than intended"


def test_a_part_is_a_part_and_nothing_has_no_slippage(port: FakePort) -> None:
    port.at(20, lambda: port.fill("100", "0.4"))
    assert record(port, order()).partial_fill is True
    other = record(FakePort(), order())
    assert (other.partial_fill, other.slippage_bps) == (False, None)


def test_latency_runs_until_the_lost_order_is_found(port: FakePort) -> None:
    port.script["place"], port.script["order"] = ["lost"], [Doubtful("503"), Doubtful("503")]
    latency = record(port, order()).latency
    assert latency is not None and latency == pytest.approx(port.sent("order")[2] - port.sent("place")[0])


def test_pieces_are_as_large_as_what_stands_near_the_touch(port: FakePort) -> None:
    thin = ((D("100.01"), D("0.3")), (D("100.05"), D("0.2")), (D("100.3"), D(9)))
    port.shown = Quote(D("99.99"), D("100.01"), (), thin)
    run(port, task(trade(max_slippage_bps=20, expires=200)))
    ((_, first),) = asked(port)
    assert (first.quantity, first.price, first.time_in_force) == (D("0.5"), D("100.09"), "IOC")


def test_when_time_runs_out_the_whole_bound_is_used(port: FakePort) -> None:
    port.shown = Quote(D("99.99"), D("100.01"), (), ((D("100.01"), D("0.3")),))
    run(port, task(trade(max_slippage_bps=20, at=5, expires=40)))
    ((_, only),) = asked(port)
    assert (only.quantity, only.price) == (D(1), D("100.20"))


def test_too_little_near_the_touch_is_waited_for(port: FakePort) -> None:
    port.shown = Quote(D("99.99"), D("100.01"), (), ((D("100.01"), D("0.02")),))
    port.at(30, lambda: setattr(port, "shown", Quote(D("99.99"), D("100.01"), (), ((D("100.01"), D(2)),))))
    run(port, task(trade(max_slippage_bps=20, expires=200)))
    assert asked(port)[0][1].quantity == 1 and 30 <= port.sent("place")[0] < 40


def test_an_order_that_was_held_up_is_decided_anew(port: FakePort) -> None:
    port.script["place"] = [Refused("rate", retry_after=30)]
    port.at(20, lambda: setattr(port, "shown", Quote(D("99.89"), D("99.91"), (), ((D("99.91"), D(9)),))))
    run(port, task(trade(max_slippage_bps=50, max_age=5, expires=200)))
    (first, before), (second, after) = asked(port)
    assert first != second and before.price > after.price
    assert port.sent("place")[1] - port.sent("quote")[1] < 1


def test_the_same_terms_keep_their_id(port: FakePort) -> None:
    port.script["place"] = ["absent"]
    run(port, task(trade(max_slippage_bps=50, max_age=5, expires=200)))
    assert len({name for name, _ in asked(port)}) == 1 and len(port.sent("quote")) == 2


def test_without_a_limit_on_age_nothing_is_read_twice(port: FakePort) -> None:
    port.script["place"] = [Refused("rate", retry_after=30)]
    run(port, task(trade(max_slippage_bps=50, expires=200)))
    assert len(asked(port)) == 2 and len(port.sent("quote")) == 1
