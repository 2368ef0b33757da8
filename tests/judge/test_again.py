"""Starting from nothing, questions that failed, halves of things: each property on one-line histories."""

from __future__ import annotations

import pytest

from outtrade.judge.api import judge
from outtrade.judge.index import Index
from outtrade.judge.micro import history
from outtrade_suites.properties import PROPERTIES

NA = "not-applicable"
BY_ID = {prop.id: prop for prop in PROPERTIES}
BUY = "i1:buy 1@100 | "
LOST = "fault crash point=after_ack store=lost | " + BUY
KEPT = "fault crash point=after_ack | " + BUY
AGAIN = "2 crash after_ack | 10 start | "
REST = "set until=600 | i1:buy 1@100 part=complete exp=500 | 1 place a -> ok:0.4 | 5 cancel a -> ok | "
OTHERS = BUY + "1 place a -> ok | 5 publish a=open | 30 xcancel a | "
EXPIRE = "fault stream_expire on.after=30 | set until=600 | i1:buy 1@100 exp=500 | 0 up | 1 place a -> ok | "
EXPIRE += "30 landed 0 | 30 down | "
THEN = " q=0.6 type=market p=-"

CASES = [
    # ---- RCV-07
    ("RCV-07", LOST + "1 place a -> ok | " + AGAIN + "400 report", "pass"),
    ("RCV-07", LOST + "1 place a -> ok | " + AGAIN + "400 report a=-", "fail"),
    ("RCV-07", LOST + "1 place a -> ok:fill | " + AGAIN + "400 report", "pass"),
    ("RCV-07", LOST + "1 place a -> ok:fill | " + AGAIN + "400 report a=-", "fail"),
    ("RCV-07", LOST + "1 place a -> ok:fill | " + AGAIN + "400 report BTC/USDT=0", "fail"),
    ("RCV-07", KEPT + "1 place a -> ok | " + AGAIN + "400 report a=-", NA),
    ("RCV-07", LOST + AGAIN + "20 place a -> ok | 400 report", NA),
    # ---- RCV-13
    ("RCV-13", OTHERS + "60 query a -> ok | 61 publish a=cancelled | 400 report", "pass"),
    ("RCV-13", OTHERS + "60 query a -> ok | 400 report a=open", "fail"),
    ("RCV-13", OTHERS + "60 query a -> ok | 300 publish a=cancelled | 400 report", "fail"),
    ("RCV-13", OTHERS + "300 query a -> ok | 301 publish a=cancelled | 400 report", "fail"),
    ("RCV-13", OTHERS.replace("xcancel", "expire") + "60 query a -> ok | 61 publish a=expired | 400 report", "pass"),
    ("RCV-13", OTHERS.replace("5 publish a=open | ", "") + "60 query a -> ok | 400 report", "pass"),
    ("RCV-13", OTHERS.replace("5 publish a=open | ", "") + "60 query a -> ok | 400 report a=open", "fail"),
    ("RCV-13", BUY + "1 place a -> ok | 30 cancel a -> ok | 400 report", NA),
    # ---- RCV-17
    ("RCV-17", EXPIRE + "35 up c=2 | 36 open -> ok | 550 report", "pass"),
    ("RCV-17", EXPIRE + "550 report", "fail"),
    ("RCV-17", EXPIRE + "300 up c=2 | 301 open -> ok | 550 report", "fail"),
    ("RCV-17", EXPIRE + "35 up c=2 | 550 report", "fail"),
    ("RCV-17", EXPIRE + "100 crash", NA),
    ("RCV-17", BUY + "0 up | 30 down | 400 report", NA),
    # ---- RCV-19
    ("RCV-19", BUY + "0 foreign f buy 1@90 | 1 open -> ok | 2 place a -> ok | 400 report", "pass"),
    ("RCV-19", BUY + "0 foreign f buy 1@90 | 1 open -> ok | 2 place a -> ok | 400 report f=-", "fail"),
    ("RCV-19", BUY + "0 foreign f buy 1@90 | 2 place a -> ok | 400 report f=cancelled", "fail"),
    ("RCV-19", BUY + "2 place a -> ok | 400 report a=-", NA),
    ("RCV-19", BUY + "2 place a -> ok | 30 foreign f buy 1@90 | 400 report f=-", NA),
    # ---- RCV-14
    ("RCV-14", BUY + "1 account -> 503 | 3 account -> ok | 4 place a -> ok | 400 report", "pass"),
    ("RCV-14", BUY + "1 account -> 503 | 400 report i1=refused", "fail"),
    ("RCV-14", BUY + "1 account -> 503 | 5 account -> ok | 400 report i1=refused", "pass"),
    ("RCV-14", "i1:buy 1@100 exp=60 | 1 account -> 503 | 400 report i1=refused", "pass"),
    ("RCV-14", BUY + "1 place a -> ok | 5 open -> 503 | 6 publish a=cancelled | 400 report", "fail"),
    ("RCV-14", BUY + "1 place a -> ok | 5 open -> 503 | 6 publish a=open | 400 report", "pass"),
    ("RCV-14", BUY + "1 place a -> ok:fill | 5 trades -> 503 | 400 report BTC/USDT=0", "fail"),
    ("RCV-14", BUY + "1 place a -> ok:fill | 5 trades -> 503 | 400 report", "pass"),
    ("RCV-14", BUY + "1 place a -> ok | 5 account -> ok | 400 report", NA),
    # ---- RCV-20
    ("RCV-20", REST + "6 place b" + THEN + " -> no:transient | 8 place b" + THEN + " -> ok:fill | 550 report", "pass"),
    ("RCV-20", REST + "6 place b" + THEN + " -> no:transient | 550 report", "fail"),
    ("RCV-20", REST + "6 place b" + THEN + " -> lost | 550 report", "fail"),
    ("RCV-20", REST + "6 place b" + THEN + " -> lost:ok | 16 query b -> ok | 550 report", "pass"),
    ("RCV-20", "fault crash point=before_send | " + REST + "6 crash before_send | 12 start | 550 report", "fail"),
    ("RCV-20", REST + "6 place b" + THEN + " -> ok:fill | 550 report", NA),
    ("RCV-20", BUY + "1 place a -> ok:0.4 | 5 cancel a -> ok | 550 report", NA),
]


@pytest.mark.parametrize(("prop", "text", "verdict"), CASES)
def test_case(prop: str, text: str, verdict: str) -> None:
    finding = judge(BY_ID[prop], Index(history(text)))
    assert finding.verdict == verdict, finding


def test_each_has_a_passing_and_a_failing_history() -> None:
    for name in {prop for prop, _, _ in CASES}:
        verdicts = {verdict for prop, _, verdict in CASES if prop == name}
        assert {"pass", NA} <= verdicts and verdicts & {"fail", "warn"}, name
