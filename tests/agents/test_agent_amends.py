"""Amendments by the reference agents: the new total, once, and only what the order can take."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fake import FakePort, order, run, task

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


def test_more_than_it_has_is_refused() -> None:
    port = FakePort()
    report = run(port, task(order(expires=100), amend(quantity="2")))
    assert asked(port) == []
    assert report.outcomes["m"].status == "refused"
