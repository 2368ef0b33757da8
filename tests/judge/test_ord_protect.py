"""Protection: stops, pairs of which one cancels the other, amendments; each property on one-line histories."""

from __future__ import annotations

import pytest

from outtrade.judge.api import judge
from outtrade.judge.index import Index
from outtrade.judge.micro import history
from outtrade_suites.properties import PROPERTIES

NA = "not-applicable"
BY_ID = {prop.id: prop for prop in PROPERTIES}
STOP = "set fee=0 | i1:buy 2 | i2:sell kind=protect stop=95 take_profit_price=110 at=5 | "
HELD = STOP + "1 place a q=2 -> ok:fill | "
PARTS = "set fee=0 | i1:buy 3@100 | i2:sell kind=protect stop=95 at=5 | 1 place a -> ok:1 | "
PAIR = "5 place_list s t i=i2 q=2 -> ok | "
LESS = "i1:buy 3@100 | i2:amend 2 target=i1 at=20 | 1 place a q=3 -> ok:1 | "
BOTH = "i1:buy 1@100 | i2:buy 1@99 | 1 place a -> ok | 2 place b i=i2 -> ok | "
ALIEN = "i1:buy 1@100 | 0.5 foreign f buy 1@90 | "
FLAT = "set fee=0 | i1:buy 2 | i3:flatten at=8 | 1 place a q=2 -> ok:fill | "
APART = "5 place s i=i2 q=2 -> ok | 5.1 place t i=i2 q=2 p=110 stop=- -> ok | "
IN_DOUBT = "5 place s i=i2 q=2 -> lost | 50 query s -> none"
MOVED = HELD + "i3:amend target=i2 at=50 stop_price=98 | 5 place s i=i2 q=2 -> ok | "
TWICE = MOVED + "i4:amend target=i2 at=90 stop_price=99 | 50 cancel s -> ok | 51 place t i=i2 q=2 stop=98 -> ok | "
MOVED_PAIR = (
    HELD
    + "i3:amend target=i2 at=50 stop_price=98 take_profit_price=105 | "
    + PAIR
    + "50 cancel s -> ok | 50 cancel t -> ok | "
)
SOLD = HELD + "i4:sell 2 at=60 | 5 place s i=i2 q=2 -> ok | 60 place x i=i4 q=2 -> ok:fill | "
PASSED = HELD + "5 place s i=i2 q=2 -> no:permanent | "

CASES = [
    # ---- ORD-03
    ("ORD-03", LESS + "21 amend a q=2 -> ok | 400 report", "pass"),
    ("ORD-03", LESS + "21 amend a q=1 -> ok | 400 report", "fail"),
    ("ORD-03", LESS + "21 amend a q=2.5 -> ok | 400 report", "fail"),
    ("ORD-03", LESS + "21 cancel a -> ok | 22 place b q=1 -> ok | 400 report", "pass"),
    ("ORD-03", LESS + "21 cancel a -> ok | 22 place b q=2 -> ok | 400 report", "fail"),
    ("ORD-03", LESS + "15 fill a 1.5@100 | 21 amend a q=2.5 -> ok | 400 report", "pass"),
    ("ORD-03", LESS + "400 report", NA),
    # ---- REC-08
    ("REC-08", LESS + "21 amend a q=2 -> ok | 400 report", "pass"),
    ("REC-08", LESS + "21 amend a q=2 -> ok | 400 report a=-", "fail"),
    ("REC-08", LESS + "21 amend a q=2 -> ok | 400 report a=open:0", "fail"),
    ("REC-08", HELD + PAIR + "50 fill t 2@110 | 400 report", "pass"),
    ("REC-08", HELD + PAIR + "50 fill t 2@110 | 400 report s=-", "fail"),
    ("REC-08", LESS + "400 report a=-", NA),
    # ---- ORD-04
    ("ORD-04", HELD + PAIR + "400 report", "pass"),
    ("ORD-04", HELD + PAIR + "50 fill t 2@110 | 400 report", "pass"),
    ("ORD-04", HELD + APART + "400 report", "fail"),
    ("ORD-04", HELD + APART + "6 fill t 2@110 | 7 fill s 2@95", "fail"),
    ("ORD-04", HELD + APART + "10 cancel t -> ok | 400 report", "pass"),
    ("ORD-04", HELD + "5 place s i=i2 q=2 -> ok | 60 fill s 2@95", "pass"),
    ("ORD-04", HELD + "400 report", NA),
    ("ORD-04", "i1:buy 2 | 1 place a q=2 -> ok:fill | 2 place b q=2 side=sell stop=95 -> ok", NA),
    # ---- ORD-09
    ("ORD-09", BOTH + "5 cancel_all -> ok | 400 report", "pass"),
    ("ORD-09", BOTH + "5 cancel_all -> lost:ok | 16 open -> ok | 400 report", "pass"),
    ("ORD-09", BOTH + "5 cancel_all -> lost:ok | 400 report", "fail"),
    ("ORD-09", BOTH + "5 cancel_all -> ok:a | 400 report", "fail"),
    ("ORD-09", "i3:flatten at=8 | " + ALIEN + "9 cancel f v -> ok | 400 report", "pass"),
    ("ORD-09", "i3:flatten at=8 | " + ALIEN + "9 cancel f v -> lost | 400 report", "fail"),
    ("ORD-09", "i3:halt at=8 | " + ALIEN + "400 report", NA),
    ("ORD-09", BOTH + "5 cancel a -> ok | 400 report", NA),
    # ---- ORD-10
    ("ORD-10", ALIEN + "1 place a -> ok | 400 report", "pass"),
    ("ORD-10", ALIEN + "5 cancel f v -> ok | 400 report", "fail"),
    ("ORD-10", ALIEN + "5 cancel_all -> ok | 400 report", "fail"),
    ("ORD-10", "i3:flatten at=4 | " + ALIEN + "5 cancel f v -> ok | 400 report", "pass"),
    ("ORD-10", "i3:flatten at=20 | " + ALIEN + "5 cancel f v -> ok | 400 report", "fail"),
    ("ORD-10", ALIEN + "5 xcancel f | 400 report", "pass"),
    ("ORD-10", FLAT + "9 place x i=i3 q=2 side=sell -> ok:fill | 400 report", "pass"),
    ("ORD-10", FLAT + "9 place x i=i3 q=5 side=sell -> ok:fill | 400 report", "fail"),
    ("ORD-10", "i1:buy 1@100 | 1 place a -> ok | 400 report", NA),
    # ---- ORD-05
    ("ORD-05", HELD + PAIR + "400 report", "pass"),
    ("ORD-05", HELD + "400 report", "fail"),
    ("ORD-05", HELD + "14.9 place s i=i2 q=2 -> ok | 400 report", "pass"),
    ("ORD-05", HELD + "30 place s i=i2 q=2 -> ok | 400 report", "fail"),
    ("ORD-05", HELD + "5 place s i=i2 q=1.5 -> ok | 400 report", "fail"),
    ("ORD-05", HELD + "5 place s i=i2 q=1.96 -> ok | 400 report", "pass"),
    ("ORD-05", HELD + PAIR + "100 cancel s -> ok | 400 report", "fail"),
    ("ORD-05", PARTS + "5 place s i=i2 q=1 -> ok | 50 fill a 2@100 | 400 report", "fail"),
    ("ORD-05", PARTS + "5 place s i=i2 q=1 -> ok | 50 fill a 2@100 | 51 place b i=i2 q=2 -> ok | 400 report", "pass"),
    ("ORD-05", HELD + IN_DOUBT + " | 51 place s i=i2 q=2 -> ok | 400 report", "pass"),
    ("ORD-05", HELD + IN_DOUBT + " | 400 report", "fail"),
    ("ORD-05", HELD + "5 place s i=i2 q=2 -> no:rate ra=20 | 26 place s i=i2 q=2 -> ok | 400 report", "pass"),
    ("ORD-05", HELD + "5 place x i=i2 q=2 stop=- type=market -> ok:fill | 400 report", "pass"),
    ("ORD-05", STOP + "400 report", NA),
    ("ORD-05", "i3:flatten at=12 | " + HELD + "400 report", "pass"),
    # ---- ORD-06
    ("ORD-06", MOVED + "50 cancel s -> ok | 51 place t i=i2 q=2 stop=98 -> ok | 400 report", "pass"),
    ("ORD-06", MOVED + "50 cancel s -> ok | 75 place t i=i2 q=2 stop=98 -> ok | 400 report", "fail"),
    ("ORD-06", MOVED + "51 place t i=i2 q=2 stop=98 -> ok | 55 cancel s -> ok | 400 report", "pass"),
    ("ORD-06", MOVED + "51 place t i=i2 q=2 stop=98 -> ok | 80 cancel s -> ok | 400 report", "fail"),
    ("ORD-06", MOVED + "400 report", "fail"),
    ("ORD-06", MOVED + "50 cancel s -> ok | 51 place t i=i2 q=2 stop=97 -> ok | 400 report", "fail"),
    ("ORD-06", MOVED + "50 cancel s -> ok | 51 place t i=i2 q=1 stop=98 -> ok | 400 report", "fail"),
    ("ORD-06", MOVED + "50 cancel s -> ok | 51 place t i=i2 q=2 stop=- type=market -> ok:fill | 400 report", "pass"),
    ("ORD-06", MOVED + "50 cancel s -> lost:ok | 75 query s -> ok | 76 place t i=i2 q=2 stop=98 -> ok", "pass"),
    ("ORD-06", MOVED + "49.9 fill s 2@95 | 400 report", "pass"),
    ("ORD-06", TWICE + "90 cancel t -> ok | 91 place u i=i2 q=2 stop=99 -> ok | 400 report", "pass"),
    ("ORD-06", TWICE + "400 report", "fail"),
    ("ORD-06", MOVED_PAIR + "51 place_list w x i=i2 q=2 stop=98 p=105 -> ok | 400 report", "pass"),
    ("ORD-06", MOVED_PAIR + "51 place_list w x i=i2 q=2 stop=98 p=110 -> ok | 400 report", "fail"),
    ("ORD-06", SOLD + "61 cancel s -> ok | 400 report", "pass"),
    ("ORD-06", SOLD + "400 report", "fail"),
    ("ORD-06", SOLD + "i5:flatten at=70 | 400 report", "fail"),
    ("ORD-06", HELD + "5 place s i=i2 q=2 -> ok | 400 report", NA),
    ("ORD-06", STOP + "i3:amend target=i2 at=50 stop_price=98 | 400 report", NA),
    # ---- ORD-07
    ("ORD-07", PASSED + "6 place x i=i2 q=2 stop=- type=market -> ok:fill | 400 report", "pass"),
    ("ORD-07", PASSED + "6 place b i=i2 q=2 -> ok | 400 report", "pass"),
    ("ORD-07", PASSED + "400 report", "fail"),
    ("ORD-07", PASSED + "60 place x i=i2 q=2 stop=- type=market -> ok:fill | 400 report", "fail"),
    ("ORD-07", HELD + "5 place_list s t i=i2 q=2 -> no:permanent | 400 report", "fail"),
    ("ORD-07", HELD + "5 place s i=i2 q=2 -> no:rate | 400 report", NA),
    ("ORD-07", HELD + PAIR + "400 report", NA),
]  # fmt: skip


@pytest.mark.parametrize(("prop", "text", "verdict"), CASES)
def test_case(prop: str, text: str, verdict: str) -> None:
    finding = judge(BY_ID[prop], Index(history(text)))
    assert finding.verdict == verdict, finding


def test_each_has_a_passing_and_a_failing_history() -> None:
    for name in {prop for prop, _, _ in CASES}:
        assert {verdict for prop, _, verdict in CASES if prop == name} == {"pass", "fail", NA}, name
