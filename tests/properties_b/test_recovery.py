"""State recovery on one-line histories: for each property what must pass, what must fail, what is not to be judged.

The lines are written in the micro-language of `outtrade.judge.micro`. Most of the passing ones are careful agents in
awkward situations: the check is wrong if it blames them.
"""

from __future__ import annotations

import pytest

from outtrade.judge.api import judge
from outtrade.judge.index import Index
from outtrade.judge.micro import history
from outtrade.model.history import History
from outtrade_suites.properties import rcv

PROPERTIES = {prop.id: prop for prop in rcv.PROPERTIES}
ELSEWHERE = {"RCV-07", "RCV-13", "RCV-14", "RCV-17", "RCV-19", "RCV-20"}
"""Their one-line histories stand in ``tests/judge/test_again.py``."""

PASS, FAIL, NOTHING = "pass", "fail", "not-applicable"
BUY = "i1:buy 1@100 | "

SILENT = "fault stream_silent duration=200 | " + BUY + "0.5 up | 1 place a -> ok | 10 landed 0 | "
DROPPED = "fault stream_drop | " + BUY + "0.5 up | 1 place a -> ok | 5 fill a 1@100 | 5 lose a fill f=0 | "
STOP = "fault stream_drop | i1:buy 1 type=stop stop=110 | 0.5 up | 1 place a -> ok | "
TAKEN = "set ack=accepted | fault stream_drop | " + BUY + "0.5 up | 1 place a -> ok | "

CASES: list[tuple[str, str, str]] = [
    # ---------------------------------------------------------------- RCV-01
    ("RCV-01", PASS, BUY + "1 place a -> lost:fill | 12 query a -> ok | 600 report"),
    ("RCV-01", FAIL, BUY + "1 place a -> lost:fill | 600 report a=- i1=failed"),
    ("RCV-01", FAIL, BUY + "1 place a -> 503:fill | 600 report a=rejected i1=failed"),
    ("RCV-01", FAIL, BUY + "1 place a -> lost:ok | 400 report a=unknown i1=unknown"),
    ("RCV-01", FAIL, "i1:buy 1@100 | i2:sell 1@200 | 1 place a id=zzz -> reset:fill | 600 report a=-"),
    # found by the stream, by a list, by the answer to a resend with the same id
    ("RCV-01", PASS, BUY + "0 up | 1 place a -> lost:fill | 11 event a fill | 600 report"),
    ("RCV-01", PASS, BUY + "1 place a -> 1007:ok | 2 open -> ok | 500 cancel a -> ok | 600 report"),
    ("RCV-01", PASS, BUY + "1 place a -> lost:ok | 12 place a -> no:duplicate | 13 query a -> ok | 600 report"),
    # the end came before the venue had answered for long enough
    ("RCV-01", PASS, BUY + "580 place a -> lost:ok | 595 query a -> 502 | 600 report a=unknown i1=unknown"),
    # a definite refusal is no lost confirmation
    ("RCV-01", NOTHING, BUY + "1 place a -> no:funds | 600 report"),
    ("RCV-01", NOTHING, BUY + "1 place a -> lost:fill | 700 noreport deadlock"),
    # ---------------------------------------------------------------- RCV-02
    ("RCV-02", PASS, BUY + "1 place a -> lost | 40 query a -> none | 41 place a -> ok:fill | 600 report"),
    ("RCV-02", PASS, BUY + "1 place a -> lost | 40 query a -> none | 600 report i1=failed"),
    ("RCV-02", FAIL, BUY + "1 place a -> 504 | 600 report a=open i1=working"),
    ("RCV-02", FAIL, BUY + "1 place a -> 504 | 600 report i1=done:1@100"),
    # the same request again with a new id, after proof; unknown is not for this property
    ("RCV-02", PASS, BUY + "1 place a -> lost | 40 query a -> none | 41 place b q=0.5 -> ok:fill | 600 report"),
    ("RCV-02", PASS, BUY + "580 place a -> lost | 600 report a=unknown i1=unknown"),
    ("RCV-02", NOTHING, BUY + "1 place a -> lost:fill | 40 query a -> ok | 600 report"),
    # ---------------------------------------------------------------- RCV-03
    ("RCV-03", PASS, BUY + "1 place a -> ok:fill | 600 report"),
    ("RCV-03", PASS, BUY + "1 place a -> no:funds | 600 report a=rejected i1=failed"),
    ("RCV-03", FAIL, BUY + "1 place a -> lost | 600 report a=rejected i1=failed"),
    ("RCV-03", FAIL, BUY + "1 place a -> lost:ok | 12 publish a=rejected | 30 query a -> ok | 600 report"),
    ("RCV-03", FAIL, BUY + "1 place a -> lost | 600 report i1=failed"),
    ("RCV-03", FAIL, BUY + "1 place a -> ok | 300 cancel a -> lost:ok | 311 publish a=cancelled | 600 report"),
    ("RCV-03", FAIL, BUY + "1 place a -> ok | 300 cancel a -> lost | 600 report a=filled:1@100 i1=done"),
    # evidence of every kind
    ("RCV-03", PASS, BUY + "1 place a -> ok | 300 cancel a -> ok | 301 publish a=cancelled | 600 report"),
    (
        "RCV-03",
        PASS,
        BUY + "0 up | 1 place a -> ok | 5 fill a 1@100 | 5 event a fill | 6 publish a=filled | 600 report",
    ),
    ("RCV-03", PASS, BUY + "1 place a -> ok | 5 fill a 1@100 | 9 trades -> ok | 600 report"),
    ("RCV-03", PASS, BUY + "1 place a -> ok | 300 cancel a -> lost:ok | 311 query a -> ok | 600 report"),
    ("RCV-03", PASS, BUY + "1 place a -> ok:expire | 600 report a=cancelled"),
    ("RCV-03", PASS, BUY + "1 place a -> lost | 40 query a -> none | 600 report a=rejected i1=failed"),
    # refused by the rate limit and never repeated: nothing of it can stand
    ("RCV-03", PASS, BUY + "1 place a -> no:rate | 600 report a=rejected i1=failed"),
    # refused on the second attempt, but the first one is still in doubt
    ("RCV-03", FAIL, BUY + "1 place a -> lost | 2 place a -> no:funds | 600 report a=rejected i1=failed"),
    # evidence that reached an earlier life counts
    (
        "RCV-03",
        PASS,
        BUY + "fault crash point=after_ack | 1 place a -> ok:fill | 2 crash | 7 start | 600 report",
    ),
    ("RCV-03", NOTHING, BUY + "1 place a -> ok | 600 report"),
    # ---------------------------------------------------------------- RCV-04
    ("RCV-04", PASS, BUY + "1 place a -> lost | 31 query a -> none | 32 place b -> ok:fill | 600 report"),
    ("RCV-04", FAIL, BUY + "1 place a -> lost | 12 query a -> none | 13 place b -> ok:fill | 600 report"),
    ("RCV-04", FAIL, BUY + "1 place a -> lost | 12 query a -> none | 13 place a -> ok:fill | 600 report"),
    ("RCV-04", FAIL, BUY + "1 place a -> lost:ok | 50 open -> ok:- | 600 report a=- i1=failed"),
    ("RCV-04", FAIL, BUY + "1 place a -> lost | 12 query a -> none | 600 report i1=failed"),
    # absent_after counts from the last send of the id
    (
        "RCV-04",
        FAIL,
        BUY + "1 place a -> lost | 32 query a -> none | 33 place a -> lost | 40 query a -> none | 41 place b -> ok:fill"
        " | 600 report",
    ),
    # found, cancelled, the rest taken by a second order: not treated as absent
    (
        "RCV-04",
        NOTHING,
        BUY + "1 place a -> lost:0.4 | 12 query a -> ok | 13 cancel a -> ok | 14 place b q=0.6 -> ok:fill | 600 report",
    ),
    # a venue that refuses a second use of the id for good: resending is as good as asking
    (
        "RCV-04",
        NOTHING,
        "set reuse=never | " + BUY + "1 place a -> lost:fill | 12 place a -> no:duplicate | 600 report",
    ),
    # ... as long as the venue remembers it
    (
        "RCV-04",
        FAIL,
        "set reuse=never window=600 until=900 | " + BUY + "1 place a -> lost | 700 place a -> ok:fill | 900 report",
    ),
    # two slices that fit side by side
    (
        "RCV-04",
        NOTHING,
        BUY + "1 place a q=0.5 -> lost:fill | 2 place b q=0.5 -> ok:fill | 40 query a -> ok | 600 report",
    ),
    # left open as unknown, or asked in vain until the end: nothing was assumed
    ("RCV-04", NOTHING, BUY + "1 place a -> lost | 12 query a -> none | 600 report a=unknown i1=unknown"),
    # ---------------------------------------------------------------- RCV-05
    (
        "RCV-05",
        PASS,
        BUY + "1 place a -> lost | 12 query a -> 502 | 45 query a -> none | 46 place b -> ok | 600 report",
    ),
    ("RCV-05", PASS, BUY + "1 place a -> ok | 12 query a -> lost | 30 query a -> ok | 300 cancel a -> ok | 600 report"),
    ("RCV-05", FAIL, BUY + "1 place a -> lost:ok | 12 query a -> 502 | 13 place b -> ok | 600 report"),
    ("RCV-05", FAIL, BUY + "1 place a -> ok | 12 query a -> reset | 13 place b -> ok | 600 report"),
    ("RCV-05", FAIL, BUY + "1 place a -> ok | 12 query a -> garbage | 13 publish a=rejected | 600 report"),
    ("RCV-05", FAIL, BUY + "1 place a -> ok | 12 query a -> no:rate | 600 report a=- i1=failed"),
    # an early "not found" is RCV-04's; a failed query followed by the truth is nobody's
    ("RCV-05", PASS, BUY + "1 place a -> lost | 8 query a -> 502 | 12 query a -> none | 13 place b -> ok | 600 report"),
    ("RCV-05", PASS, BUY + "1 place a -> ok | 12 query a -> 502 | 600 report a=open i1=working"),
    (
        "RCV-05",
        PASS,
        BUY + "1 place a -> ok | 12 query a -> 502 | 20 cancel a -> ok | 21 place b -> ok:fill | 600 report",
    ),
    ("RCV-05", NOTHING, BUY + "1 place a -> ok | 12 query a -> ok | 600 report"),
    # ---------------------------------------------------------------- RCV-06
    (
        "RCV-06",
        PASS,
        BUY
        + "fault crash point=after_send | 1 place a -> lost:fill | 1.5 crash | 7 start | 8 query a -> ok | 600 report",
    ),
    (
        "RCV-06",
        FAIL,
        BUY + "fault crash point=after_send | 1 place a -> lost:ok | 1.5 crash | 7 start | 600 report a=- i1=failed",
    ),
    (
        "RCV-06",
        FAIL,
        BUY + "fault crash point=after_ack | 1 place a -> ok:fill | 2 crash | 7 start | 600 report BTC/USDT=0",
    ),
    # sent twice, because the first life saved nothing: the exposure is wrong, with or without the store
    (
        "RCV-06",
        FAIL,
        BUY + "fault crash point=after_ack store=lost | 1 place a -> ok:fill | 2 crash | 7 start | 8 place b -> ok:fill"
        " | 600 report",
    ),
    # before the order was sent; in the middle of a cancel
    ("RCV-06", PASS, BUY + "fault crash point=before_send | 1 crash | 7 start | 8 place a -> ok:fill | 600 report"),
    (
        "RCV-06",
        PASS,
        BUY + "fault crash point=during_cancel | 1 place a -> ok | 300 cancel a -> lost:ok | 300.5 crash | 305 start"
        " | 306 query a -> ok | 600 report",
    ),
    # the store was lost: only the exposure counts
    (
        "RCV-06",
        PASS,
        BUY
        + "fault crash point=after_ack store=lost | 1 place a -> ok:fill | 2 crash | 7 start | 600 report BTC/USDT=0",
    ),
    ("RCV-06", NOTHING, BUY + "fault crash point=after_ack | 1 place a -> ok | 2 crash"),
    ("RCV-06", NOTHING, BUY + "1 place a -> ok:fill | 600 report BTC/USDT=0"),
    # ---------------------------------------------------------------- RCV-08
    (
        "RCV-08",
        PASS,
        BUY + "i2:buy 1@90 | 0 up | 1 place a -> ok | 50 down | 55 up c=10 | 56 open -> ok | 56 trades -> ok"
        " | 57 place b i=i2 -> ok | 600 report",
    ),
    (
        "RCV-08",
        FAIL,
        BUY + "i2:buy 1@90 | 0 up | 1 place a -> ok | 50 down | 55 up c=10 | 57 place b i=i2 -> ok | 600 report",
    ),
    # a snapshot from before the new subscription leaves a gap; orders without fills are half the story
    (
        "RCV-08",
        FAIL,
        BUY + "i2:buy 1@90 | 0 up | 1 place a -> ok | 50 down | 53 open -> ok | 54 trades -> ok | 55 up c=10"
        " | 57 place b i=i2 -> ok | 600 report",
    ),
    (
        "RCV-08",
        FAIL,
        BUY + "i2:buy 1@90 | 0 up | 1 place a -> ok | 50 down | 55 up c=10 | 56 open -> ok | 57 place b i=i2 -> ok"
        " | 600 report",
    ),
    # asked for, but sent before the answers were there
    (
        "RCV-08",
        FAIL,
        BUY + "i2:buy 1@90 | 0 up | 1 place a -> ok | 50 down | 55 up c=10 | 56 all -> ok@60 | 57 place b i=i2 -> ok"
        " | 600 report",
    ),
    # by id is enough; so is a list of all orders; an agent that trades on by polling asks after the end of the stream
    (
        "RCV-08",
        PASS,
        BUY + "i2:buy 1@90 | 0 up | 1 place a -> ok | 50 down | 55 up c=10 | 56 query a -> ok | 57 place b i=i2 -> ok"
        " | 600 report",
    ),
    (
        "RCV-08",
        PASS,
        BUY + "i2:buy 1@90 | 0 up | 1 place a -> ok | 50 down | 52 all -> ok | 57 place b i=i2 -> ok | 600 report",
    ),
    # cancels are exempt; nothing was in play; another subscription was alive; there never was a stream
    ("RCV-08", PASS, BUY + "0 up | 1 place a -> ok | 50 down | 51 cancel a -> ok | 600 report"),
    ("RCV-08", NOTHING, BUY + "0 up | 50 down | 55 up c=10 | 57 place a -> ok | 600 report"),
    (
        "RCV-08",
        NOTHING,
        BUY + "i2:buy 1@90 | 0 up | 1 place a -> ok | 49 up c=10 | 50 down | 57 place b i=i2 -> ok | 600 report",
    ),
    ("RCV-09", PASS, SILENT + "120 down client | 600 report"),
    ("RCV-09", PASS, SILENT + "50 down client | 51 up c=10 | 150 down client c=10 | 600 report"),
    ("RCV-09", FAIL, SILENT + "210 healed 0 | 600 report"),
    ("RCV-09", FAIL, SILENT + "205 down | 210 healed 0 | 600 report"),
    ("RCV-09", NOTHING, "fault stream_silent duration=60 | " + BUY + "0.5 up | 10 landed 0 | 70 healed 0 | 600 report"),
    ("RCV-09", NOTHING, SILENT + "100 report"),
    ("RCV-09", NOTHING, SILENT + "60 down | 600 report"),
    # ---------------------------------------------------------------- RCV-10
    ("RCV-10", PASS, DROPPED + "30 query a -> ok | 600 report"),
    ("RCV-10", PASS, DROPPED + "30 trades -> ok | 600 report"),
    ("RCV-10", PASS, DROPPED + "30 query a -> lost | 120 open -> 502 | 150 all -> ok | 600 report"),
    ("RCV-10", FAIL, DROPPED + "300 query a -> ok | 600 report"),
    ("RCV-10", FAIL, DROPPED + "30 time -> ok | 600 report"),
    ("RCV-10", NOTHING, BUY + "0.5 up | 1 place a -> ok | 5 fill a 1@100 | 5 event a fill | 600 report"),
    ("RCV-10", NOTHING, DROPPED + "60 report"),
    # an answer that says that the order was taken tells of the event that says just this, and of no other
    ("RCV-10", NOTHING, TAKEN + "1.5 lose a order f=0 | 5 fill a 1@100 | 5 event a fill | 600 report"),
    ("RCV-10", FAIL, TAKEN + "5 fill a 1@100 | 5 lose a fill f=0 | 600 report"),
    # a lost event that told of no trade is made up for by the order's next one, in time
    ("RCV-10", PASS, STOP + "6 triggered a | 6 lose a order f=0 | 7 fill a 1@110 | 7 event a fill | 600 report"),
    ("RCV-10", FAIL, STOP + "6 triggered a | 6 lose a order f=0 | 300 fill a 1@110 | 300 event a fill | 600 report"),
    (
        "RCV-10",
        FAIL,
        STOP + "6 triggered a | 7 fill a 0.5@110 | 7 lose a fill f=0 | 8 fill a 0.5@110 | 8 event a fill | 600 report",
    ),
    # ---------------------------------------------------------------- RCV-08, continued
    ("RCV-08", NOTHING, BUY + "1 place a -> ok | 57 place b q=0.1 -> ok | 600 report"),
    # nothing in play, and asked all the same; sent in the gap and over by its own answer
    ("RCV-08", PASS, BUY + "0 up | 50 down | 55 up c=10 | 56 all -> ok | 57 place a -> ok | 600 report"),
    (
        "RCV-08",
        NOTHING,
        BUY + "i2:buy 1@90 | 0 up | 50 down | 52 place a -> ok:fill | 55 up c=10 | 57 place b i=i2 -> ok | 600 report",
    ),
    # the stream died with its process: the next life begins without one
    (
        "RCV-08",
        NOTHING,
        BUY + "i2:buy 1@90 | fault crash point=after_ack | 0 up | 1 place a -> ok | 50 crash | 50 down | 55 start"
        " | 57 place b i=i2 -> ok | 600 report",
    ),
    # ---------------------------------------------------------------- RCV-11
    (
        "RCV-11",
        PASS,
        BUY + "0 up | 1 place a -> ok | 5 fill a 0.4@100 | 5 event a fill n=7 | 5.1 event a fill n=7 | 600 report",
    ),
    (
        "RCV-11",
        FAIL,
        BUY + "0 up | 1 place a -> ok | 5 fill a 0.4@100 | 5 event a fill n=7 | 5.1 event a fill n=7 | 600 report t1*2",
    ),
    (
        "RCV-11",
        FAIL,
        BUY + "0 up | 1 place a -> ok | 5 fill a 0.4@100 | 5 event a fill n=7 | 5.1 event a fill n=7"
        " | 600 report a=open:0.8@100",
    ),
    (
        "RCV-11",
        FAIL,
        BUY + "0 up | 1 place a -> ok | 5 fill a 0.4@100 | 5 event a fill n=7 | 9 event a fill n=8"
        " | 600 report BTC/USDT=0.7992",
    ),
    # a replay under a new number after a reconnect; a fill that is merely missing is REC-04's
    (
        "RCV-11",
        PASS,
        BUY + "0 up | 1 place a -> ok | 5 fill a 0.4@100 | 5 event a fill n=7 | 6 down | 8 up c=10"
        " | 9 event a fill n=8 c=10 | 600 report",
    ),
    (
        "RCV-11",
        PASS,
        BUY + "0 up | 1 place a -> ok | 5 fill a 0.4@100 | 5 event a fill n=7 | 6 event a fill n=7 | 600 report t1=-",
    ),
    ("RCV-11", NOTHING, BUY + "0 up | 1 place a -> ok | 5 fill a 0.4@100 | 5 event a fill | 600 report t1*2"),
    # told by the stream, and again by the list of trades
    ("RCV-11", PASS, BUY + "0 up | 1 place a -> ok | 5 fill a 0.4@100 | 5 event a fill | 9 trades -> ok | 600 report"),
    (
        "RCV-11",
        FAIL,
        BUY + "0 up | 1 place a -> ok | 5 fill a 0.4@100 | 5 event a fill | 9 trades -> ok | 600 report t1*2",
    ),
    # listed twice, never pushed: lists are read whole, REC-04 judges them
    (
        "RCV-11",
        NOTHING,
        BUY + "1 place a -> ok | 5 fill a 0.4@100 | 9 trades -> ok | 19 trades -> ok | 600 report t1*2",
    ),
    # ---------------------------------------------------------------- RCV-12
    ("RCV-12", PASS, BUY + "0 up | 1 place a -> ok:fill@3 | 1.5 event a fill | 600 report"),
    ("RCV-12", FAIL, BUY + "0 up | 1 place a -> ok:fill@3 | 1.5 event a fill | 600 report a=open:0 i1=working"),
    ("RCV-12", FAIL, BUY + "0 up | 1 place a -> ok:0.4@3 | 1.5 event a fill | 600 report a=open:0"),
    (
        "RCV-12",
        FAIL,
        BUY + "0 up | 1 place a -> ok | 5 fill a 1@100 | 5 event a fill n=9 | 6 event a n=8 | 600 report a=open:1@100",
    ),
    ("RCV-12", FAIL, BUY + "0 up | 1 place a -> lost:fill | 1.5 event a fill | 600 report a=-"),
    (
        "RCV-12",
        PASS,
        BUY + "0 up | 1 place a -> ok | 5 fill a 1@100 | 5 event a fill n=9 | 6 event a n=8 | 600 report",
    ),
    # said to be in doubt: not lost
    ("RCV-12", PASS, BUY + "0 up | 590 place a -> lost:fill | 591 event a fill | 600 report a=unknown i1=unknown"),
    ("RCV-12", NOTHING, BUY + "0 up | 1 place a -> ok | 5 fill a 1@100 | 5 event a fill | 600 report a=open:0"),
    # ---------------------------------------------------------------- RCV-15
    (
        "RCV-15",
        PASS,
        BUY + "1 place a -> ok | 299 fill a 1@100 | 300 cancel a -> unknown | 301 query a -> ok | 600 report",
    ),
    ("RCV-15", FAIL, BUY + "1 place a -> ok | 299 fill a 1@100 | 300 cancel a -> unknown | 600 report a=cancelled:0"),
    ("RCV-15", FAIL, BUY + "1 place a -> ok | 299 fill a 1@100 | 300 cancel a -> unknown | 301 publish a=filled:1@100"),
    (
        "RCV-15",
        FAIL,
        BUY + "1 place a -> ok | 299 fill a 1@100 | 300 cancel a -> unknown | 301 place b type=market p=- -> ok:fill"
        " | 600 report",
    ),
    ("RCV-15", FAIL, BUY + "1 place a -> ok | 299 fill a 1@100 | 300 cancel a -> unknown | 600 report a=-"),
    # shown by the stream before the cancel came back; by the trades; asked while the cancel was on its way
    (
        "RCV-15",
        PASS,
        BUY + "0 up | 1 place a -> ok | 299 fill a 1@100 | 299.9 event a fill | 300 cancel a -> unknown | 600 report",
    ),
    (
        "RCV-15",
        PASS,
        BUY + "1 place a -> ok | 299 fill a 1@100 | 300 cancel a -> unknown | 301 trades -> ok | 600 report",
    ),
    (
        "RCV-15",
        PASS,
        BUY + "1 place a -> ok | 299 fill a 1@100 | 300 cancel a -> unknown@305 | 301 query a -> ok | 600 report",
    ),
    # the order itself is in doubt: "unknown" proves nothing, a late "not found" does
    (
        "RCV-15",
        PASS,
        BUY + "1 place a -> lost | 12 cancel a -> unknown | 45 query a -> none | 46 place a -> ok:fill | 600 report",
    ),
    ("RCV-15", NOTHING, BUY + "1 place a -> ok | 300 cancel a -> ok | 600 report"),
    # ---------------------------------------------------------------- RCV-16
    (
        "RCV-16",
        PASS,
        BUY + "1 place a -> ok:0.4 | 300 cancel a -> ok | 301 place b q=0.6 type=market p=- -> ok:fill | 600 report",
    ),
    (
        "RCV-16",
        FAIL,
        BUY
        + "1 place a -> ok:0.4 | 300 cancel a -> lost:ok | 311 place b q=0.6 type=market p=- -> ok:fill | 600 report",
    ),
    (
        "RCV-16",
        FAIL,
        BUY
        + "1 place a -> ok:0.4 | 300 cancel a -> ok@302 | 301 place b q=0.6 type=market p=- -> ok:fill | 600 report",
    ),
    # a failed cancel, resolved by a query, by the stream, by a second cancel
    (
        "RCV-16",
        PASS,
        BUY
        + "1 place a -> ok:0.4 | 300 cancel a -> lost:ok | 311 query a -> ok | 312 place b q=0.6 -> ok | 600 report",
    ),
    (
        "RCV-16",
        PASS,
        BUY
        + "0 up | 1 place a -> ok:0.4 | 300 cancel a -> lost:ok | 301 event a | 312 place b q=0.6 -> ok | 600 report",
    ),
    (
        "RCV-16",
        PASS,
        BUY + "1 place a -> ok:0.4 | 300 cancel a -> lost | 311 cancel a -> ok | 312 place b q=0.6 -> ok | 600 report",
    ),
    # a second slice is no replacement
    (
        "RCV-16",
        NOTHING,
        BUY + "1 place a q=0.5 -> ok | 300 cancel a -> lost:ok | 311 place b q=0.5 -> ok | 600 report",
    ),
    # a query that still shows it open resolves nothing
    (
        "RCV-16",
        FAIL,
        BUY + "1 place a -> ok:0.4 | 300 cancel a -> lost | 311 query a -> ok | 312 place b q=0.6 -> ok | 600 report",
    ),
    # ---------------------------------------------------------------- RCV-18
    ("RCV-18", PASS, BUY + "1 place a -> ok:fill | 600 report"),
    ("RCV-18", FAIL, BUY + "1 place a -> lost:fill | 660 noreport deadlock"),
    ("RCV-18", FAIL, BUY + "1 place a -> no:funds | 1.1 noreport raised"),
    ("RCV-18", FAIL, BUY + "1 place a -> ok:fill | 599 deadlocked feed trader | 600 report"),
    ("RCV-18", FAIL, BUY + "1 place a -> lost:fill | 600 report a=unknown i1=unknown"),
    ("RCV-18", FAIL, BUY + "1 place a -> lost:fill | 12 query a -> ok | 600 report i1=unknown"),
    ("RCV-18", FAIL, BUY + "1 place a -> lost:fill | 300 query a -> ok | 600 report"),
    # the venue was out until shortly before the end; the doubt is young; absence could not be proven yet
    (
        "RCV-18",
        PASS,
        BUY + "fault refuse duration=300 on.after=280 | 270 place a -> lost:fill | 280 landed 0 | 580 healed 0"
        " | 600 report a=unknown i1=unknown",
    ),
    ("RCV-18", PASS, BUY + "520 place a -> lost | 535 query a -> none | 590 report a=unknown i1=unknown"),
    # settled late, because the venue answered late
    (
        "RCV-18",
        PASS,
        BUY + "1 place a -> lost:fill | 12 query a -> 502 | 250 query a -> 502 | 262 query a -> ok | 600 report",
    ),
]


@pytest.mark.parametrize(("prop", "verdict", "line"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_one_line_history(prop: str, verdict: str, line: str) -> None:
    finding = judge(PROPERTIES[prop], Index(history(line)))
    assert finding.verdict == verdict, [case.message for case in finding.broken]


@pytest.mark.parametrize("prop", [prop for prop in PROPERTIES if prop not in ELSEWHERE])
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


@pytest.mark.parametrize("line", [line for _, verdict, line in CASES if verdict == FAIL])
def test_the_findings_are_the_same_from_the_stored_file(line: str) -> None:
    lived = history(line)
    stored = History.from_jsonl(lived.to_jsonl())
    for prop in PROPERTIES.values():
        first, second = judge(prop, Index(lived)), judge(prop, Index(stored))
        assert (first.verdict, first.broken) == (second.verdict, second.broken)
