"""Slippage, order types, fees: each property on one-line histories, passing and failing."""

from __future__ import annotations

import pytest
from judge_kit import BUY, NA, Case, check, lacking

TRADE = "i1:buy 2 kind=trade max_slippage_bps=100 at=5 | "
SELL = "i1:sell 2 kind=trade max_slippage_bps=100 at=5 | "
TASK = "set max_slippage_bps=100 | i1:buy 2 kind=trade at=5 | "
FREE = "i1:buy 2 kind=trade at=5 | "
HASTY = "i1:buy 2 kind=trade max_slippage_bps=100 at=5 patience=0 | "
PATIENT = "i1:buy 2 kind=trade at=5 patience=60 | "
CHEAP = "i1:buy 2 kind=trade at=5 max_fee_bps=8 | "
LIMIT = "6 place a type=limit p=101 -> ok | "

CASES: list[Case] = [
    # ---- EXQ-01
    ("EXQ-01", TRADE + LIMIT + "7 fill a 2@101", "pass"),
    ("EXQ-01", TRADE + LIMIT + "7 fill a 2@101.5", "fail"),
    ("EXQ-01", TRADE + LIMIT + "7 fill a 1@100 | 8 cancel a -> ok", "pass"),
    ("EXQ-01", SELL + "6 place a type=limit p=99 -> ok | 7 fill a 2@99", "pass"),
    ("EXQ-01", SELL + "6 place a -> ok | 7 fill a 2@98.5", "fail"),
    ("EXQ-01", TASK + "6 place a -> ok | 7 fill a 2@102", "fail"),
    ("EXQ-01", FREE + "6 place a -> ok | 7 fill a 2@102", NA),
    ("EXQ-01", TRADE + "5 depth -> 502 | 30 depth -> ok | 31 place a -> ok | 32 fill a 2@102", NA),
    ("EXQ-01", BUY + "6 place a -> ok | 7 fill a 1@105", NA),
    # ---- EXQ-06
    ("EXQ-06", TRADE + "6 place a type=limit p=101 tif=IOC -> ok:fill", "pass"),
    ("EXQ-06", TRADE + "6 place a -> ok:fill", "warn"),
    ("EXQ-06", HASTY + "6 place a type=limit p=101 tif=IOC -> ok:1,expire", "pass"),
    ("EXQ-06", HASTY + "6 place a type=limit p=101 -> ok", "warn"),
    ("EXQ-06", HASTY + "6 place a type=limit p=101 -> ok | 8 cancel a -> ok", "pass"),
    ("EXQ-06", FREE + "6 place a -> ok:fill", NA),
    # ---- EXQ-07
    ("EXQ-07", PATIENT + LIMIT + "20 fill a 2@100 maker", "pass"),
    ("EXQ-07", PATIENT + LIMIT + "20 fill a 2@100", "warn"),
    ("EXQ-07", PATIENT + "66 place a -> ok:fill", "pass"),
    ("EXQ-07", CHEAP + LIMIT + "20 fill a 2@100 fee=0.1USDT", "pass"),
    ("EXQ-07", CHEAP + LIMIT + "20 fill a 2@100 fee=0.002BTC", "warn"),
    ("EXQ-07", CHEAP + LIMIT + "20 fill a 2@100 fee=0.1BNB", "pass"),
    ("EXQ-07", TRADE + "66 place a -> ok:fill", NA),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    check(case)


def test_each_has_a_passing_and_a_failing_history() -> None:
    for name in {prop for prop, _, _ in CASES}:
        assert not lacking(name, CASES), name
