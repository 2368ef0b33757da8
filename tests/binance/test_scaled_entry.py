"""A scaled entry of fifty orders, made by the agents' helper, placed with real ccxt on the Binance mock."""

from __future__ import annotations

import doctest
from decimal import Decimal
from typing import Any

import ccxt
import pytest
from binance_kit import SECOND, Kit
from hypothesis import given
from hypothesis import strategies as st
from test_binance_ccxt import SYMBOL, build_client

from outtrade.model.task import Instrument
from outtrade_suites.agents import scaled
from outtrade_suites.agents.scaled import scaled_entry, split
from outtrade_suites.agents.sizing import Impossible

D = Decimal
RULES = Instrument(
    venue_symbol="BTCUSDT", base="BTC", quote="USDT", tick=D("0.01"), price_min=D("0.01"), price_max=D(1_000_000),
    step=D("0.00001"), quantity_min=D("0.00001"), quantity_max=D(9_000), notional_min=D(5), notional_max=D(9_000_000),
    maker_fee=D("0.001"), taker_fee=D("0.001"),
)  # fmt: skip


def place(exchange: Any, rungs: list[scaled.Rung]) -> list[Any]:
    return [
        exchange.create_order(
            SYMBOL, "limit", "buy", float(rung.quantity), float(rung.price), {"clientOrderId": f"r{i}"}
        )
        for i, rung in enumerate(rungs)
    ]


def test_fifty_orders_are_placed_partly_filled_and_cancelled(kit: Kit) -> None:
    exchange, _ = build_client(kit)
    whole, weights = D("1.23457"), tuple(range(1, 51))
    rungs = scaled_entry(RULES, "buy", whole, D("49989.99"), D(49_000), 50, weights=weights, slots=200)
    orders = place(exchange, rungs)
    assert {order["status"] for order in orders} == {"open"}
    shown = exchange.fetch_open_orders(SYMBOL)
    assert [(D(str(o["price"])), D(str(o["amount"]))) for o in shown] == [(r.price, r.quantity) for r in rungs]
    assert sum(D(str(o["amount"])) for o in shown) == whole
    cost = sum(rung.price * rung.quantity for rung in rungs)
    assert D(str(exchange.fetch_balance()["USDT"]["used"])) == cost

    assert kit.venue.fill(orders[19]["id"], D("0.5"))  # somebody sells through nineteen of them into the twentieth
    states = {o["clientOrderId"]: (o["status"], D(str(o["filled"]))) for o in exchange.fetch_orders(SYMBOL)}
    assert all(states[f"r{i}"] == ("closed", rungs[i].quantity) for i in range(19))
    part = states["r19"]
    assert part[0] == "open" and 0 < part[1] < rungs[19].quantity
    assert all(states[f"r{i}"] == ("open", D(0)) for i in range(20, 50))

    gone = exchange.cancel_all_orders(SYMBOL)
    assert len(gone) == 31 and exchange.fetch_open_orders(SYMBOL) == []
    ended = exchange.fetch_orders(SYMBOL)
    assert sum(D(str(o["filled"])) for o in ended) == sum((r.quantity for r in rungs[:19]), D(0)) + part[1]
    assert sum(D(str(o["remaining"])) for o in ended if o["status"] == "canceled") == whole - sum(
        D(str(o["filled"])) for o in ended
    )
    balance = exchange.fetch_balance()
    filled = sum(D(str(trade["amount"])) for trade in exchange.fetch_my_trades(SYMBOL, limit=1_000))
    assert balance["USDT"]["used"] == 0 and D(str(balance["BTC"]["free"])) == 2 + filled * (1 - RULES.maker_fee)
    with pytest.raises(ccxt.OrderNotFound):
        exchange.cancel_all_orders(SYMBOL)


def test_there_are_as_many_order_slots_as_the_filter_says(kit: Kit) -> None:
    """MAX_NUM_ORDERS: 200 open orders in a symbol; the next is refused, and a cancel makes room."""
    exchange, _ = build_client(kit)
    for first in (49_000, 48_000, 47_000, 46_000):
        kit.now += 11 * SECOND  # within the limit of orders in ten seconds
        rungs = scaled_entry(RULES, "buy", D("0.1"), D(first), D(first - 500), 50)
        for rung in rungs:
            assert kit.limit(str(rung.price), str(rung.quantity)).status == 200
    kit.now += 11 * SECOND
    assert kit.limit("45000", "0.01").error == (400, -1013, "Filter failure: MAX_NUM_ORDERS")
    exchange.cancel_order(exchange.fetch_open_orders(SYMBOL)[0]["id"], SYMBOL)
    assert kit.limit("45000", "0.01").status == 200
    assert kit.limit("45000", "0.01").status == 400
    assert len(exchange.cancel_all_orders(SYMBOL)) == 200


@given(lots=st.integers(0, 10**12), weights=st.lists(st.integers(1, 1_000), min_size=1, max_size=60))
def test_nothing_is_lost_in_a_split(lots: int, weights: list[int]) -> None:
    parts = split(lots, weights)
    assert sum(parts) == lots
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - lots * weight) < sum(weights), "no share is off by a whole lot"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"count": 0}, "positive weights"),
        ({"weights": (1, 2)}, "positive weights"),
        ({"weights": (1, 0, 1)}, "positive weights"),
        ({"slots": 2}, "at most 2"),
        ({"first": D(100), "last": D("100.01")}, "tick"),
        ({"quantity": D("0.000015")}, "multiple"),
        ({"quantity": D(0)}, "one of 3 orders has 0"),
        ({"quantity": D("0.0001")}, "the least is 5"),
        ({"quantity": D(900)}, "the most is"),
        ({"quantity": D(90_000)}, "the venue takes"),
        ({"first": D(-5)}, "outside"),
        ({"last": D(2_000_000)}, "outside"),
    ],
)
def test_what_cannot_be_scaled_is_refused_never_shrunk(changes: dict[str, Any], word: str) -> None:
    fields: dict[str, Any] = {"quantity": D("0.3"), "first": D(50_000), "last": D(49_000), "count": 3} | changes
    more = {name: fields.pop(name) for name in ("weights", "slots") if name in fields}
    with pytest.raises(Impossible, match=word):
        scaled_entry(RULES, "buy", *fields.values(), **more)


def test_the_docstrings_examples() -> None:
    assert doctest.testmod(scaled).failed == 0
