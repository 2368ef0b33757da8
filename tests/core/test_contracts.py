"""The arithmetic of contracts against worked examples of venues' own documentation, and its exactness."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outtrade_mocks.core import Instrument
from outtrade_mocks.core.brackets import Bracket, Tiers
from outtrade_mocks.core.contracts import Leg, entry_price, moved, price_where, unrealised, worth
from outtrade_mocks.core.positions import Position, traded

D = Decimal


def brackets(*rows: tuple[int | None, int, str]) -> tuple[Bracket, ...]:
    return tuple(
        Bracket(cap=None if cap is None else D(cap), leverage=leverage, rate=D(rate)) for cap, leverage, rate in rows
    )


ONE = brackets((None, 100, "0.005"))


def linear(base: str, tiers: tuple[Bracket, ...] = ONE, **changes: Any) -> Instrument:
    rules: dict[str, Any] = {
        "symbol": f"{base}/USDT", "base": base, "quote": "USDT", "tick": D("0.01"), "step": D("0.001"),
        "kind": "perpetual", "brackets": tiers,
    }  # fmt: skip
    return Instrument(**(rules | changes))


def inverse(tiers: tuple[Bracket, ...] = ONE, **changes: Any) -> Instrument:
    rules: dict[str, Any] = {
        "symbol": "BTC/USD", "base": "BTC", "quote": "USD", "tick": D("0.01"), "step": D(1), "kind": "perpetual",
        "inverse": True, "brackets": tiers,
    }  # fmt: skip
    return Instrument(**(rules | changes))


def leg(instrument: Instrument, quantity: str, price: str) -> Leg:
    """A position of a signed quantity bought or sold at one price; the value may be finer than ticks allow."""
    lots = instrument.lots(abs(D(quantity)))
    value = Fraction(abs(D(quantity))) * Fraction(instrument.contract_size)
    value = value / Fraction(D(price)) if instrument.inverse else value * Fraction(D(price))
    lots = lots if D(quantity) > 0 else -lots
    return lots, moved(instrument, lots, int(value * 10**instrument.settle_precision))


def coins(instrument: Instrument, atoms: int) -> Decimal:
    return D(atoms).scaleb(-instrument.settle_precision)


def price(instrument: Instrument, ticks: Fraction | None, digits: str = "0.01") -> Decimal | None:
    if ticks is None:
        return None
    exact = ticks * Fraction(instrument.tick)
    return (D(exact.numerator) / D(exact.denominator)).quantize(D(digits))


# ------------------------------------------------------- profit, entry price
# https://help.bybit.com/hc/en-us/articles/900000630066-P-L-calculations-USDT-Contract-
@pytest.mark.parametrize(
    ("quantity", "entry", "last", "profit"), [("0.2", "7000", "7500", "100"), ("-0.4", "6000", "5000", "400")]
)
def test_bybit_linear_profit(quantity: str, entry: str, last: str, profit: str) -> None:
    btc = linear("BTC")
    assert coins(btc, unrealised(btc, *leg(btc, quantity, entry), btc.ticks(D(last)))) == D(profit)


def test_bybit_linear_average_entry_price() -> None:
    """0.5 BTC at 5,000 and 0.3 BTC at 6,000 make 5,375 (same page)."""
    btc = linear("BTC")
    (one, cost), (two, more) = leg(btc, "0.5", "5000"), leg(btc, "0.3", "6000")
    assert entry_price(btc, one + two, cost + more) == 5375


# https://help.bybit.com/hc/en-us/articles/900000404726-P-L-calculations-Inverse-Contracts-
def test_bybit_inverse_average_entry_price() -> None:
    """1,000 at 5,000 and 2,000 at 6,000: 3,000 / 0.53333334 BTC = 5,625.00 (rounded there to eight digits)."""
    usd = inverse()
    (one, cost), (two, more) = leg(usd, "1000", "5000"), leg(usd, "2000", "6000")
    found = entry_price(usd, one + two, cost + more)
    assert found is not None and round(found, 2) == 5625


def test_bybit_inverse_profit() -> None:
    """1,000 long at 5,000, last 5,500: 0.01819 BTC (the page rounds 1/5000 - 1/5500 to 0.00001819 first)."""
    usd = inverse()
    profit = coins(usd, unrealised(usd, *leg(usd, "1000", "5000"), usd.ticks(D(5500))))
    assert profit.quantize(D("0.0001")) == D("0.0182")
    # https://mobie.io/faq/what-is-the-quotation-method-of-bybit-inverse-perpetual-contracts: 10,000 at 8,000, then
    # 12,500: 1.25 - 0.8 = 0.45 BTC
    assert coins(usd, unrealised(usd, *leg(usd, "10000", "8000"), usd.ticks(D(12_500)))) == D("0.45")


# ----------------------------------------------- maintenance margin, brackets
ETH_2021 = brackets(
    (10_000, 100, "0.005"), (100_000, 75, "0.0065"), (500_000, 50, "0.01"), (1_000_000, 25, "0.02"),
    (2_000_000, 10, "0.05"), (5_000_000, 5, "0.1"), (10_000_000, 4, "0.125"), (None, 3, "0.15"),
)  # fmt: skip
BTC_2021 = brackets(
    (50_000, 125, "0.004"), (250_000, 100, "0.005"), (1_000_000, 50, "0.01"), (5_000_000, 20, "0.025"),
    (20_000_000, 10, "0.05"), (50_000_000, 5, "0.1"), (None, 4, "0.125"),
)  # fmt: skip


def test_binance_maintenance_amounts() -> None:
    """The amounts in "How to Calculate Liquidation Price of USDⓈ-M Futures Contracts": 16,300 and 135,365, and
    maintenance margins of 71,200.81144 and 356,512.508 (https://www.binance.com/en/support/faq/b3c689c1f50a44cabb3a84e663b81d93)."""
    btc, eth = Tiers(BTC_2021, precision=8), Tiers(ETH_2021, precision=8)
    assert btc.tiers[3].amount == 16_300 * 10**8 * btc.denominator
    assert eth.tiers[5].amount == 135_365 * 10**8 * eth.denominator
    assert btc.maintenance(350003245800000) == D("71200.81145") * 10**8
    assert D(eth.maintenance(491877508100000)).scaleb(-8).quantize(D("0.001")) == D("356512.508")


def test_binance_coin_margined_maintenance_amounts() -> None:
    """BTCUSD, level 5: 50 BTC x (5 % - 2.5 %) + 0.56 BTC = 1.81 BTC ("How to Calculate Liquidation Price of COIN-M
    Futures Contracts", https://www.binance.com/es/support/faq/ceccfcfb4e3a45e3b48b0b1bb1a8ae46; caps *derived by hand*
    from the amounts it names)."""
    tiers = Tiers(
        brackets((5, 125, "0.004"), (10, 100, "0.005"), (20, 50, "0.01"), (50, 20, "0.025"), (100, 10, "0.05")),
        precision=8,
    )
    amounts = [D(tier.amount) / tiers.denominator / 10**8 for tier in tiers.tiers]
    assert amounts == [D(0), D("0.005"), D("0.055"), D("0.355"), D("1.605")]
    assert amounts[4] - amounts[3] == 50 * (D("0.05") - D("0.025"))


def test_leverage_and_value() -> None:
    tiers = Tiers(BTC_2021, precision=2)
    assert tiers.most_leverage(50_000_00) == 125 and tiers.most_leverage(50_000_01) == 100
    assert [tiers.cap(leverage) for leverage in (126, 125, 101, 100, 5, 4)] == [
        0, 50_000_00, 50_000_00, 250_000_00, 50_000_000_00, None,
    ]  # fmt: skip
    assert tiers.below(300_000_00) == 250_000_00 and tiers.below(1) == 0


@pytest.mark.parametrize(
    "rows",
    [
        (),
        ((None, 10, "0.05"), (100, 5, "0.1")),
        ((100, 10, "0.05"), (100, 5, "0.1")),
        ((100, 10, "0.05"), (200, 11, "0.06")),
        ((100, 10, "0.05"), (200, 5, "0.05")),
        ((100, 10, "0.11"),),
        ((100, 10, "0.1"),),
        ((100, 0, "0.05"),),
        ((0, 10, "0.05"),),
        ((100, 10, "NaN"),),
        ((100, 10, "Infinity"),),
    ],
)
def test_brackets_that_make_no_sense_are_refused(rows: Any) -> None:
    with pytest.raises(ValueError, match=r"bracket|leverage") as caught:
        Tiers(brackets(*rows), precision=2)
    assert "\n" not in str(caught.value)


# --------------------------------------------------------- liquidation price
# Binance, "How to Calculate Liquidation Price of USDⓈ-M Futures Contracts"
# (https://www.binance.com/en/support/faq/b3c689c1f50a44cabb3a84e663b81d93): wallet 1,535,443.01 USDT; ETHUSDT 3,683.979
# at 1,456.84, mark 1,335.18; BTCUSDT 109.488 at 32,481.98, mark 31,967.27.
WALLET = 153_544_301_000_000


@pytest.mark.parametrize(
    ("which", "cross", "isolated"), [("BTC", "26316.89", "18778.73"), ("ETH", "1153.26", "1114.78")]
)
def test_binance_liquidation_price(which: str, cross: str, isolated: str) -> None:
    """The page's two positions share a cross wallet; alone with that wallet they are those of the isolated formula
    (TMM = UPNL = 0), as freqtrade's tests have them, too."""
    held = {
        "BTC": (linear("BTC", BTC_2021), ("109.488", "32481.98"), "31967.27"),
        "ETH": (linear("ETH", ETH_2021), ("3683.979", "1456.84"), "1335.18"),
    }
    legs = {name: leg(instrument, *what) for name, (instrument, what, _) in held.items()}
    other = next(name for name in held if name != which)
    instrument, _, mark = held[other]
    assert instrument.tiers is not None
    profit = unrealised(instrument, *legs[other], instrument.ticks(D(mark)))
    rest = profit - instrument.tiers.maintenance(abs(worth(instrument, legs[other][0], instrument.ticks(D(mark)))))
    one, _, mark = held[which]
    near = one.ticks(D(mark))
    assert price(one, price_where(one, [legs[which]], WALLET + rest, near=near)) == D(cross)
    assert price(one, price_where(one, [legs[which]], WALLET, near=near)) == D(isolated)


def test_bybit_inverse_liquidation_price() -> None:
    """60,000 USD at 50,000 with 10x, maintenance margin rate 0.5 % of the entry value: 60,000 / (1.2 + (0.12 - 0.006))
    for a long ("Liquidation Price Calculation under Isolated Mode",
    https://www.bybit.com/en/help-center/article/Liquidation-Price-Calculation-under-Isolated-Mode-Unified-Trading-Account;
    the short by the same page's other formula)."""
    usd = inverse()
    margin, maintenance = 12_000_000, 600_000
    for quantity, expected in (
        ("60000", 60_000 / (D("1.2") + D("0.114"))),
        ("-60000", 60_000 / (D("1.2") - D("0.114"))),
    ):
        found = price_where(usd, [leg(usd, quantity, "50000")], margin, maintenance=maintenance)
        assert price(usd, found) == expected.quantize(D("0.01"))


def test_bybit_cross_inverse_bankruptcy_price() -> None:
    """10,000 at 8,000 with 0.5 BTC: 10,000 / (1.25 + 0.5) = 5,714.29 without the page's fee of 0.075 %, 5,718.57 with
    it (https://help.bybit.com/hc/en-us/articles/360039261334-How-to-calculate-Liquidation-Price-Inverse-Contract-)."""
    usd = inverse()
    held = leg(usd, "10000", "8000")
    found = price_where(usd, [held], 50_000_000, maintenance=0)
    assert price(usd, found) == D("5714.29")
    assert found is not None and price(usd, found * Fraction(100_075, 100_000)) == D("5718.57")


def test_bybit_linear_bankruptcy_price() -> None:
    """Entry x (1 - 1/leverage), and x (1 + 1/leverage) for a short (Bybit help centre, "Bankruptcy Price (USDT
    Contract)"); numbers *derived by hand*."""
    btc = linear("BTC")
    for quantity, expected in (("1", "19600"), ("-1", "20400")):
        held = leg(btc, quantity, "20000")
        assert price(btc, price_where(btc, [held], 400 * 10**8, maintenance=0)) == D(expected)


def test_hedged_positions_share_a_liquidation_price() -> None:
    """Long and short of one symbol, as in Binance's formula with position LONG and SHORT; *derived by hand*:
    (1,000 - 2 x 100 + 1 x 110) / (2 x 0.005 + 1 x 0.005 - 2 + 1) is below zero, (100 - 200 + 110) / -0.985 as well, and
    with 50: (50 - 200 + 110) / -0.985 = 40.61."""
    btc = linear("BTC")
    legs = [leg(btc, "2", "100"), leg(btc, "-1", "110")]
    assert price_where(btc, legs, 1_000 * 10**8, near=btc.ticks(D(100))) is None
    assert price(btc, price_where(btc, legs, 50 * 10**8, near=btc.ticks(D(100)))) == D("40.61")


def test_a_position_that_cannot_be_liquidated_has_no_price() -> None:
    btc = linear("BTC")
    assert price_where(btc, [leg(btc, "1", "100")], 200 * 10**8, near=10_000) is None
    assert price_where(btc, [], 10**8) is None


def test_the_bracket_is_that_of_the_price_found() -> None:
    """A short so large that it grows into the next bracket on its way there; and a long that shrinks."""
    tiers = brackets((1_000, 20, "0.01"), (2_000, 10, "0.05"), (None, 5, "0.1"))
    btc = linear("BTC", tiers)
    for quantity, cash in (("-9", 1_500), ("19", 500), ("25", 2_300), ("-4", 9_000)):
        held = leg(btc, quantity, "100")
        found = price_where(btc, [held], cash * 10**8, near=btc.ticks(D(100)))
        assert found is not None and btc.tiers is not None
        for ticks, broken in ((int(found) - 1, held[0] > 0), (int(found) + 2, held[0] < 0)):
            value = abs(worth(btc, held[0], ticks))
            equity = cash * 10**8 + unrealised(btc, *held, ticks)
            assert (equity <= btc.tiers.maintenance(value)) == broken, (quantity, found, ticks)


def test_bybit_bankruptcy_price_of_a_deleveraged_position() -> None:
    """5,000 BTCUSD at 7,890.08 with 50x: entry x leverage / (leverage + 1) = 7,735.372549
    (https://help.bybit.com/hc/en-us/articles/900000031623-What-is-Auto-Deleveraging-ADL-)."""
    usd = inverse(base_precision=16)
    held = leg(usd, "5000", "7890.08")
    margin = int(Fraction(5_000) / Fraction("7890.08") / 50 * 10**16)
    assert price(usd, price_where(usd, [held], margin, maintenance=0), "0.0001") == D("7735.3725")


def test_okx_unrealised_profit_of_coin_margined_contracts() -> None:
    """Long: face value x contracts / average opening price - face value x contracts / mark price, short the reverse
    (https://www.okex.com/futureTrade/beforePerpetualFuture); numbers *derived by hand*: 600 x 100 USD from 50,000 to
    60,000 make 1.2 - 1.0 BTC."""
    usd = inverse(contract_size=D(100))
    for quantity, profit in (("600", "0.2"), ("-600", "-0.2")):
        assert coins(usd, unrealised(usd, *leg(usd, quantity, "50000"), usd.ticks(D(60_000)))) == D(profit)


# ------------------------------------------------------------------ exactness
def test_realised_profit_is_rounded_down_on_both_sides() -> None:
    """One of three that cost 1,000: its part is 333 1/3."""
    for lots, carried, realised in ((3, -1_000, 66), (-3, 1_000, -67)):
        held = Position("a", "X", "net", lots=lots, carried=carried, margin=100, isolated=True, leverage=10)
        step = traded(held, -1 if lots > 0 else 1, 400, inverse=False)
        assert (step.realised, step.released, step.carried + step.realised) == (
            realised, 33, carried + (400 if lots > 0 else -400),
        )  # fmt: skip


LOTS = st.integers(-50, 50).filter(bool)


@given(st.lists(st.tuples(LOTS, st.integers(1, 10**6)), min_size=1, max_size=12), st.booleans())
def test_trades_conserve_value(trades: list[tuple[int, int]], inverted: bool) -> None:
    """What trades move is what is realised plus what is carried; nothing is left in a closed position."""
    held = Position("a", "X", "net", lots=0, carried=0, margin=0, isolated=False, leverage=1)
    total = realised = position = 0
    for lots, value in trades:
        step = traded(held, lots, value, inverse=inverted)
        total += value if (lots > 0) == inverted else -value
        realised += step.realised
        position += lots
        assert step.lots == position
        assert step.carried + realised == total
        if abs(lots) > abs(held.lots) > 0 and (held.lots > 0) != (lots > 0):
            paid = value if (lots > 0) != inverted else -value  # a share of this closed the position
            exact = held.carried - Fraction(paid * abs(held.lots), abs(lots))
            assert exact - 1 < step.realised <= exact
        assert (step.carried == 0) or step.lots
        assert 0 <= step.opened <= value
        held = Position("a", "X", "net", lots=step.lots, carried=step.carried, margin=0, isolated=False, leverage=1)


@given(st.integers(1, 10**7), st.integers(1, 10**6), st.integers(1, 10**7), st.booleans())
def test_one_sides_profit_is_the_others_loss(entry: int, lots: int, mark: int, inverted: bool) -> None:
    instrument = inverse() if inverted else linear("BTC")
    value = instrument.notional(entry, lots)
    long = unrealised(instrument, lots, moved(instrument, lots, value), mark)
    short = unrealised(instrument, -lots, moved(instrument, -lots, value), mark)
    assert long == -short
    if mark > entry:
        assert long >= 0


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "spot"}, {"brackets": ()}, {"kind": "future"}, {"expires": 5}, {"contract_size": D(0)},
        {"funding_interval": 0}, {"kind": "option"}, {"inverse": True, "notional_min": D(5)},
        *({name: D(wrong)} for name in ("tick", "contract_size", "price_max") for wrong in ("NaN", "Infinity")),
    ],
)  # fmt: skip
def test_an_instrument_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"BTC/USDT|bracket"):
        linear("BTC", **changes)


def test_contract_size() -> None:
    """OKX BTC-USDT-SWAP: one contract is 0.01 BTC; BTC-USD-SWAP: 100 USD (OKX instruments, ctVal)."""
    usdt = linear("BTC", contract_size=D("0.01"), step=D(1))
    assert usdt.notional(usdt.ticks(D(50_000)), 3) == 1_500 * 10**8
    usd = inverse(contract_size=D(100))
    assert usd.notional(usd.ticks(D(50_000)), 3) == 600_000  # 300 USD / 50,000 = 0.006 BTC
    assert usd.cover(usd.ticks(D(70_000)), 1) == usd.notional(usd.ticks(D(70_000)), 1) + 1
    assert usd.affordable(usd.ticks(D(50_000)), 600_000) == 3 and usd.affordable(usd.ticks(D(50_000)), 599_999) == 2
    assert usdt.lot_atoms == 0 and usdt.settle == "USDT" and usd.settle == "BTC"


def test_a_maintenance_margin_is_rounded_up_and_the_last_bracket_has_no_end() -> None:
    tiers = Tiers(brackets((100, 10, "0.05"), (1_000, 5, "0.1")), precision=0)
    assert [tiers.maintenance(value) for value in (1, 20, 21, 100, 101)] == [1, 1, 2, 5, 6]
    assert tiers.index(10**12) == 1 and tiers.maintenance(10_000) == 995
