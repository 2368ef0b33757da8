"""Protection that follows the price, by the reference agents: one order a fill, in the venue's unit, kept as it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from fake import RULES, Crash, FakePort, order, run, task

from outtrade.dialects.binance_spot import order_params, read_event, read_order
from outtrade.model.task import Intent
from outtrade_suites.agents.port import Refused, Terms
from outtrade_suites.agents.state import Order

D = Decimal
HELD = order(type="market", limit_price=None)


class TrailPort(FakePort):
    offers = FakePort.offers | {"trail"}


def guard(**fields: Any) -> Intent:
    common = {"symbol": "BTC/USDT", "side": "sell", "trail": "150"}
    return Intent(id="g", tag="GUARDGRD", at=10, kind="protect", **{**common, **fields})


def placed(port: FakePort) -> list[tuple[str, Decimal | None, Decimal | None]]:
    """Type, quantity and distance of what was sent for the guard."""
    calls = [what for op, _, what in port.calls if op == "place" and what[0].startswith("GUARDGRD")]
    return [(terms.type, terms.quantity, terms.trail) for _, terms in calls]


def test_one_order_for_what_is_held_and_another_for_what_comes() -> None:
    port = TrailPort()
    port.at(8, lambda: port.fill("100", "0.4"))
    port.at(40, lambda: port.fill("100", "0.6"))
    report = run(port, task(order(), guard()))
    assert placed(port) == [("trailing_stop", D("0.399"), D(150)), ("trailing_stop", D("0.6"), D(150))]
    assert report.outcomes["g"].status == "done"
    assert [view.type for view in report.orders if view.intent == "g"] == ["trailing_stop"] * 2


def test_a_distance_finer_than_the_grid_is_cut_and_nothing_is_no_distance() -> None:
    port = TrailPort()
    run(port, task(HELD, guard(trail="150.9")))
    assert placed(port) == [("trailing_stop", D("0.999"), D(150))]
    port = TrailPort()
    assert run(port, task(HELD, guard(trail="0.5"))).outcomes["g"].status == "refused"
    assert placed(port) == []


def test_where_there_is_no_such_stop_the_intent_is_refused() -> None:
    port = FakePort()
    assert run(port, task(HELD, guard())).outcomes["g"].status == "refused"
    assert placed(port) == []


@pytest.mark.parametrize("kind", ["other", "rules"])
def test_a_stop_that_is_refused_for_good_becomes_an_exit(kind: Any) -> None:
    """Also by a rule: the rules are read, and what would be the same once more is not sent."""
    port = TrailPort()
    port.script["place"] = [None, Refused(kind, "Filter failure: TRAILING_DELTA")]
    report = run(port, task(HELD, guard()))
    assert [kind for kind, _, _ in placed(port)] == ["trailing_stop", "market"]
    assert report.outcomes["g"].status == "failed"


def test_too_many_stops_make_room_at_the_newest_end() -> None:
    port = TrailPort()
    for number, at in enumerate((8, 20, 30, 40)):
        port.at(at, lambda number=number: port.fill("100", "0.2"))
    run(port, task(order(), guard()))
    cancelled = [what for op, when, what in port.calls if op == "cancel" and when < 500]
    third = next(venue_id for venue_id, state in port.orders.items() if state.client_id.startswith("GUARDGRD-3"))
    assert cancelled[0] == third
    kept = [size for _, size, _ in placed(port)]
    assert kept == [D("0.199"), D("0.2"), D("0.2"), D("0.4")]


def test_too_little_to_sell_needs_no_stop() -> None:
    port = TrailPort()
    run(port, task(order(type="market", limit_price=None, quantity="0.051"), guard(trail="500")))
    assert placed(port) == []
    assert RULES.notional_min == D(5)


@pytest.mark.parametrize("point", ["crash before", "crash after"])
def test_after_a_restart_there_is_one_stop_at_the_same_distance(point: str) -> None:
    """Also where the position has grown meanwhile: what may have been sent is settled first, and at once."""
    port, store = TrailPort(), dict[str, Any]()
    port.script["place"] = [None, point]
    more = order(id="i2", at=30, type="market", limit_price=None)
    with pytest.raises(Crash):
        run(port, task(HELD, guard(), more, store=store))
    port.closed = False
    before = len(port.calls)
    run(port, task(HELD, guard(), more, store=store, resumed=True))
    again = [what[1] for op, _, what in port.calls[before:] if op == "place" and what[0].startswith("GUARDGRD")]
    sizes = [D("1.998")] if point == "crash before" else [D("0.999")]
    assert [(terms.quantity, terms.trail) for terms in again] == [(size, D(150)) for size in sizes]
    assert max(when for op, when, what in port.calls if op == "place") < 60


def test_the_distance_travels_in_basis_points_and_is_read_back() -> None:
    terms = Terms("BTC/USDT", "sell", "trailing_stop", D("0.5"), trail=D(150))
    assert order_params("BTCUSDT", "x", terms) == {
        "symbol": "BTCUSDT", "side": "SELL", "newClientOrderId": "x", "type": "STOP_LOSS", "trailingDelta": "150",
        "quantity": "0.5", "newOrderRespType": "FULL",
    }  # fmt: skip
    kept = Order("x", "g", terms)
    assert Order.from_store(kept.to_store()).terms == terms
    row: dict[str, Any] = {
        "orderId": 1, "clientOrderId": "x", "side": "SELL", "type": "STOP_LOSS", "status": "NEW", "origQty": "0.5",
        "price": "0.00", "executedQty": "0", "cummulativeQuoteQty": "0",
    }  # fmt: skip
    assert read_order(row, "BTC/USDT").type == "stop"
    assert read_order(row | {"trailingDelta": 150}, "BTC/USDT").type == "trailing_stop"
    event: dict[str, Any] = {
        "e": "executionReport", "s": "BTCUSDT", "i": 1, "c": "x", "C": "", "S": "SELL", "o": "STOP_LOSS", "x": "NEW",
        "X": "NEW", "q": "0.5", "p": "0", "z": "0", "Z": "0",
    }  # fmt: skip
    told = read_event(event | {"d": 150}, {"BTCUSDT": "BTC/USDT"})
    assert told is not None and told.type == "trailing_stop"
