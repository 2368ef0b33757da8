"""Batches with a result for each item, and cancel/replace."""

from __future__ import annotations

from typing import Any

import pytest

from outtrade_mocks.core import NewOrder, Order, Reject
from outtrade_mocks.core.requests import place_batch, replace

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
    before = (x.balances(x.a), x.exchange.depth(SYMBOL), len(x.events))
    with pytest.raises(Reject, match="INSUFFICIENT_BALANCE"):
        replace(x.exchange, x.a, SYMBOL, sell(101, 1_001), client_id="k", mode="atomic")
    with pytest.raises(Reject, match="INVALID_ORDER"):
        replace(x.exchange, x.a, SYMBOL, sell(101, 1), client_id="k", mode="x")  # type: ignore[arg-type]
    assert (x.balances(x.a), x.exchange.depth(SYMBOL), len(x.events)) == before
    done = replace(x.exchange, x.a, SYMBOL, sell(101, 1_000, client_id="k"), client_id="k", mode="atomic")
    assert isinstance(done.placed, Order) and done.placed.order_id != first.order_id
    assert x.balances(x.a)["ABC"] == (0, 1_000)
