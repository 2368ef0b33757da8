"""The call auction: one price, found by volume, imbalance and reference; filled by price-time priority."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outtrade_mocks.core import Exchange, FlowConfig, NewOrder, OrderChange, Practice, TradingState, Uncross
from outtrade_mocks.core.auction import clearing_price
from outtrade_mocks.core.invariants import Broken, check

SYMBOL = "ABC/USD"
Bench = Any  # conftest.Bench
ORDERS = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 9)), max_size=8)


@settings(deadline=None, max_examples=300)
@given(bids=ORDERS, asks=ORDERS, reference=st.one_of(st.none(), st.integers(1, 40)))
def test_the_price_is_the_best_of_all_prices(
    bids: list[tuple[int, int]], asks: list[tuple[int, int]], reference: int | None
) -> None:
    """Against every price there is."""

    def sides(price: int) -> tuple[int, int]:
        bid = sum(lots for limit, lots in bids if limit >= price)
        return bid, sum(lots for limit, lots in asks if limit <= price)

    found = clearing_price(bids, asks, reference=reference)
    volume = max(min(sides(price)) for price in range(1, 45))
    if found is None:
        assert volume == 0
        return
    price, lots = found
    assert lots == min(sides(price)) == volume > 0
    best = [p for p in range(1, 45) if min(sides(p)) == volume]
    least = min(abs(sides(p)[0] - sides(p)[1]) for p in best)
    nearest = [p for p in best if abs(sides(p)[0] - sides(p)[1]) == least]
    assert price in nearest
    if reference is not None:
        assert abs(price - reference) == min(abs(p - reference) for p in nearest)


def test_prices_by_hand() -> None:
    # most lots trade at 51: 1,200 are bid there or above, 1,000 offered there or below
    bids, asks = [(50, 500), (51, 700), (52, 500)], [(50, 400), (51, 600), (53, 200)]
    assert clearing_price(bids, asks, reference=10) == (51, 1000)
    # between 95 and 105 all is the same: the reference decides, within that
    for reference, price in [(100, 100), (80, 95), (200, 105), (None, 100)]:
        assert clearing_price([(105, 7)], [(95, 7)], reference=reference) == (price, 7)
    assert clearing_price([(105, 7)], [(96, 7)], reference=None) == (100, 7)
    # 5 trade from 90 to 99; at 95 and above nothing is left over
    assert clearing_price([(99, 5), (94, 3)], [(90, 5)], reference=90) == (95, 5)
    assert clearing_price([], [(90, 5)], reference=90) is None


def test_a_price_lies_on_the_grid() -> None:
    def on_tens(price: int) -> bool:
        return price % 10 == 0

    assert clearing_price([(120, 7)], [(90, 7)], reference=105, on_grid=on_tens) == (100, 7)
    assert clearing_price([(120, 7)], [(90, 7)], reference=88, on_grid=on_tens) == (90, 7)
    # an order from before the grid was coarser keeps its price
    assert clearing_price([(93, 7)], [(93, 7)], reference=88, on_grid=on_tens) == (93, 7)


def call(bench: Callable[..., Bench]) -> Bench:
    x = bench()
    x.limit(x.b, "sell", 100, 1)
    x.market(x.a, "buy", 1)  # the reference: 100
    x.exchange.set_state(SYMBOL, TradingState.AUCTION)
    x.events.clear()
    return x


def fills(x: Bench) -> list[tuple[int, int, int]]:
    """(order id, price, lots) of each side of each trade."""
    return [
        (e.fill.order_id, e.fill.price, e.fill.lots) for e in x.events if isinstance(e, OrderChange) and e.fill
    ]  # fmt: skip


def test_orders_gather_and_trade_at_one_price_by_price_and_time(bench: Callable[..., Bench]) -> None:
    x = call(bench)
    early = x.limit(x.a, "buy", 102, 4)
    late = x.limit(x.a, "buy", 102, 4)
    best = x.limit(x.a, "buy", 103, 2)
    cheap = x.limit(x.b, "sell", 99, 5)
    dear = x.limit(x.b, "sell", 101, 3)
    assert not fills(x)
    assert x.exchange.depth(SYMBOL) == ([(103, 2), (102, 8)], [(99, 5), (101, 3)])
    check(x.exchange, "a crossed book in a call")
    x.exchange.set_state(SYMBOL, TradingState.OPEN)
    # 8 are offered up to 102; 10 bid: the same imbalance from 101 to 102, and 101 is nearer to 100
    assert fills(x) == [
        (best.order_id, 101, 2), (cheap.order_id, 101, 2), (early.order_id, 101, 3), (cheap.order_id, 101, 3),
        (early.order_id, 101, 1), (dear.order_id, 101, 1), (late.order_id, 101, 2), (dear.order_id, 101, 2),
    ]  # fmt: skip
    assert [e for e in x.events if isinstance(e, Uncross)] == [Uncross(SYMBOL, 101, 8, 0)]
    assert x.exchange.depth(SYMBOL) == ([(102, 2)], []) and x.exchange.last_price(SYMBOL) == 101
    assert {e.cause for e in x.events if isinstance(e, OrderChange) and e.fill} == {"auction"}
    check(x.exchange, "the uncross")


def test_what_is_bought_cheaper_than_its_limit_is_given_back(bench: Callable[..., Bench]) -> None:
    x = call(bench)
    before = x.balances(x.a)
    x.limit(x.a, "buy", 110, 10)
    x.limit(x.b, "sell", 90, 4)
    x.exchange.set_state(SYMBOL, TradingState.OPEN)
    assert fills(x)[0][1:] == (100, 4)
    free, locked = x.balances(x.a)["USD"]
    assert (before["USD"][0] - free, locked) == (4 * 100 + 6 * 110, 6 * 110)


def test_market_orders_come_first_and_pay_at_most_what_they_locked(bench: Callable[..., Bench]) -> None:
    x = call(bench)
    limit = x.limit(x.a, "buy", 103, 5)
    market = x.market(x.a, "buy", 5)
    assert market.status == "queued" and x.balances(x.a)["USD"][1] == 5 * 103 + 5 * 103  # 3 % above 100
    sale = x.limit(x.b, "sell", 103, 6)
    x.exchange.set_state(SYMBOL, TradingState.OPEN)
    assert fills(x) == [
        (market.order_id, 103, 5), (sale.order_id, 103, 5), (limit.order_id, 103, 1), (sale.order_id, 103, 1),
    ]  # fmt: skip
    check(x.exchange, "market orders in an auction")


def test_a_better_limit_comes_before_a_market_order_with_its_collar(bench: Callable[..., Bench]) -> None:
    """Else it would be left behind with a limit across the book."""
    x = call(bench)
    market = x.market(x.a, "buy", 5)  # counts as 103
    limit = x.limit(x.a, "buy", 105, 1)
    x.limit(x.b, "sell", 95, 5)
    x.exchange.set_state(SYMBOL, TradingState.OPEN)
    assert [(o, lots) for o, _, lots in fills(x) if o in (market.order_id, limit.order_id)] == [
        (limit.order_id, 1), (market.order_id, 4),
    ]  # fmt: skip


def test_a_market_order_does_not_pay_more_than_its_collar(bench: Callable[..., Bench]) -> None:
    x = call(bench)
    market = x.market(x.a, "buy", 5)
    x.limit(x.b, "sell", 104, 5)
    x.exchange.set_state(SYMBOL, TradingState.OPEN)
    # nothing trades in the auction; what is left comes to the continuous market, as a market order
    assert [e.price for e in x.events if isinstance(e, Uncross)] == []
    assert (market.order_id, 104, 5) in fills(x)
    check(x.exchange, "a market order after an auction")


def test_what_a_market_order_cannot_trade_expires(bench: Callable[..., Bench]) -> None:
    x = call(bench)
    market = x.market(x.a, "sell", 5)
    x.limit(x.b, "buy", 90, 2)
    x.exchange.set_state(SYMBOL, TradingState.OPEN)
    last = x.exchange.view(x.a).order(SYMBOL, order_id=market.order_id)
    assert (last.status, last.filled, last.expired_by) == ("expired", 2, "liquidity")
    assert x.balances(x.a)["ABC"][1] == 0


def test_a_market_order_that_cannot_pay_the_market_after_the_auction_ends(bench: Callable[..., Bench]) -> None:
    x = call(bench)
    market = x.market(x.a, "buy", 960)  # 98,880 of 99,900 are locked
    x.limit(x.b, "sell", 110, 960)
    x.exchange.set_state(SYMBOL, TradingState.OPEN)
    last = x.exchange.view(x.a).order(SYMBOL, order_id=market.order_id)
    assert (last.status, last.filled, last.expired_by) == ("expired", 0, "funds")
    assert x.balances(x.a)["USD"] == (99_900, 0)
    check(x.exchange, "a market order without money")


def test_an_iceberg_takes_part_with_all_it_has(bench: Callable[..., Bench]) -> None:
    x = call(bench)
    iceberg = x.limit(x.b, "sell", 100, 20, visible=3)
    other = x.limit(x.b, "sell", 100, 5)
    x.limit(x.a, "buy", 100, 22)
    x.exchange.set_state(SYMBOL, TradingState.OPEN)
    assert [(o, lots) for o, _, lots in fills(x) if o in (iceberg.order_id, other.order_id)] == [
        (iceberg.order_id, 20), (other.order_id, 2),
    ]  # fmt: skip
    x = call(bench)
    iceberg = x.limit(x.b, "sell", 100, 20, visible=3)
    x.limit(x.a, "buy", 100, 9)
    x.exchange.set_state(SYMBOL, TradingState.OPEN)
    assert x.exchange.depth(SYMBOL) == ([], [(100, 3)])  # 11 are left, 3 of them shown
    check(x.exchange, "an iceberg after an auction")


def test_amends_and_cancels_in_a_call(bench: Callable[..., Bench]) -> None:
    x = call(bench)
    x.exchange.practice = Practice(amend="change")
    x.limit(x.b, "sell", 99, 5)
    mine = x.limit(x.a, "buy", 90, 5)
    x.exchange.amend(x.a, SYMBOL, order_id=mine.order_id, price=101)
    gone = x.limit(x.a, "buy", 105, 5)
    x.exchange.cancel(x.a, SYMBOL, order_id=gone.order_id)
    assert not fills(x)
    check(x.exchange, "an amend across the book")
    x.exchange.set_state(SYMBOL, TradingState.HALTED)  # however a call ends, it ends with the uncross
    assert fills(x)[0] == (mine.order_id, 100, 5)
    check(x.exchange, "the uncross")


def test_one_account_may_trade_with_itself_in_an_auction(bench: Callable[..., Bench]) -> None:
    x = call(bench)
    before = x.balances(x.a)
    x.limit(x.a, "buy", 100, 5)
    x.limit(x.a, "sell", 100, 5)
    x.exchange.set_state(SYMBOL, TradingState.OPEN)
    assert x.balances(x.a) == before and len(fills(x)) == 2
    check(x.exchange, "a self-trade in an auction")


def test_the_seeded_market_takes_part(bench: Callable[..., Bench]) -> None:
    config = FlowConfig(mid=Decimal(100), depth=Decimal(50), levels=3, taker_size=Decimal(5), taker_rate=0)
    exchange = Exchange([next(iter(bench().exchange.instruments.values()))], now=0, seed=3, flows={SYMBOL: config})
    anna = exchange.open_account("anna", {"USD": 100_000})
    exchange.set_state(SYMBOL, TradingState.AUCTION)
    order = exchange.place(anna, NewOrder(symbol=SYMBOL, side="buy", price=110, lots=10))
    assert order.status == "open"
    exchange.advance(1_000_000_000)
    exchange.set_state(SYMBOL, TradingState.OPEN)
    assert exchange.view(anna).order(SYMBOL, order_id=order.order_id).status == "filled"
    assert exchange.view(anna).trades()[0].price <= 103
    check(exchange, "an auction with the house")


def test_a_crossed_book_outside_an_auction_is_still_broken(bench: Callable[..., Bench]) -> None:
    x = call(bench)
    x.limit(x.a, "buy", 105, 1)
    x.limit(x.b, "sell", 95, 1)
    check(x.exchange, "a call")
    market = x.exchange._markets[SYMBOL]
    market.ordered = market.state = TradingState.HALTED
    with pytest.raises(Broken, match="crossed"):
        check(x.exchange, "a call that ended without an uncross")


def test_the_house_shows_each_quote_once_and_its_trades_have_numbers(bench: Callable[..., Bench]) -> None:
    rules = replace(next(iter(bench().exchange.instruments.values())), taker_fee=Decimal("0.02"))
    config = FlowConfig(
        mid=Decimal(100), depth=Decimal(50), levels=3, taker_size=Decimal(5), taker_rate=0, maker_rate=0
    )
    exchange = Exchange([rules], now=0, seed=3, flows={SYMBOL: config})
    anna = exchange.open_account("anna", {"USD": 100_000})
    offered = exchange.depth(SYMBOL)[1]
    exchange.set_state(SYMBOL, TradingState.AUCTION)
    exchange.place(anna, NewOrder(symbol=SYMBOL, side="buy", price=110, lots=900))
    exchange.set_state(SYMBOL, TradingState.OPEN)
    trades = exchange.view(anna).trades()
    assert sum(fill.lots for fill in trades) == sum(lots for _, lots in offered) < 900
    ids = [fill.trade_id for fill in trades]
    assert len(set(ids)) == len(ids) == 3 and ids == sorted(ids)
    assert {fill.fee for fill in trades} == {fill.lots * 2 // 100 for fill in trades}, "the taker's rate"
    assert not any(fill.maker for fill in trades)


def test_a_market_sale_takes_any_price(bench: Callable[..., Bench]) -> None:
    x = call(bench)
    sale = x.market(x.a, "sell", 5)
    x.limit(x.b, "buy", 2, 5)
    x.exchange.set_state(SYMBOL, TradingState.OPEN)
    assert [e.lots for e in x.events if isinstance(e, Uncross)] == [5] and (sale.order_id, 2, 5) in fills(x)
