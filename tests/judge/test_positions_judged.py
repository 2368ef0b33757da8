"""Positions, profit, funding and account modes: one-line histories, passing and failing."""

from __future__ import annotations

import pytest
from judge_kit import BY_ID, NA, Case, check

from outtrade.judge.api import judge
from outtrade.judge.index import Index
from outtrade.judge.micro import MicroError, history

S = "BTC/USDT:USDT"
SHORT = f"set modes=1 until=600 | i1:sell 1@100 sym={S} | "
KNOWN = "0.1 positions -> ok | 0.2 account -> ok | "
SOLD = "1 place a -> ok:fill | "
HELD = SHORT + KNOWN + SOLD + "1.02 lever 10 | 1.02 holds -1@100 | 500 mark 105 | "


def report(view: str) -> str:
    return f"500.1 report {S}={view}"


CASES: list[Case] = [
    # ---- PAR-17: read, or set and told that it was
    ("PAR-17", SHORT + KNOWN + SOLD, "pass"),
    ("PAR-17", SHORT + SOLD, "fail"),
    ("PAR-17", SHORT + "0.1 positions -> ok | " + SOLD, "fail"),
    ("PAR-17", SHORT + "0.1 positions -> 503 | 0.2 account -> ok | " + SOLD, "fail"),
    ("PAR-17", SHORT + "0.1 positions -> ok@2 | 0.2 account -> ok | " + SOLD, "fail"),
    ("PAR-17", SHORT + "0.1 leverage -> ok | 0.2 margin_mode -> ok | 0.3 position_mode -> ok | " + SOLD, "pass"),
    ("PAR-17", SHORT + "0.1 positions -> ok | 0.2 position_mode -> reset:ok | " + SOLD, "fail"),
    ("PAR-17", SHORT + KNOWN + "500 report", NA),
    ("PAR-17", "set modes=1 | i1:sell 1@100 | 1 place a -> ok", NA),
    ("PAR-17", SHORT.replace(" modes=1", "") + SOLD, NA),
    ("PAR-17", "set max_leverage=5 | " + SHORT + KNOWN + "0.5 lever 20 | " + SOLD, "fail"),
    ("PAR-17", "set max_leverage=5 | " + SHORT + KNOWN + "0.5 lever 20 | 0.7 lever 5 | " + SOLD, "pass"),
    # ---- REC-09: part by part
    ("REC-09", HELD + report("-1@100,unrealised=-5,leverage=10,margin=10,realised=0"), "pass"),
    ("REC-09", HELD + report("-1@100,unrealised=5"), "fail"),
    ("REC-09", HELD + report("-1@100,unrealised=-5.1"), "pass"),
    ("REC-09", HELD + report("-1@100,unrealised=-6"), "fail"),
    ("REC-09", HELD + "500.05 mark 106 | " + report("-1@100,unrealised=-6"), "pass"),
    ("REC-09", HELD + report("-1@101"), "fail"),
    ("REC-09", HELD + report("-1,leverage=20"), "fail"),
    ("REC-09", HELD + report("-1,margin=10.5"), "pass"),
    ("REC-09", HELD + report("-1,margin=11"), "fail"),
    ("REC-09", HELD.replace("holds -1@100", "holds -1@100 margin=12") + report("-1,margin=12"), "pass"),
    ("REC-09", HELD + report("-1,realised=-5"), "fail"),
    ("REC-09", HELD + report("-1"), "waived"),
    ("REC-09", HELD + "400 taken buy:1@104 gain=-4 | 400 holds 0 | " + report("0,realised=-4,unrealised=0"), "pass"),
    ("REC-09", HELD + "400 taken buy:1@104 gain=-4 | 400 holds 0 | " + report("0,realised=0"), "fail"),
    ("REC-09", HELD + "400 taken buy:1@104 gain=-4 | 400 holds 0 | " + report("0@100"), "fail"),
    ("REC-09", "i1:buy 1@100 | 1 place a -> ok:fill | 500 report BTC/USDT=1@90,unrealised=77", NA),
    # ---- REC-13
    ("REC-13", HELD + "300 charge -0.5 | " + report("-1,funding=-0.5"), "pass"),
    ("REC-13", HELD + "300 charge -0.5 | 400 charge 0.2 | " + report("-1,funding=-0.3"), "pass"),
    ("REC-13", HELD + "300 charge -0.5 | " + report("-1,funding=0.5"), "fail"),
    ("REC-13", HELD + "300 charge -0.5 | " + report("-1,funding=0"), "fail"),
    ("REC-13", HELD + "300 charge -2 why=liquidation_fee | " + report("0,funding=-2"), "pass"),
    ("REC-13", HELD + "300 charge -0.5 | " + report("-1"), "waived"),
    ("REC-13", HELD + report("-1,funding=-1"), "fail"),
    ("REC-13", HELD + report("-1,funding=0"), NA),
    # ---- REC-02 and RCV-13: what the venue took
    ("REC-02", HELD + report("-1"), "pass"),
    ("REC-02", HELD + report("1"), "fail"),
    ("REC-02", HELD + "300 taken buy:0.4@104 why=adl | " + report("-0.6"), "pass"),
    ("REC-02", HELD + "300 taken buy:0.4@104 why=adl | " + report("-1"), "fail"),
    ("RCV-13", HELD + "100 taken buy:1@104 | 150 positions -> ok | " + report("0"), "pass"),
    ("RCV-13", HELD + "100 taken buy:1@104 | 290 positions -> ok | " + report("0"), "fail"),
    ("RCV-13", HELD + "100 taken buy:1@104 | 150 positions -> 503 | " + report("0"), "fail"),
    ("RCV-13", HELD + "100 taken buy:1@104 why=settlement | " + report("0"), "fail"),
    ("RCV-13", HELD + "450 taken buy:1@104 | " + report("0"), NA),
    # ---- fills that the venue made may be told, and need not be
    ("REC-04", HELD + "300 taken buy:1@104 | " + report("0") + " tF2=F2:1@104", "pass"),
    ("REC-04", HELD + "300 taken buy:1@104 | " + report("0"), "pass"),
    ("REC-04", HELD + "300 taken buy:1@104 | " + report("0") + " tF2=F2:2@104", "fail"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    check(case)


def test_each_has_a_passing_and_a_failing_history() -> None:
    for prop in ("PAR-17", "REC-09", "REC-13"):
        assert {verdict for name, _, verdict in CASES if name == prop} >= {"pass", "fail"}
        assert len(BY_ID[prop].explain) > 600


def test_a_failure_says_what_is_wrong_with_what() -> None:
    line = HELD + report("-1@100,unrealised=5")
    (case,) = judge(BY_ID["REC-09"], Index(history(line))).broken
    assert case.message == f"the report gives 5 as unrealised of {S}; it was -5.0000 at a mark price of 105"
    assert judge(BY_ID["PAR-17"], Index(history(SHORT + SOLD))).fingerprint == "PAR-17:leverage-unknown"


@pytest.mark.parametrize(
    "line", ["1 holds 1@100", "i1:buy 1 sym=A/B:B | 1 charge 1 why=x", "i1:buy 1 sym=A/B:B | 1 taken up:1"]
)
def test_what_cannot_be_read_is_named(line: str) -> None:
    with pytest.raises(MicroError):
        history(line)
