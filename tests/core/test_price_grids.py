"""Price and quantity grids: the sub-dollar rule of equities, fractional shares, and ticks that change at run time."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from outtrade_mocks.core import Change, Exchange, FlowConfig, Instrument, NewOrder, Order, Reject, RulesChange, Trigger
from outtrade_mocks.core.instruments import REG_NMS
from outtrade_mocks.core.invariants import check
from outtrade_mocks.core.state import State, restore, snapshot

D = Decimal
SYMBOL = "ACME/USD"
ACME = Instrument(
    symbol=SYMBOL, base="ACME", quote="USD", tick=D("0.0001"), step=D("0.000000001"), base_precision=9,
    quote_precision=4, kind="equity", price_grid=REG_NMS,
)  # fmt: skip


def make(rules: Instrument = ACME, **more: Any) -> tuple[Exchange, list[Change]]:
    x = Exchange([rules], now=0, seed=1, **more)
    for name in "ab":
        x.open_account(name, {"ACME": x.atoms("ACME", D(1_000)), "USD": x.atoms("USD", D(100_000))})
    told: list[Change] = []
    x.on_change(told.append)
    return x, told


def order(x: Exchange, name: str, side: Any, price: str | None, quantity: str, **more: Any) -> Order:
    rules = x.instruments[SYMBOL]
    ticks = None if price is None else rules.ticks(D(price))
    kind: Any = "market" if price is None else "limit"
    new = NewOrder(symbol=SYMBOL, side=side, type=kind, price=ticks, lots=rules.lots(D(quantity)), **more)
    placed = x.place(x.accounts[name], new)
    check(x, "an order")
    return placed


@pytest.mark.parametrize(
    ("price", "fine"),
    [
        # Regulation NMS, Rule 612: no increments below 0.01 from 1.00 on, none below 0.0001 under it
        ("1.00", True), ("1.01", True), ("290.12", True), ("290.123", False), ("1.0001", False), ("1.005", False),
        ("0.9999", True), ("0.0001", True), ("0.12345", None),
    ],
)  # fmt: skip
def test_the_sub_dollar_rule(price: str, fine: bool | None) -> None:
    x, _ = make()
    if fine is None:
        with pytest.raises(ValueError, match="not a multiple"):
            order(x, "a", "buy", price, "1")
    elif fine:
        assert order(x, "a", "buy", price, "1").status == "open"
    else:
        with pytest.raises(Reject, match=r"PRICE_FILTER: price .* off the price grid"):
            order(x, "a", "buy", price, "1")
        with pytest.raises(Reject, match="PRICE_FILTER"):
            order(x, "a", "sell", None, "1", trigger=Trigger(price=ACME.ticks(D(price))))


def test_whole_and_fractional_shares() -> None:
    x, _ = make()
    order(x, "b", "sell", "10.01", "2")
    order(x, "a", "buy", None, "0.123456789")
    fill = x.view(x.accounts["a"]).trades()[0]
    assert (ACME.quantity(fill.lots), x.amount("USD", fill.quote)) == (D("0.123456789"), D("1.2358"))
    whole = replace(ACME, quantity_grid=D(1))
    x, _ = make(whole)
    with pytest.raises(Reject, match=r"LOT_SIZE: quantity 0\.500000000 off the quantity grid"):
        order(x, "a", "buy", "10.01", "0.5")
    order(x, "b", "sell", "10.01", "2")
    new = NewOrder(symbol=SYMBOL, side="buy", type="market", quote=x.atoms("USD", D("19.99")))
    assert whole.quantity(x.place(x.accounts["a"], new).lots) == 1


def test_a_grid_that_cannot_be_is_refused() -> None:
    for grid in (
        ((D(1), D("0.03")),),  # 1 is no multiple of 0.03
        ((D(1), D(0)),),
        ((D(10), D("0.1")), (D(1), D("0.01"))),
        ((D(1), D("0.01")), (D(1), D("0.1"))),
        ((D(1), D("0.00005")),),
    ):
        with pytest.raises(ValueError, match=r"price|increment"):
            replace(ACME, price_grid=grid)
    assert ACME.snap(10_149) == 10_100 and ACME.snap(10_101, up=True) == 10_200 and ACME.snap(9_999, up=True) == 9_999
    assert [ACME.increment(ticks) for ticks in (9_999, 10_000)] == [1, 100]


def test_the_house_quotes_on_the_grid() -> None:
    flow = FlowConfig(mid=D("1.02"), depth=D(50), levels=8, spread_bps=40.0, taker_size=D(5), volatility_bps=400.0)
    x, _ = make(flows={SYMBOL: flow})
    order(x, "a", "buy", "0.97", "5")
    seen = set()
    for minute in range(120):
        x.advance(minute * 60_000_000_000)
        bids, asks = x.depth(SYMBOL)
        prices = [price for price, _ in (*bids, *asks)]
        assert all(ACME.on_grid(price) for price in prices) and len(prices) == len(set(prices))
        last = x.last_price(SYMBOL)
        assert last is not None and ACME.on_grid(last)
        seen |= {price % 100 != 0 for price in prices}
        check(x, f"minute {minute}")
    assert seen == {True, False}, "both sides of a dollar"


def test_a_tick_becomes_coarser_while_orders_rest() -> None:
    """Binance, tick size updates: orders placed before are matched with the original tick size."""
    x, _ = make(replace(ACME, price_grid=((D(0), D("0.001")),)))
    old = order(x, "b", "sell", "10.123", "2")
    x.set_instrument(replace(x.instruments[SYMBOL], price_grid=((D(0), D("0.01")),)))
    with pytest.raises(Reject, match="PRICE_FILTER"):
        order(x, "b", "sell", "10.123", "1")
    order(x, "a", "buy", "10.13", "1")
    fill = x.view(x.accounts["a"]).trades()[0]
    assert ACME.price(fill.price) == D("10.123") and fill.lots == ACME.lots(D(1))
    assert x.view(x.accounts["b"]).order(SYMBOL, order_id=old.order_id).status == "partially_filled"
    x.set_instrument(replace(x.instruments[SYMBOL], price_grid=()))
    assert order(x, "b", "sell", "10.1231", "1").status == "open"


def test_a_change_of_rules_is_told_once() -> None:
    x, told = make()
    x.advance(7)
    changed = replace(ACME, quantity_min=D(1), price_grid=())
    x.set_instrument(changed)
    x.set_instrument(changed)
    grid = "((Decimal('1'), Decimal('0.01')),)"
    assert told == [RulesChange(SYMBOL, (("quantity_min", "None", "1"), ("price_grid", grid, "()")), 7, "script")]
    for name, value, instead in [
        ("tick", D("0.01"), "; use price_grid"), ("step", D(1), "; use quantity_grid"), ("calendar", "XNYS", ""),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=f"^{name} cannot change{instead}$"):
            x.set_instrument(replace(changed, price_grid=(), **{name: value}))
    assert len(told) == 1 and x.instruments[SYMBOL] == changed


def test_a_snapshot_knows_the_grid() -> None:
    x, _ = make(replace(ACME, quantity_grid=D("0.5")))
    order(x, "a", "buy", "10.01", "1.5")
    state = snapshot(x)
    again = restore(State.from_json(state.to_json()))
    assert again.instruments == x.instruments and snapshot(again).to_json() == state.to_json()
