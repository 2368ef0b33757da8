"""The execution record, depth, and the age of decisions: one-line histories, passing and failing."""

from __future__ import annotations

import pytest
from judge_kit import BUY, NA, Case, check, lacking

FILLED = BUY + "1 place a -> ok:0 | 5 fill a 1@99.9 | 500 report i1.record="
SOLD = "i1:sell 1@100 | 1 place a -> ok | 5 fill a 1@100.1 | 500 report i1.record="
PART = BUY + "1 place a -> ok | 5 fill a 0.4@100 | 9 cancel a -> ok | 500 report i1.record="
LOST = BUY + "1 place a -> lost:ok | 45 query a -> ok | 500 report i1.record="
TRADE = "i1:buy 4 kind=trade at=5 exp=300 max_slippage_bps=20 | "
NO_PRICE = "i1:buy 1 kind=trade at=5 exp=300 | 5 place a -> ok:fill | 500 report i1.record="
WALK = "6 place a p=100.2 q=4 type=limit tif=IOC -> ok | 6.5 fill a 1@100 | "
AGED = "i1:buy 1 kind=trade at=5 exp=300 max_age=10 | "

CASES: list[Case] = [
    # ---- EXQ-05
    ("EXQ-05", FILLED + "100/-10/no/0.04", "pass"),
    ("EXQ-05", FILLED + "100/-10.05/no/1.9", "pass"),
    ("EXQ-05", FILLED + "100/0/no/0.04", "fail"),
    ("EXQ-05", FILLED + "100/10/no/0.04", "fail"),
    ("EXQ-05", FILLED + "99.9/0/no/0.04", "fail"),
    ("EXQ-05", FILLED + "100/-10/yes/0.04", "fail"),
    ("EXQ-05", FILLED + "100/-10/no/40", "fail"),
    ("EXQ-05", FILLED + "100/-10/-/-", "pass"),
    ("EXQ-05", FILLED + "-/-/no/-", "pass"),
    ("EXQ-05", SOLD + "100/-10/no/0.04", "pass"),
    ("EXQ-05", SOLD + "100/10/no/0.04", "fail"),
    ("EXQ-05", PART + "100/0/yes/0.04", "pass"),
    ("EXQ-05", PART + "100/0/no/0.04", "fail"),
    ("EXQ-05", LOST + "100/-/no/44.04", "pass"),
    ("EXQ-05", LOST + "100/-/no/10", "fail"),
    ("EXQ-05", LOST + "100/5/no/44.04", "fail"),
    ("EXQ-05", NO_PRICE + "100/0/no/0.04", "pass"),
    ("EXQ-05", NO_PRICE + "101/-99.0099/no/0.04", "fail"),
    ("EXQ-05", BUY + "1 place a -> ok:fill | 500 report", "waived"),
    ("EXQ-05", BUY + "500 report i1=refused", NA),
    # ---- EXQ-02
    ("EXQ-02", TRADE + WALK + "6.6 fill a 1@100.08", "pass"),
    ("EXQ-02", TRADE + WALK + "6.6 fill a 1@100.19", "warn"),
    ("EXQ-02", TRADE + WALK + "6.6 fill a 1@100.19 maker", "pass"),
    ("EXQ-02", TRADE + WALK.replace("6", "250") + "251 fill a 1@100.19", NA),
    ("EXQ-02", TRADE.replace("max_slippage_bps=20 ", "") + WALK + "6.6 fill a 1@100.19", NA),
    ("EXQ-02", "set max_slippage_bps=20 | i1:buy 4 kind=trade at=5 exp=300 | " + WALK + "7 fill a 1@100.19", "warn"),
    # ---- EXQ-04
    ("EXQ-04", AGED + "5 depth -> ok | 6 place a -> no:rate ra=30 | 37 depth -> ok | 38 place a -> ok:fill", "pass"),
    ("EXQ-04", AGED + "5 depth -> ok | 6 place a -> no:rate ra=30 | 37 place a -> ok:fill", "fail"),
    ("EXQ-04", AGED + "5 depth -> ok | 6 place a -> no:rate ra=30 | 37 depth -> 503 | 38 place a -> ok:fill", "fail"),
    ("EXQ-04", AGED + "5 depth -> ok | 16 place a -> ok:fill", "pass"),
    ("EXQ-04", AGED + "5 place a -> ok:fill", "fail"),
    ("EXQ-04", AGED + "5 depth -> ok | 6 crash | 8 start | 9 place a -> ok:fill", "fail"),
    ("EXQ-04", AGED.replace("max_age=10 ", "") + "5 depth -> ok | 99 place a -> ok:fill", NA),
    ("EXQ-04", BUY + "1 place a -> ok:fill", NA),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    check(case)


def test_each_has_a_passing_and_a_failing_history() -> None:
    assert not {"EXQ-02", "EXQ-04", "EXQ-05"} & set(lacking("EXQ", CASES))
