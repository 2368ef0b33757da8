"""The private stream: subscription, wrapped events in order, error answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from binance_kit import EPOCH, KEY, SECRET, Kit
from hypothesis import given
from hypothesis import strategies as st

from outtrade_mocks.venues import api
from outtrade_mocks.venues.binance_auth import sign
from outtrade_mocks.venues.binance_spot.wsapi import BinanceSession

DOCUMENTED_FIELDS = [
    "e",
    "E",
    "s",
    "c",
    "S",
    "o",
    "f",
    "q",
    "p",
    "P",
    "F",
    "g",
    "C",
    "x",
    "X",
    "r",
    "i",
    "l",
    "z",
    "L",
    "n",
    "N",
    "T",
    "t",
    "I",
    "w",
    "m",
    "M",
    "O",
    "Z",
    "Y",
    "Q",
    "W",
    "V",
]


def signed(at: int = EPOCH, **params: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {"apiKey": KEY, "timestamp": at // 1_000_000} | params
    payload = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    return fields | {"signature": sign(SECRET, payload)}


def ask(session: BinanceSession, method: str, params: dict[str, Any] | None = None, *, now: int = EPOCH) -> Any:
    frame = {"id": "r1", "method": method} | ({} if params is None else {"params": params})
    return json.loads(api.ask(session, session.read(json.dumps(frame)), now).body)


@pytest.fixture
def session(kit: Kit) -> BinanceSession:
    return kit.venue.open_session("ws-api.binance.com", "/ws-api/v3", EPOCH)


def test_subscribe_by_signature(kit: Kit, session: BinanceSession) -> None:
    answer = ask(session, "userDataStream.subscribe.signature", signed(recvWindow=10000))
    assert (answer["id"], answer["status"], answer["result"]) == ("r1", 200, {"subscriptionId": 0})
    assert answer["rateLimits"][0]["rateLimitType"] == "REQUEST_WEIGHT"
    assert answer["rateLimits"][0]["count"] == 4, "two for the connection, two for the request"
    assert session.subscribed
    again = ask(session, "userDataStream.subscribe.signature", signed())
    assert again["error"] == {"code": -2035, "msg": "User Data Stream subscription already active."}


def test_what_ccxt_sends_is_read_as_a_subscription(kit: Kit, session: BinanceSession) -> None:
    frame = json.dumps({"id": "1", "method": "userDataStream.subscribe.signature", "params": signed()})
    call = session.read(frame)
    assert (call.op, call.signed, call.path) == ("subscribe", True, "userDataStream.subscribe.signature")


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({}, 401, -2014),
        ({"apiKey": "x"}, 401, -2014),
        (signed() | {"apiKey": "Z" * 64}, 401, -2015),
        (signed() | {"signature": "00"}, 400, -1022),
        (signed(EPOCH - 10**10), 400, -1021),
        (signed(EPOCH + 10**10), 400, -1021),
        ({"apiKey": KEY, "timestamp": EPOCH // 10**6}, 400, -1102),
    ],
)
def test_refused_subscriptions(session: BinanceSession, params: dict[str, Any], status: int, code: int) -> None:
    answer = ask(session, "userDataStream.subscribe.signature", params)
    assert (answer["status"], answer["error"]["code"]) == (status, code)
    assert not session.subscribed


def test_other_methods(session: BinanceSession) -> None:
    assert ask(session, "ping")["result"] == {}
    assert ask(session, "time")["result"] == {"serverTime": EPOCH // 1_000_000}
    assert ask(session, "session.status")["result"]["userDataStream"] is False
    assert ask(session, "userDataStream.unsubscribe")["error"]["code"] == -2036
    assert ask(session, "userDataStream.subscribe")["error"]["code"] == -1002
    assert ask(session, "session.logon", signed())["error"]["code"] == -4056
    assert ask(session, "order.place", {})["error"]["code"] == -2014
    assert ask(session, "order.fly", {})["error"]["code"] == -1020
    ask(session, "userDataStream.subscribe.signature", signed())
    assert ask(session, "session.subscriptions")["result"] == [{"subscriptionId": 0}]
    assert ask(session, "userDataStream.unsubscribe", {"subscriptionId": 0})["result"] == {}
    assert not session.subscribed


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", '"x"', "null", '{"id":1}', '{"method":5}', '{"method":[]}', "[" * 5000]
)
def test_frames_that_are_no_requests(session: BinanceSession, text: str) -> None:
    answer = json.loads(api.ask(session, session.read(text), EPOCH).body)
    assert answer["status"] == 400
    assert answer["error"]["code"] in (-1135, -1102)


@given(st.text(max_size=200))
def test_no_frame_crashes_a_session(text: str) -> None:
    session = Kit().venue.open_session("ws-api.binance.com", "/ws-api/v3", EPOCH)
    assert json.loads(api.ask(session, session.read(text), EPOCH).body)["status"] >= 400


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=8), x, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["ping", "userDataStream.subscribe.signature", "userDataStream.unsubscribe", "x"]),
)
def test_no_params_crash_a_session(params: Any, method: str) -> None:
    session = Kit().venue.open_session("ws-api.binance.com", "/ws-api/v3", EPOCH)
    frame = json.dumps({"id": params, "method": method, "params": params})
    assert "status" in json.loads(api.ask(session, session.read(frame), EPOCH).body)


def test_limits_hold_for_the_stream_too(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(knobs={"weight_per_minute": 3})
    session = kit.venue.open_session("ws-api.binance.com", "/ws-api/v3", EPOCH)
    assert ask(session, "ping")["status"] == 200
    limited = ask(session, "ping")
    assert (limited["status"], limited["error"]["code"]) == (429, -1003)
    assert limited["error"]["data"] == {"serverTime": EPOCH // 10**6, "retryAfter": EPOCH // 10**6 + 60_000}


def test_rate_limits_can_be_left_out(kit: Kit) -> None:
    session = kit.venue.open_session("ws-api.binance.com", "/ws-api/v3?returnRateLimits=false", EPOCH)
    assert "rateLimits" not in ask(session, "ping")


def test_events_are_wrapped_and_only_for_subscribers(kit: Kit, session: BinanceSession) -> None:
    kit.limit("40000", "0.01", newClientOrderId="a")
    assert session.frames(kit.pushes[0]) == ()
    ask(session, "userDataStream.subscribe.signature", signed())
    frame = json.loads(session.frames(kit.pushes[0])[0])
    assert frame["subscriptionId"] == 0
    assert frame["event"]["c"] == "a"
    session.closed()
    assert session.frames(kit.pushes[0]) == ()


def test_execution_reports_have_every_documented_field(kit: Kit) -> None:
    kit.market(quantity="0.01")
    for event in kit.events():
        if event["e"] == "executionReport":
            assert list(event) == DOCUMENTED_FIELDS


def test_the_life_of_an_order_in_events(kit: Kit) -> None:
    data = kit.limit("40000", "0.01", newClientOrderId="life").data
    kit.venue.fill(str(data["orderId"]), Decimal("0.4"))
    kit.ask("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=data["orderId"], newClientOrderId="end")
    reports = [event for event in kit.events() if event["e"] == "executionReport"]
    assert [(each["x"], each["X"], each["c"], each["C"], each["z"], each["w"]) for each in reports] == [
        ("NEW", "NEW", "life", "", "0.00000000", True),
        ("TRADE", "PARTIALLY_FILLED", "life", "", "0.00400000", True),
        ("CANCELED", "CANCELED", "end", "life", "0.00400000", False),
    ]
    trade = reports[1]
    assert (trade["l"], trade["L"], trade["Y"], trade["m"]) == ("0.00400000", "40000.00000000", "160.00000000", True)
    assert (trade["n"], trade["N"]) == ("0.00000400", "BTC")
    assert trade["t"] > 0
    assert [each["t"] for each in (reports[0], reports[2])] == [-1, -1]
    assert [push.n for push in kit.pushes] == list(range(1, len(kit.pushes) + 1))
    assert [push.kind for push in kit.pushes] == ["order", "balance", "fill", "balance", "order", "balance"]
    assert kit.pushes[2].trade_id == str(trade["t"])
    assert {push.venue_id for push in kit.pushes if push.kind != "balance"} == {str(data["orderId"])}


def test_fills_and_final_state_of_a_taker(kit: Kit) -> None:
    data = kit.market(quantity="0.7").data
    trades = [event for event in kit.events() if event.get("x") == "TRADE"]
    assert [each["t"] for each in trades] == [fill["tradeId"] for fill in data["fills"]]
    assert [each["X"] for each in trades] == ["PARTIALLY_FILLED"] * (len(trades) - 1) + ["FILLED"]
    assert not trades[-1]["w"]
    assert trades[-1]["Z"] == data["cummulativeQuoteQty"]


def test_expiry_events(kit: Kit) -> None:
    kit.limit("40000", "0.01", timeInForce="IOC")
    last = [event for event in kit.events() if event["e"] == "executionReport"][-1]
    assert (last["x"], last["X"], last["eR"]) == ("EXPIRED", "EXPIRED", "UNFILLED_IOC_QUANTITY_EXPIRED")


def test_balance_events(kit: Kit) -> None:
    kit.limit("40000", "0.01")
    [balance] = [event for event in kit.events() if event["e"] == "outboundAccountPosition"]
    assert balance["B"] == [{"a": "USDT", "f": "99600.00000000", "l": "400.00000000"}]


def test_refused_orders_are_not_told(kit: Kit) -> None:
    kit.limit("40000", "99")
    assert kit.pushes == []
