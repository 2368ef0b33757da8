"""Every PAR property on one-line histories: one that passes, one that fails, and what is not judged."""

from __future__ import annotations

import pytest
from judge_kit import BUY, NA, Case, check, lacking
from test_changed import CASES as CHANGED
from test_named import CASES as NAMED
from test_offered import CASES as OFFERED
from test_ord import CASES as MORE
from test_positions_judged import CASES as POSITIONS

SELL = "i1:sell 1@100 | "
COMPLETE = "i1:buy 1@100 part=complete | "
NEVER = "set reuse=never | " + BUY
TURN = "set BTC=0 | i1:buy 1@100 | i2:sell 1@100 | "
DUST = "fault rate_limit | i1:buy 0.03@100 | "
GATE = "set scope=G | i1:buy 1@100 | 1 call 1 submit a quantity=1 side=buy type=limit symbol=BTC/USDT | "

CASES = [
    ("PAR-01", BUY + "1 place a p=100.01 -> ok", "pass"),
    ("PAR-01", BUY + "1 place a p=100.005 -> ok", "fail"),
    ("PAR-01", BUY + "1 place a p=100.005 -> lost", "fail"),
    ("PAR-01", BUY + "1 place a p=0 -> no:parameter", "fail"),
    ("PAR-01", "i1:buy 1 | 1 place a -> ok:fill", NA),
    ("PAR-01", "i1:buy 0.0001@100 | 1 place a p=100.005 -> no:parameter", NA),
    ("PAR-01", "i1:buy 0.0001@100 | 1 place a p=100.005 -> no:parameter | 2 place b p=100.005 -> no:parameter", "fail"),
    ("PAR-02", BUY + "1 place a q=0.333 -> ok", "pass"),
    ("PAR-02", BUY + "1 place a q=0.3333 -> no:parameter", "fail"),
    ("PAR-02", "set max=0.5 | i1:buy 1@100 kind=trade | 1 place a -> no:parameter", "fail"),
    ("PAR-02", "set mmax=0.5 | i1:buy 1 kind=trade | 1 place a -> no:parameter", "fail"),
    ("PAR-02", "set mmax=0.5 | i1:buy 1@100 kind=trade | 1 place a -> ok", "pass"),
    ("PAR-02", "i1:buy 500q | 1 place a -> ok:fill", NA),
    ("PAR-02", "i1:buy 0.0001@100 | 1 place a -> no:parameter | 2 report", NA),
    ("PAR-03", BUY + "1 place a -> ok", "pass"),
    ("PAR-03", BUY + "1 place a q=0.04 -> no:parameter", "fail"),
    ("PAR-03", "set nmax=50 | i1:buy 1@100 | 1 place a -> no:parameter", "fail"),
    ("PAR-03", "i1:buy 1 kind=trade | 1 place a q=0.03 -> no:parameter", "fail"),
    ("PAR-03", "i1:buy 1 kind=trade | 1 place a q=0.045 -> no:parameter", NA),
    ("PAR-03", "i1:buy 1 kind=trade | 1 place a q=0.03 -> ok:fill", "pass"),
    ("PAR-03", "i1:buy 0.03@100 | 1 place a -> no:parameter | 2 report i1=refused", NA),
    ("PAR-05", BUY + "1 place a q=0.500 p=100.00 -> ok", "pass"),
    ("PAR-05", BUY + "1 place a p=1E+2 -> ok", "fail"),
    ("PAR-05", BUY + "1 place a q=0.30000000000000004 -> no:parameter", "fail"),
    ("PAR-05", "i1:buy 500q | 1 place a qq=.5 q=- -> no:parameter", "fail"),
    ("PAR-05", BUY + "1 query a -> none", NA),
    ("PAR-06", "i1:buy 0.3337@100 | 1 place a q=0.333 -> ok", "pass"),
    ("PAR-06", BUY + "1 place a q=- qq=1 -> ok", "fail"),
    ("PAR-06", BUY + "1 place a q=100 -> ok", "fail"),
    ("PAR-06", BUY + "1 place a q=0.5 -> ok", "fail"),
    ("PAR-06", "i1:buy 500q | 1 place a -> ok:fill", "pass"),
    ("PAR-06", "i1:buy 500q | 1 place a q=500 -> ok:fill", "fail"),
    ("PAR-06", "i1:buy 500q | 1 place a q=5 -> ok:fill", "pass"),
    ("PAR-06", "i1:buy 1@100 kind=trade | 1 place a q=0.2 -> ok:fill | 2 place b q=0.8 -> ok", "pass"),
    ("PAR-06", COMPLETE + "1 place a -> ok:0.4 | 2 cancel a -> ok | 3 place b q=0.6 -> ok", "pass"),
    ("PAR-06", "set BTC=0.999 | i1:sell 1 | i2:buy 1@90 | 1 place a q=0.999 -> ok:fill", "pass"),
    ("PAR-06", "i1:buy 1@100 kind=scale parts=3 | 1 place a q=0.333 -> ok | 1 place b q=0.334 p=90 -> ok", "pass"),
    ("PAR-06", "i1:buy 1@100 kind=scale parts=4 end_price=90 | 1 place a q=1 -> ok", "fail"),
    ("PAR-06", "i1:cancel target=i0 | 1 place x id=x -> ok", NA),
    ("PAR-06", GATE + "1 place a -> ok | 2 result 1 open", "pass"),
    ("PAR-06", GATE + "1 place a q=10 -> ok | 2 result 1 open", "fail"),
    ("PAR-07", BUY + "1 place a -> ok", "pass"),
    ("PAR-07", BUY + "1 place a side=sell -> ok", "fail"),
    ("PAR-07", BUY + "1 place a id=untagged side=sell -> ok", "fail"),
    ("PAR-07", BUY + "i2:sell 1@120 | 1 place a id=untagged side=sell -> ok", "pass"),
    ("PAR-07", BUY + "i2:cancel target=i1 at=9 | 1 place a id=untagged side=sell -> ok", "fail"),
    ("PAR-07", BUY + "i2:flatten at=9 | 10 place a id=untagged side=sell -> ok", NA),
    ("PAR-07", BUY + "1 place a type=market p=- -> ok:fill", "fail"),
    ("PAR-07", "i1:buy 1@100 fallback=market | 1 place a type=market p=- -> ok:fill", "pass"),
    ("PAR-07", "i1:buy 1@100 tif=IOC | 1 place a tif=- -> ok", "fail"),
    ("PAR-07", "i1:buy 1@100 tif=IOC | 1 place a -> ok:expire", "pass"),
    ("PAR-07", "i1:buy 1@100 post | 1 place a -> ok", "pass"),
    ("PAR-07", BUY + "1 place a post -> ok", "fail"),
    ("PAR-07", "i1:buy 1@100 kind=trade | 1 place a type=market p=- -> ok:fill", "pass"),
    ("PAR-07", COMPLETE + "1 place a -> ok:0.4 | 2 cancel a -> ok | 3 place b q=0.6 p=- type=market tif=- -> ok:fill",
     "pass"),
    ("PAR-07", BUY + "1 query a -> none", NA),
    ("PAR-07", GATE + "1 place a type=market p=- -> ok:fill | 2 result 1 filled", "fail"),
    ("PAR-11", BUY + "1 place a -> lost | 45 query a -> none | 46 place a -> ok", "pass"),
    ("PAR-11", BUY + "1 place a -> lost | 45 query a -> none | 46 place b -> ok", "fail"),
    ("PAR-11", BUY + "1 place a -> lost | 45 query a -> none | 46 place b p=99 -> ok", "pass"),
    ("PAR-11", BUY + "1 place a -> lost | 12 place b -> ok", "fail"),
    ("PAR-11", BUY + "1 place a -> lost:0.4 | 12 query a -> ok | 13 cancel a -> ok | 14 place b q=0.6 -> ok", "pass"),
    ("PAR-11", BUY + "1 place a id=i1xxxxxx.a -> no:parameter", "fail"),
    ("PAR-11", BUY + "1 place a id=i1xxxxxx-0123456789-0123456789-0123456789 -> no:parameter", "fail"),
    ("PAR-11", BUY + "1 place a q=0.5 -> ok | 2 place a q=0.5 -> no:duplicate", "fail"),
    ("PAR-11", BUY + "1 place a q=0.5 -> ok:fill | 2 place a q=0.5 -> ok", "pass"),
    ("PAR-11", NEVER + "1 place a q=0.5 -> ok:fill | 2 place a q=0.5 -> no:duplicate", "fail"),
    ("PAR-11", BUY + "fault rate_limit | 1 place a -> no:rate f=0 | 25 place a -> ok", "pass"),
    ("PAR-11", BUY + "1 place a id=- -> ok", NA),
    ("PAR-12", BUY + "1 place a -> ok", "pass"),
    ("PAR-12", BUY + "1 place a -> no:clock", "fail"),
    ("PAR-12", BUY + "1 place a -> no:auth", "fail"),
    ("PAR-12", "fault reject reason=permission | i1:buy 1@100 | 1 place a -> no:auth f=0", NA),
    ("PAR-12", BUY + "1 place a -> lost", NA),
    ("PAR-15", "i1:buy 0.0001@100 | 2 report", "pass"),
    ("PAR-15", "i1:buy 0.03@100 | 1 place a -> no:parameter | 2 report i1=refused", "pass"),
    ("PAR-15", "i1:buy 0.03@100 | 1 place a -> no:parameter | 2 report i1=failed", "fail"),
    ("PAR-15", "i1:buy 0.03@100 | 1 place a -> no:parameter | 2 place b -> no:parameter | 3 report i1=refused", "fail"),
    ("PAR-15", "i1:buy 0.03@100 | 1 place a q=0.05 -> ok | 3 report i1=refused", "fail"),
    ("PAR-15", DUST + "1 place a -> no:rate f=0 | 30 place a -> no:parameter | 31 report i1=refused", "pass"),
    ("PAR-15", "set USDT=50 | i1:buy 1@100 | 1 place a -> no:funds | 2 report i1=refused", "pass"),
    ("PAR-15", "set USDT=50 | i1:buy 1@100 | 1 place a q=0.5 -> ok:fill | 2 report i1=partial", "fail"),
    ("PAR-15", "set USDT=50 | i1:buy 1@100 | i2:sell 1@100 | 1 place a -> no:funds | 2 report", NA),
    ("PAR-15", "set BTC=0 | i1:sell 1 | 2 report i1=failed", "fail"),
    ("PAR-15", "i1:buy 0.03 | 1 place a -> ok:fill | 2 report", NA),
    ("PAR-15", BUY + "1 place a -> ok | 2 report", NA),
    ("PAR-16", BUY + "1 place a -> ok", "pass"),
    ("PAR-16", BUY + "1 tool order | 2 tool place code=invalid_argument", "pass"),
    ("PAR-16", BUY + "1 tool order | 2 tool get_order code=unknown_tool", "fail"),
    ("PAR-16", BUY + "1 tool place code=unknown_argument", "fail"),
    ("PAR-16", BUY + "1 place a -> lost", NA),
    ("PAR-18", SELL + "1 place a -> ok", "pass"),
    ("PAR-18", TURN + "1 place a -> ok:fill | 2 place b i=i2 -> no:funds", "fail"),
    ("PAR-18", TURN + "1 place a -> ok:fill | 2 place b i=i2 q=0.999 -> ok", "pass"),
    ("PAR-18", "set BTC=0.5 | i1:sell 1@100 | 1 place a -> no:funds | 2 report i1=refused", NA),
    ("PAR-18", "set BTC=0.5 | i1:sell 1@100 | 1 place a -> no:funds | 2 place b -> no:funds", "fail"),
    ("PAR-18", BUY + "1 place a -> ok", NA),
    ("PAR-18", "set BTC=0 | i1:sell 1@100 sym=BTC/USDT:USDT | 1 place a -> ok", NA),  # a contract is sold short
    ("PAR-15", "set BTC=0 | i1:sell 1@100 sym=BTC/USDT:USDT | 1 place a -> ok | 600 report", NA),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    check(case)


def test_both_verdicts_of_every_property_are_shown() -> None:
    assert not lacking("PAR", (*CASES, *MORE, *OFFERED, *CHANGED, *NAMED, *POSITIONS))
