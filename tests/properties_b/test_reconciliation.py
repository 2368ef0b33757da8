"""Reconciliation on one-line histories: books that agree, books that do not, and books that may differ.

A bare ``report`` in the micro-language of `outtrade.judge.micro` is the truth; words behind it change it.
"""

from __future__ import annotations

import pytest

from outtrade.judge.api import judge
from outtrade.judge.index import Index
from outtrade.judge.micro import history
from outtrade_suites.properties import rec

PROPERTIES = {prop.id: prop for prop in rec.PROPERTIES}

PASS, FAIL, NOTHING, WAIVED = "pass", "fail", "not-applicable", "waived"
BUY = "i1:buy 1@100 | "
CONTRACT = "set leave=1 | i1:buy 1@100 exp=900 sym=BTC/USDT:USDT | "
SELL = "i1:sell 1@100 | "
RESTS = "set leave=1 | i1:buy 1@100 exp=900 | "

TWO = "i1:buy 1@100 | i2:buy 1@99 at=90 | 1 place a -> ok | "
STRAY = TWO + "40 foreign z buy 0.5@100 id=i1xxxxxx-z | 40.1 fill z 0.5@100 | "
TOLD = STRAY + "40.2 up | 40.3 event z fill | "
LESS = "i1:buy 3@100 | i2:amend 2 target=i1 at=20 | 1 place a q=3 -> ok:1 | 21 amend a q=2 -> ok | "
OTHERWISE = "i1:buy 2@100 | m:amend 1.6@101 target=i1 at=20 | 1 place a q=2 -> ok:1 | "
MOVED = (
    BUY + "fault transfer asset=USDT amount=25 on.after=50 | 1 place a -> ok | 50 balance USDT=99975 | 50 landed 0 | "
)
AT_ONCE = "i1:buy 1@100 | 1 place a -> ok | 5 fill a 0.4@100 | 5 fill a 0.6@100 | "
MANY = "i1:buy 6@100 | 1 place a q=6 -> ok | " + " | ".join(f"{2 + n} fill a 0.1@100" for n in range(60)) + " | "

CASES: list[tuple[str, str, str]] = [
    # ---------------------------------------------------------------- REC-08
    ("REC-08", PASS, LESS + "30 fill a 1@100 | 600 report"),
    ("REC-08", FAIL, LESS + "30 fill a 1@100 | 600 report a=-"),
    ("REC-08", FAIL, LESS + "30 fill a 1@100 | 600 report a=filled:1"),
    # a fill in the last seconds; cancelled afterwards
    ("REC-08", PASS, LESS + "598 fill a 1@100 | 600 report a=open:1"),
    ("REC-08", PASS, LESS + "40 cancel a -> ok | 600 report"),
    # ---------------------------------------------------------------- REC-01
    ("REC-01", PASS, RESTS + "1 place a -> ok:0.4 | 600 report"),
    ("REC-01", FAIL, RESTS + "1 place a -> ok:0.4 | 600 report a=-"),
    ("REC-01", FAIL, RESTS + "1 place a -> ok:0.4 | 600 report a=cancelled:0.4"),
    ("REC-01", FAIL, RESTS + "1 place a -> ok:0.4 | 600 report a=open:0"),
    ("REC-01", FAIL, BUY + "1 place a -> ok | 300 cancel a -> ok | 600 report a=open"),
    ("REC-01", FAIL, BUY + "1 place a -> lost | 600 report a=open"),
    # both sides empty; in doubt is no lie; a fill in the last seconds; a foreign order is known, and has to be
    ("REC-01", PASS, BUY + "1 place a -> ok:fill | 600 report"),
    ("REC-01", PASS, RESTS + "580 place a -> lost:ok | 600 report a=unknown"),
    ("REC-01", PASS, RESTS + "1 place a -> ok | 598 fill a 1@100 | 600 report a=open:0"),
    ("REC-01", PASS, RESTS + "1 foreign f sell 1@200 | 600 report"),
    ("REC-01", FAIL, RESTS + "1 foreign f sell 1@200 | 600 report f=-"),
    # the last look was asked for in time and answered late
    (
        "REC-01",
        PASS,
        RESTS + "1 place a -> ok | 580 open -> ok@598 | 585 fill a 1@100 | 600 report a=open:0 i1=working",
    ),
    # a write that the venue still hides from reads
    (
        "REC-01",
        PASS,
        "fault visibility delay=20 | " + RESTS + "1 place a -> ok | 588 cancel a -> ok f=0 | 600 report a=open:0",
    ),
    ("REC-01", FAIL, RESTS + "1 place a -> ok | 588 cancel a -> ok | 600 report a=open:0"),
    ("REC-01", NOTHING, BUY + "1 place a -> ok | 700 noreport late"),
    # ---------------------------------------------------------------- REC-02
    ("REC-02", PASS, BUY + "1 place a -> ok:fill | 600 report"),
    ("REC-02", FAIL, BUY + "1 place a -> ok:fill | 600 report BTC/USDT=2"),
    ("REC-02", FAIL, BUY + "1 place a -> ok:fill | 600 report BTC/USDT=0"),
    # the fee is taken in the base asset: 1 is 0.001 too much, and the step is 0.001
    ("REC-02", FAIL, BUY + "1 place a -> ok:fill | 600 report BTC/USDT=1"),
    ("REC-02", PASS, SELL + "1 place a -> ok:fill | 600 report BTC/USDT=-1"),
    ("REC-02", PASS, BUY + "1 place a -> ok:fill | 600 report BTC/USDT=0.99900001@100"),
    ("REC-02", PASS, BUY + "1 place a -> ok:fill | 600 report BTC/USDT=0.999@100.1001001"),
    ("REC-02", FAIL, BUY + "1 place a -> ok:fill | 600 report BTC/USDT=0.999@101"),
    ("REC-02", PASS, BUY + "1 place a -> ok | 599 fill a 1@100 | 600 report BTC/USDT=0"),
    # what others hold is not ours
    ("REC-02", PASS, RESTS + "1 foreign f sell 1@200 | 2 fill f 1@200 | 600 report"),
    ("REC-02", WAIVED, BUY + "1 place a -> ok:fill | 600 report no:positions"),
    ("REC-02", NOTHING, BUY + "1 place a -> ok:fill | 700 noreport raised"),
    # ---------------------------------------------------------------- REC-03
    ("REC-03", PASS, BUY + "1 place a -> ok:fill | 600 report"),
    ("REC-03", FAIL, BUY + "1 place a -> ok:fill | 600 report BTC=11"),
    ("REC-03", FAIL, BUY + "1 place a -> ok:fill | 600 report USDT=100000"),
    ("REC-03", PASS, CONTRACT + "1 place a -> ok:fill | 600 report USDT=5"),  # margin in use is the venue's own figure
    ("REC-03", PASS, CONTRACT + "1 place a -> ok | 600 report USDT=5"),
    ("REC-03", FAIL, CONTRACT + "1 place a -> no:funds | 600 report USDT=5"),
    ("REC-03", FAIL, CONTRACT + "1 place a -> ok | 600 report USDT=5 BTC=11"),
    ("REC-03", PASS, CONTRACT + "1 place a -> no:funds | 600 report"),
    ("REC-03", PASS, RESTS + "1 place a -> ok:0.4 | 600 report USDT=99900/60 | 601 xcancel a"),
    ("REC-03", FAIL, RESTS + "1 place a -> ok:0.4 | 600 report USDT=99960/0"),
    ("REC-03", FAIL, RESTS + "1 place a -> ok | 300 cancel a -> ok | 600 report USDT=99900/100"),
    # what was true two seconds ago; a float's last digit; an asset with nothing in it
    ("REC-03", PASS, BUY + "1 place a -> ok | 598 fill a 1@100 | 600 report BTC=10 USDT=99900/100"),
    ("REC-03", PASS, BUY + "1 place a -> ok:fill | 600 report BTC=10.9990000000001"),
    ("REC-03", PASS, "set ETH=0 | " + BUY + "1 place a -> ok:fill | 600 report"),
    ("REC-03", WAIVED, BUY + "1 place a -> ok:fill | 600 report no:balances"),
    # ---------------------------------------------------------------- REC-04
    ("REC-04", PASS, BUY + "1 place a -> ok | 5 fill a 0.4@100 | 9 fill a 0.6@100 | 600 report"),
    ("REC-04", FAIL, BUY + "1 place a -> ok | 5 fill a 0.4@100 | 9 fill a 0.6@100 | 600 report t2=-"),
    ("REC-04", FAIL, BUY + "1 place a -> ok | 5 fill a 0.4@100 | 9 fill a 0.6@100 | 600 report t1*2"),
    ("REC-04", FAIL, BUY + "1 place a -> ok | 5 fill a 0.4@100 | 9 fill a 0.6@100 | 600 report t1=0.6@100"),
    ("REC-04", FAIL, BUY + "1 place a -> ok:fill | 600 report t9=a:1@100"),
    ("REC-04", FAIL, BUY + "i2:buy 1@90 | 1 place a -> ok:fill | 2 place b i=i2 -> ok | 600 report t1=b:1@100"),
    ("REC-04", FAIL, BUY + "1 place a -> ok:0.4 | 300 cancel a -> ok | 600 report a=cancelled:0"),
    # the same trade id in two symbols; a fill of the last seconds is optional; not tracked at all
    (
        "REC-04",
        PASS,
        BUY + "i2:buy 1@90 sym=ETH/USDT | 1 place a -> ok | 2 place b i=i2 -> ok | 5 fill a 1@100 t=t7"
        " | 6 fill b 1@90 t=t7 | 600 report",
    ),
    ("REC-04", NOTHING, BUY + "1 place a -> ok | 599 fill a 1@100 | 600 report t1=- a=open:0"),
    ("REC-04", PASS, BUY + "1 place a -> ok | 599 fill a 1@100 | 600 report"),
    ("REC-04", FAIL, BUY + "1 place a -> ok:0.4 | 300 cancel a -> ok | 600 report no:fills a=cancelled:0"),
    ("REC-04", WAIVED, BUY + "1 place a -> ok | 600 report no:fills"),
    # ---------------------------------------------------------------- REC-05
    ("REC-05", PASS, BUY + "1 place a -> ok | 5 fill a 0.9@99 | 9 fill a 0.1@100 | 600 report"),
    ("REC-05", FAIL, BUY + "1 place a -> ok | 5 fill a 0.9@99 | 9 fill a 0.1@100 | 600 report a=filled:1@100"),
    ("REC-05", FAIL, BUY + "1 place a -> ok | 5 fill a 0.9@99 | 9 fill a 0.1@100 | 600 report a=filled:1@99.5"),
    ("REC-05", FAIL, BUY + "1 place a -> ok | 5 fill a 0.9@99 | 9 fill a 0.1@100 | 600 report i1=done:1@100"),
    ("REC-05", FAIL, BUY + "1 place a -> ok | 5 fill a 1@99 | 600 report t1=1@100"),
    ("REC-05", PASS, BUY + "1 place a -> ok | 5 fill a 0.9@99 | 9 fill a 0.1@100 | 600 report a=filled:1@99.10000001"),
    # before the last fill; an order without fills has no average
    (
        "REC-05",
        PASS,
        BUY + "1 place a -> ok | 5 fill a 0.5@99 | 598 fill a 0.5@100 | 600 report a=open:0.5@99 i1=working:0.5@99",
    ),
    ("REC-05", NOTHING, BUY + "1 place a -> ok | 300 cancel a -> ok | 600 report"),
    ("REC-05", WAIVED, BUY + "1 place a -> ok:fill | 600 report a=filled:1 i1=done"),
    # ---------------------------------------------------------------- REC-06
    ("REC-06", PASS, BUY + "1 place a -> ok:fill | 600 report"),
    ("REC-06", FAIL, BUY + "1 place a -> ok:fill | 600 report t1=1@100:0.001USDT"),
    ("REC-06", FAIL, BUY + "1 place a -> ok:fill | 600 report t1=1@100:0.1BTC"),
    ("REC-06", FAIL, BUY + "1 place a -> ok | 5 fill a 1@100 fee=0.01BNB | 600 report t1=1@100:0.001BTC"),
    ("REC-06", PASS, SELL + "1 place a -> ok:fill | 600 report t1=1@100:0.1USDT"),
    ("REC-06", PASS, BUY + "1 place a -> ok | 5 fill a 1@100 fee=0.01BNB | 600 report"),
    ("REC-06", PASS, BUY + "1 place a -> ok:fill | 600 report t1=1@100:0.001000000001BTC"),
    ("REC-06", WAIVED, BUY + "1 place a -> ok:fill | 600 report no:fills"),
    # ---------------------------------------------------------------- REC-07
    ("REC-07", PASS, BUY + "1 place a -> ok:fill | 2 publish a=open | 3 publish a=filled:1@100 | 600 report"),
    ("REC-07", PASS, BUY + "1 place a -> lost:ok | 2 publish a=unknown | 13 publish a=open | 600 report"),
    (
        "REC-07",
        PASS,
        BUY + "1 place a -> ok:0.4 | 2 publish a=open:0.4@100 | 3 publish a=cancelled:0.4@100 | 600 report",
    ),
    ("REC-07", FAIL, BUY + "1 place a -> ok:fill | 2 publish a=filled:1@100 | 3 publish a=open | 600 report"),
    ("REC-07", FAIL, BUY + "1 place a -> ok:0.4 | 2 publish a=open:0.4@100 | 3 publish a=open:0.1@100 | 600 report"),
    ("REC-07", NOTHING, BUY + "1 place a -> ok | 600 report"),
    # ---------------------------------------------------------------- REC-10
    ("REC-10", PASS, BUY + "1 place a -> ok | 590 cancel a -> ok | 600 report"),
    ("REC-10", FAIL, BUY + "1 place a -> ok | 590 cancel a -> lost | 600 report"),
    ("REC-10", FAIL, BUY + "1 place a -> ok | 1.5 noreport raised"),
    # allowed to rest; the cancel that belongs to the deadline came just behind it, before the report; a foreign order
    ("REC-10", NOTHING, RESTS + "1 place a -> ok | 600 report"),
    ("REC-10", PASS, BUY + "1 place a -> ok | 600 cancel a -> ok | 600.1 report"),
    ("REC-10", NOTHING, BUY + "1 foreign f sell 1@200 | 600 report"),
    ("REC-10", PASS, BUY + "1 place a -> ok | 20 report | 400 fill a 1@100"),
    ("REC-10", NOTHING, BUY + "fault crash point=after_ack | 1 place a -> ok | 2 crash"),
    ("REC-10", FAIL, BUY + "fault crash point=after_ack | 1 place a -> ok | 2 crash | 7 start | 600 report"),
    # ---------------------------------------------------------------- REC-12
    ("REC-12", PASS, BUY + "1 place a -> ok:fill | 600 report"),
    ("REC-12", FAIL, BUY + "1 place a -> ok:fill | 600 report i1=failed"),
    ("REC-12", FAIL, BUY + "1 place a -> ok:0.4 | 300 cancel a -> ok | 600 report i1=failed"),
    ("REC-12", FAIL, BUY + "1 place a -> ok:0.4 | 300 cancel a -> ok | 600 report i1=done"),
    ("REC-12", FAIL, BUY + "1 place a -> ok | 300 cancel a -> ok | 600 report i1=refused"),
    ("REC-12", FAIL, RESTS + "1 place a -> ok | 600 report i1=failed"),
    ("REC-12", PASS, OTHERWISE + "21 cancel a -> ok | 22 place b q=0.6 p=101 -> ok | 600 report m=done"),
    ("REC-12", FAIL, OTHERWISE + "21 cancel a -> ok | 22 place b q=0.6 p=101 -> ok | 600 report m=failed"),
    ("REC-12", FAIL, OTHERWISE + "21 cancel a -> ok | 22 place b q=0.6 p=100 -> ok | 600 report m=done"),
    ("REC-12", FAIL, OTHERWISE + "21 cancel a -> ok | 22 place b q=0.4 p=101 -> ok | 600 report m=done"),
    ("REC-12", PASS, "i1:buy 2@100 | m:amend 2@100 target=i1 at=20 | 1 place a q=2 -> ok | 600 report m=done"),
    ("REC-12", PASS, OTHERWISE + "15 fill a 1@100 | 600 report i1=done m=failed"),
    ("REC-12", PASS, OTHERWISE + "21 cancel a -> ok | 600 report i1=partial m=failed"),
    ("REC-12", FAIL, OTHERWISE + "21 cancel a -> ok | 600 report i1=partial m=done"),
    ("REC-12", FAIL, BUY + "1 place a -> ok:fill | 600 report i1=-"),
    ("REC-12", FAIL, BUY + "1 place a -> ok:0.4 | 300 cancel a -> ok | 600 report i1=partial:0.5"),
    # partial; refused by the venue; never sent; in doubt; filled while the report was made; quote amounts
    ("REC-12", PASS, BUY + "1 place a -> ok:0.4 | 300 cancel a -> ok | 600 report i1=partial:0.4"),
    ("REC-12", PASS, BUY + "1 place a -> no:funds | 600 report i1=refused"),
    ("REC-12", PASS, BUY + "1 place a -> no:funds | 600 report i1=failed"),
    ("REC-12", PASS, "i1:buy 1.0004@100 | 1 place a q=1 -> ok:fill | 600 report i1=done"),
    ("REC-12", PASS, BUY + "1 place a -> ok | 599 fill a 1@100 | 600 report i1=working"),
    ("REC-12", PASS, "i1:buy 500q | 1 place a -> ok:fill | 600 report i1=done"),
    ("REC-12", NOTHING, BUY + "590 place a -> lost:fill | 600 report i1=unknown"),
    # cancels: gone before it was complete; complete; still there
    ("REC-12", PASS, BUY + "c1:cancel target=i1 at=300 | 1 place a -> ok | 300 cancel a -> ok | 600 report c1=done"),
    (
        "REC-12",
        PASS,
        BUY + "c1:cancel target=i1 at=300 | 1 place a -> ok | 299 fill a 1@100 | 300 cancel a -> unknown"
        " | 301 query a -> ok | 600 report c1=failed",
    ),
    (
        "REC-12",
        FAIL,
        BUY + "c1:cancel target=i1 at=300 | 1 place a -> ok | 299 fill a 1@100 | 300 cancel a -> unknown"
        " | 600 report c1=done",
    ),
    (
        "REC-12",
        FAIL,
        RESTS + "c1:cancel target=i1 at=300 | 1 place a -> ok | 300 cancel a -> lost | 600 report c1=done",
    ),
    # ---------------------------------------------------------------- REC-15
    ("REC-15", PASS, BUY + "1 place a -> ok:fill | 600 report"),
    ("REC-15", FAIL, BUY + "1 place a -> lost | 12 report | 14 place b -> ok:fill"),
    ("REC-15", FAIL, BUY + "1 place a -> ok:fill | 600 report | 600.5 account -> ok"),
    # an answer that arrives later was asked for before; an earlier life does not count
    ("REC-15", PASS, BUY + "1 place a -> ok:fill | 599 account -> ok@601 | 600 report"),
    ("REC-15", PASS, BUY + "fault crash point=before_send | 1 crash | 7 start | 8 place a -> ok:fill | 600 report"),
    ("REC-15", NOTHING, BUY + "1 place a -> ok:fill | 700 noreport late"),
    # ---- REC-11
    ("REC-11", PASS, MOVED + "600 report alert=USDT"),
    ("REC-11", FAIL, MOVED + "600 report"),
    ("REC-11", FAIL, MOVED + "600 report alert=BTC/USDT"),
    ("REC-11", WAIVED, MOVED + "600 report no:balances"),
    ("REC-11", NOTHING, MOVED + "590 crash after_ack f=0 | 595 start | 600 report"),
    ("REC-11", NOTHING, BUY + "1 place a -> ok | 600 report"),
    # ---- REC-14
    ("REC-14", PASS, AT_ONCE + "600 report"),
    ("REC-14", FAIL, AT_ONCE + "600 report t2=-"),
    ("REC-14", PASS, MANY + "600 report"),
    ("REC-14", FAIL, MANY + "600 report t55=-"),
    ("REC-14", WAIVED, MANY + "600 report no:fills"),
    ("REC-14", NOTHING, BUY + "1 place a -> ok | 5 fill a 0.4@100 | 6 fill a 0.6@100 | 600 report t2=-"),
]


@pytest.mark.parametrize(("prop", "verdict", "line"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_one_line_history(prop: str, verdict: str, line: str) -> None:
    finding = judge(PROPERTIES[prop], Index(history(line)))
    assert finding.verdict == verdict, [case.message for case in finding.broken]


ELSEWHERE = {"REC-09", "REC-13"}
"""Judged on positions: their lines are those of tests/judge/test_positions_judged.py."""


@pytest.mark.parametrize("prop", [ident for ident in PROPERTIES if ident not in ELSEWHERE])
def test_every_property_has_both_verdicts_and_two_awkward_passes(prop: str) -> None:
    verdicts = [verdict for name, verdict, _ in CASES if name == prop]
    assert FAIL in verdicts and PASS in verdicts
    assert sum(verdict != FAIL for verdict in verdicts) >= 3


@pytest.mark.parametrize("line", [line for _, verdict, line in CASES if verdict == FAIL])
def test_a_violation_tells_a_person_what_happened(line: str) -> None:
    ix = Index(history(line))
    for prop in PROPERTIES.values():
        for case in judge(prop, ix).broken:
            assert case.key and case.evidence, prop.id
            assert len(case.message.split()) > 5
            assert all(0 <= seq < len(ix.events) for seq in case.evidence)


@pytest.mark.parametrize("line", [line for _, verdict, line in CASES if verdict != FAIL])
def test_no_check_crashes_on_an_ordinary_history(line: str) -> None:
    ix = Index(history(line))
    for prop in PROPERTIES.values():
        assert judge(prop, ix).verdict != "harness-error"


def test_a_fee_may_be_as_round_as_the_venue_shows_it() -> None:
    told = history(BUY + "1 place a -> ok:fill | 600 report t1=1@100:0.00099BTC")
    fees = next(prop for prop in rec.PROPERTIES if prop.id == "REC-06")
    assert judge(fees, Index(told)).verdict == FAIL
    told.header.traits["fee_shown"] = "0.0001"
    assert judge(fees, Index(told)).verdict == PASS
    told.header.traits["fee_shown"] = "0.00001"
    assert judge(fees, Index(told)).verdict == FAIL


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_a_stray_may_be_told_as_ones_own_or_not(whose: str) -> None:
    """Nobody can tell whose it is: the position, the outcome and the fills may have it or not."""
    tail = {"ours": "600 report a=cancelled:0 i1=partial t1=z:0.5@100 BTC/USDT=0.4995@100", "theirs": "600 report"}
    ix = Index(history(TOLD + "41 cancel a -> ok | " + tail[whose]))
    wrong = {f.id for prop in PROPERTIES.values() for f in (judge(prop, ix),) if f.verdict == "fail"}
    assert not wrong
