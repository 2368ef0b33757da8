"""Connections: listen keys, market data, orders in frames."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from usdm_kit import BTC, KEY, MARKETS, SECOND, Kit

from outtrade_mocks.venues.api import Close, HttpRequest, ask
from outtrade_mocks.venues.binance_usdm.market import levels
from outtrade_mocks.venues.config import Credentials

LISTEN = "/fapi/v1/listenKey"
API = "ws-fapi.binance.com"


def key_of(kit: Kit) -> str:
    return str(kit.ask("POST", LISTEN, signed=False).data["listenKey"])


# ------------------------------------------------------------- the account's
@pytest.mark.parametrize("path", ["/ws/{}", "/private/ws?listenKey={}", "/private/ws/{}", "/stream?streams={}"])
def test_a_listen_key_opens_the_stream(kit: Kit, path: str) -> None:
    key = key_of(kit)
    session = kit.session(path.format(key))
    assert session.subscribed
    kit.limit("40000", "0.01")
    (frame,) = session.frames(kit.pushes[-1])
    event = json.loads(frame)
    assert (event["data"] if path.startswith("/stream") else event)["e"] == "ORDER_TRADE_UPDATE"
    assert not kit.session(path.format("x" * 64)).subscribed
    session.closed()
    assert session.frames(kit.pushes[-1]) == ()


def test_a_listen_key_ends_after_an_hour_unless_it_is_renewed(kit: Kit) -> None:
    key = key_of(kit)
    assert key_of(kit) == key, "asked for again: the same"
    session = kit.session(f"/ws/{key}")
    assert kit.heard(session, 1800) == []
    assert kit.ask("PUT", LISTEN, signed=False).data == {"listenKey": key}
    assert kit.heard(session, 3598) == []
    (event,) = kit.heard(session, 3)
    assert (event["e"], event["listenKey"]) == ("listenKeyExpired", key)
    assert not session.subscribed
    assert kit.ask("PUT", LISTEN, signed=False).error == (
        400,
        -1125,
        "This listenKey does not exist. Please use `POST /fapi/v1/listenKey` to recreate `listenKey`",
    )
    assert key_of(kit) != key
    assert kit.ask("DELETE", LISTEN, signed=False).data == {}
    assert kit.ask("DELETE", LISTEN, signed=False).code == -1125


def test_a_connection_ends_after_a_day(kit: Kit) -> None:
    session = kit.session("/ws")
    assert kit.heard(session, 86_400) == [Close(1000, "")]


# --------------------------------------------------------------- market data
def test_subscriptions(kit: Kit) -> None:
    session = kit.session("/market/ws")
    assert kit.say(session, {"method": "SUBSCRIBE", "params": ["btcusdt@markPrice@1s", "nope"], "id": 1}) == {
        "result": None,
        "id": 1,
    }
    assert kit.say(session, {"method": "LIST_SUBSCRIPTIONS", "id": 2})["result"] == ["btcusdt@markPrice@1s", "nope"]
    assert [event["e"] for event in kit.heard(session, 2.5)] == ["markPriceUpdate"] * 2
    assert kit.say(session, {"method": "GET_PROPERTY", "params": ["combined"], "id": 3})["result"] is False
    kit.say(session, {"method": "SET_PROPERTY", "params": ["combined", True], "id": 4})
    assert kit.heard(session, 1)[0]["stream"] == "btcusdt@markPrice@1s"
    kit.say(session, {"method": "UNSUBSCRIBE", "params": ["btcusdt@markPrice@1s"], "id": 5})
    assert kit.heard(session, 5) == []
    for frame, code in (
        ("{", 3),
        ('{"method": "DANCE", "id": 1}', 2),
        ('{"method": "SUBSCRIBE", "params": "x", "id": 1}', 2),
        ('{"method": "SUBSCRIBE", "params": [], "id": -1}', 2),
        ('{"method": "GET_PROPERTY", "params": ["x"], "id": 1}', 0),
        ('{"method": "SET_PROPERTY", "params": ["combined", 1], "id": 1}', 1),
    ):
        assert kit.say(session, frame)["code"] == code, frame


@pytest.mark.parametrize("speed", ["100ms", "500ms", ""])
def test_a_book_that_is_kept_by_diffs_is_the_book(make_kit: Any, speed: str) -> None:
    lively = MARKETS[BTC] | {"maker_rate": 3.0, "taker_rate": 3.0, "volatility_bps": 20.0}
    kit: Kit = make_kit(markets={BTC: lively})
    session = kit.session("/public/ws/btcusdt@depth" + (f"@{speed}" if speed else ""))
    events = kit.heard(session, 1)
    kit.wait(0.07)
    snapshot = kit.public("/fapi/v1/depth", symbol="BTCUSDT", limit=1000).data
    events += kit.heard(session, 20)
    book = {side: dict(snapshot[name]) for side, name in (("b", "bids"), ("a", "asks"))}
    last, before = snapshot["lastUpdateId"], None
    events = [event for event in events if event["u"] >= last]
    assert len(events) > 5
    assert events[0]["U"] <= last <= events[0]["u"] or events[0]["pu"] <= last
    for event in events:
        assert before in (None, event["pu"])
        assert event["pu"] < event["U"] <= event["u"]
        before = event["u"]
        _apply(book, event)
    entry, there = kit.venue.desk.by_id["BTCUSDT"], kit.venue.desk.exchange.depth(BTC, 1000)
    now_there = {side: dict(levels(entry, rows)) for side, rows in zip("ba", there, strict=True)}
    for event in _flush(kit, session):
        _apply(book, event)
    assert book == now_there


def _apply(book: dict[str, dict[str, str]], event: dict[str, Any]) -> None:
    for side in ("b", "a"):
        for price, size in event[side]:
            if Decimal(size):
                book[side][price] = size
            else:
                book[side].pop(price, None)


def _flush(kit: Kit, session: Any) -> list[Any]:
    """What the stream would say if it looked now."""
    (feed,) = session._feeds.values()
    return list(feed.said(kit.now))


def test_trades_and_candles(kit: Kit) -> None:
    session = kit.session("/market/stream?streams=btcusdt@aggTrade/btcusdt@kline_1m/btcusdt@trade/!bookTicker")
    kit.heard(session, 1)
    kit.market(quantity="0.02")
    said = kit.heard(session, 1)
    kinds = [one["data"]["e"] for one in said]
    assert sorted(set(kinds)) == ["aggTrade", "bookTicker", "kline", "trade"]
    trade = next(one["data"] for one in said if one["data"]["e"] == "trade")
    assert (trade["p"], trade["q"], trade["m"]) == ("50010.00", "0.020", False)
    assert kit.public("/fapi/v1/trades", symbol="BTCUSDT").data[-1]["id"] == trade["t"]
    closed = [one["data"]["k"] for one in kit.heard(session, 60) if one["data"]["e"] == "kline"]
    assert [(one["x"], one["v"]) for one in closed] == [(True, "0.020"), (False, "0.000")]
    assert kit.public("/fapi/v1/klines", symbol="BTCUSDT", interval="7m").code == -1120


# ---------------------------------------------------------- orders in frames
def frame(kit: Kit, method: str, **params: Any) -> dict[str, Any]:
    return {"id": "1", "method": method, "params": kit.signed(params)}


LIMIT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "40000", "quantity": 0.01}


def test_orders_in_frames(kit: Kit) -> None:
    session = kit.session("/ws-fapi/v1", API)
    made = kit.say(session, frame(kit, "order.place", **LIMIT))
    assert (made["id"], made["status"], made["result"]["status"]) == ("1", 200, "NEW")
    assert {rule["rateLimitType"] for rule in made["rateLimits"]} == {"ORDERS"}
    order = {"symbol": "BTCUSDT", "orderId": made["result"]["orderId"]}
    assert kit.say(session, frame(kit, "order.status", **order))["result"]["origQty"] == "0.010"
    changed = kit.say(session, frame(kit, "order.modify", **order, side="BUY", quantity="0.02", price="40000"))
    assert changed["result"]["origQty"] == "0.020"
    assert kit.say(session, frame(kit, "order.cancel", **order))["result"]["status"] == "CANCELED"
    again = kit.say(session, frame(kit, "order.cancel", **order))
    assert (again["status"], again["error"]) == (400, {"code": -2011, "msg": "Unknown order sent."})
    bad = frame(kit, "order.place", **LIMIT)
    bad["params"]["price"] = "41000"
    assert kit.say(session, bad)["error"]["code"] == -1022
    unsigned = frame(kit, "order.place", **LIMIT)
    del unsigned["params"]["signature"]
    assert kit.say(session, unsigned)["error"]["code"] == -1102
    assert kit.say(session, {"id": 2, "method": "order.dance"})["error"]["code"] == -1099
    assert kit.say(session, "[")["error"]["code"] == -1130
    call = session.read(json.dumps(frame(kit, "order.place", **LIMIT)))
    assert (call.op, call.symbol, call.order["price"], call.params["apiKey"]) == ("place", BTC, "40000", KEY)  # type: ignore[index]


def test_hmac_keys_cannot_log_on(kit: Kit) -> None:
    session = kit.session("/ws-fapi/v1?returnRateLimits=false", API)
    answer = kit.say(session, frame(kit, "session.logon"))
    assert answer == {"id": "1", "status": 400, "error": {"code": -4056, "msg": "Invalid api key type."}}


def test_a_session_that_is_logged_on_signs_no_more(make_kit: Any) -> None:
    pytest.importorskip("cryptography")
    from base64 import b64encode

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    private = Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    kit: Kit = make_kit(credentials=Credentials(KEY, "", public_key=pem))
    session = kit.session("/ws-fapi/v1", API)
    params = {"apiKey": KEY, "timestamp": kit.now // 1_000_000}
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
    signature = b64encode(private.sign(payload.encode())).decode()
    logon = kit.say(session, {"id": 1, "method": "session.logon", "params": params | {"signature": signature}})
    assert (logon["status"], logon["result"]["apiKey"]) == (200, KEY)
    stamped = {"timestamp": kit.now // 1_000_000}
    assert kit.say(session, {"id": 2, "method": "order.place", "params": LIMIT | stamped})["status"] == 200
    kit.say(session, {"id": 3, "method": "session.logout"})
    refused = kit.say(session, {"id": 4, "method": "order.place", "params": LIMIT | stamped})
    assert refused["error"]["code"] == -2014


# --------------------------------------------------------------- hostile input
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_hostile_input_changes_nothing_and_is_answered(data: st.DataObject) -> None:
    kit = Kit()
    kit.now += SECOND
    before = kit.venue.truth()
    text = st.text(max_size=30)
    values = text | st.sampled_from(["BTCUSDT", "BUY", "LIMIT", "GTC", "-1", "0", "1e9", "9" * 30, "true", "[1]", "{}"])
    names = st.sampled_from(
        ["symbol", "side", "type", "quantity", "orderId", "batchOrders", "orderIdList", "leverage", "limit", "interval"]
    )
    params = data.draw(st.dictionaries(names | text, values, max_size=8))
    path = data.draw(st.sampled_from(["order", "algoOrder", "batchOrders", "leverage", "klines", "depth", "income"]))
    method = data.draw(st.sampled_from(["GET", "POST", "PUT", "DELETE"]))
    request = kit.request(method, f"/fapi/v1/{path}", params)
    answer = kit.raw(request)
    assert answer.status in (200, 400, 404)
    if answer.status != 200:
        assert set(answer.data) == {"code", "msg"}
        assert kit.venue.truth() == before
    raw = HttpRequest(method, "/" + data.draw(text), "fapi.binance.com", {}, data.draw(st.binary(max_size=40)))
    assert kit.raw(raw).status in (200, 400, 401, 404)
    for host, where in (("fstream.binance.com", "/ws/" + data.draw(text)), (API, "/ws-fapi/v1")):
        session = kit.session(where, host)
        said = data.draw(st.text(max_size=60) | st.just(json.dumps({"method": data.draw(text), "params": params})))
        json.loads(ask(session, session.read(said), kit.now).body)
        session.next_time()
        session.closed()
