"""Rules that change under an agent: it asks once, makes the order anew, and does not ask for ever."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from fake import FakePort, order, run, task

from outtrade.model.task import Side
from outtrade_suites.agents.brain import Brain
from outtrade_suites.agents.port import Doubtful, Refused

D = Decimal
COARSE = {"tick": D("0.1"), "step": D("0.01"), "quantity_min": D("0.01"), "notional_min": D(20)}


class OffTick(Brain):
    """Sends prices as they come."""

    def price_on_grid(self, price: Decimal, side: Side, tick: Decimal) -> Decimal:
        return price


@pytest.fixture
def port() -> FakePort:
    made = FakePort()
    made.ruled = dict(COARSE)
    made.script["place"] = [Refused("rules", "Filter failure: PRICE_FILTER")]
    return made


def terms(port: FakePort) -> list[Any]:
    return [what[1] for op, _, what in port.calls if op == "place"]


def test_the_order_is_made_anew_by_the_rules_of_now(port: FakePort) -> None:
    report = run(port, task(order(limit_price="100.07", quantity="1.235")))
    assert [(one.price, one.quantity) for one in terms(port)] == [(D("100.07"), D("1.235")), (D("100.0"), D("1.23"))]
    assert len(port.sent("rules")) == 1
    assert [view.status for view in report.orders] == ["rejected", "cancelled"]


def test_what_has_become_impossible_is_refused(port: FakePort) -> None:
    report = run(port, task(order(quantity="0.15"), order("i2", at=20, quantity="0.16")))
    assert len(port.sent("place")) == 1, "the second is not even sent"
    assert {one.status for one in report.outcomes.values()} == {"refused"}


def test_rules_that_have_not_changed_are_not_asked_for_again(port: FakePort) -> None:
    port.ruled = {}
    port.script["place"] = [Refused("rules"), Refused("rules")]
    report = run(port, task(order(), order("i2", at=6)))
    assert len(port.sent("place")) == 2 and len(port.sent("rules")) == 1
    assert {one.status for one in report.outcomes.values()} == {"refused"}


def test_a_question_that_fails_is_put_again_before_anything_is_sent(port: FakePort) -> None:
    port.script["rules"] = [Doubtful("503"), Doubtful("503")]
    run(port, task(order(limit_price="100.07")))
    assert len(port.sent("rules")) == 3 and len(port.sent("place")) == 2
    assert [op for op, *_ in port.calls if op in ("rules", "place")] == ["place", "rules", "rules", "rules", "place"]


def test_a_stop_is_moved_to_the_new_grid_and_nothing_is_sold_for_it(port: FakePort) -> None:
    port.script["place"] = [None, Refused("rules")]
    bought = order(type="market", limit_price=None)
    guard = order("i2", at=8, side="sell", quantity=None, type=None, limit_price=None, stop_price="95.07")
    run(port, task(bought, guard.model_copy(update={"kind": "protect"})))
    assert [(one.type, one.stop_price) for one in terms(port)[1:]] == [("stop", D("95.07")), ("stop", D("95.1"))]


def test_the_outcome_counts_in_the_steps_of_the_start(port: FakePort) -> None:
    first = order(type="market", limit_price=None, quantity="1.239")
    report = run(port, task(first))
    assert (report.outcomes["i1"].status, report.outcomes["i1"].filled) == ("partial", D("1.23"))


def test_an_order_that_broke_the_rules_it_was_made_by_is_not_made_again(port: FakePort) -> None:
    """Seen with an agent whose quantities were off the step: it sent the same refused order for ever."""
    port.ruled = {}
    port.script["place"] = [Refused("rules")] * 3
    careless = order(limit_price="100.073")
    report = run(port, task(careless), OffTick)
    assert len(port.sent("place")) == 1 and report.outcomes["i1"].status == "refused"
