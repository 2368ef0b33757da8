"""WebSocket: login, subscriptions, events, market data at its times, order operations, the end of a connection."""

from __future__ import annotations

import json
import struct
import zlib
from decimal import Decimal
from typing import Any

import pytest
from okx_kit import EPOCH, SPOT, SWAP, Kit, spot

from outtrade_mocks.venues.api import Close, Session
from outtrade_mocks.venues.okx.channels import checksum


@pytest.fixture
def kit() -> Kit:
    return Kit()


def data(frames: list[Any], channel: str) -> list[dict[str, Any]]:
    return [row for frame in frames if frame.get("arg", {}).get("channel") == channel for row in frame.get("data", ())]


def due(kit: Kit, session: Session, seconds: float) -> list[Any]:
    """Everything that a session says by itself within a time."""
    end, said = kit.now + int(seconds * 1e9), []
    while (at := session.next_time()) is not None and at <= end:
        kit.now = max(kit.now, at)
        kit.venue.advance(kit.now)
        for one in session.due(kit.now):
            if isinstance(one, Close):
                return [*said, one]
            said.append(json.loads(one))
    kit.now = end
    kit.venue.advance(end)
    return said


# ---------------------------------------------------------------------- login
def test_login(kit: Kit) -> None:
    session = kit.connect()
    assert kit.login(session) == {"event": "login", "code": "0", "msg": "", "connId": session.connection}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"apiKey": "nobody"}, "60005", "Invalid apiKey"),
        ({"apiKey": "11111111-2222-4333-8444-aaaaaaaaaaaa"}, "60032", "API key doesn't exist."),
        ({"timestamp": "soon"}, "60004", "Invalid timestamp"),
        ({"timestamp": str(EPOCH // 10**9 - 31)}, "60006", "Timestamp request expired"),
        ({"sign": "bm8="}, "60007", "Invalid sign"),
        ({"passphrase": "no"}, "60024", "Wrong passphrase"),
    ],
)
def test_who_may_not_log_in(kit: Kit, changes: dict[str, str], code: str, text: str) -> None:
    answer = kit.login(kit.connect(), **changes)
    assert (answer["event"], answer["code"], answer["msg"]) == ("error", code, text)


def test_frames_that_are_none(kit: Kit) -> None:
    session = kit.connect()
    for text, code in (
        ("[]", "60012"),
        ("{", "60012"),
        ('{"op":"dance","args":[{}]}', "60019"),
        ('{"op":"subscribe"}', "60012"),
    ):
        assert kit.say(session, text)[0]["code"] == code
    assert kit.say(session, "{")[0]["msg"] == "Illegal request: {"
    assert kit.say(session, "ping") == ["pong"]


@pytest.mark.parametrize(
    ("address", "arg", "code"),
    [
        ("private", {"channel": "orders", "instType": "ANY"}, "60011"),
        ("public", {"channel": "orders", "instType": "ANY"}, "60018"),
        ("private", {"channel": "orders-algo", "instType": "ANY"}, "64001"),
        ("business", {"channel": "books", "instId": SPOT}, "64002"),
        ("private", {"channel": "books", "instId": SPOT}, "60018"),
        ("public", {"channel": "books", "instId": "NO-SUCH"}, "60018"),
        ("public", {"channel": "books-l2-tbt", "instId": SPOT}, "64003"),
        ("public", {"channel": "funding-rate", "instId": SPOT}, "60018"),
        ("public", {"channel": "nonsense"}, "60018"),
        ("public", {"instId": SPOT}, "60013"),
    ],
)
def test_subscriptions_that_are_refused(kit: Kit, address: str, arg: dict[str, str], code: str) -> None:
    assert kit.subscribe(kit.connect(address), arg)[0]["code"] == code


def test_connections_of_a_channel_are_counted(kit: Kit) -> None:
    for number in range(1, 31):
        session = kit.connect()
        kit.login(session)
        answers = kit.subscribe(session, {"channel": "orders", "instType": "ANY"})
        assert (answers[1]["event"], answers[1]["connCount"]) == ("channel-conn-count", str(number))
    last = kit.connect()
    kit.login(last)
    answers = kit.subscribe(last, {"channel": "orders", "instType": "ANY"})
    assert [one["event"] for one in answers] == ["subscribe", "channel-conn-count-error"]
    assert not last.subscribed
    session.closed()
    assert kit.subscribe(last, {"channel": "orders", "instType": "ANY"})[1]["connCount"] == "30"


# --------------------------------------------------------------------- events
def test_orders_tell_every_change(kit: Kit) -> None:
    _, told = kit.private("orders")
    order_id = kit.limit("49900", "0.1", clOrdId="mine").item["ordId"]
    kit.venue.fill(order_id, Decimal("0.4"))
    kit.post("trade/amend-order", instId=SPOT, ordId=order_id, newSz="0.08", reqId="r1")
    kit.post("trade/cancel-order", instId=SPOT, ordId=order_id)
    rows = data(told, "orders")
    assert [(row["state"], row["fillSz"], row["accFillSz"], row["sz"]) for row in rows] == [
        ("live", "0", "0", "0.1"), ("partially_filled", "0.04", "0.04", "0.1"), ("partially_filled", "0", "0.04",
        "0.08"), ("canceled", "0", "0.04", "0.08"),
    ]  # fmt: skip
    fill, amend, end = rows[1:]
    assert (fill["tradeId"], fill["fillPx"], fill["execType"], fill["fillFeeCcy"]) == ("242000001", "49900", "M", "BTC")
    assert Decimal(fill["fillFee"]) == Decimal("-0.00004")
    assert (amend["reqId"], amend["amendResult"], amend["amendSource"], amend["code"]) == ("r1", "0", "1", "0")
    assert (end["cancelSource"], end["tradeId"], end["avgPx"]) == ("1", "", "49900")
    assert {row["clOrdId"] for row in rows} == {"mine"}
    assert all(frame["arg"] == {"channel": "orders", "instType": "ANY", "uid": "614488474791936"} for frame in told)


def test_a_post_only_order_that_would_take_is_told_as_cancelled(kit: Kit) -> None:
    _, told = kit.private("orders")
    kit.place(side="buy", ordType="post_only", px="50100", sz="0.1")
    assert [(row["state"], row["cancelSource"]) for row in data(told, "orders")] == [("live", ""), ("canceled", "31")]


def test_filters_of_a_subscription(kit: Kit) -> None:
    session = kit.connect()
    kit.login(session)
    kit.subscribe(
        session, {"channel": "orders", "instType": "SWAP"}, {"channel": "orders", "instType": "ANY", "instId": SPOT}
    )
    told = kit.told.setdefault(0, [])
    kit.limit("40000", "0.01")
    kit.swap("buy", "1", "limit", px="49000")
    kit.place(instId="ETH-USDT", tdMode="cash", side="buy", ordType="limit", px="2900", sz="0.1")
    assert [(frame["arg"]["instType"], frame["data"][0]["instId"]) for frame in told] == [("ANY", SPOT), ("SWAP", SWAP)]
    kit.say(session, {"op": "unsubscribe", "args": [{"channel": "orders", "instType": "SWAP"}]})
    kit.swap("buy", "1", "limit", px="49000")
    assert len(told) == 2


def test_money_and_positions(kit: Kit) -> None:
    session, told = kit.private("account", "positions", "balance_and_position", "fills")
    kit.swap("buy", "2")
    account = data(told, "account")
    assert [one["ccy"] for one in account[-1]["details"]] == ["USDT"]
    assert Decimal(account[-1]["details"][0]["cashBal"]) == Decimal("99998.9998")
    assert [(one["instId"], one["pos"]) for one in data(told, "positions")] == [(SWAP, "2")]
    both = data(told, "balance_and_position")
    assert {one["eventType"] for one in both} == {"filled"}
    assert [one["posData"][0]["pos"] for one in both if one["posData"]] == ["2"]
    assert [(one["fillSz"], one["execType"]) for one in data(told, "fills")] == [("2", "T")]
    again = due(kit, session, 6)
    assert [row["pos"] for row in data(again, "positions")] == ["2"]
    kinds = {frame["eventType"] for frame in told if frame["arg"]["channel"] in ("account", "positions")}
    assert kinds == {"event_update"}
    assert [(frame["eventType"], frame["curPage"], frame["lastPage"]) for frame in again] == [("snapshot", 1, True)] * 2
    assert [one["trades"] for one in both if one["trades"]] == [[{"instId": SWAP, "tradeId": "242000001"}]]
    assert {row["ccy"] for row in data(again, "account")[0]["details"]} == {"BTC", "ETH", "USDT"}


def test_account_and_positions_begin_with_a_snapshot(kit: Kit) -> None:
    kit.swap("sell", "3")
    session = kit.connect()
    kit.login(session)
    quiet = json.dumps({"updateInterval": "0"})
    args = [
        {"channel": "account", "extraParams": quiet},
        {"channel": "positions", "instType": "ANY", "extraParams": quiet},
    ]
    answers = kit.subscribe(session, *args, {"channel": "balance_and_position"})
    assert [row["pos"] for row in data(answers, "positions")] == ["-3"]
    assert len(data(answers, "account")[0]["details"]) == 3
    assert data(answers, "balance_and_position")[0]["eventType"] == "snapshot"
    assert [one for one in due(kit, session, 20) if not isinstance(one, Close)] == []


def test_algo_orders_are_told_until_they_are_orders(kit: Kit) -> None:
    _, algos = kit.private("orders-algo", "algo-advance")
    _, orders = kit.private("orders")
    fields = {"tpTriggerPx": "51000", "tpOrdPx": "-1", "slTriggerPx": "49980", "slOrdPx": "-1"}
    kit.algo(side="sell", ordType="oco", sz="0.1", **fields)
    kit.algo(side="sell", ordType="move_order_stop", sz="0.1", callbackRatio="0.5")
    kit.wait(1)
    kit.place(side="sell", ordType="market", sz="1")
    assert [row["state"] for row in data(algos, "orders-algo")] == ["live", "effective"]
    assert [row["state"] for row in data(algos, "algo-advance")] == ["live"]
    triggered = [row for row in data(orders, "orders") if row["algoId"]]
    states = [row["state"] for row in triggered]
    assert (states[0], states[-1], {row["sz"] for row in triggered}) == ("live", "filled", {"0.1"})


# ------------------------------------------------------------------ operations
def test_orders_in_frames(kit: Kit) -> None:
    session = kit.connect()
    order = spot(side="buy", ordType="limit", px="40000", sz="0.01", clOrdId="one")
    refused = kit.say(session, {"id": "1", "op": "order", "args": [order]})[0]
    assert (refused["id"], refused["op"], refused["code"], refused["msg"]) == ("1", "order", "60011", "Please log in")
    kit.login(session)
    answer = kit.say(session, {"id": "2", "op": "order", "args": [order]})[0]
    assert (answer["code"], answer["data"][0]["sCode"], answer["inTime"]) == ("0", "0", str(EPOCH // 1000))
    found = kit.order(answer["data"][0]["ordId"])
    assert found["clOrdId"] == "one"
    by_code = {"instIdCode": 10001, "clOrdId": "one", "newSz": "0.02"}
    assert kit.say(session, {"id": "3", "op": "amend-order", "args": [by_code]})[0]["code"] == "0"
    failed = kit.say(session, {"id": "4", "op": "order", "args": [order]})[0]
    assert (failed["code"], failed["data"][0]["sCode"]) == ("1", "51016")
    both = [order | {"clOrdId": "two"}, order]
    assert kit.say(session, {"id": "5", "op": "batch-orders", "args": both})[0]["code"] == "2"
    gone = kit.say(session, {"id": "6", "op": "batch-cancel-orders", "args": [{"instId": SPOT, "clOrdId": "two"}]})[0]
    assert gone["data"][0]["sCode"] == "0"
    assert kit.say(session, {"id": "7", "op": "order", "args": []})[0]["code"] == "60013"
    assert kit.say(session, {"op": "order", "args": [order]})[0]["code"] == "60027"
    late = {"id": "8", "op": "order", "args": [order | {"clOrdId": "late"}], "expTime": str(EPOCH // 1_000_000 - 1)}
    assert kit.say(session, late)[0]["code"] == "50036"
    public = kit.connect("public")
    assert kit.say(public, {"id": "9", "op": "order", "args": [order]})[0]["code"] == "60028"


def test_rest_and_frames_share_their_limits(kit: Kit) -> None:
    session = kit.connect()
    kit.login(session)
    cancel = {"instId": SPOT, "ordId": "1"}
    for number in range(60):
        if number % 2:
            assert kit.post("trade/cancel-order", **cancel).error[1] == "51400"
        else:
            assert (
                kit.say(session, {"id": "1", "op": "cancel-order", "args": [cancel]})[0]["data"][0]["sCode"] == "51400"
            )
    assert kit.say(session, {"id": "1", "op": "cancel-order", "args": [cancel]})[0]["code"] == "50011"


# ----------------------------------------------------------------- market data
def test_a_book_can_be_followed(kit: Kit) -> None:
    session = kit.connect("public")
    answers = kit.subscribe(session, {"channel": "books", "instId": SPOT})
    assert answers[0] == {
        "event": "subscribe",
        "arg": {"channel": "books", "instId": SPOT},
        "connId": answers[0]["connId"],
    }
    frames = [answers[1]]
    for number in range(8):
        kit.place(side="buy" if number % 2 else "sell", ordType="market", sz="0.7", tgtCcy="base_ccy")
        kit.limit(str(40_000 + number), "0.01")
        frames += due(kit, session, 0.25)
    assert [frame["action"] for frame in frames] == ["snapshot"] + ["update"] * 8
    sides: dict[str, dict[str, list[str]]] = {"bids": {}, "asks": {}}
    before = -1
    for frame in frames:
        book = frame["data"][0]
        assert book["prevSeqId"] == before
        before = book["seqId"]
        for name, side in sides.items():
            for row in book[name]:
                side[row[0]] = row
                if row[1] == "0":
                    del side[row[0]]
        bids = sorted(sides["bids"].values(), key=lambda row: -Decimal(row[0]))
        asks = sorted(sides["asks"].values(), key=lambda row: Decimal(row[0]))
        assert book["checksum"] == checksum(bids, asks)
    rest = kit.public("market/books", instId=SPOT, sz=400).item
    assert (bids, asks) == (rest["bids"], rest["asks"])


def test_the_checksum_is_a_signed_crc32() -> None:
    bids, asks = [["3366.1", "7", "0", "3"]], [["3366.8", "9", "0", "3"], ["3368", "8", "0", "4"]]
    for levels in (bids, bids * 30):
        text = (
            ":".join(f"{bid[0]}:{bid[1]}:3366.8:9" for bid in levels[:25])
            if len(levels) > 1
            else "3366.1:7:3366.8:9:3368:8"
        )
        expected = struct.unpack(">i", struct.pack(">I", zlib.crc32(text.encode())))[0]
        assert checksum(levels, asks if len(levels) == 1 else [asks[0]] * 30) == expected
    assert checksum(bids, asks) < 0


def test_a_book_says_that_it_is_alive(kit: Kit) -> None:
    session = kit.connect("public")
    first = kit.subscribe(session, {"channel": "books", "instId": SPOT})[1]["data"][0]
    kit.subscribe(session, {"channel": "tickers", "instId": SWAP})
    frames: list[Any] = []
    for _ in range(4):
        frames += due(kit, session, 20)
        assert kit.say(session, "ping") == ["pong"]
    assert [one["data"][0] for one in frames if one["arg"]["channel"] == "books"] == [
        first | {"asks": [], "bids": [], "prevSeqId": first["seqId"], "ts": str(EPOCH // 1_000_000 + 60_000)}
    ]


def test_channels_send_what_has_changed(kit: Kit) -> None:
    session = kit.connect("public")
    names = ("books5", "bbo-tbt", "tickers", "trades", "price-limit")
    answers = kit.subscribe(session, *({"channel": name, "instId": SPOT} for name in names))
    assert len(data(answers, "books5")[0]["bids"]) == 5
    assert data(answers, "bbo-tbt")[0]["bids"][0][:2] == data(answers, "books5")[0]["bids"][0][:2]
    assert data(answers, "trades") == []
    assert due(kit, session, 1) == []
    kit.place(side="buy", ordType="market", sz="0.1", tgtCcy="base_ccy")
    frames = due(kit, session, 1)
    assert [frame["arg"]["channel"] for frame in frames] == ["bbo-tbt", "trades", "books5", "tickers"]
    trade = data(frames, "trades")[0]
    assert (trade["px"], trade["sz"], trade["side"], trade["count"]) == ("50010", "0.1", "buy", "1")
    assert data(frames, "tickers")[0]["lastSz"] == "0.1"


def test_others_at_first(kit: Kit) -> None:
    session = kit.connect("public")
    answers = kit.subscribe(
        session,
        {"channel": "funding-rate", "instId": SWAP},
        {"channel": "mark-price", "instId": SWAP},
        {"channel": "index-tickers", "instId": SPOT},
        {"channel": "instruments", "instType": "SWAP"},
    )
    assert data(answers, "funding-rate")[0]["fundingRate"] == "0.0001"
    assert data(answers, "mark-price")[0]["markPx"] == "50000"
    assert data(answers, "index-tickers")[0]["idxPx"] == "50000"
    assert [row["instId"] for row in data(answers, "instruments")] == [SWAP, "BTC-USD-SWAP"]
    business = kit.connect("business")
    candle = kit.subscribe(business, {"channel": "candle1m", "instId": SPOT})[1]["data"][0]
    assert (candle[0], len(candle)) == (str(EPOCH // 1_000_000), 9)


# ------------------------------------------------------------------- the end
def test_an_idle_connection_is_closed(kit: Kit) -> None:
    session = kit.connect("public")
    assert due(kit, session, 29) == []
    assert kit.say(session, "ping") == ["pong"]
    assert due(kit, session, 29.9) == []
    assert due(kit, session, 1) == [Close(4004, "No data received in 30s")]
