"""Every RTY property on one-line histories: one that passes, one that fails, and what is not judged."""

from __future__ import annotations

import pytest
from judge_kit import BUY, NA, Case, check, lacking
from test_ord import CASES as MORE
from test_retry import CASES as RETRY

LOWERED = "i1:buy 3@100 | m:amend 2 target=i1 at=20 | 1 place a q=3 -> ok:1 | "
LOST = BUY + "1 place a -> lost:ok | "
RATE = "fault rate_limit duration=20 | " + BUY
LIMITED = RATE + "1 place a -> no:rate f=0 ra=20"
SLOWLY = RATE + "1 place a -> no:rate@1.5 f=0 ra=20 |"
BAN = "fault ban duration=120 | " + BUY
BANNED = BAN + "1 place a -> no:ban f=0 ra=120"
COMPLETE = "i1:buy 1@100 part=complete | "
NEVER = "set reuse=never | " + BUY
SCALE = "i1:buy 1@100 kind=scale parts=2 end_price=90 | "
ONCE = "set attempts=1 | " + BUY
BUSY = BUY + "1 place a -> no:transient | "
TWICE = LOST + "12 place a -> no:duplicate | "
GATE = "set scope=G | i1:buy 1@100 | 1 call 1 submit a | "
CANCELS = "".join(f" | +2 cancel a c={i} -> unknown" for i in range(1, 13))

CASES = [
    ("RTY-01", "i1:buy 1@100 | m:amend 2 target=i1 at=20 | 1 place a -> ok | 21 place b q=1 -> ok", "pass"),
    ("RTY-01", "i1:buy 1@100 | m:amend 2 target=i1 at=20 | 1 place a -> ok | 10 place b q=1 -> ok", "fail"),
    ("RTY-01", LOWERED + "21 cancel a -> ok | 22 place b q=1 -> ok", "pass"),
    ("RTY-01", LOWERED + "21 cancel a -> ok | 22 place b q=2 -> ok", "fail"),
    ("RTY-01", BUY + "1 place a -> ok | 2 cancel a -> ok | 3 place b -> ok", "pass"),
    ("RTY-01", LOST + "12 place b -> ok", "fail"),
    ("RTY-01", BUY + "1 place a -> ok | 5 fill a 1.4@100", "pass"),
    ("RTY-01", BUY + "1 place a -> ok | 5 fill a 1.4@100 | 9 place b q=0.4 -> ok", "fail"),
    ("RTY-01", BUY + "1 place a -> lost | 12 place b -> ok", "pass"),
    ("RTY-01", BUY + "1 place a -> ok:0.4 | 2 cancel a -> ok | 3 place b q=0.6 -> ok", "pass"),
    ("RTY-01", BUY + "1 place a -> ok:0.4 | 2 cancel a -> ok | 3 place b q=0.602 -> ok", "fail"),
    ("RTY-01", BUY + "1 place a -> ok:0.4 | 2 cancel a -> ok | 3 place b q=0.601 -> ok", "pass"),
    ("RTY-01", BUY + "1 place a -> ok | 2 cancel a -> lost | 3 place b -> ok", "fail"),
    ("RTY-01", BUY + "1 place a -> ok | 2 crash | 7 start | 8 place b -> ok", "fail"),
    ("RTY-01", BUY + "1 place a id=x -> ok | 2 place b id=y -> ok", "fail"),
    ("RTY-01", BUY + "i2:buy 2@90 | 1 place a id=x -> ok | 2 place b id=y q=2 -> ok", "pass"),
    ("RTY-01", BUY + "i2:buy 2@90 | 1 place a id=x -> ok | 2 place b id=y q=2 -> ok | 3 place c id=z -> ok", "fail"),
    ("RTY-01", "i1:buy 500q | 1 place a -> ok:fill | 2 place b -> ok:fill", "fail"),
    ("RTY-01", "i1:buy 500q | 1 place a q=5 -> ok:fill", "pass"),
    ("RTY-01", BUY + "i2:amend target=i1 at=10 quantity=2 | 1 place a -> ok | 12 place b i=i1 -> ok", "pass"),
    ("RTY-01", BUY + "1 foreign f buy 5@100", NA),
    ("RTY-01", GATE + "1 place a -> ok | 2 result 1 open", "pass"),
    ("RTY-01", GATE + "1 place a -> lost:ok | 12 place a -> ok | 13 result 1 open", "fail"),
    ("RTY-01", GATE + "1 place a -> lost:ok | 5 result 1 !ambiguous | 12 place a -> ok", "fail"),
    ("RTY-01", GATE + "1 place a -> lost | 12 result 1 !ambiguous | 45 call 2 submit a | 45 place a -> ok", "pass"),
    ("RTY-02", BUY + "1 place a -> lost | 12 query a -> none | 45 query a -> none | 46 place b -> ok", "pass"),
    ("RTY-02", BUY + "1 place a -> lost | 12 query a -> none | 45 place b -> ok", "fail"),
    ("RTY-02", BUY + "1 place a -> lost | 45 query a -> lost | 56 place b -> ok", "fail"),
    ("RTY-02", BUY + "1 place a -> lost | 45 query a -> 502 | 46 place b -> ok", "fail"),
    ("RTY-02", BUY + "1 place a -> lost | 45 open -> ok | 46 place b -> ok", "fail"),
    ("RTY-02", BUY + "1 place a -> lost | 45 cancel a -> unknown | 46 place b -> ok", "fail"),
    ("RTY-02", LOST + "12 query a -> ok | 13 cancel a -> ok | 14 place b p=99 -> ok", "pass"),
    ("RTY-02", LOST + "12 cancel a -> ok | 14 place b p=99 -> ok", "pass"),
    ("RTY-02", LOST + "12 event a | 13 place b -> ok", "pass"),
    ("RTY-02", LOST + "12 open -> ok | 13 place b -> ok", "pass"),
    ("RTY-02", BUY + "1 place a -> lost | 12 place a -> ok", "fail"),
    ("RTY-02", NEVER + "1 place a -> lost | 12 place a -> ok", "pass"),
    ("RTY-02", "set reuse=returns_first | " + LOST + "12 place a -> ok", "pass"),
    ("RTY-02", "set reuse=none | " + BUY + "1 place a -> lost | 12 place a -> ok", "fail"),
    ("RTY-02", "set reuse=never window=600 | " + BUY + "1 place a -> lost | 500 place a -> ok", "pass"),
    ("RTY-02", "set reuse=never window=60 | " + BUY + "1 place a -> lost | 500 place a -> ok", "fail"),
    ("RTY-02", BUY + "1 place a q=0.5 -> lost | 5 place b q=0.5 -> ok", "pass"),
    ("RTY-02", BUY + "1 place a -> lost | 12 place b -> lost | 42 query a -> none | 43 place c -> ok", "fail"),
    ("RTY-02", BUY + "1 place a -> flight | 2 crash | 40 start | 41 place b -> ok", "fail"),
    ("RTY-02", BUY + "1 place a -> flight | 2 crash | 40 start | 41 query a -> none | 42 place a -> ok", "pass"),
    ("RTY-02", BUY + "i2:sell 1@110 | 1 place a -> lost | 12 place b i=i2 -> ok", "pass"),
    ("RTY-02", SCALE + "1 place a q=0.5 -> lost | 12 place b q=0.5 p=90 -> ok", "pass"),
    ("RTY-02", SCALE + "1 place a q=0.5 -> lost | 12 place b q=0.5 -> ok", "fail"),
    ("RTY-02", BUY + "1 place a id=- -> lost | 45 all -> ok | 46 place b id=- -> ok", "fail"),
    ("RTY-02", BUY + "1 place a -> ok", NA),
    ("RTY-03", LIMITED + " | 22 place a -> ok", "pass"),
    ("RTY-03", LIMITED + " | 21 healed 0 | 400 report", "fail"),
    ("RTY-03", BUSY + "400 noreport raised", "fail"),
    ("RTY-03", "i1:buy 1@100 exp=100 | 1 place a -> no:transient | 400 report", NA),
    ("RTY-03", "fault dns_failure duration=470 | " + BUY + "1 landed 0 | 1 place a -> no:transient | 471 healed 0", NA),
    ("RTY-03", BUY + "i2:cancel target=i1 at=60 | 1 place a -> no:transient | 400 report", NA),
    ("RTY-03", BUSY + "5 place a -> no:funds | 400 report", NA),
    ("RTY-03", BUSY + "5 place a -> no:transient | 400 report", "fail"),
    ("RTY-03", COMPLETE + "1 place a -> ok:0.4 | 2 cancel a -> ok | 3 place b q=0.6 -> no:transient", "fail"),
    ("RTY-03", BUSY + "2 crash", NA),
    ("RTY-03", BUY + "1 place a -> ok", NA),
    ("RTY-04", BUY + "1 place a -> no:permanent | 2 report", "pass"),
    ("RTY-04", BUY + "1 place a -> no:permanent | 2 place b -> no:permanent", "fail"),
    ("RTY-04", BUY + "1 place a -> no:funds | 2 place b -> no:funds", "fail"),
    ("RTY-04", BUY + "1 place a -> no:funds | 2 account -> ok | 3 place b -> no:funds", "pass"),
    ("RTY-04", BUY + "1 place a -> no:funds | 2 account -> lost | 13 place b -> no:funds", "fail"),
    ("RTY-04", BUY + "1 place a -> no:permanent | 2 depth -> ok | 3 place b -> ok", "fail"),
    ("RTY-04", BUY + "1 place a -> no:funds | 2 place b q=0.5 -> ok", "pass"),
    ("RTY-04", BUY + "1 place a -> no:funds@3 | 2 place b -> no:funds", "pass"),
    ("RTY-04", BUY + "1 account -> no:auth | 11 account -> no:auth", "pass"),
    ("RTY-04", BUY + "1 place a -> no:permanent | 2 crash | 7 start | 8 place b -> no:permanent", "pass"),
    ("RTY-04", BUSY + "2 place a -> ok", NA),
    ("RTY-04", GATE + "1 place a -> no:funds | 2 place a -> no:funds | 3 result 1 !rejected", "fail"),
    ("RTY-04", GATE + "1 place a -> no:funds | 2 result 1 !rejected | 3 call 2 submit a | 3 place a -> ok", "pass"),
    ("RTY-05", "set attempts=3 | " + BUY + "".join("| +2 place a -> no:transient" for _ in range(4)), "pass"),
    ("RTY-05", "set attempts=3 | " + BUY + "".join("| +2 place a -> no:transient" for _ in range(5)), "fail"),
    ("RTY-05", "set attempts=3 | " + BUY + "".join(f"| +2 place n{i} -> no:transient" for i in range(5)), "fail"),
    ("RTY-05", BUY + "1 place a -> ok:fill" + CANCELS, "fail"),
    ("RTY-05", ONCE + "1 place a -> ok | 2 open -> 502 | 5 open -> 502 | 9 open -> 502", NA),
    ("RTY-05", ONCE + "1 open -> 502 | 1.1 open -> 502 | 1.2 open -> 502", "fail"),
    ("RTY-05", ONCE + "1 query a -> none | 1.1 query a -> none | 1.2 query a -> none", NA),
    ("RTY-05", ONCE + "1 place a -> no:transient | 2 place a -> ok | 3 place a -> no:duplicate", "pass"),
    ("RTY-06", LIMITED + " | 21.05 place a -> ok", "pass"),
    ("RTY-06", LIMITED + " | 13 place a -> no:rate f=0 ra=8", "fail"),
    ("RTY-06", LIMITED + " | 13 account -> no:rate f=0 ra=8", "fail"),
    ("RTY-06", LIMITED + " | 13 account -> ok", "pass"),
    ("RTY-06", SLOWLY + " 1.2 place b -> no:rate f=0 ra=20", "pass"),
    ("RTY-06", SLOWLY + " 1.49 connect ok c=2 | 1.52 place b c=2 -> no:rate f=0 ra=20", "pass"),
    ("RTY-06", SLOWLY + " 1.51 place b -> no:rate f=0 ra=20", "fail"),
    ("RTY-06", RATE + "1 place a -> no:rate f=0 | 1.1 place a -> no:rate f=0", NA),
    ("RTY-06", LIMITED + " | 2 crash | 7 start | 8 open -> no:rate f=0 ra=13", "pass"),
    ("RTY-06", GATE + "1 place a -> no:rate ra=20 | 2 place a -> no:rate ra=20 | 3 result 1 !ambiguous", "fail"),
    ("RTY-06", GATE + "1 place a -> no:rate ra=9 | 2 result 1 !rate | 3 call 2 submit a | 3 place a -> ok", "pass"),
    ("RTY-07", GATE + "1 place a -> no:ban ra=9 | 2 result 1 !ambiguous | 3 call 2 submit a | 3 place a -> ok", "pass"),
    ("RTY-07", GATE + "1 place a -> no:ban ra=20 | 2 place a -> no:ban ra=19 | 3 result 1 !rate_limited", "fail"),
    ("RTY-07", BANNED + " | 121 healed 0 | 125 place a -> ok", "pass"),
    ("RTY-07", BANNED + " | 60 open -> no:ban f=0 ra=61 | 121 healed 0 | 125 place a -> ok", "fail"),
    ("RTY-07", BANNED + " | 121 healed 0 | 400 report", "fail"),
    ("RTY-07", BAN + "1 place a -> no:ban f=0 | 30 open -> no:ban f=0 | 121 healed 0 | 125 place a -> ok", NA),
    ("RTY-07", BAN + "1 place a -> no:ban f=0 | 121 healed 0 | 400 report", "fail"),
    ("RTY-07", BAN + "1 place a -> ok | 2 account -> no:ban f=0 ra=120 | 121 healed 0 | 400 report", "pass"),
    ("RTY-07", BAN + "1 place a -> ok | 2 account -> ok", NA),
    ("RTY-12", TWICE + "13 query a -> ok", "pass"),
    ("RTY-12", TWICE + "13 place b -> ok | 14 query a -> ok", "fail"),
    ("RTY-12", TWICE + "14 report i1=failed a=rejected", "fail"),
    ("RTY-12", TWICE + "13 publish a=rejected | 14 query a -> ok", "fail"),
    ("RTY-12", TWICE + "13 event a | 14 report", "pass"),
    ("RTY-12", TWICE + "13 query a v -> ok | 14 report", "pass"),
    ("RTY-12", TWICE + "12.5 crash | 18 start | 19 query a -> ok | 30 report", "pass"),
    ("RTY-12", LOST + "20 report", NA),
    ("RTY-12", GATE + "1 place a -> lost:ok | 12 place a -> no:duplicate | 13 result 1 !rejected", "fail"),
    ("RTY-12", GATE + "1 place a -> lost:ok | 12 place a -> no:duplicate | 13 result 1 !duplicate", "pass"),
    ("RTY-13", LOST + "20 report", "pass"),
    ("RTY-13", BUY + "1 place a -> lost@90 | 100 report", "fail"),
    ("RTY-13", BUY + "1 place a -> flight | 20 noreport deadlock", "fail"),
    ("RTY-13", BUY + "1 place a -> flight | 20 query a -> none | 30 report", "pass"),
    ("RTY-13", BUY + "1 place a -> flight | 200 report", "fail"),
    ("RTY-13", "fault trickle pause=5 chunks=20 | " + BUY + "1 place a -> ok@90 f=0", NA),
    ("RTY-13", "fault trickle pause=16 chunks=6 | " + BUY + "1 place a -> ok@90 f=0", "fail"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    check(case)


def test_both_verdicts_of_every_property_are_shown() -> None:
    assert not lacking("RTY", (*CASES, *MORE, *RETRY))
