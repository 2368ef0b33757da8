"""The streams: login, topics, events, orders by WebSocket, market data, the end of a connection, protection."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from bybit_kit import KEY, MS, SECOND, SECRET, SPOT, Kit

from outtrade_mocks.venues.api import Close
from outtrade_mocks.venues.bybit.auth import sign

CONTRACT = {"category": "linear", "symbol": "BTCUSDT"}


class Stream:
    """One connection, its events as they come."""

    def __init__(self, kit: Kit, path: str) -> None:
        self.kit = kit
        self.session = kit.venue.open_session("stream.bybit.com", path, kit.now)
        self.events: list[Any] = []
        kit.venue.on_push(lambda push: self.events.extend(json.loads(text) for text in self.session.frames(push)))
        assert list(self.session.opened(kit.now)) == []

    @staticmethod
    def login(kit: Kit, secret: str = SECRET, key: str = KEY, expires: int | None = None) -> dict[str, Any]:
        at = kit.now // MS + 10_000 if expires is None else expires
        return {"op": "auth", "args": [key, at, sign(secret, f"GET/realtime{at}")]}

    def text(self, text: str) -> list[Any]:
        session, now = self.session, self.kit.now
        call = session.read(text)
        answer = session.admit(call, now) or session.render(session.execute(call, now), now)
        assert session.interpret(answer.status, {}, answer.body, now).outcome in ("ok", "definite", "ambiguous")
        frames = [json.loads(answer.body)] if answer.body else []
        return frames + [json.loads(one) for one in answer.also if isinstance(one, str)]

    def say(self, frame: dict[str, Any]) -> list[Any]:
        return self.text(json.dumps(frame))

    def wait(self, seconds: float) -> list[Any]:
        """What the connection says by itself until then."""
        end, said = self.kit.now + int(seconds * SECOND), []
        while (due := self.session.next_time()) is not None and due <= end:
            self.kit.now = max(self.kit.now, due)
            self.kit.venue.advance(self.kit.now)
            for one in self.session.due(self.kit.now):
                said.append(one if isinstance(one, Close) else json.loads(one))
            if any(isinstance(one, Close) for one in said):
                break
        self.kit.now = end
        return said


def private(kit: Kit, *topics: str) -> Stream:
    stream = Stream(kit, "/v5/private")
    assert stream.say(Stream.login(kit))[0]["success"] is True
    assert stream.say({"op": "subscribe", "args": list(topics)})[0]["success"] is True
    return stream


def trading(kit: Kit) -> Stream:
    stream = Stream(kit, "/v5/trade")
    assert stream.say(Stream.login(kit))[0]["retCode"] == 0
    return stream


# ---------------------------------------------------------------------- private
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"secret": "wrong"}, "Invalid sign"),
        ({"key": "wrong"}, "Invalid apikey"),
        ({"expires": 1_767_225_600_000}, "Params Error"),
    ],
)
def test_a_login_that_is_refused(kit: Kit, change: dict[str, Any], reason: str) -> None:
    stream = Stream(kit, "/v5/private")
    answer = stream.say(Stream.login(kit, **change))[0]
    assert (answer["success"], answer["ret_msg"], answer["op"]) == (False, reason, "auth")
    answer = stream.say({"op": "subscribe", "args": ["order"]})[0]
    assert (answer["success"], stream.session.subscribed) == (False, False)


def test_the_events_of_a_trade(kit: Kit) -> None:
    stream = private(kit, "order", "execution", "position", "wallet", "execution.fast")
    wire = kit.placed(qty="0.02", orderLinkId="ev")
    topics = [event["topic"] for event in stream.events]
    assert topics == ["order", "order", "execution", "execution.fast", "position", "wallet"]
    new, filled, execution, fast, position, wallet = (event["data"][0] for event in stream.events)
    assert [new["orderStatus"], filled["orderStatus"]] == ["New", "Filled"]
    assert (filled["orderId"], filled["category"], filled["cumExecQty"]) == (wire, "linear", "0.020")
    assert (execution["execQty"], execution["leavesQty"], execution["execPnl"]) == ("0.020", "0.000", "0")
    assert fast["execId"] == execution["execId"] and "execFee" not in fast
    assert (position["side"], position["size"], position["entryPrice"]) == ("Buy", "0.020", "50010")
    assert wallet["coin"][0]["walletBalance"] == "99999.44989"
    assert all(event["creationTime"] == kit.now // MS for event in stream.events)
    assert {push.trade_id for push in kit.pushes if push.kind == "fill"} == {execution["execId"]}


def test_topics_by_category_and_unsubscribe(kit: Kit) -> None:
    stream = private(kit, "order.spot")
    kit.placed(price="40000")
    assert stream.events == []
    kit.placed("spot", price="40000")
    assert len(stream.events) == 1
    assert stream.say({"op": "unsubscribe", "args": ["order.spot"], "req_id": "7"})[0]["req_id"] == "7"
    kit.placed("spot", price="40000")
    assert len(stream.events) == 1 and not stream.session.subscribed
    assert stream.say({"op": "subscribe", "args": ["order", "nonsense"]})[0]["success"] is False
    assert not stream.session.subscribed, "all or nothing"


def test_frames_that_are_none(kit: Kit) -> None:
    for path in ("/v5/private", "/v5/public/spot", "/v5/trade", "/v5/public/nowhere"):
        stream = Stream(kit, path)
        for text in (
            "",
            "[]",
            "{",
            '{"op":5}',
            '{"op":"fly"}',
            '{"op":"subscribe","args":5}',
            '{"op":"auth"}',
            "\ud800",
        ):
            for answer in stream.text(text):
                assert answer.get("success") is False or answer.get("retCode"), (path, text, answer)


def test_idle_connections_end(kit: Kit) -> None:
    stream = Stream(kit, "/v5/private?max_active_time=1m")
    assert stream.wait(59) == []
    stream.say({"op": "ping"})
    assert stream.wait(59) == []
    assert stream.wait(5) == [Close(1000)]


# ------------------------------------------------------------------------ trade
def order(kit: Kit, req_id: str, op: str = "order.create", **fields: Any) -> dict[str, Any]:
    header = {"X-BAPI-TIMESTAMP": str(kit.now // MS), "X-BAPI-RECV-WINDOW": "5000"}
    return {"reqId": req_id, "header": header, "op": op, "args": [CONTRACT | fields]}


LIMIT = {"side": "Buy", "orderType": "Limit", "qty": "0.01", "price": "40000"}


def test_orders_by_websocket(kit: Kit) -> None:
    stream = trading(kit)
    [answer] = stream.say(order(kit, "1", **LIMIT, orderLinkId="ws"))
    assert (answer["reqId"], answer["retCode"], answer["op"]) == ("1", 0, "order.create")
    assert answer["data"] == {"orderId": kit.open()[0]["orderId"], "orderLinkId": "ws"}
    assert answer["header"]["X-Bapi-Limit-Status"] == "9" and answer["header"]["Timenow"] == str(kit.now // MS)
    [answer] = stream.say(order(kit, "2", "order.amend", orderLinkId="ws", price="41000"))
    assert answer["retCode"] == 0 and kit.open()[0]["price"] == "41000.00"
    [answer] = stream.say(order(kit, "3", "order.cancel", orderLinkId="ws"))
    assert answer["retCode"] == 0 and kit.open() == []
    [answer] = stream.say(order(kit, "3", "order.cancel", orderLinkId="ws"))
    assert answer["retCode"] == 20006
    [answer] = stream.say(order(kit, "4", "order.cancel", orderLinkId="ws"))
    assert (answer["retCode"], answer["data"]) == (110001, {})
    batch = order(kit, "5", "order.create-batch") | {"args": [{"category": "linear", "request": [LIMIT | CONTRACT]}]}
    [answer] = stream.say(batch)
    assert answer["retExtInfo"]["list"] == [{"code": 0, "msg": "OK"}] and len(answer["data"]["list"]) == 1
    [pong] = stream.say({"op": "ping"})
    assert (pong["op"], pong["data"]) == ("pong", [str(kit.now // MS)])


def test_what_the_trade_stream_refuses(kit: Kit) -> None:
    stream = Stream(kit, "/v5/trade")
    assert stream.say(order(kit, "0", **LIMIT))[0]["retCode"] == 10007
    assert stream.say(Stream.login(kit, secret="no"))[0]["retCode"] == 10004
    assert stream.say(Stream.login(kit, key="no"))[0]["retCode"] == 10003
    assert stream.say(Stream.login(kit))[0]["retCode"] == 0
    assert stream.say(Stream.login(kit))[0]["retCode"] == 20001
    late = order(kit, "1", **LIMIT)
    kit.now += 6 * SECOND
    assert stream.say(late)[0]["retCode"] == 10002
    assert stream.say(order(kit, "2") | {"args": []})[0]["retCode"] == 10001
    assert stream.say(order(kit, "3") | {"op": "order.fly"})[0]["retCode"] == 10404
    assert kit.open() == [] and kit.truths == []
    for number in range(10):
        stream.say(order(kit, f"x{number}", **LIMIT))
    assert stream.say(order(kit, "y", **LIMIT))[0]["retCode"] == 10006


def test_rest_and_stream_share_a_pace(kit: Kit) -> None:
    stream = trading(kit)
    for _ in range(10):
        kit.placed(price="40000")
    assert stream.say(order(kit, "1", **LIMIT))[0]["retCode"] == 10006


# ----------------------------------------------------------------------- public
def applied(book: dict[str, dict[str, str]], event: dict[str, Any]) -> None:
    if event["type"] == "snapshot":
        book["b"], book["a"] = {}, {}
    for side in ("b", "a"):
        for price, size in event["data"][side]:
            book[side][price] = size
            if size == "0":
                del book[side][price]


@pytest.mark.parametrize(("category", "depth"), [("linear", 50), ("spot", 1), ("spot", 50), ("inverse", 200)])
def test_a_book_can_be_followed(make_kit: Callable[..., Kit], category: str, depth: int) -> None:
    name = "BTCUSD" if category == "inverse" else "BTCUSDT"
    unified = {"linear": "BTC/USDT:USDT", "spot": SPOT, "inverse": "BTC/USD:BTC"}[category]
    kit = make_kit()
    stream = Stream(kit, f"/v5/public/{category}")
    answer, first = stream.say({"op": "subscribe", "args": [f"orderbook.{depth}.{name}"]})
    assert answer["success"] and first["type"] == "snapshot"
    book: dict[str, dict[str, str]] = {}
    applied(book, first)
    last = first["data"]["u"]
    for step in range(5):
        kit.to(str(50010 + step * (10 if step % 2 else -10)), unified)
        for event in stream.wait(0.1):
            assert event["data"]["u"] == last + 1 and event["type"] == "delta"
            last = event["data"]["u"]
            applied(book, event)
        bids, asks = kit.venue.desk.exchange.depth(unified, depth)
        shown = kit.get("/v5/market/orderbook", category=category, symbol=name, limit=depth).result
        assert book == {"b": dict(shown["b"]), "a": dict(shown["a"])} and len(bids) + len(asks) > 0
    quiet = stream.wait(3.2)
    assert [event["type"] for event in quiet] == (["snapshot"] if depth == 1 else [])


def test_public_trades_tickers_and_candles(kit: Kit) -> None:
    stream = Stream(kit, "/v5/public/linear")
    said = stream.say({"op": "subscribe", "args": ["publicTrade.BTCUSDT", "tickers.BTCUSDT", "kline.1.BTCUSDT"]})
    assert [event["topic"] for event in said[1:]] == ["tickers.BTCUSDT", "kline.1.BTCUSDT"]
    kit.placed(qty="0.02")
    kit.venue.fill(kit.placed(price="49995"), Decimal(1))
    events = {event["topic"]: event for event in stream.wait(0.1)}
    rows = events["publicTrade.BTCUSDT"]["data"]
    assert [(row["S"], row["v"], row["p"]) for row in rows] == [
        ("Buy", "0.020", "50010.00"),
        ("Sell", "0.010", "49995.00"),
    ]
    assert rows[1]["L"] == "MinusTick"
    ticker = events["tickers.BTCUSDT"]
    assert ticker["type"] == "delta" and ticker["data"]["lastPrice"] == "49995.00" and "bid1Price" not in ticker["data"]
    assert events["kline.1.BTCUSDT"]["data"][0]["close"] == "49995.00"
    over = [event for event in stream.wait(60) if event["topic"] == "kline.1.BTCUSDT"]
    assert [event["data"][0]["confirm"] for event in over] == [True, False]
    stream.say({"op": "unsubscribe", "args": ["publicTrade.BTCUSDT", "tickers.BTCUSDT", "kline.1.BTCUSDT"]})
    assert stream.wait(1) == []
    recent = kit.get("/v5/market/recent-trade", category="linear", symbol="BTCUSDT").rows
    assert [row["price"] for row in recent] == ["49995.00", "50010.00"]


def test_topics_that_do_not_exist(kit: Kit) -> None:
    stream = Stream(kit, "/v5/public/linear")
    for topic in ("orderbook.7.BTCUSDT", "tickers.NOPE", "kline.7.BTCUSDT", "publicTrade", "order"):
        assert stream.say({"op": "subscribe", "args": [topic]})[0]["success"] is False
    many = [f"tickers.{name}" for name in ("BTCUSDT",) * 11]
    assert Stream(kit, "/v5/public/spot").say({"op": "subscribe", "args": many})[0]["success"] is False


# ------------------------------------------------------------------- protection
def test_orders_end_when_the_private_stream_has_gone(kit: Kit) -> None:
    wires = [kit.placed(price="40000"), kit.placed("spot", price="40000")]
    assert (
        kit.post("/v5/order/disconnected-cancel-all", product="DERIVATIVES", timeWindow=3).data["retMsg"] == "success"
    )
    stream = private(kit, "order", "dcp.future")
    kit.now += 60 * SECOND
    kit.venue.advance(kit.now)
    stream.session.closed()
    kit.now += 2 * SECOND
    kit.venue.advance(kit.now)
    back = private(kit, "order", "dcp.future")
    kit.now += 10 * SECOND
    assert kit.order(wires[0])["orderStatus"] == "New", "it was back in time"
    back.session.closed()
    kit.now += 4 * SECOND
    row = kit.order(wires[0])
    assert (row["orderStatus"], row["cancelType"]) == ("Cancelled", "CancelByDCP")
    assert kit.order(wires[1], "spot")["orderStatus"] == "New", "another product"


def test_without_the_topic_nothing_is_protected(kit: Kit) -> None:
    wire = kit.placed(price="40000")
    kit.post("/v5/order/disconnected-cancel-all", product="DERIVATIVES", timeWindow=3)
    private(kit, "order").session.closed()
    kit.now += 60 * SECOND
    assert kit.order(wire)["orderStatus"] == "New"
    for window in (2, 301, None):
        assert kit.post("/v5/order/disconnected-cancel-all", product="SPOT", timeWindow=window).code == 10001
