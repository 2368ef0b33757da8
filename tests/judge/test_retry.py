"""Pace, alarms and work that goes on: each property on one-line histories, passing, failing and not applicable."""

from __future__ import annotations

import pytest

from outtrade.judge.api import judge
from outtrade.judge.index import Index
from outtrade.judge.micro import history
from outtrade_suites.properties import PROPERTIES

NA = "not-applicable"
BY_ID = {prop.id: prop for prop in PROPERTIES}
BUY = "i1:buy 1@100 | "
THREE = BUY + "i2:buy 1@90 at=1 | i3:buy 1@80 at=1 | "
CUT = "fault refuse duration=60 on.after=10 | i1:buy 1@100 at=15 exp=40 | 10 landed 0 | 70 healed 0 | "
WAIT = "fault refuse duration=60 on.after=10 | i1:buy 1@100 at=15 exp=500 | 10 landed 0 | 70 healed 0 | "
MUTE = WAIT.replace("| i1", "| fault stream_silent duration=112 on.after=68 | i1") + "81 landed 1 | "
DEAD = WAIT.replace("| 10 landed", "| 5 up | 10 landed")
HALT = "fault halt duration=60 on.after=10 | set until=600 | i1:buy 1@100 at=15 exp=500 | 10 landed 0 | 70 healed 0 | "
SHUT = HALT + "15 place a -> no:closed | 20 place a -> no:closed | "
TWO = "set until=600 | i1:buy 1@100 exp=40 | i2:buy 1@90 at=45 | 1 place a -> ok | 30 account -> no:rate ra=30 | "
ONCE = "1 place a -> no:transient | "

CASES = [
    # ---- RTY-08
    ("RTY-08", BUY + ONCE + "2 place a -> no:transient | 4 place a -> no:transient | 8 place a -> ok", "pass"),
    ("RTY-08", BUY + ONCE + "2 place a -> no:transient | 3 place a -> no:transient | 4 place a -> ok", "warn"),
    ("RTY-08", BUY + ONCE + "41 place a -> no:transient | 81 place a -> no:transient | 121 place a -> ok", "pass"),
    ("RTY-08", BUY + ONCE + "2 place a -> no:transient | 4 place a -> ok", NA),
    (
        "RTY-08",
        BUY + "1 place a -> no:rate ra=5 | 6.1 place a -> no:rate ra=5 | 11.2 place a -> no:rate ra=5"
        " | 16.3 place a -> ok",
        NA,
    ),
    ("RTY-08", BUY + "1 place a -> 503 | 2 place a -> 503 | 3 place a -> 503 | 4 place a -> ok", NA),
    (
        "RTY-08",
        THREE + "1 place a -> no:transient | 2 place a -> ok | 5 place b i=i2 -> no:transient | 6 place b i=i2 -> ok"
        " | 9 place c i=i3 -> no:transient | 10 place c i=i3 -> ok",
        "warn",
    ),
    (
        "RTY-08",
        THREE + "1 place a -> no:transient | 2 place a -> ok | 5 place b i=i2 -> no:transient | 6.1 place b i=i2 -> ok"
        " | 9 place c i=i3 -> no:transient | 10.05 place c i=i3 -> ok",
        "pass",
    ),
    # ---- RTY-10
    ("RTY-10", BUY + "1 place a -> no:clock | 2 time -> ok | 3 place a -> ok", "pass"),
    ("RTY-10", BUY + "1 place a -> no:clock | 2 place a -> no:clock | 5 account -> no:clock | 6 place a -> ok", "pass"),
    (
        "RTY-10",
        BUY + "1 place a -> no:clock | 2 place a -> no:clock | 4 place a -> no:clock | 8 place a -> no:clock"
        " | 16 place a -> no:clock",
        "fail",
    ),
    (
        "RTY-10",
        BUY + "1 place a -> no:clock | 2 place a -> no:clock | 3 query a -> no:clock | 4 account -> no:clock"
        " | 5 open -> no:clock | 6 place a -> ok",
        "fail",
    ),
    ("RTY-10", BUY + "1 place a -> ok", NA),
    # ---- RTY-17
    ("RTY-17", SHUT + "80 place a -> ok | 550 report", "pass"),
    ("RTY-17", SHUT + "550 report", "fail"),
    ("RTY-17", SHUT + "300 place a -> ok | 550 report", "fail"),
    ("RTY-17", HALT + "15 place a -> no:closed | 16 place a -> no:closed | 80 place a -> ok", "fail"),
    ("RTY-17", HALT + "75 place a -> ok | 550 report", "pass"),
    ("RTY-17", HALT.replace("at=15", "at=100") + "100 place a -> ok | 550 report", NA),
    ("RTY-17", BUY + "1 place a -> no:closed | 400 report", NA),
    # ---- RTY-18
    ("RTY-18", TWO + "60.2 cancel a -> ok | 60.4 place b i=i2 -> ok | 550 report", "pass"),
    ("RTY-18", TWO + "60.2 place b i=i2 -> ok | 60.4 cancel a -> ok | 550 report", "warn"),
    ("RTY-18", TWO + "60.2 cancel a -> ok | 550 report", NA),
    ("RTY-18", TWO.replace("exp=40", "exp=90") + "60.2 place b i=i2 -> ok | 90 cancel a -> ok | 550 report", NA),
    # ---- RTY-16
    ("RTY-16", CUT + "400 report alert", "pass"),
    ("RTY-16", CUT + "400 report", "fail"),
    ("RTY-16", CUT + "39.9 place a -> ok | 400 report", NA),
    ("RTY-16", WAIT + "400 report", NA),
    ("RTY-16", BUY + "400 report", NA),
    # ---- RTY-19
    ("RTY-19", WAIT + "75 place a -> ok | 400 report", "pass"),
    ("RTY-19", WAIT + "250 place a -> ok | 400 report", "warn"),
    ("RTY-19", WAIT + "400 report", "warn"),
    ("RTY-19", MUTE + "90 healed 1 | 250 place a -> ok | 400 report", "warn"),
    ("RTY-19", MUTE + "180 healed 1 | 250 place a -> ok | 400 report", "pass"),
    ("RTY-19", DEAD + "250 down client | 255 place a -> ok | 400 report", "pass"),
    ("RTY-19", DEAD + "90 down client | 255 place a -> ok | 400 report", "warn"),
    ("RTY-19", DEAD + "99 foreign f buy 1@90 | 100 event f | 250 down client | 255 place a -> ok | 400 report", "warn"),
    ("RTY-19", CUT + "400 report", NA),
    ("RTY-19", BUY + ONCE + "60 place a -> ok | 400 report", "pass"),
    ("RTY-19", BUY + ONCE + "200 place a -> ok | 400 report", "warn"),
    ("RTY-19", BUY + "1 place a -> no:rate ra=60 | 150 place a -> ok | 400 report", "pass"),
    ("RTY-19", BUY + "1 place a -> ok | 400 report", NA),
]


@pytest.mark.parametrize(("prop", "text", "verdict"), CASES)
def test_case(prop: str, text: str, verdict: str) -> None:
    finding = judge(BY_ID[prop], Index(history(text)))
    assert finding.verdict == verdict, finding


def test_each_has_a_passing_and_a_failing_history() -> None:
    for name in {prop for prop, _, _ in CASES}:
        verdicts = {verdict for prop, _, verdict in CASES if prop == name}
        assert {"pass", NA} <= verdicts and verdicts & {"fail", "warn"}, name
