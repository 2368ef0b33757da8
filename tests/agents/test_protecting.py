"""Protection by the reference agents: covered for its full size, left where it cannot be, never too much."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fake import FakePort, order, run, task

from outtrade.model.task import Intent
from outtrade_suites.agents.port import Refused

D = Decimal


def guard(**fields: Any) -> Intent:
    common = {"symbol": "BTC/USDT", "side": "sell", "stop_price": "95"}
    return Intent(id="g", tag="GUARDGRD", at=10, kind="protect", **{**common, **fields})


def placed(port: FakePort) -> list[tuple[float, str, Decimal | None]]:
    """Run time, type and quantity of what was sent for the guard."""
    return [
        (round(when, 1), what[1].type, what[1].quantity)
        for op, when, what in port.calls
        if op == "place" and what[0].startswith("GUARDGRD")
    ]


def test_one_stop_for_what_is_held_and_it_goes_in_the_end() -> None:
    port = FakePort()
    report = run(port, task(order(type="market", limit_price=None), guard()))
    assert placed(port) == [(10.0, "stop", D("0.999"))]
    assert report.outcomes["g"].status == "done"
    assert all(state.status != "open" for state in port.orders.values())


def test_what_is_filled_later_gets_a_stop_of_its_own() -> None:
    port = FakePort()
    port.at(8, lambda: port.fill("100", "0.4"))
    port.at(40, lambda: port.fill("100", "0.6"))
    run(port, task(order(), guard()))
    sizes = placed(port)
    assert [size for _, _, size in sizes] == [D("0.399"), D("0.6")]
    assert sizes[1][0] < 45


def test_a_pair_where_there_is_a_target() -> None:
    port = FakePort()
    run(port, task(order(type="market", limit_price=None), guard(take_profit_price="110")))
    assert [(kind, size) for _, kind, size in placed(port)] == [("stop", D("0.999")), ("limit", D("0.999"))]


def test_a_stop_that_the_market_has_passed_becomes_an_exit() -> None:
    port = FakePort()
    port.script["place"] = [None, Refused("would_trigger", "Order would trigger immediately.")]
    report = run(port, task(order(type="market", limit_price=None), guard()))
    assert [kind for _, kind, _ in placed(port)] == ["stop", "market"]
    assert report.outcomes["g"].status == "failed"
    assert any("refused" in alert.text for alert in report.alerts)


def test_the_same_stop_under_the_same_id_after_it_is_proven_absent() -> None:
    port = FakePort()
    port.script["place"] = [None, "absent"]
    run(port, task(order(type="market", limit_price=None), guard()))
    sent = [what[0] for op, _, what in port.calls if op == "place"]
    assert sent[1:] == ["GUARDGRD-1", "GUARDGRD-1"]
    assert port.sent("place")[2] >= 10 + 30


def test_dust_needs_no_stop() -> None:
    port = FakePort()
    report = run(port, task(order(type="market", limit_price=None, quantity="0.051"), guard(stop_price="90")))
    assert placed(port) == []
    assert report.outcomes["g"].status == "done"


def test_a_flatten_takes_the_stop_away_first() -> None:
    port = FakePort()
    flat = Intent(id="f", tag="FLATFLAT", at=60, kind="flatten", symbol="BTC/USDT")
    report = run(port, task(order(type="market", limit_price=None), guard(), flat))
    ops = [op for op, when, _ in port.calls if when >= 60 and op in ("cancel", "place")]
    assert ops == ["cancel", "place"]
    assert report.outcomes["f"].status == "done"
