"""Amendments by the reference agents: the new total, once; in place, or as a new order after the old one is gone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from fake import Crash, FakePort, order, run, task

from outtrade.model.task import Intent

D = Decimal


def amend(**fields: Any) -> Intent:
    return Intent(id="m", tag="AMENDAME", kind="amend", target="i1", at=20, **{"quantity": "0.6", **fields})


def asked(port: FakePort) -> list[Decimal]:
    return [what[1] for op, _, what in port.calls if op == "amend"]


def test_the_new_total_counts_what_is_filled() -> None:
    port = FakePort()
    port.at(10, lambda: port.fill("100", "0.4"))
    report = run(port, task(order(expires=100), amend()))
    assert asked(port) == [D("0.6")]
    assert (report.outcomes["m"].status, report.outcomes["i1"].status) == ("done", "partial")
    assert report.orders[0].quantity == D("0.6")


def test_a_lost_answer_is_looked_up_and_not_sent_again_where_it_arrived() -> None:
    port = FakePort()
    port.script["amend"] = ["lost"]
    report = run(port, task(order(expires=100), amend()))
    assert asked(port) == [D("0.6")]
    assert report.outcomes["m"].status == "done"


def test_one_that_never_arrived_is_sent_again() -> None:
    port = FakePort()
    port.script["amend"] = ["absent"]
    report = run(port, task(order(expires=100), amend()))
    assert asked(port) == [D("0.6"), D("0.6")]
    assert report.outcomes["m"].status == "done"


def test_an_order_that_ended_cannot_be_amended() -> None:
    port = FakePort()
    port.at(10, lambda: port.fill("100", "1"))
    report = run(port, task(order(), amend()))
    assert asked(port) == []
    assert report.outcomes["m"].status == "failed"


def test_more_filled_than_is_wanted_ends_the_order() -> None:
    port = FakePort()
    port.at(10, lambda: port.fill("100", "0.8"))
    report = run(port, task(order(), amend()))
    assert asked(port) == []
    assert (report.outcomes["m"].status, report.outcomes["i1"].status) == ("failed", "partial")


def sent(port: FakePort) -> list[tuple[str, Decimal | None, Decimal | None]]:
    """What was cancelled and placed between the amendment and the clean-up: operation, quantity, price."""
    return [
        (op, *((what[1].quantity, what[1].price) if op == "place" else (None, None)))
        for op, when, what in port.calls
        if 20 <= when < 100 and op in ("cancel", "place")
    ]


def test_more_than_it_has_is_a_new_order_for_the_rest_of_the_new_total() -> None:
    port = FakePort()
    port.at(10, lambda: port.fill("100", "0.4"))
    report = run(port, task(order(expires=100), amend(quantity="2")))
    assert asked(port) == []
    assert sent(port) == [("cancel", None, None), ("place", D("1.6"), D(100))]
    assert (report.outcomes["m"].status, report.outcomes["i1"].status) == ("done", "partial")


def test_another_price_takes_what_is_left_along_once_the_old_order_is_seen_to_be_gone() -> None:
    for fate, cancels in (("lost", 1), ("absent", 2)):
        port = FakePort()
        port.at(10, lambda port=port: port.fill("100", "0.4"))  # type: ignore[misc]
        port.script["cancel"] = [fate]
        report = run(port, task(order(expires=100), amend(quantity=None, limit_price="101")))
        assert sent(port) == [("cancel", None, None)] * cancels + [("place", D("0.6"), D(101))]
        assert report.outcomes["m"].status == "done"


def test_what_filled_in_the_race_is_not_bought_again() -> None:
    port = FakePort()
    port.script["cancel"] = [lambda: port.fill("100", "1")]
    report = run(port, task(order(expires=100), amend(quantity=None, limit_price="101")))
    assert sent(port) == [("cancel", None, None)]
    assert (report.outcomes["m"].status, report.outcomes["i1"].status) == ("failed", "done")


def test_a_new_price_that_the_venue_would_not_take_leaves_the_order_alone() -> None:
    port = FakePort()
    report = run(port, task(order(expires=100), amend(quantity=None, limit_price="900")))
    assert sent(port) == []
    assert report.outcomes["m"].status == "refused"


def test_a_crash_between_the_steps_is_no_reason_to_forget_the_second() -> None:
    port, store = FakePort(), {}
    port.script["cancel"] = ["crash after"]
    change = amend(quantity=None, limit_price="101")
    with pytest.raises(Crash):
        run(port, task(order(expires=100), change, store=store))
    port.closed = False
    report = run(port, task(order(expires=100), change, store=store, resumed=True))
    assert sent(port) == [("cancel", None, None), ("place", D(1), D(101))]
    assert report.outcomes["m"].status == "done"
