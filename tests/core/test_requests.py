"""Batches with a result for each item, and cancel/replace."""

from __future__ import annotations

from typing import Any

import pytest

from outtrade_mocks.core import Amendment, NewOrder, Order, OrderRef, Practice, Reject, Rejection, Trigger
from outtrade_mocks.core.requests import amend_batch, cancel_batch, cancel_if, place_batch, replace

SYMBOL = "ABC/USD"


def sell(price: int, lots: int, **more: Any) -> NewOrder:
    return NewOrder(symbol=SYMBOL, side="sell", price=price, lots=lots, **more)


def test_each_item_of_a_batch_has_its_own_result(bench: Any) -> None:
    x = bench()
    items: list[Any] = [sell(100, 1), sell(100, 5_000), None, sell(101, 2)]
    results = place_batch(x.exchange, x.a, items)
    shown = [r.status.value if isinstance(r, Order) else r.reason.value for r in results]
    assert shown == ["open", "INSUFFICIENT_BALANCE", "INVALID_ORDER", "open"]
    for wrong in ([], [sell(100, 1)] * 21):
        with pytest.raises(Reject, match="BATCH_SIZE"):
            place_batch(x.exchange, x.a, wrong)
    assert len(x.a.working) == 2


def test_replace_by_mode(bench: Any) -> None:
    """Binance spot, order/cancelReplace: STOP_ON_FAILURE and ALLOW_FAILURE."""
    x = bench()
    first = x.limit(x.a, "sell", 100, 600)
    done = replace(x.exchange, x.a, SYMBOL, sell(101, 700), order_id=first.order_id)
    assert isinstance(done.cancelled, Order) and isinstance(done.placed, Order)
    failed = replace(x.exchange, x.a, SYMBOL, sell(101, 5), order_id=first.order_id)
    assert isinstance(failed.cancelled, Reject) and failed.placed is None
    allowed = replace(x.exchange, x.a, SYMBOL, sell(101, 5), order_id=first.order_id, mode="allow_failure")
    assert isinstance(allowed.cancelled, Reject) and isinstance(allowed.placed, Order)
    half = replace(x.exchange, x.a, SYMBOL, sell(101, 5_000), order_id=done.placed.order_id)
    assert isinstance(half.cancelled, Order) and isinstance(half.placed, Reject)


def test_an_atomic_replacement_does_both_or_nothing(bench: Any) -> None:
    x = bench()
    first = x.limit(x.a, "sell", 100, 600, client_id="k")
    before = (x.balances(x.a), x.exchange.depth(SYMBOL), len(x.moved))
    with pytest.raises(Reject, match="INSUFFICIENT_BALANCE"):
        replace(x.exchange, x.a, SYMBOL, sell(101, 1_001), client_id="k", mode="atomic")
    with pytest.raises(Reject, match="INVALID_ORDER"):
        replace(x.exchange, x.a, SYMBOL, sell(101, 1), client_id="k", mode="x")  # type: ignore[arg-type]
    assert (x.balances(x.a), x.exchange.depth(SYMBOL), len(x.moved)) == before
    done = replace(x.exchange, x.a, SYMBOL, sell(101, 1_000, client_id="k"), client_id="k", mode="atomic")
    assert isinstance(done.placed, Order) and done.placed.order_id != first.order_id
    assert x.balances(x.a)["ABC"] == (0, 1_000)


def shown(results: list[Any]) -> list[str]:
    return [r.status.value if isinstance(r, Order) else r.reason.value for r in results]


def test_batches_of_cancels_and_amends_have_a_result_for_each_item(bench: Any) -> None:
    """Binance USD-M batchOrders: DELETE (at most 10), PUT (at most 5); OKX cancel-batch-orders, amend-batch-orders."""
    x = bench()
    x.exchange.practice = Practice(amend="change", batch_cancels=3, batch_amends=2)
    orders = [x.limit(x.a, "sell", 100 + i, 2, client_id=f"c{i}") for i in range(4)]
    ids = [OrderRef(symbol=SYMBOL, order_id=orders[0].order_id), OrderRef(symbol=SYMBOL, client_id="c1")]
    changes = [Amendment(symbol=SYMBOL, client_id="c2", lots=1), Amendment(symbol=SYMBOL, client_id="c3", price=0)]
    assert shown(amend_batch(x.exchange, x.a, changes)) == ["open", "PRICE_FILTER"]
    results = cancel_batch(x.exchange, x.a, [*ids, ids[0]])
    assert shown(results) == ["cancelled", "cancelled", "UNKNOWN_ORDER"]
    assert sorted(x.a.working) == ["c2", "c3"] and x.balances(x.a)["ABC"] == (997, 3)
    assert shown(cancel_batch(x.exchange, x.a, [OrderRef(symbol="?"), None, 5])) == [  # type: ignore[list-item]
        "UNKNOWN_SYMBOL", "INVALID_ORDER", "INVALID_ORDER",
    ]  # fmt: skip
    assert shown(amend_batch(x.exchange, x.a, [ids[0]])) == ["INVALID_ORDER"]  # type: ignore[list-item]
    for call, wrong in ((cancel_batch, ids * 2), (amend_batch, changes * 2), (cancel_batch, []), (amend_batch, [])):
        with pytest.raises(Reject, match="BATCH_SIZE"):
            call(x.exchange, x.a, wrong)
    with pytest.raises(Reject, match="INVALID_ORDER"):
        cancel_batch(x.exchange, x.a, "all")  # type: ignore[arg-type]
    told = [(e.ask, e.reason.value) for e in x.events if isinstance(e, Rejection)]
    assert told == [
        ("amend", "PRICE_FILTER"), ("cancel", "UNKNOWN_ORDER"), ("cancel", "UNKNOWN_SYMBOL"),
        ("cancel", "INVALID_ORDER"), ("cancel", "INVALID_ORDER"), ("amend", "INVALID_ORDER"),
        *[("batch", "BATCH_SIZE")] * 4, ("batch", "INVALID_ORDER"),
    ]  # fmt: skip


def test_a_cancel_restricted_to_new_or_partially_filled_orders(bench: Any) -> None:
    """Binance spot, order/cancelReplace and DELETE order: cancelRestrictions ONLY_NEW, ONLY_PARTIALLY_FILLED."""
    x = bench()
    first = x.limit(x.a, "sell", 100, 10)
    one = {"order_id": first.order_id}
    before = x.balances(x.a)
    done = replace(x.exchange, x.a, SYMBOL, sell(101, 5), **one, only="partially_filled")  # type: ignore[arg-type]
    assert shown([done.cancelled]) == ["CANCEL_RESTRICTED"] and done.placed is None
    with pytest.raises(Reject, match="CANCEL_RESTRICTED"):
        replace(x.exchange, x.a, SYMBOL, sell(101, 5), **one, only="partially_filled", mode="atomic")  # type: ignore[arg-type]
    assert x.balances(x.a) == before
    x.market(x.b, "buy", 4)
    with pytest.raises(Reject, match="CANCEL_RESTRICTED: 4 lots"):
        cancel_if(x.exchange, x.a, SYMBOL, "new", **one)
    with pytest.raises(Reject, match="INVALID_ORDER"):
        cancel_if(x.exchange, x.a, SYMBOL, "old", **one)  # type: ignore[arg-type]
    kept = replace(x.exchange, x.a, SYMBOL, sell(102, 5), **one, only="new", mode="allow_failure")  # type: ignore[arg-type]
    assert shown([kept.cancelled, kept.placed]) == ["CANCEL_RESTRICTED", "open"]
    assert cancel_if(x.exchange, x.a, SYMBOL, "partially_filled", **one).filled == 4
    assert {e.asked.order_id for e in x.events if isinstance(e, Rejection) and e.ask == "cancel"} == {first.order_id}


@pytest.mark.parametrize(
    ("only", "left"),
    [
        ({"side": "buy"}, ["plain", "stop", "tp", "trail"]),
        ({"kind": "plain"}, ["stop", "tp", "trail"]),
        ({"kind": "trigger"}, ["bid", "plain"]),
        ({"kind": "stop"}, ["bid", "plain", "tp", "trail"]),
        ({"kind": "take_profit"}, ["bid", "plain", "stop", "trail"]),
        ({"kind": "trailing", "side": "sell"}, ["bid", "plain", "stop", "tp"]),
    ],
)
def test_cancel_all_of_one_side_or_kind(bench: Any, only: dict[str, Any], left: list[str]) -> None:
    """Gate (side), Bybit (orderFilter), Deribit (type)."""
    x = bench()
    x.limit(x.b, "sell", 100, 1)
    x.market(x.a, "buy", 1)
    x.limit(x.a, "buy", 80, 1, client_id="bid")
    x.limit(x.a, "sell", 120, 1, client_id="plain")
    triggers = {
        "stop": Trigger(price=85), "tp": Trigger(kind="take_profit", price=130), "trail": Trigger(trail_ticks=9)
    }  # fmt: skip
    for name, trigger in triggers.items():
        x.exchange.place(
            x.a, NewOrder(symbol=SYMBOL, side="sell", type="market", lots=1, client_id=name, trigger=trigger)
        )
    gone = x.exchange.cancel_all(x.a, SYMBOL, **only)
    assert sorted(x.a.working) == left
    assert sorted(o.client_id for o in gone) == sorted({"bid", "plain", "stop", "tp", "trail"} - set(left))
    with pytest.raises(Reject, match="UNKNOWN_ORDER"):
        x.exchange.cancel_all(x.a, SYMBOL, **only)
    for wrong in ({"side": "up"}, {"kind": "iceberg"}, {"side": 5}):
        with pytest.raises(Reject, match="INVALID_ORDER"):
            x.exchange.cancel_all(x.a, SYMBOL, **wrong)
