"""The streams: trade updates (binary, one connection of each key), market data."""

from __future__ import annotations

from typing import Any

import pytest
from alpaca_kit import Kit

from outtrade_mocks.venues.alpaca import CREDENTIALS
from outtrade_mocks.venues.api import BINARY, Binary, Close, ask

KEYS = {"key_id": CREDENTIALS.key, "secret_key": CREDENTIALS.secret}
LOGIN = {"action": "authenticate", "data": KEYS}
LISTEN = {"action": "listen", "data": {"streams": ["trade_updates", "odd"]}}
AUTH = {"action": "auth", "key": CREDENTIALS.key, "secret": CREDENTIALS.secret}


def test_authenticate_listen_and_hear_in_binary_frames(kit: Kit) -> None:
    talk = kit.open()
    assert talk.greeting == [] and not talk.session.subscribed
    assert talk.say(LISTEN) == {"stream": "authorization", "data": {"status": "unauthorized", "action": "listen"}}
    assert talk.say(LOGIN)["data"] == {"status": "authorized", "action": "authenticate"}
    assert talk.say(LISTEN) == {"stream": "listening", "data": {"streams": ["trade_updates"]}}
    answer = ask(talk.session, talk.session.read("{}"), kit.now)
    assert answer.content_type == BINARY
    kit.market("AAPL", "2")
    assert all(isinstance(frame, Binary) for push in kit.pushes for frame in talk.session.frames(push))
    new, fill = talk.events()
    assert (new["event"], new["order"]["status"], "price" in new) == ("new", "new", False)
    assert (fill["event"], fill["price"], fill["qty"], fill["position_qty"]) == ("fill", "200.04", "2", "52")
    assert fill["order"]["filled_avg_price"] == "200.04"
    activity = kit.ask("GET", "/v2/account/activities/FILL").ok[0]
    assert activity["id"].endswith(fill["execution_id"]) and activity["id"] == kit.pushes[-1].trade_id


@pytest.mark.parametrize("frame", ["", "[]", "{", '{"action":5}', '{"action":"listen","data":5}', '"x"'])
def test_nonsense_is_answered(kit: Kit, frame: str) -> None:
    talk = kit.open()
    assert talk.say(frame)["data"]["status"] == "unauthorized"
    talk.say(LOGIN)
    assert talk.say(frame)["stream"] == "listening" and not talk.session.subscribed


def test_a_wrong_key_is_not_authorized(kit: Kit) -> None:
    talk = kit.open()
    for keys in ({}, KEYS | {"secret_key": "x"}, {"key_id": 5, "secret_key": None}):
        told = talk.say({"action": "authenticate", "data": keys})["data"]
        assert (told["status"], told["message"]) == ("unauthorized", "access key verification failed")
    call = talk.session.read('{"action":"authenticate","data":{"key_id":"AK1","secret_key":"s"}}')
    assert (call.op, call.params) == ("login", {"apiKey": "AK1", "passphrase": "s"})


def test_one_connection_of_each_key(kit: Kit) -> None:
    first, second = kit.open(), kit.open()
    first.listen()
    assert second.say(LOGIN)["data"] == {
        "status": "unauthorized", "action": "authenticate", "message": "connection limit exceeded",
    }  # fmt: skip
    first.session.closed()
    assert second.say(LOGIN)["data"]["status"] == "authorized"
    generous = Kit(knobs={"second_stream": "replace"})
    old, new = generous.open(), generous.open()
    old.listen()
    new.listen()
    assert old.due(1) == [Close(1000, "connection limit exceeded")] and new.session.subscribed
    generous.market()
    assert old.events() == [] and len(new.events()) == 2


def told(kit: Kit, talk: Any) -> list[str]:
    return [one["event"] for one in talk.events()]


def test_the_events_of_an_orders_life(kit: Kit) -> None:
    talk = kit.open()
    talk.listen()
    made = kit.place(qty="10").ok
    kit.fill(made["id"], "0.5")
    kit.ask("PATCH", f"/v2/orders/{made['id']}", {"limit_price": "181"})
    events = talk.events()
    assert [one["event"] for one in events] == ["new", "partial_fill", "replaced", "new"]
    assert events[2]["order"]["replaced_by"] == events[3]["order"]["id"]
    kit.ask("DELETE", f"/v2/orders/{events[3]['order']['id']}")
    assert told(kit, talk) == ["canceled"]
    kit.place(time_in_force="ioc")
    assert told(kit, talk) == ["new", "canceled"]
    bracket = {"order_class": "bracket", "take_profit": {"limit_price": "210"}, "stop_loss": {"stop_price": "190"}}
    kit.market(**bracket)
    assert told(kit, talk) == ["new", "fill", "new", "new"], "of the legs, when they come to the market"
    kit.later(6 * 3600)
    kit.place()
    assert "accepted" in told(kit, talk)
    wordy = Kit(knobs={"pending_new_event": True})
    other = wordy.open()
    other.listen()
    wordy.place()
    assert [(one["event"], one["order"]["status"]) for one in other.events()] == [
        ("pending_new", "pending_new"), ("new", "new"),
    ]  # fmt: skip


def test_market_data(kit: Kit) -> None:
    talk = kit.open("/v1beta3/crypto/us", "stream.data.alpaca.markets")
    assert talk.greeting == [[{"T": "success", "msg": "connected"}]]
    assert talk.say({"action": "subscribe", "quotes": ["BTC/USD"]})[0]["code"] == 401
    assert talk.say(AUTH) == [{"T": "success", "msg": "authenticated"}]
    wanted = {"quotes": ["BTC/USD"], "orderbooks": ["BTC/USD"], "trades": ["BTC/USD"], "bars": ["BTC/USD", "AAPL"]}
    first, news = talk.all({"action": "subscribe", **wanted})
    assert first[0]["quotes"] == ["BTC/USD"] and first[0]["bars"] == ["BTC/USD"], "no stocks here"
    assert [one["T"] for one in news] == ["q", "o"] and news[1]["r"] is True
    assert talk.due(2) == [], "nothing has changed"
    kit.market("BTC/USD", "1")
    kinds = [one["T"] for rows in talk.due(2) for one in rows]
    assert sorted(set(kinds)) == ["o", "q", "t"]
    bars = [one for rows in talk.due(61) for one in rows]
    assert [(one["T"], one["v"]) for one in bars] == [("b", 1)]
    talk.say({"action": "unsubscribe", **wanted})
    assert talk.session.next_time() is None
    late = kit.open("/v2/iex", "stream.data.alpaca.markets")
    assert late.due(11)[-1] == Close(1000, "auth timeout")


def test_a_venue_that_is_served_sends_binary_frames(kit: Kit) -> None:
    from outtrade_mocks import wire
    from outtrade_mocks.venues.api import HttpRequest

    head = {"host": "h", "upgrade": "websocket", "connection": "Upgrade", "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    connection = wire.WebSocketConnection(HttpRequest("GET", "/stream", "h", head))
    assert not connection.send_binary(b"early")
    connection.receive(b"")
    connection.accept()
    connection.outgoing()
    assert connection.send_binary(b"{}") and connection.outgoing() == b"\x82\x02{}"
