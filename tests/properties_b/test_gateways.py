"""Gateways: every statement is held against the truth, the driver's own decisions are not.

``call 1 submit a`` and ``result 1 ...`` are the statements, the requests between them are what the gateway sent.
"""

from __future__ import annotations

from typing import Any

import pytest

from outtrade.judge.api import Finding, judge
from outtrade.judge.index import Index
from outtrade.judge.micro import history
from outtrade.model.history import GatewayCall, GatewayResult, History
from outtrade_suites.properties import rcv, rec

PROPERTIES = {prop.id: prop for prop in (*rcv.PROPERTIES, *rec.PROPERTIES)}

PASS, FAIL, NOTHING = "pass", "fail", "not-applicable"
BUY = "set scope=G | i1:buy 1@100 | "

CASES: list[tuple[str, str, str]] = [
    # RCV-03: no order that stands is called rejected, no terminal state that it did not have
    ("RCV-03", FAIL, BUY + "1 call 1 submit a | 1 place a -> 502:ok | 1.1 result 1 !rejected"),
    ("RCV-03", FAIL, BUY + "1 call 1 submit a | 1 place a -> reset:ok | 1.1 result 1 !not_sent"),
    ("RCV-03", FAIL, BUY + "1 call 1 submit a | 1 place a -> ok | 1.1 result 1 cancelled:0"),
    ("RCV-03", FAIL, BUY + "1 call 1 submit a | 1 place a -> ok:0.4 | 1.1 result 1 filled:1@100"),
    ("RCV-03", PASS, BUY + "1 call 1 submit a | 1 place a -> 502:ok | 1.1 result 1 !ambiguous"),
    ("RCV-03", PASS, BUY + "1 call 1 submit a | 1 place a -> 502:ok | 1.1 result 1 !unavailable"),
    ("RCV-03", PASS, BUY + "1 call 1 submit a | 1 place a -> no:funds | 1.1 result 1 !rejected"),
    ("RCV-03", PASS, BUY + "1 call 1 submit a | 1 place a -> ok:fill | 1.1 result 1 filled:1@100"),
    # never accepted: the wrong word happens to be true, and the next scenario of the pair judges it
    ("RCV-03", PASS, BUY + "1 call 1 submit a | 1 place a -> 502 | 1.1 result 1 !rejected"),
    # killed at once for lack of a counterparty: an end, however it is worded
    ("RCV-03", PASS, BUY + "1 call 1 submit a | 1 place a -> ok:expire | 1.1 result 1 rejected:0"),
    # RCV-05
    (
        "RCV-05",
        FAIL,
        BUY + "1 call 1 submit a | 1 place a -> ok | 1.1 result 1 open:0 | 5 call 2 order a | 5 query a -> 502"
        " | 5.1 result 2 !not_found",
    ),
    (
        "RCV-05",
        PASS,
        BUY + "1 call 1 submit a | 1 place a -> ok | 1.1 result 1 open:0 | 5 call 2 order a | 5 query a -> 502"
        " | 5.1 result 2 !unavailable",
    ),
    (
        "RCV-05",
        NOTHING,
        BUY + "1 call 1 submit a | 1 place a -> lost | 11.1 result 1 !ambiguous | 15 call 2 order a"
        " | 15 query a -> none | 15.1 result 2 !not_found",
    ),
    # RCV-15
    (
        "RCV-15",
        FAIL,
        BUY + "1 call 1 submit a | 1 place a -> ok | 1.1 result 1 open:0 | 5 fill a 1@100 | 6 call 2 cancel a"
        " | 6 cancel a -> unknown | 6.1 result 2 cancelled:0",
    ),
    (
        "RCV-15",
        PASS,
        BUY + "1 call 1 submit a | 1 place a -> ok | 1.1 result 1 open:0 | 5 fill a 1@100 | 6 call 2 cancel a"
        " | 6 cancel a -> unknown | 6.1 result 2 !not_found",
    ),
    (
        "RCV-15",
        PASS,
        BUY + "1 call 1 submit a | 1 place a -> ok | 1.1 result 1 open:0 | 5 fill a 1@100 | 6 call 2 cancel a"
        " | 6 cancel a -> unknown | 6.1 query a -> ok | 6.2 result 2 filled:1@100",
    ),
    # REC-01, REC-04, REC-05 by order views
    ("REC-01", FAIL, BUY + "1 place a -> ok:0.4 | 5 call 2 order a | 5 query a -> ok | 5.1 result 2 open:0"),
    ("REC-01", PASS, BUY + "1 call 1 submit a | 1 place a -> ok:0.4 | 1.1 result 1 open:0"),
    ("REC-01", PASS, BUY + "1 call 1 submit a | 1 place a -> ok:0.4 | 1.1 result 1 open:0.4@100"),
    ("REC-01", PASS, BUY + "1 call 1 submit a | 1 place a -> ok@3 | 2 fill a 1@100 | 3 result 1 open:0"),
    ("REC-04", FAIL, BUY + "1 call 1 submit a | 1 place a -> ok:fill | 1.1 result 1 filled:0.5@100"),
    ("REC-04", PASS, BUY + "1 call 1 submit a | 1 place a -> ok:fill | 1.1 result 1 filled:1@100"),
    ("REC-05", FAIL, BUY + "1 call 1 submit a | 1 place a p=101 -> ok:fill | 1.1 result 1 filled:1@100"),
    ("REC-05", PASS, BUY + "1 call 1 submit a | 1 place a p=101 -> ok:fill | 1.1 result 1 filled:1@101"),
    # an agent's duties are not a gateway's
    ("RCV-18", NOTHING, BUY + "1 call 1 submit a | 1 place a -> ok | 1.1 result 1 open:0 | 700 noreport late"),
    ("REC-12", NOTHING, BUY + "1 place a -> ok:fill | 600 report i1=failed"),
    ("REC-10", NOTHING, BUY + "1 place a -> ok"),
]


@pytest.mark.parametrize(("prop", "verdict", "line"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_one_line_history(prop: str, verdict: str, line: str) -> None:
    finding = judge(PROPERTIES[prop], Index(history(line)))
    assert finding.verdict == verdict, [case.message for case in finding.broken]


def stated(line: str, prop: str, method: str, value: Any, **args: Any) -> Finding:
    """The verdict after the gateway's ``method`` returned ``value`` at the end of the history of ``line``."""
    lived = history(BUY + line)
    played = History(lived.header)
    for event in lived.events[:-2]:
        played.add(event)
    at = 600 * 10**9
    played.add(GatewayCall(id=99, method=method, args=args, at=at))
    played.add(GatewayResult(id=99, ok=True, value=value, at=at))
    for event in lived.events[-2:]:
        played.add(event)
    return judge(PROPERTIES[prop], Index(played))


OPEN = {"client_id": "i1xxxxxx-a", "venue_ids": ["V1"], "symbol": "BTC/USDT", "side": "buy", "status": "open"}
TRADE = {"trade_id": "t1", "order": "V1", "price": "100", "quantity": "1", "fee": "0.001", "fee_asset": "BTC"}


def test_a_list_of_open_orders_holds_all_of_its_symbol() -> None:
    line = "1 place a -> ok"
    assert stated(line, "REC-01", "open_orders", [OPEN], symbol="BTC/USDT").verdict == PASS
    assert stated(line, "REC-01", "open_orders", [], symbol="BTC/USDT").verdict == FAIL
    assert stated(line, "REC-01", "open_orders", [], symbol="ETH/USDT").verdict == PASS
    assert stated(line + " | 9 cancel a -> ok", "REC-01", "open_orders", [OPEN], symbol="BTC/USDT").verdict == FAIL


def test_a_list_of_fills_is_compared_within_its_symbol_and_date() -> None:
    line = "1 place a -> ok | 50 fill a 1@100"
    epoch = history(BUY).header.scenario.get("epoch", 1_767_225_600)
    assert stated(line, "REC-04", "fills", [TRADE], symbol="BTC/USDT", since=epoch).verdict == PASS
    assert stated(line, "REC-04", "fills", [], symbol="BTC/USDT", since=epoch).verdict == FAIL
    assert stated(line, "REC-04", "fills", [], symbol="BTC/USDT", since=epoch + 60).verdict == NOTHING
    assert stated(line, "REC-04", "fills", [TRADE, TRADE], symbol="BTC/USDT").verdict == FAIL
    assert stated(line, "REC-04", "fills", [TRADE | {"quantity": "0.9"}], symbol="BTC/USDT").verdict == FAIL
    assert stated(line, "REC-05", "fills", [TRADE | {"price": "99"}], symbol="BTC/USDT").verdict == FAIL
    assert stated(line, "REC-06", "fills", [TRADE], symbol="BTC/USDT").verdict == PASS
    assert stated(line, "REC-06", "fills", [TRADE | {"fee_asset": "USDT"}], symbol="BTC/USDT").verdict == FAIL


def test_balances_are_those_of_the_moment() -> None:
    right = {"USDT": {"free": "99940", "locked": "60"}, "BTC": {"free": "10.3996"}, "ETH": {"free": "100"}}
    line = "1 place a -> ok:0.4"
    true = right | {"USDT": {"free": "99900", "locked": "60"}}
    assert stated(line, "REC-03", "balances", true).verdict == PASS
    assert stated(line, "REC-03", "balances", right).verdict == FAIL
    assert stated(line, "REC-03", "balances", true | {"USDT": {"free": "99960"}}).verdict == FAIL


def test_the_venue_books_quote_amounts_rounded_down_and_averages_may_be_either() -> None:
    line = "1 place a p=0.05929 -> ok | 2 fill a 0.0001@0.05929"
    view = {"client_id": "i1xxxxxx-a", "symbol": "BTC/USDT", "side": "buy", "status": "open", "filled": "0.0001"}
    for average, verdict in (("0.05929", PASS), ("0.0592", PASS), ("0.0593", FAIL)):
        assert stated(line, "REC-05", "order", view | {"average_price": average}).verdict == verdict


def test_positions_are_optional_for_a_gateway() -> None:
    line = "1 place a -> ok:fill"
    assert stated(line, "REC-02", "balances", {}).verdict == NOTHING
    assert stated(line, "REC-02", "positions", {"BTC/USDT": {"quantity": "0.999"}}).verdict == PASS
    assert stated(line, "REC-02", "positions", {"BTC/USDT": {"quantity": "2"}}).verdict == FAIL


def test_what_is_no_view_is_no_statement() -> None:
    for value in (None, "nonsense", 7, [1, 2], {"client_id": "x"}):
        for name in PROPERTIES:
            assert stated("1 place a -> ok", name, "order", value).verdict != "harness-error", (name, value)
            assert stated("1 place a -> ok", name, "balances", value).verdict != "harness-error", (name, value)
