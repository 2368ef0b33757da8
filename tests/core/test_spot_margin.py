"""Spot margin: borrowing, interest, margin levels and calls, transfers, orders that borrow and repay, snapshots."""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction
from typing import Any

import pytest
from margin_bank import BTC, CENT, CROSS, SWAP, TSLA, Bank

from outtrade_mocks.core import (
    BalanceChange,
    Change,
    MarginRules,
    NewList,
    NewOrder,
    Trigger,
)
from outtrade_mocks.core.events import LoanChange, MarginChange
from outtrade_mocks.core.loans import HOUR
from outtrade_mocks.core.past import forget_past
from outtrade_mocks.core.state import State, restore, snapshot


# ------------------------------------------------------------------ interest
def test_interest_of_who_borrows_at_13_55() -> None:
    """Binance, "New Dynamic Interest Rate System": 1,000 USDT at 0.001 % an hour, borrowed at 13:55; at 14:30 0.02 USDT
    are owed: the first hour's at 13:55, the second's at 14:00."""
    bank = Bank(MarginRules(rates={"USDT": D("0.00024")}, reference="USDT"))
    bank.at(13 + 55 / 60)
    bank.borrow("USDT", "1000")
    assert bank.owes("USDT") == (D(1000), D("0.01"))
    bank.at(14.5)
    assert bank.owes("USDT") == (D(1000), D("0.02"))


def test_interest_of_who_repays_at_14_15() -> None:
    """Binance, "Daily Interest Rate": 1,000 USDT from 13:20 to 14:15 at 0.02 % a day: 1000 x (0.02 % / 24) x 2 =
    0.01666667; what was paid is the pool's income."""
    bank = Bank()
    bank.at(13 + 20 / 60)
    bank.borrow("USDT", "1000")
    bank.at(14.25)
    bank.exchange.repay(bank.a, "USDT")
    bank.check("repaying")
    assert bank.free("USDT") == D(1000) - D("0.01666667")
    assert bank.exchange.ledger.interest == {"USDT": 1_666_667} and bank.exchange.ledger.pool == {"USDT": 0}
    causes = [e.cause for e in bank.told if isinstance(e, BalanceChange)]
    assert causes == ["borrow", "interest", "repay"]
    told = [(e.why, e.principal, e.interest) for e in bank.told if isinstance(e, LoanChange)]
    assert told == [("borrow", 10**11, 833_334), ("interest", 10**11, 1_666_667), ("repay", 0, 0)]
    assert bank.exchange.next_time() is None


def test_interest_of_who_borrows_for_two_hours() -> None:
    """Bybit, "Spot Margin Trading: Fees Explained": 10,000 USDT from 8:05 until 10:00 at 0.02 % a day: 0.167. (Bybit
    counts hours begun since the loan, Binance hours of the clock; just before 10:00 both make it two.)"""
    bank = Bank(usdt="100000")
    bank.at(8 + 5 / 60)
    bank.borrow("USDT", "10000")
    bank.at(9.9999)
    assert bank.owes("USDT")[1] == D("0.16666667")


def test_many_hours_in_one_step_are_the_same_as_hour_by_hour() -> None:
    """3 hours of 0.333... atoms a piece make one atom, not three."""
    one, other = Bank(), Bank()
    for bank in (one, other):
        bank.borrow("USDT", "0.00040000")  # 40,000 atoms at 1/120,000 an hour: a third of an atom
    one.at(100.5)
    for hour in range(101):
        other.at(hour + 0.5 if hour < 100 else 100.5)
    assert one.owes("USDT") == other.owes("USDT") == (D("0.0004"), D("0.00000034"))
    assert one.told == other.told
    assert one.exchange.next_time() == 101 * HOUR


def test_interest_is_simple_and_a_second_loan_has_a_first_hour_of_its_own() -> None:
    bank = Bank(MarginRules(rates={"USDT": CENT}, reference="USDT"), usdt="100000")
    bank.borrow("USDT", "100")
    bank.at(1.5)
    bank.borrow("USDT", "200")
    assert bank.owes("USDT") == (D(300), D(4))
    bank.at(3)
    assert bank.owes("USDT") == (D(300), D(10))
    bank.exchange.repay(bank.a, "USDT", bank.exchange.atoms("USDT", D(8)))  # interest first
    assert bank.owes("USDT") == (D(300), D(2))
    bank.exchange.repay(bank.a, "USDT", bank.exchange.atoms("USDT", D(102)))
    assert bank.owes("USDT") == (D(200), D(0))
    bank.check("repaying")
    bank.at(4)
    assert bank.owes("USDT") == (D(200), D(2))


# -------------------------------------------------------------------- levels
@pytest.mark.parametrize(("leverage", "most", "level"), [(3, 2000, "1.5"), (5, 4000, "1.25"), (10, 9000, "10/9")])
def test_the_most_that_may_be_borrowed(leverage: int, most: int, level: str) -> None:
    """Binance, "Isolated Margin Leverage Adjustment": (assets - ratio x debts) / (ratio - 1) / price, with 1,000 USDT
    (derived): leverage - 1 times as much, and so in BTC at 10,000."""
    rules = MarginRules(
        rates=CROSS.rates, reference="USDT", leverage=leverage, call=D("1.08"), liquidation=D("1.05")
    )  # fmt: skip
    bank = Bank(rules)
    assert bank.exchange.max_borrow(bank.a, "USDT") == bank.exchange.atoms("USDT", D(most))
    assert bank.exchange.max_borrow(bank.a, "BTC") == bank.exchange.atoms("BTC", D(most) / 10_000)
    bank.refused("BORROW_LIMIT", "borrow", bank.a, "USDT", bank.exchange.atoms("USDT", D(most)) + 1)
    bank.borrow("USDT", str(most))
    standing = bank.exchange.standing(bank.a)
    assert standing.assets / (standing.debts - standing.debts + bank.exchange.atoms("USDT", D(most))) == Fraction(level)
    assert bank.exchange.max_borrow(bank.a, "USDT") == 0


def test_the_level_values_everything_in_one_asset() -> None:
    """Total asset value / (liabilities + interest): (1,000 + 0.1 BTC at 10,000) / (0.1 BTC and its interest); free and
    locked count. ETH is valued over BTC: 2 x 0.05 x 10,000."""
    bank = Bank(MarginRules(rates={"BTC": CENT, "ETH": D(0)}, reference="USDT"))
    assert bank.exchange.margin_level(bank.a) is None
    bank.borrow("BTC", "0.1")
    assert bank.exchange.margin_level(bank.a) == Fraction(2000) / 1010
    bank.order(bank.a, BTC, "sell", "20000", "0.05")
    assert bank.exchange.margin_level(bank.a) == Fraction(2000) / 1010
    bank.borrow("ETH", "0.1")
    assert bank.exchange.margin_level(bank.a) == Fraction(2050) / 1060
    bank.price(BTC, "9000")
    assert bank.exchange.margin_level(bank.a) == Fraction(1000 + 900 + 45, 909 + 45)
    bank.exchange.publish("BTC/USDT", index=BTC.ticks(D(8000)))  # the index price goes before the last one
    assert bank.exchange.margin_level(bank.a) == Fraction(1000 + 800 + 40, 808 + 40)


def test_the_margin_call_comes_and_goes_with_the_price() -> None:
    """3x: 1,000 USDT and 1,000 borrowed, 0.2 BTC at 10,000: 1.3 at 6,500."""
    bank = Bank(MarginRules(rates={"USDT": D(0)}, reference="USDT"))
    bank.order(bank.b, BTC, "sell", "10000", "0.2")
    bank.order(bank.a, BTC, "buy", None, "0.2", side_effect="borrow")
    assert bank.owes("USDT") == (D(1000), D(0))
    bank.price(BTC, "6500.01")
    assert not [e for e in bank.told if isinstance(e, MarginChange)]
    bank.price(BTC, "6500")
    (call,) = [e for e in bank.told if isinstance(e, MarginChange)]
    assert (call.why, call.reference, call.assets, call.debts) == ("call", "USDT", 1300_00000000, 1000_00000000)
    bank.price(BTC, "6400")
    bank.price(BTC, "9000")
    assert [e.why for e in bank.told if isinstance(e, MarginChange)] == ["call", "safe"]


def test_the_interest_alone_brings_the_call() -> None:
    """1,500 / 1,000 at first; at 1 % an hour 1.3 is reached with the 16th hour (1,500 / 1,160 = 1.293)."""
    bank = Bank(MarginRules(rates={"USDT": CENT}, reference="USDT"), usdt="500")
    bank.borrow("USDT", "1000")
    bank.at(14.5)  # 15 hours: 1.304
    assert not [e for e in bank.told if isinstance(e, MarginChange)]
    bank.at(40)
    why = [(e.why, e.time // HOUR) for e in bank.told if isinstance(e, MarginChange)]
    assert why[0] == ("call", 15)
    assert ("liquidation", 36) in why  # 37 hours: 1,500 / 1,370 = 1.095
    assert bank.owes("USDT") == (D(0), D(0)) and bank.free("USDT") == D(130)  # its own money paid the debt


# ------------------------------------------------------------------- refusals
def test_refusals_change_nothing() -> None:
    bank = Bank(MarginRules(rates={"USDT": CENT, "BTC": CENT}, reference="USDT", caps={"BTC": D("0.05")}))
    atoms = bank.exchange.atoms
    bank.refused("ACCOUNT_TYPE", "borrow", bank.b, "USDT", 1)
    bank.refused("ACCOUNT_TYPE", "repay", bank.b, "USDT", 1)
    bank.refused("BORROW_ASSET", "borrow", bank.a, "ETH", 1)
    bank.refused("BORROW_LIMIT", "borrow", bank.a, "BTC", atoms("BTC", D("0.05")) + 1)
    bank.refused("NO_LOAN", "repay", bank.a, "BTC", 1)
    for wrong in (0, -1, 1.5, "1", None, True):
        bank.refused("INVALID_ORDER", "borrow", bank.a, "USDT", wrong)
    bank.borrow("BTC", "0.05")
    bank.refused("BORROW_LIMIT", "borrow", bank.a, "BTC", 1)
    bank.refused("REPAY_EXCEEDS", "repay", bank.a, "BTC", atoms("BTC", D("0.0505")) + 1)
    bank.refused("INSUFFICIENT_BALANCE", "repay", bank.a, "BTC")  # the interest is missing
    with pytest.raises(ValueError, match="a has open orders or debts"):
        bank.exchange.open_margin(bank.a, CROSS)


def test_taking_money_out_leaves_a_level_of_two() -> None:
    """Binance: transfers out while the level is above 2. 1,000 + 500 borrowed: down to 1,000."""
    bank = Bank(MarginRules(rates={"USDT": D(0)}, reference="USDT"))
    atoms = bank.exchange.atoms
    bank.borrow("USDT", "500")
    bank.refused("TRANSFER_LEVEL", "transfer", bank.a, bank.b, "USDT", atoms("USDT", D(500)) + 1)
    bank.refused("INSUFFICIENT_BALANCE", "transfer", bank.a, bank.b, "USDT", atoms("USDT", D(2000)))
    bank.refused("INVALID_ORDER", "transfer", bank.a, bank.a, "USDT", 1)
    bank.exchange.transfer(bank.a, bank.b, "USDT", atoms("USDT", D(500)))
    bank.check("a transfer")
    assert bank.exchange.margin_level(bank.a) == 2
    bank.exchange.transfer(bank.b, bank.a, "BTC", atoms("BTC", D(1)))
    assert bank.exchange.margin_level(bank.a) == 22
    assert [e.cause for e in bank.told if isinstance(e, BalanceChange)][-2:] == ["transfer", "transfer"]


def test_an_isolated_account_knows_one_symbol() -> None:
    """Binance: "each Isolated Margin account can only accept the base asset and the quote asset" and borrow them."""
    bank = Bank(MarginRules(rates=CROSS.rates, reference="USDT", symbol="BTC/USDT"))
    bank.refused("ACCOUNT_TYPE", "borrow", bank.a, "ETH", 1)
    bank.refused("ACCOUNT_TYPE", "transfer", bank.b, bank.a, "ETH", 1)
    order = NewOrder(symbol="ETH/BTC", side="buy", price=1, lots=1)
    bank.refused("ACCOUNT_TYPE", "place", bank.a, order)
    bank.borrow("BTC", "0.1")
    bank.order(bank.a, BTC, "sell", "10000", "0.1")
    with pytest.raises(ValueError, match="not traded"):
        bank.exchange.open_margin(bank.c, MarginRules(rates={}, reference="USDT", symbol="X/Y"))


def test_kinds_of_accounts_and_orders_that_do_not_fit() -> None:
    bank = Bank()
    plain = NewOrder(symbol="BTC/USDT", side="buy", price=BTC.ticks(D(9000)), lots=100, side_effect="borrow")
    bank.refused("ACCOUNT_TYPE", "place", bank.b, plain)
    bank.refused("ACCOUNT_TYPE", "place", bank.a, NewOrder(symbol=SWAP.symbol, side="buy", price=100, lots=1))
    other = NewOrder(symbol="BTC/USDT", side="sell", price=BTC.ticks(D(11000)), lots=100)
    bank.refused("LIST_SHAPE", "place_list", bank.a, NewList(kind="oto", orders=(plain, other)))
    wrong = NewOrder(symbol="BTC/USDT", side="buy", price=1, lots=1, side_effect="x")  # type: ignore[arg-type]
    bank.refused("INVALID_ORDER", "place", bank.a, wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"leverage": 1}, {"leverage": 20}, {"liquidation": D(1)}, {"call": D("1.05")}, {"step": D(0)},
        {"liquidation_fee": D(1)}, {"transfer": D(0)}, {"rates": {"USDT": D(-1)}}, {"caps": {"USDT": D("NaN")}},
        {"rates": {"USDT": 0.1}}, *({name: D("NaN")} for name in ("transfer", "call", "liquidation", "step")),
        {"liquidation_fee": D("NaN")}, {"call": D("Infinity")}, {"transfer": D("Infinity")},
    ],
)  # fmt: skip
def test_rules_that_make_no_sense_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"margin|liquidat|borrow"):
        MarginRules(**({"rates": {}, "reference": "USDT"} | wrong))


# --------------------------------------------------------------------- orders
def test_a_purchase_borrows_what_it_lacks_and_a_sale_pays_it_back() -> None:
    """Binance sideEffectType MARGIN_BUY and AUTO_REPAY."""
    bank = Bank()
    bank.order(bank.b, BTC, "sell", "10000", "1")
    bank.order(bank.a, BTC, "buy", "10000", "0.25", side_effect="borrow")
    assert bank.owes("USDT") == (D(1500), D("0.01250000")) and bank.free("BTC") == D("0.25")
    bank.refused(
        "INSUFFICIENT_BALANCE", "place", bank.a, NewOrder(symbol="BTC/USDT", side="buy", price=10**6, lots=100)
    )
    bank.order(bank.b, BTC, "buy", "11000", "0.1")
    bank.order(bank.b, BTC, "buy", "10500", "1")
    bank.order(bank.a, BTC, "sell", None, "0.2", side_effect="repay")
    assert bank.owes("USDT") == (D(0), D(0))  # 1,100 of the first fill, and of the second what was left
    assert bank.free("USDT") == D(1100) + D(1050) - D("1500.0125")
    causes = [e.cause for e in bank.told if isinstance(e, BalanceChange) and e.account == "a"]
    assert causes[-5:] == ["request", "interest", "repay", "request", "repay"]


def test_a_short_sale_of_shares_borrows_them() -> None:
    rules = MarginRules(rates={"TSLA": D("0.024")}, reference="USD")
    bank = Bank(rules)
    bank.exchange.deposit(bank.a, "USD", bank.exchange.atoms("USD", D(10_000)))
    bank.start["USD"] += bank.exchange.atoms("USD", D(10_000))
    bank.order(bank.b, TSLA, "buy", "200", "20")
    bank.order(bank.a, TSLA, "sell", None, "20", side_effect="borrow_repay")
    assert bank.owes("TSLA") == (D(20), D(1))  # 0.02 shares of interest, rounded up to one
    assert bank.free("USD") == D(14_000) and bank.exchange.margin_level(bank.a) == Fraction(14_000, 4_200)
    bank.price(TSLA, "150")
    bank.order(bank.b, TSLA, "sell", "150", "21")
    bank.order(bank.a, TSLA, "buy", None, "21", side_effect="borrow_repay")
    assert bank.owes("TSLA") == (D(0), D(0)) and bank.free("TSLA") == 0 and bank.free("USD") == D(14_000 - 3_150)


def test_what_was_borrowed_for_an_order_goes_back_with_it() -> None:
    """Binance autoRepayAtCancel, whose default is true."""
    bank = Bank()
    placed = bank.order(bank.a, BTC, "buy", "9000", "0.2", side_effect="borrow")
    assert bank.owes("USDT")[0] == D(800) and bank.a.balance("USDT").locked == bank.exchange.atoms("USDT", D(1800))
    bank.order(bank.b, BTC, "sell", "9000", "0.15")
    bank.exchange.cancel(bank.a, "BTC/USDT", order_id=placed.order_id)
    bank.check("a cancel")
    assert bank.owes("USDT") == (D("350.00666667"), D(0))  # 450 came back, which paid the interest first
    assert bank.free("USDT") == 0
    other = bank.order(bank.a, BTC, "sell", "12000", "0.3", side_effect="borrow")
    state = restore(State.from_json(snapshot(bank.exchange).to_json()))
    state.on_change(lambda change: None)
    state.cancel(state.accounts["a"], "BTC/USDT", order_id=other.order_id)
    bank.exchange.cancel(bank.a, "BTC/USDT", order_id=other.order_id)
    assert snapshot(state).to_json() == snapshot(bank.exchange).to_json()
    assert bank.owes("BTC")[0] > 0  # the first hour's interest, which nobody gave back
    assert bank.free("BTC") == D("0.15")


def test_an_order_that_may_not_borrow_that_much_is_refused() -> None:
    bank = Bank()
    new = NewOrder(symbol="BTC/USDT", side="buy", price=10**6, lots=30_001, side_effect="borrow")
    bank.refused("BORROW_LIMIT", "place", bank.a, new)
    bank.order(bank.a, BTC, "buy", "10000", "0.3", side_effect="borrow")


@pytest.mark.parametrize("reserve", ["placement", "trigger"])
def test_a_stop_borrows_when_its_money_is_locked(reserve: str) -> None:
    bank = Bank(reserve=reserve)
    stop = Trigger(kind="stop", price=BTC.ticks(D(11_000)))
    bank.order(bank.a, BTC, "buy", "11000", "0.2", trigger=stop, side_effect="borrow")
    assert bank.owes("USDT")[0] == (D(1200) if reserve == "placement" else 0)
    bank.order(bank.b, BTC, "sell", "11000", "1")
    bank.order(bank.c, BTC, "buy", None, "0.001")
    assert bank.owes("USDT")[0] == D(1200) and bank.free("BTC") == D("0.2")


def test_what_a_triggered_order_borrowed_goes_back_with_it() -> None:
    bank = Bank(reserve="trigger")
    stop = Trigger(kind="stop", price=BTC.ticks(D(10_500)))
    placed = bank.order(bank.a, BTC, "buy", "9000", "0.2", trigger=stop, side_effect="borrow")
    assert bank.owes("USDT") == (D(0), D(0))
    bank.price(BTC, "10500")
    assert bank.owes("USDT")[0] == D(800)
    bank.exchange.cancel(bank.a, "BTC/USDT", order_id=placed.order_id)
    assert bank.owes("USDT") == (D("0.00666667"), D(0)) and bank.free("USDT") == D(1000)


def test_a_branch_knows_that_the_call_was_told() -> None:
    bank = Bank(MarginRules(rates={"USDT": D(0)}, reference="USDT"))
    bank.order(bank.b, BTC, "sell", "10000", "0.2")
    bank.order(bank.a, BTC, "buy", None, "0.2", side_effect="borrow")
    bank.price(BTC, "6000")
    other = restore(State.from_json(snapshot(bank.exchange).to_json()))
    heard: list[Change] = []
    other.on_change(heard.append)
    for index in (5_990, 7_000):
        other.publish("BTC/USDT", index=BTC.ticks(D(index)))
    assert [e.why for e in heard if isinstance(e, MarginChange)] == ["safe"]


def test_a_market_order_that_finds_less_than_it_borrowed_for_gives_it_back() -> None:
    bank = Bank()
    bank.order(bank.b, BTC, "buy", "10000", "0.1")
    bank.order(bank.a, BTC, "sell", None, "0.15", side_effect="borrow")
    assert bank.owes("BTC") == (D("0.1") + D("0.00000063"), D(0))  # 0.05 came back, and paid 63 atoms of interest


# ------------------------------------------------------------------ snapshots
def test_a_branch_owes_the_same_and_tells_the_same() -> None:
    bank = Bank()
    bank.at(0.3)
    bank.borrow("BTC", "0.03")
    bank.borrow("USDT", "700")
    bank.order(bank.a, BTC, "sell", "11000", "0.04", side_effect="borrow_repay")
    bank.at(2.2)
    text = snapshot(bank.exchange).to_json()
    other = restore(State.from_json(text))
    assert snapshot(other).to_json() == text
    heard: list[Change] = []
    other.on_change(heard.append)
    bank.told.clear()
    for exchange in (bank.exchange, other):
        exchange.advance(30 * HOUR)
        exchange.place(exchange.accounts["b"], NewOrder(symbol="BTC/USDT", side="buy", price=1_200_000, lots=10_000))
        exchange.publish("BTC/USDT", index=BTC.ticks(D(40_000)))
    assert heard == bank.told and any(isinstance(e, MarginChange) for e in heard)
    assert snapshot(other).to_json() == snapshot(bank.exchange).to_json()


def test_queries_see_debts_as_they_were() -> None:
    bank = Bank()
    bank.at(1.5)
    bank.borrow("USDT", "100")
    bank.at(3)
    bank.exchange.repay(bank.a, "USDT")
    view = bank.exchange.view
    assert view(bank.a, HOUR).loans() == {} == view(bank.b).loans()
    assert view(bank.a, 2 * HOUR - 1).loans() == {"USDT": (100_00000000, 83_334)}
    assert view(bank.a, 2 * HOUR).loans() == {"USDT": (100_00000000, 166_667)}
    assert view(bank.a).loans() == {}
    bank.borrow("USDT", "100")
    forget_past(bank.exchange)
    text = snapshot(bank.exchange).to_json()
    assert snapshot(restore(State.from_json(text))).to_json() == text
    bank.check("forgetting")


# --------------------------------------------------------------- the last atoms
FREE = MarginRules(rates={"USDT": D(0), "BTC": D(0)}, reference="USDT")


@pytest.mark.parametrize(
    "edge",
    [{"step": D(1)}, {"transfer": D(1)}, {"leverage": 2}, {"liquidation": D("1.49"), "call": D("1.491")}],
)
def test_rules_at_the_edge_of_sense_are_taken(edge: Any) -> None:
    MarginRules(**({"rates": {}, "reference": "USDT"} | edge))


@pytest.mark.parametrize("edge", [{"liquidation": D("1.5"), "call": D(2)}, {"call": D("1.1")}])
def test_rules_just_beyond_it_are_not(edge: Any) -> None:
    with pytest.raises(ValueError, match="liquidation"):
        MarginRules(**({"rates": {}, "reference": "USDT"} | edge))


def test_locked_money_pays_nothing_back() -> None:
    bank = Bank(FREE)
    bank.borrow("USDT", "500")
    bank.order(bank.a, BTC, "buy", "5000", "0.25")
    bank.refused("INSUFFICIENT_BALANCE", "repay", bank.a, "USDT", bank.exchange.atoms("USDT", D(251)))
    bank.exchange.repay(bank.a, "USDT", bank.exchange.atoms("USDT", D(250)))
    bank.check("a repayment")


def test_margin_of_contracts_is_not_taken_out() -> None:
    bank = Bank()
    bank.order(bank.b, SWAP, "sell", "10000", "1")
    bank.order(bank.c, SWAP, "buy", "10000", "1")
    free = bank.c.balance("USDT").free
    bank.refused("INSUFFICIENT_BALANCE", "transfer", bank.c, bank.b, "USDT", free)
    bank.exchange.transfer(bank.c, bank.b, "USDT", free - bank.exchange.atoms("USDT", D(500)))
    with pytest.raises(ValueError, match="trades contracts"):
        bank.exchange.open_margin(bank.c, FREE)
    with pytest.raises(ValueError, match="is no spot market"):
        bank.exchange.open_margin(bank.a, MarginRules(rates={}, reference="USDT", symbol=SWAP.symbol))


def test_money_that_comes_in_ends_a_margin_call() -> None:
    bank = Bank(FREE)
    bank.order(bank.b, BTC, "sell", "10000", "0.3")
    bank.order(bank.a, BTC, "buy", None, "0.3", side_effect="borrow")
    bank.price(BTC, "8000")
    bank.exchange.transfer(bank.b, bank.a, "USDT", bank.exchange.atoms("USDT", D(1_000)))
    assert [e.why for e in bank.told if isinstance(e, MarginChange)] == ["call", "safe"]


def test_a_cap_is_one_of_what_was_borrowed() -> None:
    bank = Bank(MarginRules(rates={"USDT": CENT}, reference="USDT", caps={"USDT": D(300)}))
    bank.borrow("USDT", "200")
    assert bank.exchange.max_borrow(bank.a, "USDT") == bank.exchange.atoms("USDT", D(100)), "interest does not count"


def test_what_has_no_price_is_not_lent() -> None:
    bank = Bank(MarginRules(rates={"USD": D(0)}, reference="USDT"))
    assert bank.exchange.max_borrow(bank.a, "USD") == 0
    bank.refused("BORROW_LIMIT", "borrow", bank.a, "USD", 1)


def test_an_order_that_lacks_nothing_borrows_nothing() -> None:
    bank = Bank(FREE)
    bank.order(bank.a, BTC, "buy", "9000", "0.1", side_effect="borrow")
    bank.order(bank.a, BTC, "buy", "10000", "0.01", side_effect="borrow")
    assert bank.free("USDT") == 0 and not [e for e in bank.told if isinstance(e, LoanChange)]


def test_an_order_repays_with_what_it_brings_in_and_no_more() -> None:
    bank = Bank(FREE)
    bank.borrow("USDT", "500")
    bank.exchange.transfer(bank.b, bank.a, "BTC", bank.exchange.atoms("BTC", D(1)))
    bank.order(bank.b, BTC, "buy", "10000", "0.02")
    bank.order(bank.a, BTC, "sell", "10000", "0.02", side_effect="repay")
    assert bank.owes("USDT") == (D(300), D(0)) and bank.free("USDT") == 1_500


def test_a_market_order_that_found_a_part_gives_that_part_of_its_loan_back() -> None:
    """0.2 reserved at 10,500, of which 1,100 are borrowed; only 0.1 is there."""
    bank = Bank(FREE)
    stop = Trigger(kind="stop", price=BTC.ticks(D(10_500)))
    waiting = bank.order(bank.a, BTC, "buy", None, "0.2", side_effect="borrow", trigger=stop)
    assert bank.owes("USDT")[0] == 1_100
    bank.order(bank.b, BTC, "sell", "10500", "0.001")
    bank.order(bank.b, BTC, "sell", "12000", "0.1")
    bank.order(bank.c, BTC, "buy", "10500", "0.001")
    ended = bank.exchange.view(bank.a).order("BTC/USDT", order_id=waiting.order_id)
    assert ended.filled == BTC.lots(D("0.1")) and ended.expired_by == "liquidity"
    assert bank.owes("USDT")[0] == 550 and bank.free("USDT") == 2_100 - 1_200 - 550


def test_what_is_told_of_a_call_is_rounded_against_the_account() -> None:
    bank = Bank(FREE)
    bank.order(bank.b, BTC, "sell", "10000", "0.3")
    bank.order(bank.a, BTC, "buy", None, "0.3", side_effect="borrow")
    bank.exchange.transfer(bank.b, bank.a, "BTC", 1)
    bank.price(BTC, "8000.01")
    (told,) = [e for e in bank.told if isinstance(e, MarginChange)]
    assert told.assets == 8_000_01 * (30_000_001) // 100
    assert bank.exchange.standing(bank.a).assets.denominator > 1
