"""Fee schedules: tiers, rebates, the asset a fee is paid in, a token's discount, against the venues' own examples."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from outtrade_mocks.core import (
    Account,
    BalanceChange,
    Change,
    Exchange,
    Instrument,
    NewOrder,
    Practice,
    Reject,
    Trigger,
)
from outtrade_mocks.core.brackets import Bracket
from outtrade_mocks.core.fees import Discount, FeeSchedule, FeeTier, Rates
from outtrade_mocks.core.invariants import check, total
from outtrade_mocks.core.state import State, restore, snapshot
from outtrade_mocks.core.tariffs import DAY

BTC = Instrument(symbol="BTC/USDT", base="BTC", quote="USDT", tick=D("0.01"), step=D("0.00001"))
BNB = Instrument(symbol="BNB/USDT", base="BNB", quote="USDT", tick=D("0.01"), step=D("0.001"))
ETH = Instrument(symbol="ETH/BNB", base="ETH", quote="BNB", tick=D("0.001"), step=D("0.001"))


def flat(maker: str, taker: str, **more: Any) -> FeeSchedule:
    return FeeSchedule(tiers=(FeeTier(rates=Rates(maker=D(maker), taker=D(taker))),), **more)


class Venue:
    """Three markets and three accounts with plenty of everything; money is counted after every trade."""

    def __init__(self, schedule: FeeSchedule | None = None, *, rich: str = "1000") -> None:
        self.exchange = Exchange([BTC, BNB, ETH], now=0, seed=1)
        if schedule is not None:
            self.exchange.tariffs.charge(schedule)
        self.accounts = [self.open(name, rich) for name in "abc"]
        self.a, self.b, self.c = self.accounts
        self.told: list[Change] = []
        self.exchange.on_change(self.told.append)
        self.start = self.total()

    def open(self, name: str, rich: str) -> Account:
        amounts = {"BTC": D(1000), "USDT": D(10**9), "BNB": D(rich), "ETH": D(1000)}
        return self.exchange.open_account(name, {k: self.exchange.atoms(k, v) for k, v in amounts.items()})

    def total(self) -> dict[str, int]:
        ledger, found = self.exchange.ledger, {}
        for asset in ("BTC", "USDT", "BNB", "ETH"):
            held = sum(a.balance(asset).free + a.balance(asset).locked for a in self.exchange.accounts.values())
            found[asset] = held + ledger.house.balance(asset).free + ledger.fees.get(asset, 0)
        return found

    def free(self, account: Account, asset: str) -> D:
        return self.exchange.amount(asset, account.balance(asset).free)

    def order(
        self, account: Account, rules: Instrument, side: Any, price: str | None, quantity: str, **more: Any
    ) -> Any:
        placed = self.exchange.place(
            account,
            NewOrder(
                symbol=rules.symbol, side=side, type="market" if price is None else "limit",
                price=None if price is None else rules.ticks(D(price)), lots=rules.lots(D(quantity)), **more,
            ),
        )  # fmt: skip
        check(self.exchange, f"{side} {quantity} at {price}")
        assert self.total() == self.start
        return placed

    def trade(
        self, rules: Instrument, price: str, quantity: str, buyer: Account | None = None, seller: Account | None = None
    ) -> None:
        """``b`` sells what ``a`` takes."""
        self.order(seller or self.b, rules, "sell", price, quantity)
        self.order(buyer or self.a, rules, "buy", None, quantity)

    def fee(self, account: Account) -> tuple[D, str]:
        """Fee and asset of the account's last fill; the drop copy shows the balance that paid it."""
        fill = account.fills[-1]
        told = [e for e in self.told if isinstance(e, BalanceChange) and e.account == account.name][-1]
        shown = {asset: (free, locked) for asset, free, locked in told.balances}
        balance = account.balance(fill.fee_asset)
        assert shown[fill.fee_asset] == (balance.free, balance.locked) == balance.at(self.exchange.now)
        return self.exchange.amount(fill.fee_asset, fill.fee), fill.fee_asset


STANDARD = Rates(maker=D("0.00000010"), taker=D("0.00000020"), buyer=D("0.00000030"), seller=D("0.00000040"))
FAQ = FeeSchedule(
    tiers=(FeeTier(rates=STANDARD),),
    full=Rates(maker=D("0.01000112"), taker=D("0.02000114"), buyer=D("0.03000118"), seller=D("0.04000116")),
    discount=Discount(asset="BNB", multiplier=D("0.25")),
)  # fmt: skip
"""The configuration of Binance's commission FAQ; ``full`` is the sum of its tax and special commissions."""


def faq(rich: str) -> Venue:
    venue = Venue(FAQ, rich=rich)
    if rich != "0":
        venue.order(venue.c, BNB, "sell", "260", "1")
        venue.order(venue.b, BNB, "buy", None, "1")  # 1 BNB = 260 USDT
    venue.order(venue.b, BTC, "buy", "35000", "0.49975")
    venue.order(venue.a, BTC, "sell", None, "0.49975")
    return venue


def test_commission_in_bnb() -> None:
    """Binance spot, commission FAQ: 35,000 x 0.49975 sold by a taker who pays in BNB: 4.036607129 BNB, of which the
    standard commission is reduced and tax and special commissions are not."""
    venue = faq("1000")
    assert venue.fee(venue.a) == (D("4.03660712"), "BNB")
    assert venue.free(venue.a, "USDT") == D(10**9) + D("17491.25")
    assert venue.free(venue.a, "BNB") == D(1000) - D("4.03660712")


def test_commission_without_enough_bnb() -> None:
    """The same trade of who has no BNB: "the full commission will be taken out of your received amount of USDT":
    0.01049475 + 0.04022988 (0.040229875) + 1049.475."""
    venue = faq("0")
    assert venue.fee(venue.a) == (D("1049.52572462"), "USDT")
    assert venue.free(venue.a, "USDT") == D(10**9) + D("17491.25") - D("1049.52572462")


def test_a_buyer_pays_a_quarter_less_in_bnb_over_the_quote() -> None:
    """25 % off 0.1 % (Binance): 1 BTC at 50,000 and 1 BNB at 500: 0.001 BTC = 0.1 BNB, less a quarter (derived)."""
    venue = Venue(flat("0.001", "0.001", discount=Discount(asset="BNB")))
    venue.trade(BNB, "500", "1", venue.c, venue.b)
    venue.trade(BTC, "50000", "1")
    assert venue.fee(venue.a) == (D("0.075"), "BNB")
    assert venue.free(venue.a, "BTC") == D(1001)
    assert venue.fee(venue.b) == (D("0.075"), "BNB")  # 50 USDT
    assert venue.a.fills[-1].order_id == venue.exchange.view(venue.a).trades()[-1].order_id


def test_without_a_price_of_the_token_the_fee_is_taken_from_what_is_received() -> None:
    venue = Venue(flat("0.001", "0.001", discount=Discount(asset="BNB")))
    venue.trade(BTC, "50000", "1")
    assert venue.fee(venue.a) == (D("0.001"), "BTC") and venue.fee(venue.b) == (D(50), "USDT")


def test_a_market_order_that_sells_the_token_is_not_robbed_of_it() -> None:
    """All BNB are for sale, so none is free for the fee; neither for orders of the same account that it meets."""
    venue = Venue(flat("0.001", "0.001", discount=Discount(asset="BNB")), rich="10")
    venue.exchange.practice = Practice(self_trade="none")
    venue.order(venue.b, BNB, "sell", "500", "0.001")
    venue.order(venue.c, BNB, "buy", None, "0.001")
    venue.order(venue.a, BNB, "buy", "500", "0.001")  # of the same account, meets its sale
    venue.order(venue.b, BNB, "buy", "499", "9.999")
    venue.order(venue.a, BNB, "sell", None, "10")
    fills = [(fill.lots, fill.side, fill.fee_asset) for fill in venue.a.fills]
    assert fills == [(1, "buy", "BNB"), (1, "sell", "BNB"), (9999, "sell", "USDT")]
    assert venue.free(venue.a, "BNB") == D("0.001") - 2 * D("0.00000075") and venue.a.balance("BNB").locked == 0


def test_a_market_order_that_spends_the_token_keeps_what_it_needs() -> None:
    """ETH/BNB: the purchase may take all BNB; the fee comes out of it only as far as it leaves enough."""
    venue = Venue(flat("0.001", "0.001", discount=Discount(asset="BNB")), rich="10")
    venue.order(venue.b, ETH, "sell", "5", "1")
    venue.order(venue.c, ETH, "sell", "5", "1")
    venue.order(venue.a, ETH, "buy", None, "2")
    assert [fill.fee_asset for fill in venue.a.fills] == ["ETH", "ETH"]
    assert venue.free(venue.a, "BNB") == 0 and venue.a.balance("BNB").locked == 0
    venue.order(venue.b, ETH, "buy", "5", "1")
    venue.order(venue.a, ETH, "sell", None, "1")
    assert venue.fee(venue.a) == (D("0.00375"), "BNB")  # of the 5 BNB it received


def test_a_maker_rebate_comes_out_of_the_collected_fees() -> None:
    """Received asset (OKX before 2022, *inferred*), or the asset paid with (Bybit: rebate in quote for a buy)."""
    for where, asset, rebate in (("received", "BTC", D("-0.0001")), ("paid", "USDT", D(-5))):
        venue = Venue(flat("-0.0001", "0.001", rebate=where))
        venue.order(venue.b, BTC, "buy", "50000", "1")
        venue.order(venue.a, BTC, "sell", None, "1")
        assert venue.fee(venue.b) == (rebate, asset)
        assert venue.fee(venue.a) == (D(50), "USDT")
    assert venue.exchange.ledger.fees["USDT"] == venue.exchange.atoms("USDT", D(45))
    alone = Venue(flat("-0.0001", "0"))
    alone.trade(BTC, "50000", "1")
    assert alone.exchange.ledger.fees == {"USDT": -alone.exchange.atoms("USDT", D(5))}


def test_the_instruments_own_rate_may_be_a_rebate() -> None:
    venue = Venue()
    venue.exchange.set_instrument(
        Instrument(
            symbol="BTC/USDT", base="BTC", quote="USDT", tick=D("0.01"), step=D("0.00001"), maker_fee=D("-0.0001"),
            taker_fee=D("0.0004"),
        )
    )  # fmt: skip
    venue.trade(BTC, "50000", "1")
    assert venue.fee(venue.b) == (D(-5), "USDT") and venue.fee(venue.a) == (D("0.0004"), "BTC")


KRAKEN = FeeSchedule(
    tiers=(
        FeeTier(rates=Rates(maker=D("0.0016"), taker=D("0.0026"))),
        FeeTier(rates=Rates(maker=D("0.0014"), taker=D("0.0024")), volume=D(50_000)),
        FeeTier(rates=Rates(maker=D("0.0012"), taker=D("0.0022")), volume=D(100_000)),
    ),
    asset="quote",
    reference="USDT",
)


def test_tiers_by_volume_at_once() -> None:
    """Kraken, "How are trading volume discounts calculated?": 0.16 and 0.26 %; after 50,000 in the window of 30 days
    0.14 and 0.24 %. New trades count immediately, fees are in quote on both sides."""
    venue = Venue(KRAKEN)
    venue.trade(BTC, "40000", "1")
    assert venue.fee(venue.a) == (D(104), "USDT") and venue.fee(venue.b) == (D(64), "USDT")
    venue.trade(BTC, "40000", "1")
    assert venue.fee(venue.a) == (D(104), "USDT")  # the trade that reaches the tier still pays the old rate
    venue.trade(BTC, "40000", "1")
    assert venue.fee(venue.a) == (D(96), "USDT") and venue.fee(venue.b) == (D(56), "USDT")
    venue.exchange.advance(29 * DAY)
    venue.trade(BTC, "40000", "1")
    assert venue.fee(venue.a) == (D(88), "USDT")  # 120,000 so far
    venue.exchange.advance(30 * DAY)  # the first day is over: 40,000 are left
    venue.trade(BTC, "40000", "1")
    assert venue.fee(venue.a) == (D(104), "USDT")


def test_tiers_reviewed_daily_at_midnight() -> None:
    """Binance: at 00:00 UTC the total of the past 30 days decides for the day. VIP 1: 0.09 % / 0.1 % from 1,000,000."""
    vip = FeeSchedule(
        tiers=(
            FeeTier(rates=Rates(maker=D("0.001"), taker=D("0.001"))),
            FeeTier(rates=Rates(maker=D("0.0009"), taker=D("0.001")), volume=D(1_000_000)),
        ),
        review="daily",
        reference="USDT",
    )
    venue = Venue(vip)
    venue.trade(BTC, "50000", "20")
    venue.trade(BTC, "50000", "1")
    assert venue.fee(venue.b) == (D(50), "USDT")
    venue.exchange.advance(DAY - 1)
    venue.trade(BTC, "50000", "1")
    assert venue.fee(venue.b) == (D(50), "USDT")
    venue.exchange.advance(DAY)
    venue.trade(BTC, "50000", "1")
    assert venue.fee(venue.b) == (D(45), "USDT")
    venue.exchange.advance(31 * DAY)
    venue.trade(BTC, "50000", "1")
    assert venue.fee(venue.b) == (D(50), "USDT")


def test_volume_of_another_quote_is_counted_at_the_price_of_the_moment() -> None:
    """Trades in ETH/BNB count in USDT over BNB/USDT (OKX: "recorded according to price when trading")."""
    venue = Venue(KRAKEN)
    venue.trade(ETH, "5", "1")  # no price of BNB yet: not counted
    volume = venue.exchange.tariffs.volume
    assert volume(venue.a, "USDT", 0) == 0
    venue.trade(BNB, "500", "1", venue.c, venue.b)
    venue.trade(ETH, "5", "10")
    assert volume(venue.a, "USDT", 0) == venue.exchange.atoms("USDT", D(25_000))
    assert volume(venue.c, "USDT", 0) == venue.exchange.atoms("USDT", D(500))


def test_a_fee_in_quote_is_part_of_what_a_buy_locks() -> None:
    venue = Venue(flat("0.0025", "0.0040", asset="quote"))
    before = venue.free(venue.a, "USDT")
    placed = venue.order(venue.a, BTC, "buy", "40000", "2")
    assert venue.exchange.amount("USDT", venue.a.balance("USDT").locked) == D(80_320)  # the taker rate, the higher one
    venue.order(venue.b, BTC, "sell", None, "0.5")
    assert venue.fee(venue.a) == (D(50), "USDT") and venue.fee(venue.b) == (D(80), "USDT")
    assert venue.exchange.amount("USDT", venue.a.balance("USDT").locked) == D(60_240)
    assert venue.free(venue.a, "USDT") == before - 60_240 - 20_000 - 50
    venue.exchange.cancel(venue.a, "BTC/USDT", order_id=placed.order_id)
    assert venue.free(venue.a, "USDT") == before - 20_050 and venue.a.balance("BTC").free == 100_050_000_000


def test_a_purchase_for_an_amount_of_quote_never_takes_more_than_that() -> None:
    """(*inferred*: of the venues with fees in quote, Coinbase's quote_size includes the fee.)"""
    venue = Venue(flat("0.0025", "0.0040", asset="quote"))
    venue.order(venue.b, BTC, "sell", "40000", "2")
    before = venue.free(venue.a, "USDT")
    amount = venue.exchange.atoms("USDT", D(1_004))
    venue.exchange.place(venue.a, NewOrder(symbol="BTC/USDT", side="buy", type="market", quote=amount))
    assert before - venue.free(venue.a, "USDT") == D(1_004) and venue.fee(venue.a) == (D(4), "USDT")


def test_a_purchase_that_cannot_pay_its_fee_is_refused() -> None:
    venue = Venue(flat("0.0025", "0.0040", asset="quote"))
    poor = venue.exchange.open_account("poor", {"USDT": venue.exchange.atoms("USDT", D(40_000))})
    venue.start = venue.total()
    venue.order(venue.b, BTC, "sell", "40000", "2")
    for price in ("40000", None):
        with pytest.raises(Reject, match="INSUFFICIENT_BALANCE"):
            venue.order(poor, BTC, "buy", price, "1")
    venue.order(poor, BTC, "buy", None, "0.996")


def test_the_most_specific_schedule_holds() -> None:
    venue = Venue(flat("0.001", "0.001"))
    charge = venue.exchange.tariffs.charge
    charge(flat("0", "0.0005"), symbol="BTC/USDT")
    charge(flat("0", "0.0002"), account="a")
    charge(flat("0", "0.0001"), account="a", symbol="BTC/USDT")
    for account, rules, fee in (
        (venue.c, BTC, "0.0005"), (venue.c, BNB, "0.001"), (venue.a, BTC, "0.0001"), (venue.a, BNB, "0.0002"),
    ):  # fmt: skip
        venue.trade(rules, "100", "1", account)
        assert venue.fee(account)[0] == D(fee), (account, rules.symbol)


def test_fees_do_not_change_under_open_orders_or_for_unknown_symbols() -> None:
    venue = Venue()
    venue.order(venue.a, BTC, "buy", "100", "1")
    in_quote = flat("0", "0.001", asset="quote")
    with pytest.raises(ValueError, match="fees change while orders are open in BTC/USDT"):
        venue.exchange.tariffs.charge(in_quote)
    venue.exchange.tariffs.charge(in_quote, symbol="ETH/BNB")
    with pytest.raises(ValueError, match="'X/Y' is not listed"):
        venue.exchange.tariffs.charge(flat("0", "0"), symbol="X/Y")
    before, anything = dict(venue.exchange.tariffs.schedules), venue.exchange.tariffs.charge
    for wrong in ({"schedule": "x"}, {"schedule": None}, {"schedule": flat("0", "0"), "account": 5}):
        with pytest.raises(ValueError, match="by a FeeSchedule"):
            anything(**({"symbol": "ETH/BNB"} | wrong))  # type: ignore[arg-type]
    assert venue.exchange.tariffs.schedules == before, "and nothing has changed"


def test_fees_in_what_is_received_change_under_open_orders() -> None:
    venue = Venue()
    order = venue.order(venue.a, BTC, "buy", "100", "1")
    locked = venue.a.balance("USDT").locked
    venue.exchange.tariffs.charge(flat("0.5", "0"))
    assert venue.a.balance("USDT").locked == locked
    venue.order(venue.b, BTC, "sell", "100", "1")
    assert venue.fee(venue.a)[0] == D("0.5")
    assert venue.a.balance("USDT").locked == 0
    assert order.live


@pytest.mark.parametrize(
    "wrong",
    [
        {"tiers": ()},
        {"tiers": (FeeTier(rates=Rates(maker=D(0), taker=D(0)), volume=D(1)),)},
        {"tiers": (FeeTier(rates=Rates(maker=D(0), taker=D("0.6"), buyer=D("0.5"))),)},
        {"asset": "base"},
        {"rebate": "x"},
        {"review": "x"},
        {"discount": Discount(asset="BNB", multiplier=D(2))},
        {"discount": Discount(asset="BNB", multiplier=D("NaN"))},
        {"tiers": tuple(FeeTier(rates=Rates(maker=D(0), taker=D(0)), volume=D(v)) for v in ("0", "NaN"))},
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"fee|tiers|discount"):
        FeeSchedule(**({"tiers": KRAKEN.tiers} | wrong))


def test_schedules_and_volumes_survive_a_snapshot() -> None:
    venue = Venue(KRAKEN)
    venue.exchange.tariffs.charge(FAQ, account="c", symbol="BTC/USDT")
    venue.trade(BTC, "40000", "1.2")
    venue.order(venue.a, BTC, "buy", "39000", "1")
    text = snapshot(venue.exchange).to_json()
    other = restore(State.from_json(text))
    assert snapshot(other).to_json() == text
    assert other.tariffs.schedules == venue.exchange.tariffs.schedules
    heard: list[Change] = []
    other.on_change(heard.append)
    venue.told.clear()
    for exchange in (venue.exchange, other):
        for lots in (10_000, 30_000, 20_000):
            new = NewOrder(symbol="BTC/USDT", side="sell", type="market", lots=lots)
            exchange.place(exchange.accounts["b"], new)
    assert heard == venue.told and len(heard) > 12
    assert venue.b.fills[-1].fee * 10_000 == venue.b.fills[-1].quote * 24  # it reached the second tier


def test_a_stop_that_buys_locks_its_fee_too() -> None:
    venue = Venue(flat("0.0025", "0.0040", asset="quote"))
    venue.trade(BTC, "40000", "1")
    stop = Trigger(kind="stop", price=BTC.ticks(D(41_000)))
    venue.order(venue.a, BTC, "buy", None, "1", trigger=stop)
    assert venue.exchange.amount("USDT", venue.a.balance("USDT").locked) == D(41_164)
    venue.order(venue.b, BTC, "sell", "41000", "2")
    venue.order(venue.c, BTC, "buy", None, "0.1")
    assert venue.fee(venue.a) == (D(164), "USDT") and venue.a.balance("USDT").locked == 0


def test_fees_do_not_change_under_orders_that_wait_for_a_session() -> None:
    shares = Instrument(
        symbol="ABC/USD", base="ABC", quote="USD", kind="equity", tick=D("0.01"), step=D(1), base_precision=0,
        calendar="XNYS",
    )  # fmt: skip
    exchange = Exchange([shares], now=1_767_438_000_000_000_000, seed=1)  # a Saturday
    account = exchange.open_account("a", {"USD": 10**12})
    exchange.place(account, NewOrder(symbol="ABC/USD", side="buy", price=10_000, lots=5))
    assert exchange.view(account).open_orders() and not exchange.depth("ABC/USD")[0]
    with pytest.raises(ValueError, match="orders are open in ABC/USD"):
        exchange.tariffs.charge(flat("0", "0.01", asset="quote"))


# ---------------------------------------------------------------- contracts
PERP = Instrument(
    symbol="BTC/USDT:USDT", base="BTC", quote="USDT", kind="perpetual", tick=D("0.1"), step=D("0.001"),
    taker_fee=D("0.01"), brackets=(Bracket(cap=None, leverage=20, rate=D("0.005")),),
)  # fmt: skip


class Contracts(Venue):
    """The same accounts, and a perpetual beside the spot markets."""

    def __init__(self, schedule: FeeSchedule) -> None:
        super().__init__()
        self.exchange.add_instrument(PERP)
        self.exchange.publish(PERP.symbol, mark=PERP.ticks(D(50_000)))
        self.exchange.tariffs.charge(schedule, symbol=PERP.symbol)

    def deal(self, quantity: str, price: str = "50000") -> tuple[Any, Any]:
        """``b`` sells to ``a``, who takes; their fills."""
        lots = PERP.lots(D(quantity))
        sale = NewOrder(symbol=PERP.symbol, side="sell", price=PERP.ticks(D(price)), lots=lots)
        self.exchange.place(self.b, sale)
        self.exchange.place(self.a, NewOrder(symbol=PERP.symbol, side="buy", type="market", lots=lots))
        check(self.exchange, "a deal")
        return self.a.fills[-1], self.b.fills[-1]


def test_contracts_are_charged_by_schedule_with_a_rebate() -> None:
    venue = Contracts(flat("-0.0001", "0.0004"))
    before = total(venue.exchange, "USDT")
    taken, made = venue.deal("2")  # worth 100,000
    fees = [venue.exchange.amount("USDT", fill.fee) for fill in (taken, made)]
    assert fees == [D(40), D(-10)] and taken.fee_asset == made.fee_asset == "USDT"
    assert (venue.free(venue.a, "USDT"), venue.free(venue.b, "USDT")) == (D(10**9) - 40, D(10**9) + 10)
    assert total(venue.exchange, "USDT") == before
    [position] = venue.exchange.view(venue.a).positions()
    assert venue.exchange.amount("USDT", position.fees) == 40
    restored = restore(State.from_json(snapshot(venue.exchange).to_json()))
    assert restored.tariffs.schedules == venue.exchange.tariffs.schedules
    assert restored._markets[PERP.symbol].charges is not None


def test_contracts_count_towards_tiers() -> None:
    low = FeeTier(rates=Rates(maker=D(0), taker=D("0.001")))
    high = FeeTier(rates=Rates(maker=D(0), taker=D("0.0005")), volume=D(60_000))
    venue = Contracts(FeeSchedule(tiers=(low, high)))
    fees = [venue.exchange.amount("USDT", venue.deal("1")[0].fee) for _ in range(3)]  # each worth 50,000
    assert fees == [D(50), D(50), D(25)]
    assert venue.exchange.tariffs.volume(venue.a, "USDT", venue.exchange.now) == venue.exchange.atoms(
        "USDT", D(150_000)
    )


def test_contracts_pay_in_the_discounts_token() -> None:
    """Binance, USD-M: fees paid in BNB at 10 % off; the wallet pays where there is too little of it."""
    venue = Contracts(flat("0", "0.0004", discount=Discount(asset="BNB", multiplier=D("0.9"))))
    venue.exchange.publish("BNB/USDT", index=BNB.ticks(D(400)))
    taken, _ = venue.deal("2")
    assert (venue.exchange.amount("BNB", taken.fee), taken.fee_asset) == (D("0.09"), "BNB")  # 40 x 0.9 / 400
    assert (venue.free(venue.a, "BNB"), venue.free(venue.a, "USDT")) == (D("999.91"), D(10**9))
    told = [change for change in venue.told if isinstance(change, BalanceChange) and change.account == "a"]
    assert told[-1].balances == (("BNB", venue.a.balance("BNB").free, 0),)
    assert venue.exchange.ledger.fees == {"BNB": taken.fee}
    venue.a.balance("BNB").free = 0
    assert venue.deal("2")[0].fee_asset == "USDT"


# ------------------------------------------------------------------ boundaries
def steps(review: Any) -> FeeSchedule:
    """1 %, and half of it from 100,000 USDT in 30 days on."""
    tiers = ((0, "0.01"), (100_000, "0.005"))
    return FeeSchedule(
        tiers=tuple(FeeTier(rates=Rates(maker=D(r), taker=D(r)), volume=D(v)) for v, r in tiers), asset="quote",
        reference="USDT", review=review,
    )  # fmt: skip


def test_a_tier_begins_at_its_volume_exactly() -> None:
    venue = Venue(steps("trade"))
    for quantity, fee in (("9.99999", "999.999"), ("0.00001", "0.001"), ("1", "50")):
        venue.trade(BTC, "10000", quantity)
        assert venue.fee(venue.a)[0] == D(fee)


def test_days_add_up_and_a_daily_tier_changes_at_midnight() -> None:
    venue = Venue(steps("daily"))
    for days, quantity, rate in ((0.5, "4", "0.01"), (1.5, "6", "0.01"), (1.9, "1", "0.01"), (2.0, "1", "0.005")):
        venue.exchange.advance(int(days * DAY))
        venue.trade(BTC, "10000", quantity)
        assert venue.fee(venue.a)[0] == D(10_000) * D(quantity) * D(rate), days


def test_a_schedule_of_an_account_comes_before_one_of_a_symbol() -> None:
    venue = Venue(flat("0.001", "0.001"))
    tariffs = venue.exchange.tariffs
    tariffs.charge(flat("0.002", "0.002"), symbol="BTC/USDT")
    tariffs.charge(flat("0.003", "0.003"), account="a")
    for name, market, rate in (("a", BTC, "0.003"), ("b", BTC, "0.002"), ("b", BNB, "0.001"), ("a", BNB, "0.003")):
        assert tariffs.of(name, market.symbol) == flat(rate, rate)


def test_just_enough_of_the_token_is_enough() -> None:
    """1 BTC at 26,000 is 100 BNB; 0.75 x 0.1 % of it are 0.075."""
    for rich, paid in (("0.075", "BNB"), ("0.07499999", "BTC")):
        venue = Venue(rich="1000")
        venue.order(venue.c, BNB, "sell", "260", "1")
        venue.order(venue.b, BNB, "buy", None, "1")
        venue.exchange.tariffs.charge(flat("0.001", "0.001", discount=Discount(asset="BNB")), account="d")
        poor = venue.open("d", rich)
        venue.start = venue.total()
        venue.order(venue.b, BTC, "sell", "26000", "1")
        venue.order(poor, BTC, "buy", None, "1")
        assert venue.fee(poor)[1] == paid


def test_fees_do_not_change_while_an_order_waits_for_its_trigger() -> None:
    venue = Venue()
    stop = Trigger(kind="stop", price=BTC.ticks(D(200)))
    venue.order(venue.a, BTC, "buy", "210", "1", trigger=stop)
    with pytest.raises(ValueError, match="orders are open"):
        venue.exchange.tariffs.charge(flat("0.01", "0.01", asset="quote"))


def test_a_purchase_locks_a_fee_in_quote_rounded_up() -> None:
    small = Instrument(
        symbol="ABC/USD", base="ABC", quote="USD", tick=D(1), step=D(1), base_precision=0, quote_precision=0
    )
    exchange = Exchange([small], now=0, seed=1)
    exchange.tariffs.charge(flat("0.01", "0.01", asset="quote"))
    anna = exchange.open_account("anna", {"USD": 101})
    with pytest.raises(Reject, match="INSUFFICIENT"):
        exchange.place(anna, NewOrder(symbol="ABC/USD", side="buy", price=101, lots=1))
    exchange.place(anna, NewOrder(symbol="ABC/USD", side="buy", price=99, lots=1))
    assert anna.balance("USD").locked == 100
