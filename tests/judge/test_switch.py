"""The dead-man switch: one-line histories, passing, failing, and those that cannot be judged."""

from __future__ import annotations

import pytest
from judge_kit import NA, Case, check, lacking

from outtrade.judge.micro import MicroError, history
from outtrade.model.history import SwitchTruth

DEAD = "set dead=30 until=200 resolve=20 | i1:buy 1@100 | "
ARMED = DEAD + "1 arm t=30 -> ok | 2 place a -> ok | "
KEPT = ARMED + "".join(f"{at} arm t=30 -> ok | " for at in range(15, 150, 15))
OVER = "150 cancel a -> ok | 151 arm t=0 -> ok | 199 report"
DOWN = ARMED + "5 crash | "
BACK = DOWN + "31.02 fired | 60 start | 61 all -> ok | "
LOST = "11 arm t=30 -> lost | 22 arm t=30 -> lost | "

CASES: list[Case] = [
    ("ORD-08", KEPT + OVER, "pass"),
    ("ORD-08", DEAD + "2 place a -> ok | 9 arm t=30 -> ok | 20 cancel a -> ok | 199 report", "pass"),
    ("ORD-08", DEAD + "2 place a -> ok | 20 cancel a -> ok | 199 report", "fail"),
    ("ORD-08", DEAD + "2 place a -> ok | 15 arm t=30 -> ok | 20 cancel a -> ok | 199 report", "fail"),
    ("ORD-08", DEAD + "2 place a -> ok | 9 cancel a -> ok | 199 report", "pass"),
    ("ORD-08", KEPT + "140 arm t=0 -> ok | 170 cancel a -> ok | 199 report", "fail"),
    ("ORD-08", KEPT.replace("t=30", "t=60") + OVER, "fail"),
    ("ORD-08", KEPT.replace("dead=30", "dead=29.5") + OVER, "pass"),
    # it runs out: alive, under an outage, stopped, down
    ("ORD-08", ARMED + "31.02 fired | 199 report", "fail"),
    ("ORD-08", ARMED + LOST + "31.02 fired | 60 query a -> ok | 199 report", "pass"),
    ("ORD-08", ARMED + "11 arm t=30 -> lost | 31.02 fired | 199 report", "fail"),
    ("ORD-08", ARMED + "11 arm t=30 -> no:rate ra=18 | 31.02 fired | 199 report", "pass"),
    ("ORD-08", ARMED + "11 arm t=30 -> no:parameter | 31.02 fired | 199 report", "fail"),
    ("ORD-08", "fault pause on.after=5 duration=40 | " + ARMED + "5 landed 0 | 31.02 fired | 199 report", "pass"),
    ("ORD-08", BACK + "199 report", "pass"),
    # what it removed
    ("ORD-08", BACK + "199 report a=open", "fail"),
    ("ORD-08", BACK + "199 report a=-", "fail"),
    ("ORD-08", BACK + "199 report a=cancelled", "pass"),
    ("ORD-08", DOWN + "31.02 fired | 190 start | 191 open -> 503 | 199 report a=open", "pass"),
    # switches by symbol
    ("ORD-08", KEPT.replace("t=30", "t=30 sym=BTC/USDT") + OVER, "pass"),
    ("ORD-08", KEPT.replace("t=30", "t=30 sym=ETH/USDT") + OVER, "fail"),
    # not to be judged
    ("ORD-08", "i1:buy 1@100 | 2 place a -> ok | 199 report", NA),
    ("ORD-08", DEAD + "2 place a -> no:funds | 199 report", NA),
    ("ORD-08", DEAD.replace("dead=30", "dead=30 switch=none") + "2 place a -> ok | 199 report", NA),
    ("ORD-08", DEAD.replace("dead=30", "dead=30 switch=stream") + "2 place a -> ok | 199 report", NA),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    check(case)


def test_it_has_a_passing_and_a_failing_history() -> None:
    assert not lacking("ORD-08", CASES)


def test_the_language_says_what_the_switch_did() -> None:
    told = [event for event in history(KEPT + OVER + " | 200 fired").events if isinstance(event, SwitchTruth)]
    assert [event.state for event in told[:1] + told[-2:]] == ["set", "off", "fired"]
    assert told[0].timeout == 30 and told[0].call == 1
    with pytest.raises(MicroError, match="soon"):
        history(DEAD + "1 arm t=soon -> ok")


LATE = "fault late_request delay=9 on.op=dead_man | " + DEAD


@pytest.mark.parametrize(
    "case",
    [
        # a request that was held up meets the next one: its nonce is old by then, or it is one too many in a second
        ("PAR-12", LATE + "1 arm t=30 -> ok | 2 place a -> ok | 9 account -> no:clock | 199 report", "fail"),
        ("PAR-12", LATE + "1 arm t=30 -> no:clock | 1 landed 0 call=1 | 2 place a -> ok | 199 report", "pass"),
        ("RTY-14", LATE + "1 arm t=30 -> ok | 1 landed 0 call=1 | 10 arm t=30 -> no:rate | 199 report", "pass"),
        ("RTY-14", LATE + "1 arm t=30 -> ok | 10 arm t=30 -> no:rate | 199 report", "warn"),
    ],
    ids=str,
)
def test_what_a_request_that_was_held_up_does_to_others(case: Case) -> None:
    check(case)
