"""Names of parameters and the sides of triggers: one-line histories, passing and failing."""

from __future__ import annotations

import pytest
from judge_kit import BUY, NA, Case, check, lacking

GUARD = "i1:buy 1 | i2:sell kind=protect stop=95 at=2 | 1 place a -> ok:fill | "
SHORT = "i1:sell 1 | i2:buy kind=protect stop=105 at=2 | 1 place a -> ok:fill | "
TARGET = "i1:buy 1 | i2:sell kind=protect take_profit_price=105 at=2 | 1 place a -> ok:fill | "
PASSED = "i1:buy 1 | i2:sell kind=protect stop=101 at=2 | 1 place a -> ok:fill | "
GATEWAY = "set scope=G | " + BUY + "1 call 1 submit a symbol=BTC/USDT type=limit | "

CASES: list[Case] = [
    # ---- PAR-09
    ("PAR-09", GUARD + "3 place s i=i2 type=stop q=1 -> ok", "pass"),
    ("PAR-09", GUARD + "3 place s i=i2 type=stop stop=105 q=1 -> no:permanent", "fail"),
    ("PAR-09", GUARD + "3 place s i=i2 type=stop_limit stop=105 p=104 q=1 -> ok", "fail"),
    ("PAR-09", GUARD + "3 place s i=i2 type=stop stop=100.05 q=1 -> ok", "pass"),
    ("PAR-09", SHORT + "3 place s i=i2 type=stop q=1 -> ok", "pass"),
    ("PAR-09", SHORT + "3 place s i=i2 type=stop stop=95 q=1 -> ok", "fail"),
    ("PAR-09", TARGET + "3 place s i=i2 type=take_profit stop=105 q=1 -> ok", "pass"),
    ("PAR-09", TARGET + "3 place s i=i2 type=take_profit stop=95 q=1 -> ok", "fail"),
    ("PAR-09", TARGET + "3 place s i=i2 type=stop stop=105 q=1 -> ok", "fail"),
    ("PAR-09", PASSED + "3 place s i=i2 type=stop q=1 -> no:permanent", NA),
    ("PAR-09", GUARD + "3 place s i=i2 type=trailing_stop stop=105 q=1 -> ok", NA),
    ("PAR-09", BUY + "1 place a -> ok", NA),
    # ---- PAR-10
    ("PAR-10", BUY + "1 place a -> ok", "pass"),
    ("PAR-10", BUY + "1 place a param=postOnly -> ok", "fail"),
    ("PAR-10", BUY + "1 place a param=postOnly -> lost", "fail"),
    ("PAR-10", BUY + "1 place a -> no:parameter code=-1102", "fail"),
    ("PAR-10", BUY + "1 place a -> no:parameter code=-1111", "pass"),
    ("PAR-10", "fault reject reason=busy | " + BUY + "1 place a -> no:parameter code=-1102 f=0", "pass"),
    ("PAR-10", BUY + "1 place a type=market p=100 -> ok:fill", "fail"),
    ("PAR-10", BUY + "1 place a type=limit p=- -> no:parameter", "fail"),
    ("PAR-10", BUY + "1 place a q=1 qq=100 -> ok", "fail"),
    ("PAR-10", BUY + "1 place a post tif=IOC -> no:permanent", "fail"),
    ("PAR-10", GATEWAY + "1 place a param=cost -> ok", "fail"),
    ("PAR-10", GATEWAY + "1 place a -> ok", "pass"),
    ("PAR-10", BUY + "500 report i1=refused", NA),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    check(case)


def test_each_has_a_passing_and_a_failing_history() -> None:
    assert not {"PAR-09", "PAR-10"} & set(lacking("PAR", CASES))
