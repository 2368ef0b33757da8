"""Orders in time, partial fills, resends, rounding: each property on one-line histories, passing and failing."""

from __future__ import annotations

import pytest
from judge_kit import BUY, NA, Case, check, lacking

TIMED = "i1:buy 1@100 exp=60 | "
LATER = "i1:buy 1@100 at=30 | "
CANCEL = "i1:buy 1@100 part=cancel | "
COMPLETE = "i1:buy 1@100 part=complete exp=400 | "
MAKER = "i1:buy 1@100 post | "
LOST = BUY + "1 place a -> lost:ok | "
BAND = "set mid=100 band=0.2,5 | "

CASES = [
    # ---- ORD-01
    ("ORD-01", TIMED + "1 place a -> ok | 60 cancel a -> ok", "pass"),
    ("ORD-01", TIMED + "1 place a -> ok | 119 cancel a -> ok", "pass"),
    ("ORD-01", TIMED + "1 place a -> ok | 300 cancel a -> ok | 400 report", "fail"),
    ("ORD-01", TIMED + "1 place a -> ok | 60 cancel a -> lost | 130 query a -> ok | 131 cancel a -> ok", "pass"),
    ("ORD-01", TIMED + "1 place a -> ok:fill", NA),
    ("ORD-01", BUY + "1 place a -> ok", NA),
    ("ORD-01", TIMED + "1 place a -> ok | 50 crash", NA),
    # ---- ORD-11
    ("ORD-11", LATER + "30 place a -> ok", "pass"),
    ("ORD-11", LATER + "5 place a -> ok", "fail"),
    ("ORD-11", LATER + "29.95 place a -> ok", "pass"),
    # ---- RTY-15
    ("RTY-15", TIMED + "59 place a -> ok", "pass"),
    ("RTY-15", TIMED + "61 place a -> ok", "fail"),
    ("RTY-15", TIMED + "1 place a -> ok | 61 cancel a -> ok", "pass"),
    # ---- ORD-12
    ("ORD-12", TIMED + "1 place a -> ok | 59 cancel a -> ok", "pass"),
    ("ORD-12", TIMED + "1 place a -> ok | 20 cancel a -> ok", "fail"),
    ("ORD-12", BUY + "i2:cancel target=i1 at=20 | 1 place a -> ok | 20 cancel a -> ok", "pass"),
    ("ORD-12", BUY + "i2:cancel target=i1 at=50 | 1 place a -> ok | 20 cancel a -> ok", "fail"),
    ("ORD-12", CANCEL + "1 place a -> ok | 5 fill a 0.4@100 | 20 cancel a -> ok", "pass"),
    ("ORD-12", BUY + "1 place a -> ok | 5 fill a 0.4@100 | 20 cancel a -> ok", "fail"),
    ("ORD-12", BUY + "1 place a -> ok:fill | 20 cancel a -> unknown", NA),
    # ---- ORD-02
    ("ORD-02", BUY + "1 place a -> ok:0.4 | 400 report", "pass"),
    ("ORD-02", BUY + "1 place a -> ok:0.4 | 10 place b q=0.6 -> ok", "fail"),
    ("ORD-02", CANCEL + "1 place a -> ok:0.4 | 10 cancel a -> ok", "pass"),
    ("ORD-02", CANCEL + "1 place a -> ok:0.4 | 500 cancel a -> ok | 550 report", "fail"),
    ("ORD-02", CANCEL + "1 place a -> ok:0.4 | 10 cancel a -> ok | 11 place b q=0.6 -> ok", "fail"),
    ("ORD-02", COMPLETE + "1 place a -> ok:0.4 | 10 cancel a -> ok | 11 place b q=0.6 type=market -> ok:fill", "pass"),
    ("ORD-02", COMPLETE + "1 place a -> ok:0.4 | 10 cancel a -> ok | 550 report", "fail"),
    ("ORD-02", "i1:buy 1@100 part=complete exp=100 | 1 place a -> ok:0.4 | 99 cancel a -> ok | 550 report", NA),
    ("ORD-02", BUY + "1 place a -> ok:fill", NA),
    # ---- EXQ-03
    ("EXQ-03", MAKER + "1 place a -> ok | 5 fill a 1@100 maker", "pass"),
    ("EXQ-03", MAKER + "1 place a -> ok | 5 fill a 1@100", "fail"),
    ("EXQ-03", BUY + "1 place a -> ok | 5 fill a 1@100", NA),
    # ---- RTY-09
    ("RTY-09", BUY + "1 place a -> no:parameter | 2 place b p=99 -> ok", "pass"),
    ("RTY-09", BUY + "1 place a -> no:parameter | 2 place b -> ok", "fail"),
    ("RTY-09", BUY + "1 place a -> no:funds | 2 place b -> ok", NA),
    # ---- RTY-11
    ("RTY-11", LOST + "12 query a -> ok | 15 cancel a -> ok", "pass"),
    ("RTY-11", LOST + "12 query a -> ok | 15 place a -> no:duplicate", "fail"),
    ("RTY-11", LOST + "12 event a | 15 place a -> no:duplicate", "fail"),
    ("RTY-11", LOST + "15 place a -> no:duplicate | 16 query a -> ok", "pass"),
    ("RTY-11", BUY + "1 place a -> ok", NA),
    # ---- RTY-14
    ("RTY-14", BUY + "1 place a -> ok", "pass"),
    ("RTY-14", BUY + "1 account -> no:rate", "warn"),
    ("RTY-14", "fault rate_limit duration=20 | " + BUY + "1 account -> no:rate f=0", NA),
    # ---- PAR-04
    ("PAR-04", BAND + BUY + "1 place a -> ok", "pass"),
    ("PAR-04", BAND + BUY + "1 place a p=1000 -> no:parameter", "fail"),
    ("PAR-04", BAND + BUY + "1 place a p=510 -> no:parameter", "pass"),
    ("PAR-04", BAND + "i1:buy 1@1000 | 1 place a -> no:parameter", NA),
    # ---- PAR-13
    ("PAR-13", BUY + "1 place a -> ok", "pass"),
    ("PAR-13", BUY + "1 place a q=1.001 -> ok", "fail"),
    ("PAR-13", BUY + "1 place a q=0 -> no:parameter", "fail"),
    ("PAR-13", BUY + "1 place a q=0.999 -> ok", "pass"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    check(case)


def test_each_has_a_passing_and_a_failing_history() -> None:
    for name in {prop for prop, _, _ in CASES}:
        assert not lacking(name, CASES), name
