"""Trading rules: each filter refuses just beyond its bound and lets through what stands on it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from outtrade_mocks.core import Exchange, FlowConfig, Instrument, NewOrder, Practice, PriceBand, Reject, Trigger

D = Decimal
SYMBOL = "ABC/USD"
RULES: dict[str, Any] = {
    "price_min": D(10), "price_max": D(1_000), "quantity_min": D(2), "quantity_max": D(500),
    "market_min": D(4), "market_max": D(100), "market_step": D(2), "notional_min": D(500), "notional_max": D(50_000),
}  # fmt: skip


@pytest.mark.parametrize(
    ("price", "lots", "reason"),
    [
        (9, 100, "PRICE_FILTER"), (10, 100, None), (1_001, 2, "PRICE_FILTER"), (1_000, 2, None),
        (400, 1, "LOT_SIZE"), (400, 2, None), (11, 501, "LOT_SIZE"), (11, 500, None), (100, 0, "LOT_SIZE"),
        (100, -5, "LOT_SIZE"), (0, 100, "PRICE_FILTER"), (-1, 100, "PRICE_FILTER"),
        (100, 4, "NOTIONAL"), (100, 5, None), (100, 500, None), (101, 500, "NOTIONAL"),
    ],
)  # fmt: skip
def test_limit_orders(bench: Any, price: int, lots: int, reason: str | None) -> None:
    x = bench(**RULES)
    if reason is None:
        assert x.limit(x.a, "sell" if price * lots > 50_000 else "buy", price, lots).status == "open"
        return
    with pytest.raises(Reject) as caught:
        x.limit(x.a, "buy", price, lots)
    assert caught.value.reason == reason
    assert caught.value.detail


@pytest.mark.parametrize(
    ("lots", "reason"),
    [(1, "LOT_SIZE"), (2, "MARKET_LOT_SIZE"), (3, "MARKET_LOT_SIZE"), (4, "NOTIONAL"), (6, None),
     (7, "MARKET_LOT_SIZE"), (100, None), (102, "MARKET_LOT_SIZE"), (502, "LOT_SIZE")],
)  # fmt: skip
def test_market_orders(bench: Any, lots: int, reason: str | None) -> None:
    x = bench(**RULES)
    x.limit(x.a, "sell", 100, 300)
    x.limit(x.b, "buy", 100, 5)  # a trade: the reference price is 100
    if reason is None:
        assert x.market(x.b, "buy", lots).status == "filled"
        return
    with pytest.raises(Reject) as caught:
        x.market(x.b, "buy", lots)
    assert caught.value.reason == reason


def test_notional_bounds_of_market_orders_are_switches(bench: Any) -> None:
    x = bench(**(RULES | {"notional_min_market": False, "notional_max_market": True, "notional_max": D(5_000)}))
    x.limit(x.a, "sell", 100, 50)
    x.limit(x.b, "buy", 100, 5)
    assert x.market(x.b, "buy", 4).status == "filled"
    with pytest.raises(Reject, match="NOTIONAL"):
        x.market(x.b, "buy", 52)


@pytest.mark.parametrize(("quote", "reason"), [(499, "NOTIONAL"), (500, None), (0, "NOTIONAL"), (-1, "NOTIONAL")])
def test_a_quote_amount_is_its_own_notional(bench: Any, quote: int, reason: str | None) -> None:
    x = bench(**RULES)
    x.limit(x.a, "sell", 100, 100)
    if reason is None:
        assert x.market(x.b, "buy", quote=quote).filled == 4  # 5 lots, on a market step of 2
        return
    with pytest.raises(Reject) as caught:
        x.market(x.b, "buy", quote=quote)
    assert caught.value.reason == reason


def test_a_quote_amount_above_the_market_maximum(bench: Any) -> None:
    x = bench(**RULES)
    x.limit(x.a, "sell", 100, 300)
    with pytest.raises(Reject, match="MARKET_LOT_SIZE"):
        x.market(x.b, "buy", quote=10_200)


def test_band_against_the_last_trade(bench: Any) -> None:
    x = bench(band=PriceBand(D("0.5"), D("1.1"), D("0.9"), D(2)))
    x.limit(x.a, "buy", 5, 1)  # no reference yet: anything goes
    x.limit(x.a, "sell", 100, 5)
    x.limit(x.b, "buy", 100, 5)
    for side, price in (("buy", 49), ("buy", 111), ("sell", 89), ("sell", 201)):
        with pytest.raises(Reject, match="PERCENT_PRICE_BY_SIDE"):
            x.limit(x.a, side, price, 1)
    for side, price in (("buy", 50), ("sell", 200)):
        assert x.limit(x.a, side, price, 1).status == "open"


def test_band_against_the_mid_of_the_flow() -> None:
    flow = FlowConfig(mid=D(100), depth=D(5), taker_size=D(1), volatility_bps=0)
    rules = Instrument(
        symbol=SYMBOL, base="ABC", quote="USD", tick=D(1), step=D(1), band=PriceBand(D("0.5"), D("1.1"), D("0.9"), D(2))
    )
    exchange = Exchange([rules], now=0, seed=1, flows={SYMBOL: flow})
    account = exchange.open_account("a", {"USD": 10**15})
    assert exchange.reference_price(SYMBOL) == 100
    with pytest.raises(Reject, match="PERCENT_PRICE_BY_SIDE"):
        exchange.place(account, NewOrder(symbol=SYMBOL, side="buy", price=49, lots=1))


def test_number_of_open_orders(bench: Any) -> None:
    x = bench(max_orders=2)
    first = x.limit(x.a, "buy", 10, 1)
    x.limit(x.a, "buy", 11, 1)
    with pytest.raises(Reject, match="MAX_NUM_ORDERS"):
        x.limit(x.a, "buy", 12, 1)
    assert x.limit(x.a, "buy", 12, 1, tif="IOC").status == "expired"  # does not rest
    assert x.limit(x.b, "buy", 9, 1).status == "open"  # counted by account
    x.exchange.cancel(x.a, SYMBOL, order_id=first.order_id)
    assert x.limit(x.a, "buy", 12, 1).status == "open"
    x.market(x.b, "sell", 1)
    assert x.limit(x.a, "buy", 12, 1).status == "open"  # a filled one is not open


def test_position_counts_open_buys(bench: Any) -> None:
    x = bench(max_position=D(1_010))
    x.limit(x.a, "buy", 10, 6)
    with pytest.raises(Reject, match="MAX_POSITION"):
        x.limit(x.a, "buy", 10, 5)
    assert x.limit(x.a, "buy", 10, 4).status == "open"
    assert x.limit(x.a, "sell", 20, 100).status == "open"


def test_rules_may_change_but_not_the_grid(bench: Any) -> None:
    x = bench()
    resting = x.limit(x.a, "buy", 100, 1)
    old = x.exchange.instruments[SYMBOL]
    changed = Instrument(
        symbol=SYMBOL, base="ABC", quote="USD", tick=D(1), step=D(1), base_precision=0, quote_precision=0,
        quantity_min=D(10),
    )  # fmt: skip
    x.exchange.set_instrument(changed)
    with pytest.raises(Reject, match="LOT_SIZE"):
        x.limit(x.a, "buy", 100, 9)
    assert x.exchange.cancel(x.a, SYMBOL, order_id=resting.order_id).status == "cancelled"
    with pytest.raises(ValueError, match="step cannot change"):
        x.exchange.set_instrument(Instrument(symbol=SYMBOL, base="ABC", quote="USD", tick=D(1), step=D(2)))
    assert old.min_lots == 1


@pytest.mark.parametrize(
    "new",
    [
        NewOrder(symbol=SYMBOL, side="buy", price=1),
        NewOrder(symbol=SYMBOL, side="buy", price=1, lots=1, quote=1),
        NewOrder(symbol=SYMBOL, side="buy", type="market"),
        NewOrder(symbol=SYMBOL, side="buy", type="market", lots=1, quote=1),
        NewOrder(symbol=SYMBOL, side="buy", type="market", lots=1, price=1),
        NewOrder(symbol=SYMBOL, side="buy", price=1, lots=1, post_only=True, tif="IOC"),
        NewOrder(symbol=SYMBOL, side="up", price=1, lots=1),  # type: ignore[arg-type]
        NewOrder(symbol=SYMBOL, side="buy", type="stop", price=1, lots=1),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_order_is_an_error_of_the_caller(bench: Any, new: NewOrder) -> None:
    x = bench()
    with pytest.raises(ValueError, match=r"order|side"):
        x.exchange.place(x.a, new)


def test_the_limit_of_a_trigger_order_is_held_to_the_band_or_not(bench: Any) -> None:
    """A stop may have its limit far from the market where the venue says so."""
    for held in (True, False):
        x = bench(band=PriceBand(D("0.5"), D("1.1"), D("0.9"), D(2)))
        x.exchange.practice = Practice(band_of_waiting=held)
        x.limit(x.b, "sell", 100, 1)
        x.market(x.a, "buy", 1)
        far = NewOrder(symbol=SYMBOL, side="sell", price=50, lots=5, trigger=Trigger(kind="stop", price=95))
        if held:
            with pytest.raises(Reject, match="PERCENT_PRICE_BY_SIDE"):
                x.exchange.place(x.a, far)
        else:
            assert x.exchange.place(x.a, far).status == "untriggered"
