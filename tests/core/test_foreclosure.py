"""Liquidation of margin accounts: in steps through the book, in the end by the house; no level is ever left lost.

Derived by hand from the rules in ``core.foreclosure``; Binance's thresholds: 1.1 liquidation, 1.3 margin call at 3x.
"""

from __future__ import annotations

import dataclasses
from decimal import Decimal as D
from fractions import Fraction
from typing import Any

import pytest
from margin_bank import BTC, ETH, Bank
from msgspec import structs

from outtrade_mocks.core import (
    BalanceChange,
    Change,
    Exchange,
    Fill,
    FlowConfig,
    Instrument,
    MarginRules,
    NewList,
    NewOrder,
    OrderChange,
    Reject,
    Trigger,
)
from outtrade_mocks.core.events import InsuranceChange, LoanChange, MarginChange
from outtrade_mocks.core.invariants import Broken, check, total
from outtrade_mocks.core.loans import HOUR
from outtrade_mocks.core.state import restore, snapshot

FREE = MarginRules(rates={"USDT": D(0), "BTC": D(0), "ETH": D(0)}, reference="USDT")


def long(rules: MarginRules = FREE) -> Bank:
    """1,000 of its own, 2,000 borrowed: 0.3 BTC at 10,000. The level is 1.1 at 7,333.33."""
    bank = Bank(rules)
    bank.order(bank.b, BTC, "sell", "10000", "0.3")
    bank.order(bank.a, BTC, "buy", None, "0.3", side_effect="borrow")
    bank.told.clear()
    return bank


def mine(bank: Bank, kind: Any) -> list[Any]:
    return [e for e in bank.told if isinstance(e, kind) and getattr(e, "account", "a") == "a"]


def fund(bank: Bank) -> D:
    return bank.exchange.amount("USDT", bank.exchange.ledger.insurance.get("USDT", 0))


def test_a_long_is_sold_in_steps_until_no_call_is_due() -> None:
    """At 7,300 (level 1.095): a step pays 500 of 2,000 back and 2 % of what it sells to the fund: 500 / 0.98 / 7,300 =
    0.06990 BTC. After three of them 659.19 stand for 499.8062."""
    bank = long()
    bank.order(bank.a, BTC, "sell", "20000", "0.1")
    bank.order(bank.c, BTC, "buy", "7300", "1")
    bank.told.clear()
    bank.order(bank.b, BTC, "sell", "7300", "0.001")
    assert [(f.lots, f.side, f.maker) for f in mine(bank, Fill)] == [(6990, "sell", False)] * 3
    sold, fee = D("0.0699") * 7300, D("10.2054")
    assert bank.owes("USDT") == (2000 - 3 * (sold - fee), D(0)) == (D("499.8062"), D(0))
    assert fund(bank) == 3 * fee and bank.free("BTC") == D("0.0903") and bank.free("USDT") == 0
    assert bank.exchange.margin_level(bank.a) == Fraction("659.19") / Fraction("499.8062")
    assert [e.why for e in mine(bank, MarginChange)] == ["liquidation"]
    mine_told = [e for e in bank.told if isinstance(e, OrderChange) and e.order.account == "a"]
    changes = [(e.order.client_id, e.why, e.cause) for e in mine_told]
    assert [change for change in changes if change[1] in ("expire", "accepted")] == [
        ("auto-9", "expire", "liquidation"),
        *((f"liquidation-{number}", "accepted", "liquidation") for number in (12, 13, 14)),
    ]
    orders = bank.exchange.view(bank.a).all_orders("BTC/USDT")
    assert [o.expired_by for o in orders[-4:]] == ["liquidation", "", "", ""]
    assert all(o.terms is not None and o.terms.forced == "liquidation" for o in orders[-3:])
    assert {e.cause for e in mine(bank, BalanceChange)} == {"liquidation"}
    assert {e.cause for e in mine(bank, LoanChange)} == {"liquidation"}
    assert len([e for e in bank.told if isinstance(e, InsuranceChange)]) == 3


def test_a_price_just_above_the_threshold_liquidates_nobody() -> None:
    bank = long()
    bank.order(bank.c, BTC, "buy", "7333.34", "1")
    bank.order(bank.b, BTC, "sell", "7333.34", "0.001")
    assert not mine(bank, Fill) and [e.why for e in mine(bank, MarginChange)] == ["call"]
    bank.order(bank.c, BTC, "buy", "7333.33", "1")
    bank.order(bank.b, BTC, "sell", "7333.33", "1.5")
    assert mine(bank, Fill)


def test_a_short_is_bought_back() -> None:
    """1,000 and 2,000 from 0.2 BTC sold at 10,000: the level is 1.1 at 13,636.36. At 13,700: 1.0949."""
    bank = Bank(FREE)
    bank.order(bank.b, BTC, "buy", "10000", "0.2")
    bank.order(bank.a, BTC, "sell", None, "0.2", side_effect="borrow")
    assert bank.exchange.margin_level(bank.a) == Fraction(3, 2)
    bank.told.clear()
    bank.order(bank.b, BTC, "sell", "13700", "1")
    bank.order(bank.c, BTC, "buy", "13700", "0.001")
    fills = mine(bank, Fill)
    assert [(f.lots, f.side) for f in fills] == [(5103, "buy")] * 3  # 0.05 / 0.98, in whole lots
    assert bank.exchange.amount("BTC", bank.exchange.ledger.insurance["BTC"]) == 3 * D("0.0010206")
    assert bank.owes("BTC")[0] == D("0.2") - 3 * (D("0.05103") - D("0.0010206"))


def test_a_thin_book_ends_with_the_house() -> None:
    """0.1 at 7,300 and 0.1 at 6,500: 0.2 BTC sold for 1,380, of which the fund gets 27.6. What is left, 0.1 BTC at the
    last price, 650, is less than the 647.6 that are owed and the fee on them: the house takes it all."""
    bank = long()
    bank.order(bank.c, BTC, "buy", "7300", "0.101")
    bank.order(bank.c, BTC, "buy", "6500", "0.1")
    bank.told.clear()
    bank.order(bank.b, BTC, "sell", "7300", "0.001")
    assert sum(f.lots for f in mine(bank, Fill)) == 20_000
    assert bank.exchange.view(bank.a).loans() == {} and bank.exchange.margin_level(bank.a) is None
    assert bank.free("BTC") == bank.free("USDT") == 0
    assert [e.why for e in mine(bank, MarginChange)] == ["liquidation", "takeover"]
    assert [e.why for e in mine(bank, LoanChange)][-1] == "takeover"
    house = bank.exchange.ledger.house
    assert bank.exchange.amount("BTC", house.balance("BTC").free) == D("0.1")
    debt = 2000 - (D(1380) - D("27.6"))
    assert bank.exchange.amount("USDT", house.balance("USDT").free) == -debt - (650 - debt)
    assert fund(bank) == D("27.6") + 650 - debt


def test_a_bankrupt_account_costs_the_fund_and_then_the_house() -> None:
    """The price falls to 5,000 without anybody who buys: 1,500 for 2,000. The fund has 300 of the 500."""
    bank = long()
    bank.exchange.endow_insurance("USDT", bank.exchange.atoms("USDT", D(300)))
    bank.start["USDT"] += bank.exchange.atoms("USDT", D(300))
    bank.price(BTC, "5000")
    assert not mine(bank, Fill) and bank.exchange.view(bank.a).loans() == {}
    assert bank.free("BTC") == 0 == fund(bank)
    house = bank.exchange.ledger.house
    assert bank.exchange.amount("USDT", house.balance("USDT").free) == -1_700
    assert bank.exchange.amount("BTC", house.balance("BTC").free) == D("0.3")
    assert bank.exchange.ledger.pool == {"USDT": 0}


def test_the_house_takes_no_more_than_the_debt_and_the_fee() -> None:
    """At 7,300 nobody buys: 2,190 for 2,000. The house takes 2,040 of it, the fund gets 40."""
    bank = long()
    bank.price(BTC, "7300")
    assert bank.free("BTC") == D("0.3") - D("0.27945206")
    assert fund(bank) == 40 and bank.exchange.view(bank.a).loans() == {}


def test_a_halted_market_is_waited_for() -> None:
    bank = long()
    bank.exchange.set_open("BTC/USDT", False)
    bank.exchange.publish("BTC/USDT", index=BTC.ticks(D(7000)))
    bank.check("an index price")
    assert bank.exchange.standing(bank.a).below(D("1.1")) and not mine(bank, Fill)
    bank.exchange.set_open("BTC/USDT", True)
    bank.check("opening")
    assert bank.exchange.margin_level(bank.a) is None


def test_collateral_without_a_market_against_the_debt_takes_two_steps() -> None:
    """ETH for BTC, BTC for USDT."""
    bank = Bank(FREE, usdt="0")
    bank.exchange.transfer(bank.b, bank.a, "ETH", bank.exchange.atoms("ETH", D(6)))  # 6 x 0.05 x 10,000 = 3,000
    bank.borrow("USDT", "2000")
    bank.order(bank.b, BTC, "sell", "10000", "0.2")
    bank.order(bank.a, BTC, "buy", None, "0.2")
    bank.order(bank.b, ETH, "sell", "0.1", "1")
    bank.order(bank.a, ETH, "buy", None, "1")  # ETH now 7, at 0.1; 0.1 BTC left
    bank.order(bank.b, ETH, "buy", "0.02", "10")
    bank.order(bank.b, BTC, "buy", "9000", "10")
    bank.told.clear()
    bank.order(bank.c, ETH, "sell", "0.02", "0.01")  # 7 x 0.02 x 10,000 + 1,000 = 2,400
    bank.order(bank.c, BTC, "sell", "9000", "0.01")  # 2,160: 1.08
    fills = [(f.symbol, f.side) for f in mine(bank, Fill)]
    assert fills[0] == ("BTC/USDT", "sell") and ("ETH/BTC", "sell") in fills
    assert bank.exchange.margin_level(bank.a) is None or bank.exchange.margin_level(bank.a) > Fraction("1.3")


def test_one_liquidation_sets_off_the_next() -> None:
    """``a`` is liquidated at 7,300 and sells down to 7,000, where ``d`` is, too (2,140 x 7 / 7 ...: 0.305 at 7,000)."""
    bank = long()
    d = bank.exchange.open_account("d", {"USDT": bank.exchange.atoms("USDT", D(1100))})
    bank.start["USDT"] += bank.exchange.atoms("USDT", D(1100))
    bank.exchange.open_margin(d, FREE)
    bank.order(bank.b, BTC, "sell", "10000", "0.31")
    bank.order(d, BTC, "buy", None, "0.31", side_effect="borrow")  # owes 2,000: lost at 7,096
    bank.order(bank.c, BTC, "buy", "7300", "0.05")
    bank.order(bank.c, BTC, "buy", "7000", "10")
    bank.told.clear()
    bank.order(bank.b, BTC, "sell", "7300", "0.001")
    who = [e.account for e in bank.told if isinstance(e, MarginChange) and e.why == "liquidation"]
    assert who == ["a", "d"]
    for account in (bank.a, d):
        level = bank.exchange.margin_level(account)
        assert level is None or level > Fraction("1.3")


def flowing(rate: str = "0.024") -> tuple[Exchange, Any, list[Change]]:
    """A volatile seeded market and an account at five times."""
    config = FlowConfig(mid=D(10_000), depth=D(2), volatility_bps=200.0, taker_size=D("0.5"))
    exchange = Exchange([BTC], now=0, seed=3, flows={"BTC/USDT": config})
    account = exchange.open_account("a", {"USDT": exchange.atoms("USDT", D(1000))})
    exchange.open_margin(account, MarginRules(rates={"USDT": D(rate)}, reference="USDT", leverage=5, call=D("1.16")))
    told: list[Change] = []
    exchange.on_change(told.append)
    lots = BTC.lots(D("0.45"))
    exchange.place(account, NewOrder(symbol="BTC/USDT", side="buy", type="market", lots=lots, side_effect="borrow"))
    return exchange, account, told


def test_the_seeded_market_liquidates_at_its_own_time_however_far_one_jumps() -> None:
    """The account has no order on the book; still each price counts, and each hour's interest, in their order."""
    one, _, told = flowing()
    other, _, heard = flowing()
    one.advance(2 * HOUR)
    while other.now < 2 * HOUR:
        due = other.next_time()
        other.advance(min(2 * HOUR, other.now + 300_000_000_000 if due is None else max(due, other.now + 1)))
        check(other, "a step")
    assert told == heard
    assert any(isinstance(e, MarginChange) and e.why == "liquidation" for e in told)
    assert snapshot(one).to_json() == snapshot(other).to_json()
    assert total(one, "USDT") == one.atoms("USDT", D(1000)) and total(one, "BTC") == 0


def test_a_branch_is_liquidated_alike() -> None:
    one, _, told = flowing()
    one.advance(HOUR // 2)
    other = restore(snapshot(one))
    heard: list[Change] = []
    other.on_change(heard.append)
    told.clear()
    for exchange in (one, other):
        exchange.advance(2 * HOUR)
    assert told == heard and any(isinstance(e, Fill) for e in told)


def test_a_lost_level_that_is_left_is_noticed() -> None:
    bank = long()
    bank.exchange._foreclosing = True  # as if liquidation were asleep
    with pytest.raises(Broken, match="a has lost its margin level"):
        bank.price(BTC, "7000")


def test_a_market_listed_later_counts_too() -> None:
    """A price for what had none: 10 NEW at 100 stand for the debt as well."""
    bank = long()
    bank.exchange.deposit(bank.a, "NEW", 10 * 10**8)
    before = bank.exchange.standing(bank.a).assets
    new = Instrument(symbol="NEW/USDT", base="NEW", quote="USDT", tick=D(1), step=D(1))
    bank.exchange.add_instrument(new)
    bank.check("a listing")
    bank.exchange.publish("NEW/USDT", index=100)
    assert bank.exchange.standing(bank.a).assets == before + bank.exchange.atoms("USDT", D(1000))
    bank.exchange.publish("BTC/USDT", index=BTC.ticks(D(4500)))
    bank.check("an index price")
    assert bank.exchange.margin_level(bank.a) == Fraction(2350, 2000)


def test_coarse_lots_are_sold_whole_and_dust_is_left_to_the_house() -> None:
    """Lots of 10: 25 ABC are two lots and dust that no order can sell."""
    abc = Instrument(
        symbol="ABC/USD", base="ABC", quote="USD", tick=D(1), step=D(10), base_precision=0, quote_precision=0
    )
    exchange = Exchange([abc], now=0, seed=1)
    rich = exchange.open_account("b", {"ABC": 1_000, "USD": 1_000_000})
    poor = exchange.open_account("a", {"ABC": 25})
    for side in ("sell", "buy"):
        exchange.place(rich, NewOrder(symbol="ABC/USD", side=side, price=100, lots=1, self_trade="none"))  # type: ignore[arg-type]
    exchange.open_margin(poor, MarginRules(rates={"USD": D(0)}, reference="USD"))
    exchange.borrow(poor, "USD", 5_000)
    exchange.place(rich, NewOrder(symbol="ABC/USD", side="sell", price=100, lots=50))
    exchange.place(poor, NewOrder(symbol="ABC/USD", side="buy", type="market", lots=5))
    check(exchange, "a purchase")
    exchange.place(rich, NewOrder(symbol="ABC/USD", side="buy", price=60, lots=50, self_trade="expire_maker"))
    exchange.publish("ABC/USD", index=60)
    check(exchange, "a fall")
    assert exchange.view(poor).loans() == {}
    assert total(exchange, "ABC") == 1_025 and total(exchange, "USD") == 1_000_000
    assert poor.balance("ABC").free == 0 and exchange.ledger.house.balance("ABC").free == 5


def whole(base: str) -> Instrument:
    return Instrument(
        symbol=f"{base}/USD", base=base, quote="USD", tick=D(1), step=D(1), base_precision=0, quote_precision=0
    )


def test_nobody_borrows_into_a_liquidation() -> None:
    """One percent of 5 ABC is owed as a whole one: 6,250 would stand for 6,000."""
    exchange = Exchange([whole("ABC")], now=0, seed=1)
    exchange.publish("ABC/USD", index=1_000)
    account = exchange.open_account("a", {"USD": 1_250})
    exchange.open_margin(account, MarginRules(rates={"ABC": D("0.24")}, reference="USD", leverage=5, call=D("1.16")))
    assert exchange.max_borrow(account, "ABC") == 5
    with pytest.raises(Reject, match="BORROW_LIMIT: the interest"):
        exchange.borrow(account, "ABC", 5)
    exchange.borrow(account, "ABC", 1)
    check(exchange, "a smaller loan")


def test_a_takeover_is_told_alike_whatever_was_looked_at_before() -> None:
    """A refused order leaves no trace that a snapshot would have to keep, the order of balances included."""
    one = Exchange([whole("ABC"), whole("XYZ"), whole("TOK")], now=0, seed=1)
    for symbol in one.instruments:
        one.publish(symbol, index=100)
    one.open_account("b", {"ABC": 10, "XYZ": 10, "USD": 5_000})
    poor = one.open_account("a", {"USD": 1_000})
    one.open_margin(poor, MarginRules(rates={"TOK": D(0)}, reference="USD"))
    with pytest.raises(Reject):
        one.place(poor, NewOrder(symbol="XYZ/USD", side="sell", price=100, lots=5))
    other = restore(snapshot(one))
    told: list[list[Change]] = [[], []]
    for exchange, heard in zip((one, other), told, strict=True):
        exchange.on_change(heard.append)
        a, b = exchange.accounts["a"], exchange.accounts["b"]
        for asset in ("ABC", "XYZ"):
            exchange.transfer(b, a, asset, 10)
        exchange.borrow(a, "TOK", 20)
        exchange.place(b, NewOrder(symbol="TOK/USD", side="buy", price=100, lots=20))
        exchange.place(a, NewOrder(symbol="TOK/USD", side="sell", type="market", lots=20))
        exchange.publish("TOK/USD", index=300)
        check(exchange, "a rise")
    assert told[0] == told[1]
    assert [e.why for e in told[0] if isinstance(e, MarginChange)] == ["liquidation", "takeover"]


def test_a_liquidation_in_two_markets_is_followed_in_each() -> None:
    """Both makers are orders of pairs; what follows from the fill of one happens in its own market."""
    bank = Bank(FREE)
    for rules, price, quantity, side_effect in ((BTC, "10000", "0.3", "borrow"), (ETH, "0.05", "5", None)):
        bank.order(bank.b, rules, "sell", price, quantity)
        bank.order(bank.a, rules, "buy", None, quantity, side_effect=side_effect)
    pairs = []
    for rules, bid, stop, quantity in ((BTC, "7000", "30000", "0.06"), (ETH, "0.049", "0.9", "500")):
        one = NewOrder(symbol=rules.symbol, side="buy", price=rules.ticks(D(bid)), lots=rules.lots(D(quantity)))
        trigger = Trigger(kind="stop", price=rules.ticks(D(stop)))
        other = structs.replace(one, type="market", price=None, trigger=trigger)
        pairs.append(bank.exchange.place_list(bank.c, NewList(kind="oco", orders=(one, other))))
    bank.exchange.publish("BTC/USDT", index=BTC.ticks(D(7000)))
    bank.check("two sales")
    for pair in pairs:
        limit, stop = pair.orders
        assert limit.filled and (stop.status, stop.expired_by) == ("expired", "list")


def test_a_halted_market_of_others_stops_no_takeover_and_its_own_one_is_not_told_of_again() -> None:
    bank = long()
    bank.exchange.set_open("TSLA/USD", False)
    bank.exchange.set_open("BTC/USDT", False)
    for price in (7_000, 6_900):
        bank.exchange.publish("BTC/USDT", index=BTC.ticks(D(price)))
        bank.check("a price while it is halted")
    assert [e.why for e in mine(bank, MarginChange)] == ["call"]
    bank.exchange.set_open("BTC/USDT", True)
    bank.check("trading goes on")
    assert [e.why for e in mine(bank, MarginChange)] == ["call", "liquidation", "takeover", "safe"]


def test_what_has_no_price_stays_with_its_owner() -> None:
    bank = long()
    bank.exchange.transfer(bank.b, bank.a, "TSLA", 5)
    bank.price(BTC, "5000")
    assert bank.exchange.view(bank.a).loans() == {} and bank.free("BTC") == 0
    assert bank.a.balance("TSLA").free == 5


def test_orders_of_a_liquidation_keep_to_the_quantities_of_the_symbol() -> None:
    bank = long()
    bank.exchange.set_instrument(dataclasses.replace(BTC, quantity_max=D("0.05"), market_step=D("0.003")))
    for _ in range(8):
        bank.order(bank.c, BTC, "buy", "7300", "0.05")
    bank.order(bank.b, BTC, "sell", "7300", "0.001")
    orders = bank.exchange.view(bank.a).all_orders("BTC/USDT")
    lots = [order.lots for order in orders if order.terms is not None and order.terms.forced]
    assert len(lots) > 3 and max(lots) == 4_800 and not any(part % 300 for part in lots)
    assert bank.exchange.margin_level(bank.a) is None or bank.exchange.margin_level(bank.a) > Fraction(13, 10)
