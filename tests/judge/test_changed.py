"""Rules that change during the run: one-line histories, passing and failing."""

from __future__ import annotations

import pytest
from judge_kit import NA, Case, check, lacking

TICK = (
    "fault rule_change rule=tick times=10 on.after=3 | i1:buy 1@100.05 | i2:sell 1@100.07 at=20"
    " | 1 place a -> ok | 3 landed 0 | "
)
STEP = "set step=0.001 | fault rule_change rule=step times=10 | i1:buy 1.005@100 at=5 | 3 landed 0 | "
VALUE = "fault rule_change rule=notional times=20 | i1:buy 0.5@100 at=5 | i2:buy 0.6@100 at=9 exp=99 | 3 landed 0 | "
OTHER = "fault rule_change rule=tick times=10 on.symbol=ETH/USDT | i1:buy 1@100.05 at=5 | 3 landed 0 | "
REFUSED = "20 place b i=i2 -> no:parameter | "

CASES: list[Case] = [
    ("PAR-14", TICK + REFUSED + "21 info -> ok | 22 place c i=i2 p=100.1 -> ok", "pass"),
    ("PAR-14", TICK + REFUSED + "22 place c i=i2 p=100.1 -> ok", "pass"),
    ("PAR-14", TICK + REFUSED + "21 info -> ok", "pass"),
    ("PAR-14", TICK + REFUSED + "21 info -> ok | 22 place c i=i2 p=100.08 -> no:parameter", "fail"),
    ("PAR-14", TICK + REFUSED + "500 report", "fail"),
    ("PAR-14", TICK + REFUSED + "21 info -> 503 | 500 report", "fail"),
    ("PAR-14", TICK + REFUSED + "40 report", "pass"),
    ("PAR-14", TICK + "20 place b i=i2 -> lost | 60 query b -> none | 61 place c i=i2 -> ok", NA),
    ("PAR-14", TICK + "20 place b i=i2 -> no:funds | 21 place c i=i2 -> ok", NA),
    ("PAR-14", TICK + REFUSED + "22 crash | 30 start | 31 place c i=i2 -> no:parameter | 32 info -> ok", "pass"),
    ("PAR-14", STEP + "5 place a -> no:parameter | 6 info -> ok | 7 place b q=1 -> ok", "pass"),
    ("PAR-14", STEP + "5 place a -> no:parameter | 6 info -> ok | 7 place b q=1.001 -> ok", "fail"),
    ("PAR-14", VALUE + "5 place a -> no:parameter | 6 info -> ok | 9 place b i=i2 -> no:parameter", "fail"),
    ("PAR-14", VALUE + "5 place a -> no:parameter | 6 info -> ok | 9 place b i=i2 q=1 -> ok", "pass"),
    ("PAR-14", VALUE.replace("3 landed 0 | ", "") + "5 place a -> no:parameter | 9 place b i=i2 -> no:parameter", NA),
    ("PAR-14", OTHER + "5 place a -> no:parameter | 9 place b -> no:parameter", NA),
    ("PAR-06", STEP + "5 place a q=1 -> ok", "pass"),
    ("PAR-06", STEP + "5 place a q=0.99 -> ok", "fail"),
    ("PAR-06", "set step=0.001 | i1:buy 1.005@100 at=5 | 5 place a q=1 -> ok", "fail"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    check(case)


def test_it_has_a_passing_and_a_failing_history() -> None:
    assert not lacking("PAR-14", CASES)
