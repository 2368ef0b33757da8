"""Worked examples from venues' own documentation, with their numbers; each test names its source.

Trailing stops (Binance's scenarios A to E, Alpaca's example) are in ``test_triggers.py``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from outtrade_mocks.core import Account, Exchange, Instrument, NewList, NewOrder, Order, Practice, Trigger
from outtrade_mocks.core.requests import replace

D = Decimal


class Market:
    """One symbol; prices and quantities as the documents write them."""

    def __init__(self, symbol: str, tick: str, step: str) -> None:
        base, quote = symbol.split("/")
        self.rules = Instrument(symbol=symbol, base=base, quote=quote, tick=D(tick), step=D(step))
        self.exchange = Exchange([self.rules], now=0, seed=1)

    def account(self, name: str, **amounts: Any) -> Account:
        return self.exchange.open_account(
            name, {asset: self.exchange.atoms(asset, D(amount)) for asset, amount in amounts.items()}
        )

    def new(
        self, side: Any, quantity: str, price: str | None = None, *, stop: str | None = None, **more: Any
    ) -> NewOrder:
        trigger = None if stop is None else Trigger(price=self.rules.ticks(D(stop)))
        ticks = None if price is None else self.rules.ticks(D(price))
        return NewOrder(
            symbol=self.rules.symbol, side=side, type="market" if price is None else "limit", price=ticks,
            lots=self.rules.lots(D(quantity)), trigger=trigger, **more,
        )  # fmt: skip

    def place(self, account: Account, *what: Any, **more: Any) -> Order:
        return self.exchange.place(account, self.new(*what, **more))

    def shown(self, order: Order) -> tuple[str, Decimal, str]:
        """Status, executed quantity and why it expired, as it is now."""
        now = self.exchange.accounts[order.account].orders[order.order_id][-1]
        return now.status.value, self.rules.quantity(now.filled).normalize(), now.expired_by

    def balance(self, account: Account, asset: str) -> tuple[Decimal, Decimal]:
        free, locked = self.exchange.view(account).balances()[asset]
        return self.exchange.amount(asset, free).normalize(), self.exchange.amount(asset, locked).normalize()


# ------------------------------------------------------------- self-trade: Binance
NEW, OVER = ("open", D(0), ""), ("expired", D(0), "self_trade")
FILLED = ("filled", D(1), "")


@pytest.mark.parametrize(
    ("scenario", "makers", "taker", "expected"),
    [
        ("A", [("1", "1", "none")], ("1", "1", "none"), [FILLED, FILLED]),
        ("B", [("1.2", "1.2", "none"), ("1.3", "1.1", "none"), ("8.1", "1", "none")], ("3", "1", "expire_maker"),
         [OVER, OVER, OVER, NEW]),
        ("C", [("1.2", "1.2", "none"), ("1.3", "1.1", "none"), ("8.1", "1", "none")], ("3", "1", "expire_taker"),
         [NEW, NEW, NEW, OVER]),
        ("D", [("1", "1", "none")], ("3", "1", "expire_both"), [OVER, OVER]),
        ("E", [("1", "1", "expire_maker")], ("1", "1", "expire_taker"), [NEW, OVER]),
        ("F", [("1", "1", "none")], ("1", None, "expire_maker"), [OVER, ("expired", D(0), "liquidity")]),
        ("G", [("6", "2", "none")], ("2", "2", "decrement"), [NEW, OVER]),
    ],
)  # fmt: skip
def test_binances_self_trade_scenarios(scenario: str, makers: Any, taker: Any, expected: Any) -> None:
    """Binance spot, faqs/stp_faq.md, scenarios A to G (H, TRANSFER, needs two accounts of one trade group)."""
    market = Market("BTC/USDT", "0.1", "0.1")
    account = market.account("me", BTC=100, USDT=100)
    orders = [market.place(account, "buy", q, price, self_trade=mode) for q, price, mode in makers]
    orders.append(market.place(account, "sell", *taker[:2], self_trade=taker[2]))
    assert [market.shown(order) for order in orders] == expected
    if scenario == "G":  # its preventedQuantity of 2 is taken from the quantity here
        assert market.exchange.depth("BTC/USDT")[0] == [(20, 40)]


# ------------------------------------------------------------------ amend: Binance
@pytest.mark.parametrize("way", ["amend", "cancel-replace"])
def test_binances_example_of_keeping_priority(way: str) -> None:
    """Binance spot, faqs/order_amend_keep_priority.md: order 15 goes from 5.50 to 5.00, before order 20, or behind."""
    market = Market("BTC/USDT", "1", "0.01")
    others = {name: market.account(name, USDT=10**6) for name in ("A", "B", "C")}
    you, seller = market.account("you", USDT=10**6), market.account("seller", BTC=100)
    ten = market.place(others["A"], "buy", "1.00", "87000")
    fifteen = market.place(you, "buy", "5.50", "87000")
    twenty = market.place(others["B"], "buy", "4.00", "87000")
    market.place(others["C"], "buy", "2.00", "86999")
    if way == "amend":
        mine = market.exchange.amend(you, "BTC/USDT", order_id=fifteen.order_id, lots=500)
        assert mine.order_id == fifteen.order_id
    else:
        done = replace(
            market.exchange, you, "BTC/USDT", market.new("buy", "5.00", "87000"), order_id=fifteen.order_id
        ).placed
        assert isinstance(done, Order) and done.order_id > twenty.order_id
        mine = done
    queue = [order.order_id for order in market.exchange.resting("BTC/USDT")[0]][:3]
    ids = [ten.order_id, mine.order_id, twenty.order_id]
    assert queue == (ids if way == "amend" else [ids[0], ids[2], ids[1]])
    market.place(seller, "sell", "5.50")
    assert market.shown(mine)[1] == (D("4.5") if way == "amend" else D("0.5"))


# ----------------------------------------------------------------- market: Binance
def test_binances_example_of_a_market_order_without_enough_liquidity() -> None:
    """Binance spot, faqs/market_orders_faq.md: LTCBNB, 6 wanted, twice 2 at 1.00 are there; EXPIRED with 4 executed."""
    market = Market("LTC/BNB", "0.01", "0.01")
    maker, taker = market.account("maker", LTC=10), market.account("taker", BNB=1_000)
    for _ in range(2):
        market.place(maker, "sell", "2", "1.00")
    order = market.place(taker, "buy", "6")
    assert market.shown(order) == ("expired", D(4), "liquidity")
    assert [market.rules.quantity(f.lots) for f in market.exchange.view(taker).trades()] == [2, 2]
    assert market.exchange.amount("BNB", order.quote_filled) == 4


# --------------------------------------------------------------------- OCO: Binance
@pytest.mark.parametrize(("path", "fires"), [(["27.50", "27.00"], "limit"), (["28.90", "29.50"], "stop")])
def test_binances_example_of_an_oco(path: list[str], fires: str) -> None:
    """Binance, support article 360032605831: 300 USDT, BNB last at 28.05; an OCO of 10 buys at 27.00, or through a stop
    at the resistance of 29.50 (with a limit of 30.00, all that the account can pay)."""
    market = Market("BNB/USDT", "0.01", "0.01")
    me, other, third = market.account("me", USDT=300), market.account("o", BNB=100), market.account("t", USDT=9_999)

    def trade(price: str, quantity: str = "1") -> None:
        market.place(other, "sell", quantity, price)
        market.place(third, "buy", quantity, price)

    trade("28.05")
    orders = (market.new("buy", "10", "27.00", post_only=True), market.new("buy", "10", "30.00", stop="29.50"))
    made = market.exchange.place_list(me, NewList(kind="oco", orders=orders))
    assert market.balance(me, "USDT") == (0, 300), "locked once, for the dearer of the two"
    for price in path[:-1]:
        trade(price)
        assert [market.shown(order)[0] for order in made.orders] == ["open", "untriggered"]
    if fires == "limit":
        market.place(other, "sell", "10", path[-1])
        assert [market.shown(order)[0] for order in made.orders] == ["filled", "expired"]
        assert market.balance(me, "USDT") == (30, 0)
    else:
        market.place(other, "sell", "11", path[-1])
        market.place(third, "buy", "1", path[-1])
        assert [market.shown(order)[0] for order in made.orders] == ["expired", "filled"]
        assert market.balance(me, "USDT") == (5, 0)
    assert market.balance(me, "BNB") == (10, 0)


@pytest.mark.parametrize(("side", "limit", "stop"), [("sell", "9", "8"), ("sell", "12", "11"), ("buy", "11", "12"),
                                                     ("buy", "9", "8")])  # fmt: skip
def test_the_prices_that_binances_oco_rule_forbids(side: str, limit: str, stop: str) -> None:
    """The same article: a sale's limit lies above the last price of 10 and its stop below, a buy's the other way round;
    the limit order is a limit maker."""
    market = Market("ABC/USDT", "0.01", "0.01")
    me, other = market.account("me", ABC=100, USDT=1_000), market.account("other", ABC=100, USDT=1_000)
    market.place(other, "sell", "5", "10")
    market.place(me, "buy", "1", "10")
    market.place(other, "buy", "5", "9.99")
    orders = (market.new(side, "2", limit, post_only=True), market.new(side, "2", stop, stop=stop))
    with pytest.raises(Exception, match=r"LIST_SHAPE|TRIGGER_IMMEDIATE|WOULD_TAKE"):
        market.exchange.place_list(me, NewList(kind="oco", orders=orders))


# --------------------------------------------------------------- iceberg: Coinbase
def test_coinbases_iceberg_events() -> None:
    """Coinbase Exchange, FIX order entry, iceberg orders: 1 in all, MaxFloor 0.3, at 25000. The shown part is matched,
    and the next one goes to the end of the queue at its price; an order that is larger than what is shown goes on with
    what is hidden, until the iceberg is complete. (The last 0.7 are one displayed and one hidden match there; here each
    part that is shown is a trade.)"""
    market = Market("BTC/USD", "1", "0.1")
    ice, other, taker = market.account("i", BTC=5), market.account("o", BTC=5), market.account("t", USD=10**6)
    order = market.place(ice, "sell", "1", "25000", visible=3)
    behind = market.place(other, "sell", "0.2", "25000")
    assert market.exchange.depth("BTC/USD")[1] == [(25_000, 5)]
    market.place(taker, "buy", "0.3")
    assert [o.order_id for o in market.exchange.resting("BTC/USD")[1]] == [behind.order_id, order.order_id]
    assert market.shown(order)[1] == D("0.3") and market.exchange.depth("BTC/USD")[1] == [(25_000, 5)]
    market.exchange.cancel(other, "BTC/USD", order_id=behind.order_id)
    market.place(taker, "buy", "0.7")
    assert market.shown(order) == ("filled", D(1), "")


# ---------------------------------------------------------- replace, dead man: others
def test_alpacas_replaced_order_counts_the_larger_of_the_two() -> None:
    """Alpaca, replace order: a buy of a higher limit counts as the new order does; refused, the old one stands."""
    market = Market("ABC/USD", "0.01", "1")
    market.exchange.practice = Practice(amend="replace")
    me = market.account("me", USD=1_000)
    old = market.place(me, "buy", "10", "90.00")
    with pytest.raises(Exception, match="INSUFFICIENT_BALANCE"):
        market.exchange.amend(me, "ABC/USD", order_id=old.order_id, price=10_001)
    assert market.shown(old)[0] == "open" and market.balance(me, "USD") == (100, 900)
    new = market.exchange.amend(me, "ABC/USD", order_id=old.order_id, price=10_000)
    assert market.shown(old)[0] == "replaced" and market.shown(new)[0] == "open"
    assert market.balance(me, "USD") == (0, 1_000)
