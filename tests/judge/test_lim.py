"""Caps, order rates, the kill switch: each property on one-line histories, passing and failing."""

from __future__ import annotations

import pytest
from judge_kit import BUY, NA, Case, check, lacking

POSITION = "set max_position=1 | i1:buy 0.6@100 | i2:buy 0.6@100 at=50 | i3:sell 0.6@100 at=50 | "
NOTIONAL = "set max_notional=90 | i1:buy 1 | "
LEVERAGE = "set max_leverage=3 USDT=100 | i1:buy 2@100 sym=BTC/USDT:USDT | i2:buy 2@100 sym=BTC/USDT:USDT at=50 | "
RATE = "set max_orders_per_second=1 | i1:buy 1@100 | i2:sell 1@101 | "
SLOW = "set max_orders_per_second=0.5 | i1:buy 1@100 | i2:sell 1@101 | "
LOOP = " | ".join(f"{5 + 2 * n} place o{n} q=0.01 -> ok:fill" for n in range(14))
SHORT = " | ".join(f"{5 + n / 10} place o{n} q=0.01 -> ok:fill" for n in range(14))
DAY_LONG = " | ".join(f"{5 + 20 * n} place o{n} q=0.01 -> ok:fill" for n in range(14))
HALT = "i1:buy 1@100 | i2:buy 1@99 at=90 | i3:halt at=60 | "
ONE = "i1:buy 1@100 | i2:sell 1@110 sym=ETH/USDT | i3:halt at=60 sym=ETH/USDT | "
TWO = "set instances=2 | i1:buy 1@100 | i2:buy 1@100 at=1 | "
TWICE = "fault second_instance on.after=20 | i1:buy 1@100 | i2:buy 1@100 at=1 | "
OLD = "set instances=2 old=1 | i1:buy 1@100 | i2:buy 1@100 at=1 | 1 as 1 | 2 place b i=i1 -> ok:fill | 3 as 0 | "
STOOD = "i1:buy 1@100 | i2:buy 1@99 at=90 | 1 place a -> ok | "
STRAY = STOOD + "40 foreign z buy 0.5@100 id=i1xxxxxx-z | 40.1 fill z 0.5@100 | "
TOLD = STRAY + "40.2 up | 40.3 event z fill | "
FLAT = "i3:flatten at=60 | " + TOLD
OVER = "i1:buy 1@100 | i2:buy 1@99 at=90 | 1 place a -> ok | 40 fill a 1.5@100 | 40.1 up | 40.2 event a fill | "
NAMED = "600 report alert=i1xxxxxx-z"

CASES: list[Case] = [
    # ---- LIM-01: position
    ("LIM-01", POSITION + "1 place a -> ok:fill", "pass"),
    ("LIM-01", POSITION + "1 place a -> ok:fill | 51 place b i=i2 -> ok:fill", "fail"),
    ("LIM-01", POSITION + "1 place a -> ok | 51 place b i=i2 -> ok", "fail"),
    ("LIM-01", POSITION + "1 place a -> ok:fill | 51 place b i=i3 -> ok:fill | 60 place c i=i2 -> ok", "pass"),
    ("LIM-01", POSITION + "1 place a -> ok:0.2,expire | 51 place b i=i2 -> ok", "pass"),
    ("LIM-01", POSITION + "1 place a -> ok:fill | 51 place b i=i2 -> no:permanent", "pass"),
    ("LIM-01", POSITION + "1 foreign f buy 5@100", NA),
    ("LIM-01", BUY + "1 place a -> ok", NA),
    # ---- LIM-01: notional
    ("LIM-01", NOTIONAL + "1 place a q=0.8 -> ok:fill", "pass"),
    ("LIM-01", NOTIONAL + "1 place a -> ok:fill", "fail"),
    ("LIM-01", NOTIONAL + "1 place a p=100 type=limit -> ok", "fail"),
    ("LIM-01", NOTIONAL + "1 place a q=- qq=100 -> ok", "fail"),
    # ---- LIM-01: leverage
    ("LIM-01", LEVERAGE + "1 place a -> ok:fill", "pass"),
    ("LIM-01", LEVERAGE + "1 place a -> ok:fill | 51 place b i=i2 -> ok", "fail"),
    # ---- LIM-02: rate
    ("LIM-02", RATE + "1 place a -> ok | 2 place b i=i2 -> ok", "pass"),
    ("LIM-02", RATE + "1 place a -> ok | 1.9 place b i=i2 -> ok", "fail"),
    ("LIM-02", RATE + "1 place a -> lost | 1.5 place a -> ok", "fail"),
    ("LIM-02", RATE + "1 place a -> ok | 1.5 cancel a -> ok", "pass"),
    ("LIM-02", SLOW + "1 place a -> ok | 2.5 place b i=i2 -> ok", "fail"),
    ("LIM-02", SLOW + "1 place a -> ok | 3 place b i=i2 -> ok", "pass"),
    # ---- LIM-02: a loop
    ("LIM-02", BUY + LOOP, "fail"),
    ("LIM-02", BUY + SHORT, "pass"),
    ("LIM-02", BUY + DAY_LONG, "pass"),
    ("LIM-02", BUY + "10 account -> ok", NA),
    # ---- LIM-04
    ("LIM-04", HALT + "1 place a -> ok | 60 cancel a -> ok", "pass"),
    ("LIM-04", HALT + "1 place a -> ok | 70 cancel a -> ok", "fail"),
    ("LIM-04", HALT + "1 place a -> ok | 60 cancel a -> ok | 90 place b i=i2 -> ok:fill", "fail"),
    ("LIM-04", HALT + "1 place a -> ok:fill | 64 place b i=i2 -> ok | 64.5 cancel b -> ok", "pass"),
    ("LIM-04", HALT + "1 place a -> ok | 60 cancel a -> lost | 75 query a -> ok | 76 cancel a -> ok", "pass"),
    ("LIM-04", HALT + "1 place a -> ok | 60 cancel a -> lost | 75 query a -> ok | 300 cancel a -> ok", "fail"),
    ("LIM-04", HALT + "55 place a -> lost:ok | 90 query a -> ok | 91 cancel a -> ok", "pass"),
    ("LIM-04", HALT + "1 place a -> ok | 60 cancel a -> ok | 100 crash | 110 start | 120 place b i=i2 -> ok", "fail"),
    ("LIM-04", ONE + "1 place a -> ok | 2 place b i=i2 -> ok | 60 cancel b -> ok", "pass"),
    ("LIM-04", ONE + "1 place a -> ok | 2 place b i=i2 -> ok | 60 cancel a -> ok", "fail"),
    ("LIM-04", BUY + "1 place a -> ok", NA),
    ("LIM-04", TWO + "i3:halt at=60 | 1 as 1 | 70 place b i=i2 -> ok:fill", "fail"),
    ("LIM-04", TWO + "i3:halt at=60 | 1 as 1 | 50 place b i=i2 -> ok:fill", "pass"),
    # ---- LIM-01, LIM-02: the account's caps, over all copies
    ("LIM-01", "set max_position=1 | " + TWO + "1 place a -> ok:fill | 2 as 1 | 3 place b i=i2 -> ok:fill", "fail"),
    ("LIM-02", "set max_orders_per_second=1 | " + TWO + "1 place a -> ok | 1.1 as 1 | 1.2 place b i=i2 -> ok", "fail"),
    # ---- LIM-05: ids and shares
    ("LIM-05", TWO + "1 place a id=A -> ok:fill | 2 as 1 | 3 place b i=i2 id=B -> ok:fill", "pass"),
    ("LIM-05", TWO + "1 place a id=A -> ok:fill | 2 as 1 | 3 place b i=i2 id=A -> ok:fill", "fail"),
    ("LIM-05", TWO + "1 place a -> lost | 9 crash | 12 start | 50 place a -> ok:fill", "pass"),
    ("LIM-05", TWO + "1 as 1 | 3 place a -> ok:fill", "fail"),
    ("LIM-05", BUY + "1 place a -> ok", NA),
    # ---- LIM-05: one that runs twice
    ("LIM-05", TWICE + "1 place a -> ok:fill | 20 start | 30 place b i=i2 -> ok:fill", "pass"),
    ("LIM-05", TWICE + "1 place a -> ok:fill | 20 start | 21 store x=1 | 24 back | 24 place b -> ok:fill", "pass"),
    ("LIM-05", TWICE + "1 place a -> ok:fill | 20 start | 21 store x=1 | 30 back | 30 place b -> ok:fill", "fail"),
    # ---- LIM-05: one that runs old code
    ("LIM-05", OLD + "4 alert i1 | 590 report", "pass"),
    ("LIM-05", OLD + "4 alert | 590 report", "fail"),
    ("LIM-05", OLD + "590 report", "fail"),
    ("LIM-05", OLD + "300 alert i1 | 590 report", "fail"),
    ("LIM-05", OLD + "4 alert i1 | 20 place c i=i1 -> ok:fill | 590 report", "fail"),
    # ---- LIM-03
    ("LIM-03", TOLD + "41 cancel a -> ok | " + NAMED, "pass"),
    ("LIM-03", TOLD + "41 cancel a -> ok | 600 report", "fail"),
    ("LIM-03", TOLD + "41 cancel a -> ok | 600 report alert", "fail"),
    ("LIM-03", TOLD + NAMED, "fail"),
    ("LIM-03", TOLD + "41 cancel a -> ok | 90 place b i=i2 -> ok | " + NAMED, "fail"),
    ("LIM-03", TOLD + "41 cancel a -> ok | 44 place b i=i2 -> ok | 45 cancel b -> ok | " + NAMED, "pass"),
    ("LIM-03", STRAY + "90 place b i=i2 -> ok | 150 cancel a -> ok | 151 cancel b -> ok | " + NAMED, "pass"),
    ("LIM-03", STRAY + "150 cancel a -> ok | 200 place b i=i2 -> ok:fill | " + NAMED, "fail"),
    ("LIM-03", STRAY + "170 cancel a -> ok | " + NAMED, "fail"),
    ("LIM-03", STOOD + "40 foreign z buy 0.5@90 | 90 place b i=i2 -> ok | 600 report", NA),
    ("LIM-03", TOLD + "50 crash after_ack f=0 | 55 start | 600 report", NA),
    ("LIM-03", FLAT + "41 cancel a -> ok | 61 place x i=i3 side=sell -> ok:fill | " + NAMED, "pass"),
    ("LIM-03", OVER + "600 report alert=i1xxxxxx-a", "pass"),
    ("LIM-03", OVER + "600 report", "fail"),
    ("LIM-03", OVER + "90 place b i=i2 -> ok | 600 report alert=i1xxxxxx-a", "fail"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    check(case)


def test_each_has_a_passing_and_a_failing_history() -> None:
    assert not lacking("LIM", CASES)
