"""The timeline: three lanes in 80 columns, only what concerns the failure, evidence marked, nothing hidden silently."""

from __future__ import annotations

import pytest

from outtrade.model.history import (
    NS,
    Answer,
    Broken,
    Crashed,
    Ended,
    FillTruth,
    GatewayCall,
    GatewayResult,
    Header,
    History,
    Landed,
    Ledger,
    NoReport,
    OrderParams,
    OrderTruth,
    Planned,
    Published,
    Reported,
    Request,
    Response,
    Snapshot,
    Started,
)
from outtrade.report import timeline


def place(call: int, at: float, client_id: str) -> Request:
    order = OrderParams(symbol="BTC/USDT", side="buy", type="limit", price="50000.00", quantity="0.40000000")
    return Request(
        at=int(at * NS), call=call, conn=1, op="place", method="POST", host="h", path="/order", symbol="BTC/USDT",
        client_id=client_id, order=order,
    )  # fmt: skip


def accepted(at: float, order: str, client_id: str, call: int) -> OrderTruth:
    return OrderTruth(
        at=int(at * NS), order=order, client_id=client_id, created_as=client_id, symbol="BTC/USDT", side="buy",
        type="limit", tif="GTC", price="50000", quantity="0.4", status="open", why="accepted", call=call,
    )  # fmt: skip


def history(*events: object) -> History:
    scenario = {
        "id": "demo",
        "intents": [{"id": "i1", "tag": "AAAA1111"}, {"id": "i2", "tag": "BBBB2222"}],
        "faults": [],
    }
    made = History(Header(target="t", scenario=scenario))
    for event in events:
        made.add(event)  # type: ignore[arg-type]
    return made


def blind_retry() -> History:
    """Two orders for one intent, because the first answer was lost; and an order that has nothing to do with it."""
    return history(
        Planned(fault=0, kind="lost_answer", variant="lost_answer.hang.committed"),
        Started(incarnation=0),
        Request(at=1 * NS, call=0, conn=1, op="exchange_info", method="GET", host="h", path="/info"),
        Response(at=1 * NS, call=0, conn=1, status=200),
        place(1, 5, "ot-AAAA1111-1"),
        Landed(at=int(5.02 * NS), fault=0, call=1),
        accepted(5.02, "1001", "ot-AAAA1111-1", 1),
        place(9, 8, "ot-BBBB2222-1"),
        accepted(8.02, "1009", "ot-BBBB2222-1", 9),
        Response(at=int(8.04 * NS), call=9, conn=1, status=200),
        Broken(at=15 * NS, call=1, conn=1, how="gave_up"),
        place(2, 15.1, "ot-AAAA1111-2"),
        accepted(15.12, "1002", "ot-AAAA1111-2", 2),
        Answer(at=int(15.12 * NS), call=2, status=200),
        Response(at=int(15.14 * NS), call=2, conn=1, status=200),
        FillTruth(
            at=20 * NS, trade_id="7", order="1001", client_id="ot-AAAA1111-1", symbol="BTC/USDT", side="buy",
            price="50000.00", quantity="0.40", fee="0", fee_asset="BTC",
        ),
        Reported(
            at=60 * NS,
            incarnation=0,
            report={
                "outcomes": {"i1": {"status": "done", "filled": "0.4"}, "i2": {"status": "working"}},
                "orders": [{"client_id": "ot-AAAA1111-2", "status": "filled", "filled": "0.4"}],
            },
        ),
        Snapshot(at=60 * NS, why="report", balances={}, working=("1002",)),
        Ledger(at=61 * NS, fault=0, status="landed", times=1),
        Ended(at=61 * NS),
    )  # fmt: skip


STORY = """\
      time   sent and received      on the exchange        believed
     0.000                                                 started
     5.000>  place buy 0.4
              BTC/USDT limit 50000
              [ot-AAAA1111-1]
     5.020                          FAULT lost answer,
                                     hang, committed
                                    order 1001 accepted:
                                     buy 0.4
                                     [ot-AAAA1111-1]
    15.000   <- place: no answer:
              gave up
    15.100>  place buy 0.4
              BTC/USDT limit 50000
              [ot-AAAA1111-2]
    15.120                          order 1002 accepted:
                                     buy 0.4
                                     [ot-AAAA1111-2]
    15.140   <- 200 ok
    20.000                          order 1001: bought
                                     0.4 at 50000
    60.000                                                 REPORT
                                                           i1: done, filled 0.4
                                                           [ot-AAAA1111-2]
                                                            filled 0.4
                                    at the report: 1002
                                     working
"""


def test_the_story_of_a_blind_retry() -> None:
    shown = timeline.lines(blind_retry(), evidence=[4, 11])
    assert "\n".join(shown) + "\n" == STORY


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_asked(width: int) -> None:
    for line in timeline.lines(blind_retry(), evidence=[4], width=width):
        assert len(line) <= width
        assert line == line.rstrip()


def test_only_the_orders_of_the_evidence_are_shown() -> None:
    text = "\n".join(timeline.lines(blind_retry(), evidence=[4, 11]))
    assert "1009" not in text and "BBBB2222" not in text and "i2" not in text
    assert "exchange info" not in text
    everything = "\n".join(timeline.lines(blind_retry(), evidence=[4, 11], everything=True))
    assert "1009" in everything and "i2" in everything
    assert "1009" in "\n".join(timeline.lines(blind_retry()))  # no evidence: nothing is left out for it


def test_evidence_is_marked_and_shown_even_where_it_is_routine() -> None:
    marked = [line for line in timeline.lines(blind_retry(), evidence=[2, 4]) if line[10:11] == ">"]
    assert len(marked) == 2
    assert "exchange info" in marked[0]
    assert "place" in marked[1]


def test_long_stretches_are_cut_and_counted() -> None:
    events = [Published(at=n * NS, incarnation=0, view="Alert", data={"text": f"a{n}"}) for n in range(500)]
    shown = timeline.lines(history(*events), evidence=[250], limit=40)
    text = "\n".join(shown)
    assert "a250" in text and "a0" in text and "a499" in text
    cut = [int(line.split()[1]) for line in shown if "more …" in line]
    assert sum(cut) == 460


def test_untrusted_text_cannot_move_the_cursor() -> None:
    made = history(
        NoReport(at=NS, incarnation=0, why="raised", detail="\x1b[2J\r\nboo", where="a.py:3"),
        Published(at=NS, incarnation=0, view="Alert", data={"text": "\x9b31m[red]"}),
        place(1, 2, "\x07AAAA1111"),
    )
    text = "\n".join(timeline.lines(made))
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "\\x1b[2J boo" in text.replace("\n" + " " * 59, " ") or "\\x1b[2J" in text
    assert "[red]" in text


def test_crashes_and_restarts_are_told() -> None:
    made = history(
        Started(incarnation=0),
        Crashed(at=5 * NS, incarnation=0, point="after_send", fault=0),
        Started(at=10 * NS, incarnation=1, resumed=True),
    )
    text = "\n".join(timeline.lines(made))
    assert "KILLED after send" in text
    assert "restarted" in text


def test_evidence_beyond_the_record_does_no_harm() -> None:
    assert timeline.lines(history(Started(incarnation=0)), evidence=[99])


def test_what_a_gateway_said_stands_in_its_lane() -> None:
    made = history(
        GatewayCall(at=NS, id=1, method="connect"),
        GatewayResult(at=NS, id=1, ok=True),
        GatewayCall(at=2 * NS, id=2, method="submit", args={"client_id": "x"}, intent="i1"),
        GatewayResult(at=3 * NS, id=2, ok=True, value={"status": "open", "filled": "0.00"}),
        GatewayCall(at=4 * NS, id=3, method="cancel", intent="i1"),
        GatewayResult(at=5 * NS, id=3, ok=False, meaning="rejected", error="OrderNotFound: \x1b[1m gone"),
        GatewayCall(at=6 * NS, id=4, method="open_orders", intent="i2"),
        Crashed(at=7 * NS, incarnation=0, point="after_send", fault=0),
        GatewayCall(at=9 * NS, id=1, method="connect"),
        GatewayResult(at=9 * NS, id=1, ok=True),
        GatewayResult(at=10 * NS, id=77, ok=True, value=[]),
    )
    said = [" ".join(line.split()) for line in timeline.lines(made, width=200)[1:]]
    assert said == [
        "3.000 submit: open, filled 0",
        "5.000 cancel: rejected (OrderNotFound: \\x1b[1m gone)",
        "6.000 open orders: never came back",
        "7.000 KILLED after send",
        "10.000 call: 0 found",
    ]
    about_one = [" ".join(line.split()) for line in timeline.lines(made, evidence=[2], width=200)[1:]]
    assert "6.000 open orders: never came back" not in about_one
    assert "3.000 submit: open, filled 0" in about_one
