"""Combinations that the venue does not offer: one-line histories, passing and failing."""

from __future__ import annotations

import pytest
from judge_kit import BUY, NA, Case, check, lacking

TRAIL = "i1:buy 1 type=trailing_stop trail=100 | "
EITHER = "i1:buy 1 type=trailing_stop trail=100 fallback=market | "
GATEWAY = "set scope=G | i1:buy 1@100 | 1 call 1 submit a symbol=BTC/USDT type=limit post_only=1 time_in_force=IOC | "
REPORT = "500 report"

CASES: list[Case] = [
    ("PAR-08", TRAIL + REPORT, "pass"),
    ("PAR-08", TRAIL + "1 place a type=market -> ok:fill", "fail"),
    ("PAR-08", TRAIL + "1 place a type=trailing_stop -> no:parameter", "fail"),
    ("PAR-08", EITHER + "1 place a type=market -> ok:fill", "pass"),
    ("PAR-08", EITHER + "1 place a type=limit p=100 -> ok", "fail"),
    ("PAR-08", "i1:buy 1@100 post tif=IOC | " + REPORT, "pass"),
    ("PAR-08", "i1:buy 1@100 post tif=IOC | 1 place a tif=IOC -> ok:fill", "fail"),
    ("PAR-08", "i1:buy 1@100 post tif=FOK | 1 place a post -> ok", "fail"),
    ("PAR-08", "i1:buy 1 tif=FOK | 1 place a -> ok:fill", "fail"),
    ("PAR-08", "i1:buy 1@100 ro | 1 place a -> ok", "fail"),
    ("PAR-08", "i1:buy 1@100 ro sym=BTC/USDT:USDT | 1 place a ro -> ok", NA),
    ("PAR-08", "i1:buy 1@100 tif=IOC | 1 place a tif=IOC -> ok:fill", NA),
    ("PAR-08", BUY + "1 place a -> ok", NA),
    ("PAR-08", GATEWAY + "2 place a post -> ok | 3 result 1 open", "fail"),
    ("PAR-08", GATEWAY + "3 result 1 !rejected", "pass"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    check(case)


def test_it_has_a_passing_and_a_failing_history() -> None:
    assert not lacking("PAR-08", CASES)
