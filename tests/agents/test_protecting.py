"""Protection by the reference agents: covered for its full size, left where it cannot be, never too much."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from fake import Crash, FakePort, order, run, task

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


def move(**fields: Any) -> Intent:
    return Intent(id="m", tag="MOVEMOVE", kind="amend", target="g", at=60, **fields)


def steps(port: FakePort) -> list[tuple[str, float, Decimal | None]]:
    """What was cancelled and placed from the move to the clean-up: operation, run time, stop price."""
    return [
        (op, round(when, 1), what[1].stop_price if op == "place" else None)
        for op, when, what in port.calls
        if 60 <= when < 500 and op in ("cancel", "place")
    ]


HELD = order(type="market", limit_price=None)


def test_a_stop_that_moves_is_gone_before_the_new_one_comes_and_the_new_one_comes_at_once() -> None:
    port = FakePort()
    report = run(port, task(HELD, guard(), move(stop_price="98")))
    assert steps(port) == [("cancel", 60.0, None), ("place", 60.0, D(98))]
    assert (report.outcomes["m"].status, report.outcomes["g"].status) == ("done", "done")


def test_where_the_answer_to_the_cancel_is_lost_the_old_one_is_looked_up_first() -> None:
    for fate, cancels in (("lost", 1), ("absent", 2)):
        port = FakePort()
        port.script["cancel"] = [fate]
        report = run(port, task(HELD, guard(), move(stop_price="98")))
        assert [op for op, _, _ in steps(port)] == ["cancel"] * cancels + ["place"]
        assert steps(port)[-1][1] < 70
        assert report.outcomes["m"].status == "done"


def test_both_orders_of_a_pair_move() -> None:
    port = FakePort()
    run(port, task(HELD, guard(take_profit_price="110"), move(take_profit_price="105")))
    new = [what[1] for op, when, what in port.calls if op == "place" and when >= 60]
    assert [(terms.type, terms.stop_price, terms.price) for terms in new] == [
        ("stop", D(95), None),
        ("limit", None, D(105)),
    ]


def test_a_new_stop_that_the_market_has_passed_becomes_an_exit_and_the_move_failed() -> None:
    port = FakePort()
    port.script["place"] = [None, None, Refused("would_trigger", "Order would trigger immediately.")]
    report = run(port, task(HELD, guard(), move(stop_price="101")))
    assert [kind for _, kind, _ in placed(port)] == ["stop", "stop", "market"]
    assert report.outcomes["m"].status == "failed"


def test_a_take_profit_that_stays_where_it_was_is_no_proof_that_the_stop_has_moved() -> None:
    port = FakePort()
    port.script["place"] = [None, None, None, Refused("would_trigger", "Order would trigger immediately.")]
    report = run(port, task(HELD, guard(take_profit_price="110"), move(stop_price="101")))
    assert report.outcomes["m"].status == "failed"


def test_nothing_to_protect_is_nothing_to_move() -> None:
    port = FakePort()
    report = run(port, task(guard(), move(stop_price="98")))
    assert placed(port) == []
    assert report.outcomes["m"].status == "done"


def test_a_stop_that_was_moved_is_not_moved_back_after_a_restart() -> None:
    port, store = FakePort(), {}
    port.at(100, lambda: (_ for _ in ()).throw(Crash))
    with pytest.raises(Crash):
        run(port, task(HELD, guard(), move(stop_price="98"), store=store))
    port.closed = False
    before = len(port.calls)
    report = run(port, task(HELD, guard(), move(stop_price="98"), store=store, resumed=True))
    again = [op for op, when, _ in port.calls[before:] if op in ("cancel", "place") and when < 500]
    assert again == []
    assert report.outcomes["m"].status == "done"


def test_a_sale_by_another_intent_takes_the_stop_with_it() -> None:
    port = FakePort()
    sale = Intent(
        id="s", tag="SELLSELL", at=60, kind="order", symbol="BTC/USDT", side="sell", type="market", quantity="0.999"
    )
    run(port, task(HELD, guard(), sale))
    assert [op for op, _, _ in steps(port)] == ["place", "cancel"]
