"""Market data streams: what they say and when, a book kept from them, and the frames of a connection."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from binance_kit import EPOCH, MARKETS, SECOND, Kit
from hypothesis import given, settings
from hypothesis import strategies as st

from outtrade_mocks.venues import api
from outtrade_mocks.venues.binance_spot.streams import MarketSession

MS = 1_000_000
BUSY = MARKETS | {"BTC/USDT": MARKETS["BTC/USDT"] | {"maker_rate": 2.0, "taker_rate": 2.0, "volatility_bps": 5.0}}


class Watcher:
    """A connection, its messages, and time that passes for the venue."""

    def __init__(self, kit: Kit, target: str) -> None:
        self.kit = kit
        session = kit.venue.open_session("stream.binance.com", target, kit.now)
        assert isinstance(session, MarketSession)
        self.session = session
        self.said: list[tuple[int, Any]] = [(kit.now, text) for text in session.opened(kit.now)]

    def send(self, **frame: Any) -> Any:
        return json.loads(api.ask(self.session, self.session.read(json.dumps(frame)), self.kit.now).body)

    def wait(self, seconds: float) -> list[Any]:
        """What is said in the next seconds."""
        end, start = self.kit.now + int(seconds * SECOND), len(self.said)
        while (at := self.session.next_time()) is not None and at <= end:
            self.kit.venue.advance(at)
            self.said += [(at, json.loads(said) if isinstance(said, str) else said) for said in self.session.due(at)]
        self.kit.now = end
        self.kit.venue.advance(end)
        return [said for _, said in self.said[start:]]


@pytest.fixture
def busy(make_kit: Callable[..., Kit]) -> Kit:
    return make_kit(markets=BUSY)


def test_trades_are_those_of_rest(busy: Kit) -> None:
    watcher = Watcher(busy, "/ws/btcusdt@trade")
    watcher.wait(10)
    own = busy.market(quantity="0.02").data["fills"]
    said = [event for _, event in watcher.said] + watcher.wait(1)
    assert len(said) > 10
    ids = [event["t"] for event in said]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    trades = {trade["id"]: trade for trade in busy.public("/api/v3/trades", symbol="BTCUSDT", limit=1000).data}
    for event in said:
        trade = trades[event["t"]]
        assert (event["p"], event["q"], event["T"], event["m"]) == (
            trade["price"], trade["qty"], trade["time"], trade["isBuyerMaker"],
        )  # fmt: skip
        assert list(event) == ["e", "E", "s", "t", "p", "q", "T", "m", "M"]
        assert 0 <= event["E"] - event["T"] <= 100
    assert any(event["p"] == own[0]["price"] and event["q"] == own[0]["qty"] for event in said)


def test_aggregates_are_those_of_rest(busy: Kit) -> None:
    said = Watcher(busy, "/ws/btcusdt@aggTrade").wait(10)
    groups = {group["a"]: group for group in busy.public("/api/v3/aggTrades", symbol="BTCUSDT", limit=1000).data}
    assert len(said) > 5
    for event in said:
        assert {name: event[name] for name in "apqflTmM"} == groups[event["a"]]


@pytest.mark.parametrize("name", ["depth", "depth@100ms"])
def test_a_book_is_kept_as_documented(busy: Kit, name: str) -> None:
    """Buffer events, take a snapshot, drop what is in it, go on without gaps: it is the venue's book at each event."""
    watcher = Watcher(busy, f"/ws/btcusdt@{name}")
    buffered = watcher.wait(3.003)
    snapshot = busy.public("/api/v3/depth", symbol="BTCUSDT", limit=5000).data
    last, first = snapshot["lastUpdateId"], True
    book = {side: dict(snapshot[side]) for side in ("bids", "asks")}
    for _ in range(40):
        for event in buffered:
            if event["u"] <= last:
                continue
            if first:
                assert event["U"] <= last + 1 <= event["u"]
                first = False
            else:
                assert event["U"] == last + 1
            last = event["u"]
            for side, key in (("bids", "b"), ("asks", "a")):
                for price, size in event[key]:
                    if Decimal(size):
                        book[side][price] = size
                    else:
                        book[side].pop(price, None)
        buffered = watcher.wait(1)
    assert not first
    busy.now = watcher.said[-1][0]
    truth = busy.public("/api/v3/depth", symbol="BTCUSDT", limit=5000).data
    for event in buffered:
        for side, key in (("bids", "b"), ("asks", "a")):
            book[side].update(dict(event[key]))
    for side in ("bids", "asks"):
        assert {price: size for price, size in book[side].items() if Decimal(size)} == dict(truth[side])


def test_best_levels_and_prices(kit: Kit) -> None:
    watcher = Watcher(kit, "/stream?streams=btcusdt@depth5@100ms/btcusdt@bookTicker")
    first = watcher.wait(0.5)
    assert [each["stream"] for each in first] == ["btcusdt@depth5@100ms", "btcusdt@bookTicker"]
    levels, touch = (each["data"] for each in first)
    assert (len(levels["bids"]), len(levels["asks"])) == (5, 5)
    assert [touch["b"], touch["B"]] == levels["bids"][0]
    assert watcher.wait(5) == [], "nothing changes in a quiet market"
    kit.limit("50000", "0.01")
    after = watcher.wait(0.1)
    assert after[0]["data"]["bids"][0] == ["50000.00000000", "0.01000000"]
    assert after[1]["data"]["b"] == "50000.00000000"
    assert after[1]["data"]["u"] > touch["u"]


def test_statistics_and_candles(busy: Kit) -> None:
    names = ("ticker", "miniTicker", "ticker_1h", "avgPrice", "kline_1m", "kline_1s", "kline_1d@+08:00")
    watcher = Watcher(busy, "/stream?streams=" + "/".join(f"btcusdt@{name}" for name in names))
    said = watcher.wait(130)
    assert {each["stream"].partition("@")[2] for each in said} == set(names)
    by_name = {name: [each["data"] for each in said if each["stream"] == f"btcusdt@{name}"] for name in names}
    full = busy.public("/api/v3/ticker/24hr", symbol="BTCUSDT").data
    last = by_name["ticker"][-1]
    assert (last["n"], last["c"], last["v"], last["b"]) == (
        full["count"], full["lastPrice"], full["volume"], full["bidPrice"],
    )  # fmt: skip
    assert (last["o"], last["h"], last["l"]) == (full["openPrice"], full["highPrice"], full["lowPrice"])
    assert by_name["miniTicker"][-1]["c"] == full["lastPrice"]
    assert by_name["ticker_1h"][-1]["e"] == "1hTicker"
    assert by_name["avgPrice"][-1]["i"] == "5m"
    closed = [each["k"] for each in by_name["kline_1m"] if each["k"]["x"]]
    assert len(closed) == 2
    rows = busy.public("/api/v3/klines", symbol="BTCUSDT", interval="1m").data
    for candle, row in zip(closed, rows, strict=False):
        assert [candle[key] for key in ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q", "B")] == row
    assert sum(each["k"]["x"] for each in by_name["kline_1s"]) >= 129
    assert (by_name["kline_1d@+08:00"][0]["k"]["t"] + 8 * 3_600_000) % 86_400_000 == 0


def test_all_symbols_at_once(busy: Kit) -> None:
    said = Watcher(busy, "/ws/!miniTicker@arr/!ticker@arr/!ticker_4h@arr").wait(5)
    assert {each[0]["e"] for each in said} == {"24hrMiniTicker", "24hrTicker", "4hTicker"}
    first = next(each for each in said if each[0]["e"] == "24hrMiniTicker")
    assert [each["s"] for each in first] == [busy.venue.desk.listings[symbol].id for symbol in busy.config.symbols]
    later = [each for each in said if each[0]["e"] == "24hrMiniTicker"][-1]
    assert [each["s"] for each in later] == ["BTCUSDT"], "only what has changed"


def test_microseconds(busy: Kit) -> None:
    said = Watcher(busy, "/ws/btcusdt@trade?timeUnit=MICROSECOND").wait(5)
    assert all(event["T"] > 10**15 and event["E"] > 10**15 for event in said)
    assert said


def test_frames(kit: Kit) -> None:
    watcher = Watcher(kit, "/ws")
    assert watcher.send(method="SUBSCRIBE", params=["btcusdt@bookTicker", "nonsense"], id=1) == {
        "result": None,
        "id": 1,
    }
    assert watcher.send(method="LIST_SUBSCRIPTIONS", id="two")["result"] == ["btcusdt@bookTicker", "nonsense"]
    assert watcher.wait(1)[0]["s"] == "BTCUSDT"
    assert watcher.send(method="GET_PROPERTY", params=["combined"], id=3)["result"] is False
    assert watcher.send(method="SET_PROPERTY", params=["combined", True], id=4)["result"] is None
    kit.limit("50000", "0.01")
    assert watcher.wait(1)[0]["stream"] == "btcusdt@bookTicker"
    assert watcher.send(method="UNSUBSCRIBE", params=["btcusdt@bookTicker"], id=5)["result"] is None
    kit.limit("50001", "0.01")
    assert watcher.wait(2) == []


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({}, 2),
        ({"method": "BUY", "id": 1}, 2),
        ({"method": "SUBSCRIBE", "id": 1}, 2),
        ({"method": "SUBSCRIBE", "params": [1], "id": 1}, 2),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": -1}, 2),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": [1]}, 2),
        ({"method": "SUBSCRIBE", "params": [str(n) for n in range(1025)], "id": 1}, 2),
        ({"method": "GET_PROPERTY", "params": ["speed"], "id": 1}, 0),
        ({"method": "SET_PROPERTY", "params": ["combined", "yes"], "id": 1}, 1),
    ],
)
def test_wrong_frames(kit: Kit, frame: dict[str, Any], code: int) -> None:
    assert Watcher(kit, "/ws/btcusdt@trade").send(**frame)["error"]["code"] == code


def test_too_many_messages_end_the_connection(kit: Kit) -> None:
    watcher = Watcher(kit, "/ws")
    for number in range(5):
        assert watcher.send(method="LIST_SUBSCRIPTIONS", id=number)["result"] == []
    call = watcher.session.read(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": 6}))
    answer = api.ask(watcher.session, call, kit.now)
    assert (answer.body, answer.also) == (b"", (api.Close(1008, "Too many requests"),))
    kit.now += SECOND
    assert watcher.send(method="LIST_SUBSCRIPTIONS", id=7)["result"] == []


def test_a_connection_lasts_a_day(kit: Kit) -> None:
    session = kit.venue.open_session("stream.binance.com", "/ws/nothing", EPOCH)
    end = EPOCH + 86_400 * SECOND
    assert session.next_time() == end
    assert isinstance(session.due(end)[0], api.Close)


def test_looking_on_changes_nothing(make_kit: Callable[..., Kit]) -> None:
    def tell(look: bool) -> Any:
        kit = make_kit(markets=BUSY)
        watcher = Watcher(kit, "/ws/btcusdt@depth@100ms/btcusdt@trade/btcusdt@kline_1m" if look else "/ws")
        kit.limit("49990", "0.05")
        watcher.wait(20)
        kit.market(quantity="0.01")
        watcher.wait(20)
        return kit.private("/api/v3/myTrades", symbol="BTCUSDT").data

    assert tell(True) == tell(False)


@settings(max_examples=60)
@given(
    st.text(max_size=80)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda x: st.lists(x, max_size=3) | st.dictionaries(st.sampled_from(["method", "params", "id"]), x, max_size=3),
        max_leaves=6,
    ).map(json.dumps),
    st.text(max_size=40),
)
def test_no_frame_and_no_address_crash_a_connection(text: str, target: str) -> None:
    watcher = Watcher(Kit(), f"/ws/{target}")
    answer = json.loads(api.ask(watcher.session, watcher.session.read(text), EPOCH).body)
    assert "result" in answer or "error" in answer
    watcher.wait(0.3)
