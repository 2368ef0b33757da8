"""Liquidation where several positions, markets and assets stand beside each other: who goes first, what is kept, who
pays. Derived by hand from the rules in ``core.liquidation``."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from contract_bench import HOUR, SYMBOL, Pit, contract
from small_market import instrument

from outtrade_mocks.core import Account, Bracket, Exchange, NewOrder, Order
from outtrade_mocks.core.events import InsuranceChange, PositionChange
from outtrade_mocks.core.invariants import check, total
from outtrade_mocks.core.positions import Position, PositionSide

D = Decimal
OTHER, COIN, SPOT = "XYZ/USD", "XYZ/EUR", "SPOT/USD"
FLAT = (Bracket(cap=None, leverage=50, rate=D("0.01")),)
"""One percent of whatever size."""


class Floor(Pit):
    """Three contracts, settled in USD, USD and EUR, and a spot market in USD; ``b`` and ``c`` are rich."""

    def __init__(self, money: int, **rules: Any) -> None:
        super().__init__(money=money, **{"brackets": FLAT} | rules)
        for symbol, quote in ((OTHER, "USD"), (COIN, "EUR")):
            self.exchange.add_instrument(contract(symbol=symbol, base="XYZ", quote=quote, **{"brackets": FLAT} | rules))
        self.exchange.add_instrument(instrument(symbol=SPOT, base="SPOT"))
        for account in (self.b, self.c):
            self.put(account, "USD", 10**6)
            self.put(account, "EUR", 10**6)
        for symbol in (SYMBOL, OTHER, COIN):
            self.exchange.publish(symbol, mark=100)

    def put(self, account: Account, asset: str, atoms: int) -> None:
        self.exchange.deposit(account, asset, atoms)
        self.given += atoms if asset == "USD" else 0

    def send(self, account: Account, symbol: str, side: Any, price: int, lots: int, **more: Any) -> Order:
        order = self.exchange.place(account, NewOrder(symbol=symbol, side=side, price=price, lots=lots, **more))
        self.check(f"{side} {lots} {symbol} at {price}")
        return order

    def open(self, symbol: str, lots: int, price: int = 100, account: Account | None = None, **more: Any) -> None:
        """The account (a) opens a position against ``b``; below 0: a short one."""
        account = account or self.a
        self.exchange.set_leverage(account, symbol, 50)
        sides = ("buy", "sell") if lots > 0 else ("sell", "buy")
        self.send(self.b, symbol, sides[1], price, abs(lots))
        self.send(account, symbol, sides[0], price, abs(lots), **more)

    def at(self, symbol: str, mark: int) -> None:
        self.exchange.publish(symbol, mark=mark)
        self.check(f"{symbol} at {mark}")

    def forced(self, account: Account | None = None) -> list[Order]:
        last = [snapshots[-1] for snapshots in (account or self.a).orders.values()]
        return [order for order in last if order.terms is not None and order.terms.forced]

    def position(self, symbol: str, side: PositionSide = "net", account: Account | None = None) -> Position | None:
        portfolio = (account or self.a).portfolio
        return None if portfolio is None else portfolio.position(symbol, side)


def test_the_position_with_the_largest_maintenance_margin_goes_first() -> None:
    for first, second in ((SYMBOL, OTHER), (OTHER, SYMBOL)):
        floor = Floor(1_000)
        floor.open(first, 100)
        floor.open(second, 300)
        floor.send(floor.c, second, "buy", 98, 300)
        floor.at(second, 97)  # 100 of 1,000 are left, 391 are needed; at 98 it gets 300 more
        (order,) = floor.forced()
        assert (order.symbol, order.filled) == (second, 300) and floor.position(first) is not None


def test_a_position_is_not_sold_above_its_entry_for_the_losses_of_others() -> None:
    """The first, in a halted market, has lost all there was and more; the second is closed where it was opened."""
    floor = Floor(1_000, liquidation_fee=D("0.01"))
    floor.open(SYMBOL, 100)
    floor.open(OTHER, 90)
    floor.exchange.set_open(SYMBOL, False)
    floor.endow(500)
    floor.send(floor.c, OTHER, "buy", 100, 90)
    floor.at(SYMBOL, 85)
    (order,) = floor.forced()
    assert (order.symbol, order.price, order.filled) == (OTHER, 100, 90)
    assert floor.wallet(floor.a) == 1_000 and floor.exchange.ledger.insurance["USD"] == 500, "no fee on a loss"


def test_what_never_owes_anything_is_sold_at_the_mark_price() -> None:
    """One bought at 100 under a wallet of 2,000 has no bankruptcy price; another position, in a halted market, is in
    trouble: 2,000 - 1,800 - 10 = 190 of equity, 883 are needed."""
    floor = Floor(2_000)
    floor.open(OTHER, 900)
    floor.open(SYMBOL, 1)
    floor.exchange.set_open(OTHER, False)
    floor.at(SYMBOL, 90)
    floor.at(OTHER, 98)
    assert {(order.symbol, order.price) for order in floor.forced()} == {(SYMBOL, 90)}
    assert floor.position(OTHER) is not None


@pytest.mark.parametrize("sign", [1, -1])
def test_the_fee_takes_what_a_whole_tick_leaves(sign: int) -> None:
    """99 at 100 with 1,000: bankrupt at 89.898..., so 90 (a short: 110), which leaves 10 for the fee."""
    floor = Floor(1_000, liquidation_fee=D("0.01"))
    floor.open(SYMBOL, 99 * sign)
    floor.at(SYMBOL, 100 - 10 * sign)
    (taken,) = [order for order in floor.forced() if order.filled]
    assert (taken.price, taken.filled) == (100 - 10 * sign, 99)
    assert floor.wallet(floor.a) == 0 and floor.exchange.ledger.insurance["USD"] == 10


def test_the_fee_is_one_of_what_was_deleveraged_too() -> None:
    floor = Floor(1_000, liquidation_fee=D("0.01"))
    floor.open(SYMBOL, 99)
    floor.at(SYMBOL, 80)
    assert [fill.price for fill in floor.b.fills if fill.lots == 99][-1] == 90
    assert floor.wallet(floor.a) == 0 and floor.exchange.ledger.insurance["USD"] == 10
    mine, theirs = floor.a.fills[-1], floor.b.fills[-1]
    assert mine.trade_id == theirs.trade_id > floor.a.fills[0].trade_id, "two sides of one trade"


def test_the_fee_of_an_isolated_position_comes_from_its_own_margin() -> None:
    floor = Floor(5_000, liquidation_fee=D("0.05"))
    floor.exchange.set_margin_mode(floor.a, SYMBOL, isolated=True)
    floor.exchange.set_leverage(floor.a, SYMBOL, 10)
    floor.send(floor.b, SYMBOL, "sell", 100, 100)
    floor.send(floor.a, SYMBOL, "buy", 100, 100)
    floor.send(floor.c, SYMBOL, "buy", 91, 100)
    floor.at(SYMBOL, 90)
    assert floor.wallet(floor.a) == 4_000 and floor.exchange.ledger.insurance["USD"] == 100, "not 455"


@pytest.mark.parametrize(("endowed", "left"), [(300, 0), (299, 299)])
def test_a_fund_that_has_just_enough_pays(endowed: int, left: int) -> None:
    floor = Floor(1_000)
    floor.open(SYMBOL, 100)
    floor.endow(endowed)
    floor.at(SYMBOL, 87)  # bankrupt at 90
    assert floor.exchange.ledger.insurance["USD"] == left
    assert (floor.forced(floor.b) == []) == (left == 0)


def test_a_step_that_the_book_took_is_followed_by_another_step() -> None:
    rows = [(10_000, 50, "0.01"), (20_000, 40, "0.015"), (None, 25, "0.02")]
    brackets = tuple(
        Bracket(cap=None if cap is None else D(cap), leverage=leverage, rate=D(rate)) for cap, leverage, rate in rows
    )
    floor = Floor(1_200, brackets=brackets)
    floor.exchange.set_leverage(floor.a, SYMBOL, 25)
    floor.send(floor.b, SYMBOL, "sell", 100, 250)
    floor.send(floor.a, SYMBOL, "buy", 100, 250)
    floor.send(floor.c, SYMBOL, "buy", 96, 500)
    floor.at(SYMBOL, 96)  # 200 are left; 330 are needed, then 237, and 96 in the end
    assert [(order.lots, order.filled) for order in floor.forced()] == [(42, 42), (104, 104)]
    held = floor.position(SYMBOL)
    assert held is not None and held.lots == 104


def test_what_has_enough_margin_after_a_part_of_an_order_is_left_alone() -> None:
    floor = Floor(1_000)
    floor.open(SYMBOL, 100)
    floor.send(floor.c, SYMBOL, "buy", 99, 60)
    floor.at(SYMBOL, 90)  # 60 at 99: 540 stand for 40, which are at a loss of 400 and need 36
    (order,) = floor.forced()
    assert (order.lots, order.filled, order.expired_by) == (100, 60, "ioc")
    held = floor.position(SYMBOL)
    assert held is not None and held.lots == 40 and floor.wallet(floor.a) == 940


def test_a_wallet_below_zero_is_left_alone_while_a_profit_stands_behind_it() -> None:
    floor = Floor(1_000)
    floor.endow(700)
    floor.open(SYMBOL, 100)
    floor.at(SYMBOL, 130)
    floor.open(OTHER, 100)
    floor.send(floor.c, OTHER, "buy", 85, 100)
    floor.send(floor.a, OTHER, "sell", 85, 100)
    assert floor.wallet(floor.a) == -500 and floor.exchange.ledger.insurance["USD"] == 700
    floor.send(floor.c, SYMBOL, "buy", 130, 100)
    floor.send(floor.a, SYMBOL, "sell", 130, 100)
    assert floor.wallet(floor.a) == 2_500


def test_money_that_spot_orders_lock_comes_before_that_of_the_fund() -> None:
    floor = Floor(300)
    floor.endow(700)
    floor.exchange.set_margin_mode(floor.a, SYMBOL, isolated=True)
    floor.open(SYMBOL, 100)  # a margin of 200
    resting = floor.send(floor.a, SPOT, "buy", 10, 9)
    floor.send(floor.c, SYMBOL, "buy", 97, 100)
    floor.send(floor.a, SYMBOL, "sell", 97, 100)  # 300 lost: the margin, 10 free, and 90 locked
    assert floor.a.orders[resting.order_id][-1].expired_by == "liquidation"
    balance = floor.a.balance("USD")
    assert (balance.free, balance.locked) == (0, 0) and floor.exchange.ledger.insurance["USD"] == 700


def test_an_isolated_position_waits_for_a_halted_market() -> None:
    floor = Floor(1_000)
    floor.exchange.set_margin_mode(floor.a, SYMBOL, isolated=True)
    floor.open(SYMBOL, 50)
    floor.exchange.set_open(SYMBOL, False)
    floor.at(SYMBOL, 90)
    assert floor.position(SYMBOL) is not None and floor.forced() == []
    floor.exchange.set_open(SYMBOL, True)
    floor.check("trading goes on")
    assert floor.position(SYMBOL) is None


def test_only_what_is_settled_in_the_lost_asset_is_closed_or_ended() -> None:
    floor = Floor(1_000)
    floor.put(floor.a, "EUR", 1_000)
    floor.open(SYMBOL, 100)
    floor.open(COIN, 200)
    kept = [floor.send(floor.a, COIN, "buy", 50, 1)]
    floor.put(floor.a, "SPOT", 5)
    kept.append(floor.send(floor.a, SPOT, "sell", 900, 5))
    ended = [floor.send(floor.a, SPOT, "buy", 1, 1), floor.send(floor.a, OTHER, "buy", 1, 1)]
    before = total(floor.exchange, "EUR")
    floor.at(SYMBOL, 90)
    assert floor.position(SYMBOL) is None and floor.position(COIN) is not None
    assert [floor.a.orders[order.order_id][-1].status for order in kept] == ["open"] * 2
    assert [floor.a.orders[order.order_id][-1].expired_by for order in ended] == ["liquidation"] * 2
    assert total(floor.exchange, "EUR") == before


def test_nobody_is_deleveraged_against_himself() -> None:
    """In hedge mode the short side would rank first, with the largest profit on the least margin."""
    floor = Floor(10_000)
    floor.exchange.set_position_mode(floor.a, hedge=True)
    floor.exchange.set_margin_mode(floor.a, SYMBOL, isolated=True)
    floor.open(SYMBOL, 100, position_side="long")
    floor.open(SYMBOL, -50, position_side="short")
    floor.send(floor.c, SYMBOL, "buy", 100, 50)
    floor.send(floor.b, SYMBOL, "sell", 100, 50)
    floor.at(SYMBOL, 80)
    short = floor.position(SYMBOL, "short")
    assert floor.position(SYMBOL, "long") is None and short is not None and short.lots == -50
    assert floor.forced(floor.b)[-1].filled == 100


# ----------------------------------------------------------------------- ranks
def ranks(floor: Floor, *accounts: Account) -> list[Fraction]:
    return [floor.exchange.adl_rank(account, SYMBOL)[0][1] for account in accounts]


def test_among_losses_the_least_leveraged_goes_last_and_leverage_counts_from_one() -> None:
    """BitMEX: profit percent / effective leverage where there is a loss. 1 % lost: at 100 of 400 (1x counted), and of
    25 (4x)."""
    floor = Floor(0)
    accounts = [floor.exchange.open_account(name, {"USD": money}) for name, money in (("q", 2_600), ("p", 200_000))]
    floor.given += 202_600
    for account, lots in zip(accounts, (100, 100), strict=True):
        floor.open(SYMBOL, lots, account=account)
    floor.at(SYMBOL, 99)
    keen, rich = accounts
    assert ranks(floor, keen, rich) == [1, Fraction(1, 2)]
    found = floor.exchange._ranking(floor.exchange._markets[SYMBOL], None, long=True)
    assert [share for share, _, _ in found] == [
        Fraction(-1, 100) / Fraction(9_900, 2_500), Fraction(-1, 100)
    ]  # fmt: skip


def test_an_isolated_position_ranks_by_its_margin_with_its_profit() -> None:
    floor = Floor(0)
    accounts = [floor.exchange.open_account(name, {"USD": 10_000}) for name in "qp"]
    floor.given += 20_000
    for account, price in zip(accounts, (60, 100), strict=True):
        floor.exchange.set_margin_mode(account, SYMBOL, isolated=True)
        floor.at(SYMBOL, price)
        floor.open(SYMBOL, 100, price=price, account=account)
    floor.at(SYMBOL, 110)
    found = floor.exchange._ranking(floor.exchange._markets[SYMBOL], None, long=True)
    assert [(share, account.name) for share, account, _ in found] == [
        (Fraction(5, 6) * Fraction(11_000, 120 + 5_000), "q"), (Fraction(1, 10) * Fraction(11_000, 200 + 1_000), "p"),
    ]  # fmt: skip
    check(floor.exchange, "ranking")


# ------------------------------------------------------------ funding, settlement
HOURLY: dict[str, Any] = {"funding_interval": HOUR}


def test_funding_of_less_than_an_atom_is_not_told() -> None:
    floor = Floor(1_000, **HOURLY)
    floor.open(SYMBOL, -1)
    floor.exchange.publish(SYMBOL, funding=D("0.0001"))
    floor.events.clear()
    floor.exchange.advance(HOUR)
    short, long = floor.position(SYMBOL), floor.position(SYMBOL, account=floor.b)
    assert short is not None and short.funding == 0, "0.01 of an atom, rounded down"
    assert long is not None and long.funding == -1, "and up"
    assert {e.position.account for e in floor.events if isinstance(e, PositionChange)} == {"b"}


def test_a_view_knows_the_funding_of_its_time() -> None:
    floor = Floor(1_000, **HOURLY)
    floor.open(SYMBOL, 10)
    floor.exchange.publish(SYMBOL, funding=D("0.01"))
    floor.exchange.advance(HOUR)
    for time, paid in ((HOUR - 1, 0), (HOUR, -10)):
        (held,) = floor.exchange.view(floor.a, as_of=time).positions()
        assert held.funding == paid


def test_an_inverse_contract_pays_and_is_settled_in_its_coin() -> None:
    rules = contract(symbol="BTC/USD", base="BTC", inverse=True, contract_size=D(10_000), brackets=FLAT, **HOURLY)
    exchange = Exchange([rules], now=0, seed=1)
    a, b = (exchange.open_account(name, {"BTC": 10_000, "USD": 5}) for name in "ab")
    exchange.publish(rules.symbol, mark=100, funding=D("0.003"))
    exchange.place(b, NewOrder(symbol=rules.symbol, side="sell", price=100, lots=10))
    exchange.place(a, NewOrder(symbol=rules.symbol, side="buy", price=100, lots=9))
    exchange.sweep(next(iter(b.working.values())), 1)
    exchange.publish(rules.symbol, mark=90)
    exchange.advance(HOUR)  # 9 x 10,000 / 90 = 1,000 x 0.003 = 3, and 3.33 for the short
    assert [exchange.view(account).positions()[0].funding for account in (a, b)] == [-3, 3]
    for asset, had in (("BTC", 20_000), ("USD", 10)):
        assert total(exchange, asset) == had
    exchange.settle_contract(rules.symbol, 95)
    for asset, had in (("BTC", 20_000), ("USD", 10)):
        assert total(exchange, asset) == had
    assert exchange.ledger.house.balance("USD").free == 0
    check(exchange, "settlement")


def test_a_settlement_that_costs_more_than_there_is_is_balanced_out() -> None:
    floor = Floor(1_000)
    floor.open(SYMBOL, 100)
    floor.endow(300)
    floor.exchange.settle_contract(SYMBOL, 88)
    floor.check("a settlement")
    assert floor.wallet(floor.a) == 0 and floor.exchange.ledger.insurance["USD"] == 100


def test_an_endowment_is_told_at_once() -> None:
    floor = Floor(0)
    floor.events.clear()
    floor.endow(7)
    assert [e.atoms for e in floor.events if isinstance(e, InsuranceChange)] == [7]


def test_another_interval_of_one_symbol_leaves_the_others_alone() -> None:
    floor = Floor(1_000, **HOURLY)
    floor.open(OTHER, 10)
    floor.exchange.publish(OTHER, funding=D("0.01"))
    floor.exchange.set_instrument(replace(floor.exchange.instrument(SYMBOL), funding_interval=None))
    floor.exchange.advance(HOUR)
    held = floor.position(OTHER)
    assert held is not None and held.funding == -10
