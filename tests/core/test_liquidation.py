"""Liquidation step by step, the insurance fund, deleveraging, funding and the last settlement."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from contract_bench import BRACKETS, HOUR, SYMBOL, Pit, contract

from outtrade_mocks.core import (
    Account,
    Bracket,
    Exchange,
    Fill,
    Instrument,
    Malformed,
    NewList,
    NewOrder,
    Order,
    OrderChange,
    Reject,
    Trigger,
)
from outtrade_mocks.core.events import BalanceChange, InsuranceChange, PositionChange
from outtrade_mocks.core.invariants import Broken, check, total
from outtrade_mocks.core.practice import Practice
from outtrade_mocks.core.state import State, restore, snapshot

D = Decimal


def forced(pit: Pit, account: Account) -> list[Order]:
    """The orders that the venue made for an account, as they ended."""
    last = [snapshots[-1] for snapshots in account.orders.values()]
    return [order for order in last if order.terms is not None and order.terms.forced]


def poor(**more: Any) -> Pit:
    """Account a has 1,000 and holds 100 at 100; at 20x its liquidation price is (10,000 - 1,000) / 99 = 90.9."""
    pit = Pit(**more)
    pit.exchange.deposit(pit.b, "USD", 0)
    pit.a.balance("USD").free -= 99_000  # as if never deposited
    pit.given -= 99_000
    pit.trade(pit.a, pit.b, 100, 100)
    return pit


# ------------------------------------------------------------------- trigger
def test_liquidation_begins_at_the_liquidation_price() -> None:
    pit = poor()
    assert pit.liquidation(pit.a) == Fraction(9_000, 99)
    pit.mark(91)
    assert forced(pit, pit.a) == []
    pit.limit(pit.c, "buy", 90, 100)
    pit.mark(90)
    (order,) = forced(pit, pit.a)
    assert (order.side, order.type, order.tif, order.price, order.filled) == ("sell", "limit", "IOC", 90, 100)
    assert pit.held(pit.a) is None and pit.wallet(pit.a) == 0


def test_a_liquidation_order_takes_better_prices() -> None:
    pit = poor(liquidation_fee=D("0.01"))
    pit.limit(pit.c, "buy", 93, 60)
    pit.limit(pit.c, "buy", 92, 60)
    pit.mark(90)
    assert [(fill.price, fill.lots) for fill in pit.a.fills[1:]] == [(93, 60), (92, 40)]
    # 1,000 - 420 - 320 = 260, less 1 % of 5,580 + 3,680
    assert pit.wallet(pit.a) == 260 - 92
    assert pit.exchange.ledger.insurance == {"USD": 92} and pit.exchange.ledger.fees == {}


def test_the_liquidation_fee_takes_no_more_than_is_left() -> None:
    pit = poor(liquidation_fee=D("0.02"))
    pit.limit(pit.c, "buy", 91, 100)
    pit.mark(90)
    assert pit.wallet(pit.a) == 0 and pit.exchange.ledger.insurance == {"USD": 100}, "2 % would be 182"
    told = [free for e in pit.events if isinstance(e, BalanceChange) for _, free, _ in e.balances]
    assert min(told) == 0, "no balance is below zero in between"


def test_every_step_is_told() -> None:
    pit = poor(liquidation_fee=D("0.01"))
    resting = pit.limit(pit.a, "buy", 50, 1)
    pit.limit(pit.c, "buy", 93, 100)
    pit.events.clear()
    pit.mark(90)
    mine = [e for e in pit.events if not (isinstance(e, OrderChange | Fill) and "c" in (getattr(e, "account", ""), ""))]
    steps: list[Any] = []
    for event in mine:
        if isinstance(event, OrderChange) and event.order.account == "a":
            steps.append((event.order.order_id, event.why, event.cause, event.order.expired_by))
        elif isinstance(event, PositionChange) and event.position.account == "a":
            steps.append(("position", event.position.lots, event.cause))
        elif isinstance(event, BalanceChange) and event.account == "a":
            steps.append(("balance", event.balances[0][1], event.cause))
        elif isinstance(event, InsuranceChange):
            steps.append(("insurance", event.atoms, event.cause))
    number = forced(pit, pit.a)[0].order_id
    assert steps == [
        (resting.order_id, "expire", "liquidation", "liquidation"),
        (number, "accepted", "liquidation", ""),
        (number, "fill", "liquidation", ""),
        ("position", 0, "liquidation"),
        ("balance", 300, "liquidation"),
        ("balance", 207, "liquidation"),
        ("insurance", 93, "liquidation"),
    ]
    assert pit.changes(pit.c)[-1] == ("trade", "market", 100), "for the other side it is a trade like any other"


def test_no_liquidation_while_the_market_is_halted() -> None:
    pit = poor()
    pit.limit(pit.c, "buy", 90, 100)
    pit.exchange.set_open(SYMBOL, False)
    pit.mark(89)
    assert pit.held(pit.a) is not None
    pit.exchange.set_open(SYMBOL, True)
    pit.check("trading goes on")
    assert pit.held(pit.a) is None


def test_the_last_price_is_the_mark_where_none_is_published() -> None:
    pit = poor()
    pit.limit(pit.c, "buy", 90, 101)
    pit.limit(pit.b, "sell", 90, 1)
    assert pit.held(pit.a) is None


# --------------------------------------------------------------------- steps
def large(**more: Any) -> Pit:
    """Account a holds 300 at 100, two brackets up from the lowest: 20x, 2.5 %."""
    pit = Pit(**more)
    pit.a.balance("USD").free -= 98_000
    pit.given -= 98_000
    pit.trade(pit.a, pit.b, 100, 300)
    return pit


def test_a_large_position_is_reduced_to_the_next_lower_bracket_first() -> None:
    """Binance, "Liquidation Protocols": the order reduces the margin limit without a full liquidation."""
    pit = large()
    # (2,000 + 150 - 30,000) / (300 x (0.025 - 1)) = 95.2
    assert pit.liquidation(pit.a) == Fraction(27_850 * 1000, 300 * 975)
    pit.limit(pit.c, "buy", 95, 400)
    pit.mark(95)
    (order,) = forced(pit, pit.a)
    held = pit.held(pit.a)
    assert held is not None and held.lots == 105 and order.lots == 195, "105 x 95 = 9,975, within 10,000"
    margin = pit.exchange.margin(pit.a, "USD")
    assert (margin.equity, margin.maintenance) == (500, 100)


def test_or_closed_at_once_where_the_venue_does_so() -> None:
    pit = large(practice=Practice(liquidation="whole"))
    pit.limit(pit.c, "buy", 95, 400)
    pit.mark(95)
    assert pit.held(pit.a) is None and forced(pit, pit.a)[0].lots == 300


def test_steps_go_on_until_the_margin_is_enough() -> None:
    pit = large()
    pit.limit(pit.c, "buy", 94, 200)
    pit.mark(94)
    pit.limit(pit.c, "buy", 93, 200)
    assert [order.lots for order in forced(pit, pit.a)] == [194]
    pit.mark(93)
    assert len(forced(pit, pit.a)) == 2 and pit.held(pit.a) is None, "in the lowest bracket nothing is left to reduce"


# ---------------------------------------------------- insurance, deleveraging
def test_what_the_book_leaves_is_taken_over_at_the_bankruptcy_price() -> None:
    pit = poor()
    pit.limit(pit.c, "buy", 92, 30)
    pit.mark(91)
    pit.exchange.publish(SYMBOL, mark=90)
    # sold 30 at 92: 760 is left for 70, whose bankruptcy price is 100 - 760 / 70 = 89.14, rounded up
    orders = forced(pit, pit.a)
    assert [(order.price, order.filled) for order in orders] == [(90, 30), (90, 70)]
    assert pit.wallet(pit.a) == 60 and pit.held(pit.a) is None
    assert pit.exchange.ledger.insurance.get("USD", 0) == 0, "taken at 90 and passed on at 90"
    pit.check()


def test_the_fund_keeps_what_is_left_and_pays_what_is_missing() -> None:
    for mark, fund in ((90, 0), (87, -300), (91, None)):
        pit = poor()
        pit.endow(1_000)
        pit.mark(mark)
        assert pit.exchange.ledger.insurance["USD"] == 1_000 + (fund or 0)
        assert (pit.held(pit.a) is None) == (fund is not None)
        if fund is not None:
            assert (pit.a.fills[-1].price, pit.wallet(pit.a)) == (90, 0)


def test_a_fund_that_cannot_pay_deleverages_the_highest_ranked_opponents() -> None:
    """Bybit, "What is Auto-Deleveraging (ADL)?": opposing positions, by profit and effective leverage, at the
    bankruptcy price of the liquidated order."""
    pit = poor()
    rich = pit.exchange.open_account("rich", {"USD": 1_000_000})
    keen = pit.exchange.open_account("keen", {"USD": 2_000})
    pit.given += 1_002_000
    for account in (rich, keen):
        pit.limit(pit.c, "buy", 100, 60)
        pit.limit(account, "sell", 100, 60)
    waiting = pit.limit(keen, "buy", 50, 1)
    pit.endow(100)
    pit.mark(95)
    ranks = {a.name: pit.exchange.adl_rank(a, SYMBOL)[0][1] for a in (pit.b, rich, keen)}
    assert ranks["keen"] == 1 and ranks["keen"] > ranks["b"] > ranks["rich"]
    pit.mark(80)  # bankrupt at 90: the fund would lose 1,000
    assert pit.held(pit.a) is None and pit.wallet(pit.a) == 0
    assert pit.exchange.ledger.insurance["USD"] == 100
    assert pit.held(keen) is None and pit.wallet(keen) == 2_000 + 600
    left = pit.held(pit.b)
    assert left is not None and left.lots == -60, "100 less the 40 that keen did not have"
    assert pit.changes(keen)[-1] == ("trade", "adl", 0)
    fills = [account.fills[-1] for account in (keen, pit.b)]
    assert [(fill.price, fill.lots, fill.fee) for fill in fills] == [(90, 60, 0), (90, 40, 0)]
    ended = pit.exchange.view(keen).order(SYMBOL, order_id=waiting.order_id)
    assert (ended.expired_by, keen.working) == ("adl", {})
    (order,) = forced(pit, keen)
    assert order.terms is not None and order.terms.forced == "adl" and order.status.value == "filled"


def test_where_nobody_is_left_the_house_takes_it() -> None:
    pit = Pit(money=1_000)
    pit.limit(pit.a, "buy", 100, 100)
    order = next(iter(pit.a.working.values()))
    assert pit.exchange.sweep(order, 100) == 100
    pit.mark(50)
    assert pit.held(pit.a) is None and pit.wallet(pit.a) == 0
    market = pit.exchange._markets[SYMBOL].margined
    assert market is not None and market.house_lots == 0


def test_a_wallet_below_zero_is_brought_back() -> None:
    """An isolated position closed by its owner far below its bankruptcy price, in a thin book: the fund pays as far as
    it can ("the Insurance Fund will balance the account back to 0"), then the house."""
    pit = Pit(money=150)
    pit.endow(30)
    pit.exchange.set_margin_mode(pit.a, SYMBOL, isolated=True)
    pit.mark(100)
    pit.limit(pit.c, "sell", 100, 20)
    pit.limit(pit.a, "buy", 100, 20)
    pit.limit(pit.b, "buy", 90, 20)
    pit.market(pit.a, "sell", 20)  # 200 lost, it has 150
    assert pit.held(pit.a) is None and pit.wallet(pit.a) == 0
    assert pit.exchange.ledger.insurance["USD"] == 0 and pit.exchange.ledger.house.balance("USD").free == -20


def test_isolated_positions_are_liquidated_alone() -> None:
    pit = Pit(money=10_000)
    pit.exchange.set_margin_mode(pit.a, SYMBOL, isolated=True)
    pit.exchange.set_leverage(pit.a, SYMBOL, 10)
    pit.trade(pit.a, pit.b, 100, 50)
    # (500 - 5,000) / (50 x (0.01 - 1)) = 90.9
    assert pit.liquidation(pit.a) == Fraction(4_500 * 100, 50 * 99)
    pit.limit(pit.a, "buy", 80, 1)
    pit.limit(pit.c, "buy", 92, 20)
    pit.mark(90)
    assert pit.held(pit.a) is None and pit.a.working == {}
    assert [(o.price, o.filled) for o in forced(pit, pit.a)] == [(90, 20), (90, 30)]
    assert pit.wallet(pit.a) == 9_500 + 40, "200 of margin and 160 of loss came back for the 20 that the book took"


def test_a_profit_elsewhere_keeps_a_cross_position_alive() -> None:
    other = contract(symbol="XYZ/USD", base="XYZ")
    pit = poor()
    pit.exchange.add_instrument(other)
    for account, side in ((pit.b, "sell"), (pit.a, "buy")):
        pit.exchange.place(account, NewOrder(symbol="XYZ/USD", side=side, price=10, lots=100))  # type: ignore[arg-type]
    before = pit.liquidation(pit.a)
    pit.exchange.publish("XYZ/USD", mark=15)
    after = pit.liquidation(pit.a)
    assert before is not None and after is not None and after < before
    pit.limit(pit.c, "buy", 50, 200)
    pit.mark(88)
    assert pit.held(pit.a) is not None
    pit.exchange.publish("XYZ/USD", mark=11)
    pit.check()
    assert pit.held(pit.a) is None, "its liquidation was due to another symbol's mark price"


def test_the_liquidation_of_one_liquidates_another() -> None:
    """Without a published mark price the print of a liquidation moves it for others."""
    pit = Pit(money=1_000)
    pit.exchange.deposit(pit.b, "USD", 10**6)
    seller = pit.exchange.open_account("s", {"USD": 10**6})
    pit.c.balance("USD").free -= 10
    pit.given += 2 * 10**6 - 10
    pit.trade(pit.c, pit.b, 995, 10)  # liquidated at (9,950 - 990) / 9.9 = 905.05
    pit.trade(pit.a, pit.b, 1_000, 10)  # at 909.1, bankrupt at 900
    for price, lots in ((908, 5), (902, 10), (897, 20)):
        pit.limit(pit.b, "buy", price, lots)
    pit.limit(seller, "sell", 908, 5)
    assert [order[-1].quote_filled for order in list(pit.a.orders.values())[1:]] == [9_020]
    assert [order[-1].quote_filled for order in list(pit.c.orders.values())[1:]] == [8_970]
    assert pit.held(pit.a) is None and pit.held(pit.c) is None
    check(pit.exchange, "a cascade")


def test_bybit_keeps_maintenance_at_entry() -> None:
    pit = Pit(practice=Practice(maintenance="entry"))
    pit.exchange.set_margin_mode(pit.a, SYMBOL, isolated=True)
    pit.trade(pit.a, pit.b, 100, 100)  # margin 500, maintenance 100: 100 - (500 - 100) / 100
    assert pit.liquidation(pit.a) == 96
    pit.mark(97)
    assert pit.held(pit.a) is not None
    pit.mark(96)
    assert pit.held(pit.a) is None


def test_inverse_contracts_are_liquidated_in_their_coin() -> None:
    """100 USD contracts, 8 decimals of BTC: 60,000 USD long at 50,000 with 10x (the numbers of Bybit's example), and
    maintenance at the mark price: 60,000 x 1.005 / (1.2 + 0.12) = 45,681.82, *derived by hand*."""
    usd = Instrument(
        symbol="BTC/USD", base="BTC", quote="USD", tick=D(1), step=D(1), kind="perpetual", inverse=True,
        contract_size=D(100), brackets=(Bracket(cap=None, leverage=100, rate=D("0.005")),), liquidation_fee=D("0.001"),
    )  # fmt: skip
    exchange = Exchange([usd], now=0, seed=1)
    a, b = (exchange.open_account(name, {"BTC": 10**8}) for name in "ab")
    for account in (a, b):
        exchange.set_margin_mode(account, "BTC/USD", isolated=True)
        exchange.set_leverage(account, "BTC/USD", 10)
    exchange.place(b, NewOrder(symbol="BTC/USD", side="sell", price=50_000, lots=600))
    exchange.place(a, NewOrder(symbol="BTC/USD", side="buy", price=50_000, lots=600))
    assert a.balance("BTC").free == 10**8 - 12_000_000
    found = exchange.liquidation_price(a, "BTC/USD")
    assert found is not None and round(float(found), 2) == 45_681.82
    exchange.publish("BTC/USD", mark=45_682)
    assert a.portfolio is not None and a.portfolio.position("BTC/USD", "net") is not None
    exchange.publish("BTC/USD", mark=45_681)
    assert a.portfolio.position("BTC/USD", "net") is None
    assert a.fills[-1].price == 45_455, "bankrupt at 60,000 / 1.32 = 45,454.5"
    assert total(exchange, "BTC") == 2 * 10**8
    check(exchange, "an inverse liquidation")
    short = exchange.liquidation_price(b, "BTC/USD")
    assert short is not None and round(float(short)) == round(60_000 * 0.995 / (1.2 - 0.12))


# ------------------------------------------------------------------- funding
def test_longs_pay_shorts() -> None:
    """Funding fee = position value x funding rate (Bybit, "Funding Fee Calculation"; density.exchange quotes Binance:
    mark price x size, and contract multiplier x size / mark price): 10 at 8,000, 0.01 %: 8."""
    btc = contract(funding_interval=8 * HOUR)
    exchange = Exchange([btc], now=1, seed=1)
    a, b = (exchange.open_account(name, {"USD": 100_000}) for name in "ab")
    for account in (a, b):
        exchange.set_leverage(account, SYMBOL, 10)
    exchange.place(b, NewOrder(symbol=SYMBOL, side="sell", price=8_000, lots=10))
    exchange.place(a, NewOrder(symbol=SYMBOL, side="buy", price=8_000, lots=10))
    exchange.publish(SYMBOL, mark=8_000, funding=D("0.0001"))
    assert exchange.funding_time(SYMBOL) == exchange.next_time() == 8 * HOUR
    told: list[Any] = []
    exchange.on_change(told.append)
    exchange.advance(8 * HOUR - 1)
    assert told == []
    exchange.advance(8 * HOUR)
    assert (a.balance("USD").free, b.balance("USD").free) == (100_000 - 8, 100_000 + 8)
    assert [(type(event).__name__, event.cause, event.time) for event in told] == [
        ("PositionChange", "funding", 8 * HOUR), ("BalanceChange", "funding", 8 * HOUR),
    ] * 2  # fmt: skip
    assert a.portfolio is not None and a.portfolio.held()[0].funding == -8
    exchange.publish(SYMBOL, funding=D("-0.0002"))
    exchange.advance(24 * HOUR)
    assert (a.balance("USD").free, b.balance("USD").free) == (100_000 - 8 + 32, 100_000 + 8 - 32)
    assert exchange.funding_rate(SYMBOL) == Fraction(-2, 10_000)


def test_funding_is_exact_and_the_house_takes_the_rest() -> None:
    pit = Pit(funding_interval=HOUR)
    pit.trade(pit.a, pit.b, 100, 3)
    pit.trade(pit.a, pit.c, 100, 4)
    pit.exchange.publish(SYMBOL, funding=D("0.005"))
    pit.exchange.advance(HOUR)
    pit.check("funding")
    assert [pit.wallet(account) for account in (pit.a, pit.b, pit.c)] == [100_000 - 4, 100_001, 100_002]
    assert pit.exchange.ledger.house.balance("USD").free == 1


def test_funding_of_an_isolated_position_comes_from_its_margin() -> None:
    pit = Pit(funding_interval=HOUR)
    pit.exchange.set_margin_mode(pit.a, SYMBOL, isolated=True)
    pit.trade(pit.a, pit.b, 100, 100)
    pit.exchange.publish(SYMBOL, mark=100, funding=D("0.01"))
    pit.exchange.advance(HOUR)
    held = pit.held(pit.a)
    assert held is not None and (held.margin, held.funding, pit.wallet(pit.a)) == (400, -100, 99_500)
    pit.exchange.advance(4 * HOUR)
    pit.check("funding liquidates")
    assert pit.held(pit.a) is None and pit.wallet(pit.a) == 99_500, "its margin went down to its maintenance margin"


@pytest.mark.parametrize("rate", [D("NaN"), D(1), D(-1), 0.01, "0.01", D("Infinity")])
def test_rates_that_are_none_are_refused(rate: Any) -> None:
    pit = Pit()
    with pytest.raises(Malformed):
        pit.exchange.publish(SYMBOL, funding=rate)


# ---------------------------------------------------------------- settlement
def test_a_future_ends_at_its_settlement_price() -> None:
    pit = Pit(kind="future", expires=HOUR, taker_fee=D("0.01"))
    pit.trade(pit.a, pit.b, 100, 10)
    order = pit.limit(pit.c, "buy", 50, 1)
    pit.limit(pit.c, "buy", 90, 5)
    assert pit.exchange.sweep(next(i for i in reversed(pit.c.working.values())), 5) == 5
    pit.exchange.settle_contract(SYMBOL, 120)
    pit.check("settlement")
    assert [pit.held(account) for account in (pit.a, pit.b, pit.c)] == [None] * 3
    assert [pit.wallet(account) for account in (pit.a, pit.b, pit.c)] == [100_000 - 10 + 200, 99_800, 100_150]
    assert pit.exchange.ledger.house.balance("USD").free == -150
    ended = pit.exchange.view(pit.c).order(SYMBOL, order_id=order.order_id)
    assert ended.expired_by == "settlement" and pit.changes(pit.a)[-1] == ("trade", "settlement", 0)
    for price in (0, -1, 1.5, True):
        with pytest.raises(Malformed):
            pit.exchange.settle_contract(SYMBOL, price)  # type: ignore[arg-type]


def test_a_future_that_expires_is_settled_without_a_call() -> None:
    """Also those who cannot pay: the fund does."""
    pit = poor(kind="future", expires=HOUR, funding_interval=HOUR)
    pit.endow(2_000)
    pit.limit(pit.a, "sell", 130, 5)
    pit.exchange.publish(SYMBOL, mark=95, index=85)
    pit.exchange.advance(HOUR)
    pit.check("expiry")
    assert pit.exchange.settlement_price(SYMBOL) == 85
    assert [pit.held(account) for account in (pit.a, pit.b)] == [None, None] and pit.a.working == {}
    assert (pit.wallet(pit.a), pit.wallet(pit.b)) == (0, 101_500)
    assert pit.exchange.ledger.insurance == {"USD": 1_500}
    with pytest.raises(Reject, match="MARKET_CLOSED"):
        pit.limit(pit.a, "buy", 85, 1)
    assert pit.exchange.next_time() is None, "no funding after the end"


# ------------------------------------------------------------------ snapshot
def test_a_snapshot_holds_everything() -> None:
    """A branch restored in the middle tells the same events as the first."""
    pit = large(funding_interval=HOUR, liquidation_fee=D("0.003"))
    pit.endow(50)
    pit.exchange.set_position_mode(pit.c, hedge=True)
    pit.limit(pit.b, "sell", 99, 20)
    pit.limit(pit.c, "buy", 99, 20, position_side="long")
    pit.limit(pit.c, "sell", 105, 8, position_side="long")
    pit.exchange.publish(SYMBOL, mark=97, funding=D("0.0007"))
    text = snapshot(pit.exchange).to_json()
    branch = restore(State.from_json(text))
    assert snapshot(branch).to_json() == text
    told: list[Any] = []
    branch.on_change(told.append)
    pit.events.clear()
    for exchange in (pit.exchange, branch):
        exchange.advance(HOUR)
        c, b = exchange.accounts["c"], exchange.accounts["b"]
        exchange.place(b, NewOrder(symbol=SYMBOL, side="buy", price=95, lots=100))
        exchange.publish(SYMBOL, mark=95)
        exchange.place(b, NewOrder(symbol=SYMBOL, side="sell", price=94, lots=15))
        exchange.place(c, NewOrder(symbol=SYMBOL, side="sell", price=94, lots=15, position_side="long"))
        exchange.publish(SYMBOL, mark=80)
        check(exchange, "the end")
    assert told == pit.events and len(told) > 20
    assert snapshot(branch).to_json() == snapshot(pit.exchange).to_json()


def test_positions_as_they_were() -> None:
    pit = Pit()
    for time, lots in ((10, 5), (20, 3)):
        pit.exchange.advance(time)
        pit.trade(pit.a, pit.b, 100, lots)
    pit.exchange.advance(30)
    pit.trade(pit.b, pit.a, 100, 8)
    seen = [[p.lots for p in pit.exchange.view(pit.a, time).positions()] for time in (9, 10, 19, 20, 29, 30)]
    assert seen == [[], [5], [5], [8], [8], []]


# ----------------------------------------------------- the invariants can fail
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda pit: pit.exchange._markets[SYMBOL].margined.holders.pop("a"), "holders"),
        (lambda pit: setattr(pit.exchange._markets[SYMBOL].margined, "house_lots", 1), "add up to 1 lots"),
        (lambda pit: pit.exchange.ledger.insurance.update(USD=-1), "insurance fund owes"),
        (lambda pit: setattr(pit.a.balance("USD"), "free", 90), "lost the maintenance margin in USD"),
        (lambda pit: setattr(pit.c.balance("USD"), "free", -1), "owes 1 atoms of USD"),
        (lambda pit: setattr(pit.a.portfolio, "hedge", True), "wrong side"),
        (lambda pit: pit.a.portfolio.reducing.clear(), "not known to be reduce-only"),
    ],
)
def test_broken_invariants_are_seen(damage: Any, message: str) -> None:
    pit = Pit()
    pit.exchange.set_leverage(pit.c, SYMBOL, 5)
    pit.trade(pit.a, pit.b, 100, 100)
    pit.limit(pit.a, "sell", 110, 100, reduce_only=True)
    damage(pit)
    with pytest.raises(Broken, match=message):
        check(pit.exchange, "a fault of ours")


def test_brackets_may_change() -> None:
    """Higher maintenance rates liquidate whom they find."""
    pit = poor()
    pit.limit(pit.c, "buy", 99, 200)
    pit.mark(99)
    rates = tuple(Bracket(cap=b.cap, leverage=5, rate=D("0.1") + b.rate) for b in BRACKETS)
    pit.exchange.set_instrument(contract(brackets=rates))
    pit.check("new brackets")
    assert pit.held(pit.a) is None


def test_what_follows_from_a_liquidation_happens_in_the_market_it_was_in() -> None:
    """Account a is sold to a pair of c; account b, next, has an order in another market to lose."""
    pit = Pit()
    pit.exchange.add_instrument(contract(symbol="XYZ/USD", base="XYZ"))
    maker = pit.exchange.open_account("d", {"USD": 100_000})
    pit.given += 100_000
    for account in (pit.a, pit.b):
        account.balance("USD").free -= 99_000
        pit.given -= 99_000
        pit.trade(account, pit.c, 100, 100)
    elsewhere = pit.exchange.place(pit.b, NewOrder(symbol="XYZ/USD", side="buy", price=5, lots=1))
    pit.exchange.set_leverage(maker, SYMBOL, 10)
    bid = NewOrder(symbol=SYMBOL, side="buy", price=91, lots=300)
    stop = NewOrder(symbol=SYMBOL, side="buy", type="market", lots=300, trigger=Trigger(kind="stop", price=200))
    pair = pit.exchange.place_list(maker, NewList(kind="oco", orders=(bid, stop)))
    pit.mark(90)
    assert [(fill.lots, fill.price) for fill in maker.fills] == [(100, 91)] * 2
    assert [order.status for order in pair.orders] == ["partially_filled", "expired"]
    assert pit.b.orders[elsewhere.order_id][-1].expired_by == "liquidation"


@pytest.mark.parametrize(("hours", "paid_at"), [(4, [4, 8, 12, 16, 20, 24]), (12, [12, 24]), (None, [])])
def test_another_funding_interval_holds_from_the_next_payment_on(hours: int | None, paid_at: list[int]) -> None:
    pit = Pit(funding_interval=8 * HOUR)
    pit.trade(pit.a, pit.b, 100, 100)
    pit.exchange.publish(SYMBOL, mark=100, funding=D("0.01"))
    pit.exchange.advance(HOUR)
    interval = None if hours is None else hours * HOUR
    pit.exchange.set_instrument(dataclasses.replace(pit.instrument, funding_interval=interval))
    found, before = [], 0
    for hour in range(1, 25):
        due = pit.exchange.funding_time(SYMBOL)
        pit.exchange.advance(hour * HOUR)
        held = pit.held(pit.a)
        assert held is not None
        if held.funding != before:
            before = held.funding
            found.append(hour)
            assert due == hour * HOUR
    assert found == paid_at
