"""Contracts of another size than 1: what travels is the venue's number, everything else is counted in units."""

from __future__ import annotations

from decimal import Decimal

import pytest
from judge_kit import NA, Case, check

from outtrade.judge.index import Index
from outtrade.judge.micro import history
from outtrade.model.units import average_price, gain, is_inverse, price_of, settled_in, value_of, wire_size, worth
from outtrade_suites.properties.truth import averages, position

D = Decimal
LINEAR, INVERSE = "BTC/USDT:USDT", "BTC/USD:BTC"
OKX = "set size=0.01 step=0.0001 min=0.0001 notional=0 mid=50000 USDT=100000 | "
"""BTC-USDT-SWAP: contracts of 0.01 BTC (ctVal), in lots of 0.01 contracts: 0.0001 BTC."""
BUY = OKX + f"i1:buy 0.05@50000 sym={LINEAR} | "
DERIBIT = "set step=10 min=10 max=1000000 notional=0 mid=50000 mmax=1000000 BTC=1 | "
"""BTC-PERPETUAL: amounts of dollars, in tens."""
SELL = DERIBIT + f"i1:sell 2500@50000 sym={INVERSE} | "

CASES: list[Case] = [
    # ---- five contracts are 0.05 BTC; 0.05 contracts are 0.0005 BTC
    ("PAR-06", BUY + "1 place a q=5 -> ok", "pass"),
    ("PAR-06", BUY + "1 place a q=0.05 -> ok", "fail"),
    ("PAR-06", BUY + "1 place a q=500 -> ok", "fail"),
    ("PAR-13", BUY + "1 place a q=5 -> ok", "pass"),
    ("PAR-13", BUY + "1 place a q=6 -> ok", "fail"),
    ("PAR-02", BUY + "1 place a q=5 -> ok", "pass"),
    ("PAR-02", BUY + "1 place a q=0.005 -> ok", "fail"),  # half a lot
    ("PAR-05", BUY + "1 place a q=4.99 -> ok", "pass"),
    ("PAR-05", BUY + "1 place a q=4.999 -> ok", "fail"),  # lots have two decimals, on the wire
    ("PAR-03", BUY.replace("notional=0", "notional=100") + "1 place a q=0.05 -> lost", "fail"),  # 25 USDT
    ("PAR-03", BUY.replace("notional=0", "notional=100") + "1 place a q=5 -> ok", "pass"),
    ("RTY-01", BUY + "1 place a q=5 -> ok", "pass"),
    ("RTY-01", BUY + "1 place a q=5 -> ok | 2 place b q=5 -> ok", "fail"),
    ("LIM-01", "set max_notional=2500 | " + BUY + "1 place a q=5 -> ok", "pass"),
    ("LIM-01", "set max_notional=2000 | " + BUY + "1 place a q=5 -> ok", "fail"),
    ("LIM-01", "set max_leverage=2 | " + BUY.replace("100000", "1500") + "1 place a q=5 -> ok", "pass"),
    ("LIM-01", "set max_leverage=2 | " + BUY.replace("100000", "1000") + "1 place a q=5 -> ok", "fail"),
    ("REC-04", BUY + "1 place a q=5 -> ok:fill | 600 report", "pass"),
    ("REC-04", BUY + "1 place a q=5 -> ok:fill | 600 report t1=5@50000", "fail"),
    ("REC-02", BUY + f"1 place a q=5 -> ok:fill | 600 report {LINEAR}=0.05", "pass"),
    ("REC-02", BUY + f"1 place a q=5 -> ok:fill | 600 report {LINEAR}=5", "fail"),
    ("REC-12", BUY + "1 place a q=5 -> ok:fill | 600 report i1=done:0.05@50000", "pass"),
    # ---- an inverse contract is counted in dollars, and worth what it says
    ("PAR-06", SELL + "1 place a q=2500 -> ok", "pass"),
    ("PAR-06", SELL + "1 place a q=250 -> ok", "fail"),  # contracts of 10 dollars
    ("LIM-01", "set max_notional=2500 | " + SELL + "1 place a q=2500 -> ok", "pass"),
    ("LIM-01", "set max_notional=2400 | " + SELL + "1 place a q=2500 -> ok", "fail"),
    # ---- margin is in BTC: 2,500 dollars at 50,000 are 0.05
    ("LIM-01", "set max_leverage=2 | " + SELL.replace("BTC=1", "BTC=0.025") + "1 place a q=2500 -> ok", "pass"),
    ("LIM-01", "set max_leverage=2 | " + SELL.replace("BTC=1", "BTC=0.02") + "1 place a q=2500 -> ok", "fail"),
    # ---- short 2,500 dollars from 50,000 to 40,000: 0.05 BTC then, 0.0625 now; a short gains that
    ("REC-09", SELL + "1 place a -> ok:fill | 1.02 lever 10 | 1.02 holds -2500@50000 | 500 mark 40000 |"
     f" 500.1 report {INVERSE}=-2500@50000,unrealised=0.0125,leverage=10,margin=0.00625,realised=0", "pass"),
    ("REC-09", SELL + "1 place a -> ok:fill | 1.02 lever 10 | 1.02 holds -2500@50000 | 500 mark 40000 |"
     f" 500.1 report {INVERSE}=-2500@50000,unrealised=0.01", "fail"),  # 0.01 BTC: by the linear formula
    ("REC-09", SELL + "1 place a -> ok:fill | 1.02 lever 10 | 1.02 holds -2500@50000 | 500 mark 40000 |"
     f" 500.1 report {INVERSE}=-2500@50000,margin=250", "fail"),  # dollars
    ("PAR-18", SELL + "1 place a -> ok", NA),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    check(case)


def test_units_of_the_venues() -> None:
    """Numbers of each venue's own pages: ctVal of OKX, USD amounts of Deribit, one coin on Binance and Bybit."""
    assert wire_size("5", D("0.01")) == wire_size("0.05", D(1)) == D("0.05")  # BTC-USDT-SWAP; BTCUSDT
    assert wire_size("13.41", D(1000)) == D(13410)  # DOGE-USDT-SWAP
    assert wire_size("28.5", D(10)) == D(285)  # ETH-USD-SWAP, dollars
    assert (wire_size(None, D(1)), wire_size("x", D(1)), wire_size("NaN", D(1))) == (None, None, None)
    assert [is_inverse(one) for one in (LINEAR, INVERSE, "ETH/BTC:BTC", "BTC/USDT", "")] == [False, True] + 3 * [False]
    assert settled_in("BTC/USD:BTC-270625") == "BTC"
    assert value_of(INVERSE, D(2500), D(50_000)) == D("0.05") and worth(INVERSE, D(2500), D(50_000)) == 2500
    assert price_of(INVERSE, D(2500), D("0.05")) == price_of(LINEAR, D("0.05"), D(2500)) == 50_000
    assert gain(INVERSE, D(-2500), D(50_000), D(40_000)) == D("0.0125")
    assert gain(LINEAR, D("-0.05"), D(50_000), D(40_000)) == 500
    assert average_price(INVERSE, [(D(1000), D(40_000)), (D(3000), D(60_000))]) == D(4000) / (D("0.025") + D("0.05"))


def test_the_fee_of_an_inverse_contract_is_not_taken_from_the_position() -> None:
    index = Index(history(SELL + "1 place a -> ok:fill"))
    (fill,) = index.own_fills
    fill.fee, fill.fee_asset = "0.00003", "BTC"
    assert position(index, INVERSE, fill.seq) == -2500
    assert averages(index, [fill])[0] == 50_000
