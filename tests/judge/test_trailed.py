"""Protection that trails: only an order that follows the price, at the distance asked for, protects."""

from __future__ import annotations

import pytest
from judge_kit import NA, Case, check
from pydantic import ValidationError

from outtrade.model.task import Intent

HELD = "set fee=0 | i1:buy 2 | i2:sell kind=protect trail=100 at=5 | 1 place a q=2 -> ok:fill | "
PARTS = "set fee=0 | i1:buy 3@100 | i2:sell kind=protect trail=100 at=5 | 1 place a -> ok:1 | "
FILLED = PARTS + "5 place s i=i2 q=1 -> ok | 50 fill a 2@100 | "
SOLD = HELD + "i4:sell 2 at=60 | 5 place s i=i2 q=2 -> ok | 60 place x i=i4 q=2 -> ok:fill | "
REFUSED = HELD + "5 place s i=i2 q=2 -> no:permanent | "

CASES: list[Case] = [
    ("ORD-05", HELD + "5 place s i=i2 q=2 -> ok | 400 report", "pass"),
    ("ORD-05", HELD + "400 report", "fail"),
    ("ORD-05", "set fee=0 | i1:buy 2 | i2:sell kind=protect trail=100 at=5 | 400 report", NA),
    # a fixed stop, and one at another distance
    ("ORD-05", HELD + "5 place s i=i2 q=2 trail=- stop=99 -> ok | 400 report", "fail"),
    ("ORD-05", HELD + "5 place s i=i2 q=2 trail=1 -> ok | 400 report", "fail"),
    ("ORD-05", HELD + "5 place s i=i2 q=2 trail=5000 -> ok | 400 report", "fail"),
    ("ORD-05", HELD + "5 place s i=i2 q=2 trail=101 -> ok | 400 report", "pass"),
    ("ORD-05", HELD + "5 place s i=i2 q=2 trail=102 -> ok | 400 report", "fail"),
    # as an amount: the market is at 100
    ("ORD-05", HELD + "5 place s i=i2 q=2 trail=1q -> ok | 400 report", "pass"),
    ("ORD-05", HELD + "5 place s i=i2 q=2 trail=1.2q -> ok | 400 report", "fail"),
    # an exit protects, whatever its kind; a fixed stop in a protection that does not trail does too
    ("ORD-05", HELD + "5 place x i=i2 q=2 trail=- type=market -> ok:fill | 400 report", "pass"),
    ("ORD-05", FILLED + "51 place t i=i2 q=2 -> ok | 400 report", "pass"),
    ("ORD-05", FILLED + "400 report", "fail"),
    # what is left is dust: worth less than the venue takes at any price that the stop may come to
    ("ORD-05", "set notional=150 | " + HELD + "5 place s i=i2 q=1 -> ok | 400 report", "pass"),
    ("ORD-05", "set notional=90 | " + HELD + "5 place s i=i2 q=1 -> ok | 400 report", "fail"),
    ("ORD-06", SOLD + "61 cancel s -> ok | 400 report", "pass"),
    ("ORD-06", SOLD + "400 report", "fail"),
    ("ORD-07", REFUSED + "400 report", "fail"),
    ("ORD-07", REFUSED + "6 place x i=i2 q=2 trail=- type=market -> ok:fill | 400 report", "pass"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[2]} {case[1][-60:]}")
def test_one_line_histories(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"trail": "0"}, "above 0 and below 10,000"),
        ({"trail": "-50"}, "above 0"),
        ({"trail": "10000"}, "below 10,000"),
        ({"trail": "NaN"}, "finite"),
        ({"trail": "100", "stop_price": "95"}, "a protection trails, or has prices"),
        ({"trail": "100", "take_profit_price": "110"}, "a protection trails, or has prices"),
        ({"trail": "100", "limit_price": "90"}, "a protection trails, or has prices"),
    ],
)
def test_a_distance_that_makes_no_sense_is_refused_in_one_line(fields: dict[str, str], why: str) -> None:
    common = {"id": "i", "tag": "AB12CD34", "at": 0, "kind": "protect", "symbol": "BTC/USDT", "side": "sell"}
    assert Intent.model_validate({**common, "trail": "99.5"}).trail is not None
    with pytest.raises(ValidationError, match=why):
        Intent.model_validate(common | fields)
