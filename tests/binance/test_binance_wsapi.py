"""Requests in frames: the same handlers as REST, sessions that log on, weights and limits that are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from binance_kit import EPOCH, KEY, Kit, limit_order
from binance_pairs import pair
from hypothesis import given, settings
from hypothesis import strategies as st
from test_binance_stream import ask, signed

from outtrade_mocks.venues import api
from outtrade_mocks.venues.binance_spot.methods import METHODS
from outtrade_mocks.venues.binance_spot.wsapi import BinanceSession

MS = 1_000_000
MARKET_DATA = {
    "exchangeInfo": {"symbol": "BTCUSDT"},
    "depth": {"symbol": "BTCUSDT", "limit": 5},
    "trades.recent": {"symbol": "BTCUSDT"},
    "trades.historical": {"symbol": "BTCUSDT"},
    "trades.aggregate": {"symbol": "BTCUSDT"},
    "klines": {"symbol": "BTCUSDT", "interval": "1m"},
    "uiKlines": {"symbol": "BTCUSDT", "interval": "1m"},
    "avgPrice": {"symbol": "BTCUSDT"},
    "ticker": {"symbols": ["BTCUSDT", "ETHUSDT"]},
    "ticker.24hr": {"symbol": "BTCUSDT"},
    "ticker.tradingDay": {"symbol": "BTCUSDT"},
    "ticker.price": {"symbols": ["BTCUSDT"]},
    "ticker.book": {"symbol": "BTCUSDT"},
}
PATHS = {
    "exchangeInfo": "exchangeInfo", "depth": "depth", "trades.recent": "trades",
    "trades.historical": "historicalTrades",
    "trades.aggregate": "aggTrades", "klines": "klines", "uiKlines": "uiKlines", "avgPrice": "avgPrice",
    "ticker": "ticker", "ticker.24hr": "ticker/24hr", "ticker.tradingDay": "ticker/tradingDay",
    "ticker.price": "ticker/price", "ticker.book": "ticker/bookTicker",
}  # fmt: skip


@pytest.fixture
def session(kit: Kit) -> BinanceSession:
    return opened(kit)


def opened(kit: Kit) -> BinanceSession:
    session = kit.venue.open_session("ws-api.binance.com", "/ws-api/v3", EPOCH)
    assert isinstance(session, BinanceSession)
    return session


def result(session: BinanceSession, method: str, **params: Any) -> Any:
    answer = ask(session, method, signed(**params))
    assert answer["status"] == 200, answer
    return answer["result"]


@pytest.mark.parametrize("method", MARKET_DATA)
def test_market_data_is_that_of_rest(kit: Kit, session: BinanceSession, method: str) -> None:
    kit.market(quantity="0.01")
    kit.public("/api/v3/trades", symbol="BTCUSDT")
    kit.market(quantity="0.02")
    params = MARKET_DATA[method]
    flat = {
        name: json.dumps(value, separators=(",", ":")) if isinstance(value, list) else value
        for name, value in params.items()
    }
    answer = ask(session, method, params)
    assert answer["status"] == 200
    assert answer["result"] == kit.public(f"/api/v3/{PATHS[method]}", **flat).data


def test_the_life_of_an_order_in_frames(kit: Kit, session: BinanceSession) -> None:
    order = limit_order("40000", "0.01")
    placed = result(session, "order.place", newClientOrderId="one", **order)
    assert (placed["status"], placed["clientOrderId"], placed["fills"]) == ("NEW", "one", [])
    assert result(session, "order.test", **order) == {}
    seen = result(session, "order.status", symbol="BTCUSDT", orderId=placed["orderId"])
    assert seen == kit.private("/api/v3/order", symbol="BTCUSDT", origClientOrderId="one").data
    assert result(session, "openOrders.status", symbol="BTCUSDT") == [seen]
    amended = result(session, "order.amend.keepPriority", symbol="BTCUSDT", origClientOrderId="one", newQty="0.005")
    assert amended["amendedOrder"]["qty"] == "0.00500000"
    assert amended["amendedOrder"]["clientOrderId"] != "one", "an amend renames the order"
    assert len(result(session, "order.amendments", symbol="BTCUSDT", orderId=placed["orderId"])) == 1
    swap = result(
        session, "order.cancelReplace", cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=placed["orderId"], **order
    )
    assert (swap["cancelResult"], swap["newOrderResponse"]["status"]) == ("SUCCESS", "NEW")
    new = swap["newOrderResponse"]["orderId"]
    assert result(session, "order.cancel", symbol="BTCUSDT", orderId=new)["status"] == "CANCELED"
    again = ask(session, "order.cancel", signed(symbol="BTCUSDT", orderId=new))
    assert (again["status"], again["error"]) == (400, {"code": -2011, "msg": "Unknown order sent."})
    kit.market(quantity="0.02")
    assert [each["orderId"] for each in result(session, "allOrders", symbol="BTCUSDT")][:2] == [placed["orderId"], new]
    assert len(result(session, "myTrades", symbol="BTCUSDT")) == 1
    assert result(session, "account.status")["balances"] == kit.private("/api/v3/account").data["balances"]
    assert result(session, "account.commission", symbol="BTCUSDT")["symbol"] == "BTCUSDT"
    assert len(result(session, "account.rateLimits.orders")) == 2
    assert result(session, "myPreventedMatches", symbol="BTCUSDT", orderId=new) == []


def test_order_lists_in_frames(session: BinanceSession) -> None:
    sell = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.1"}
    above = {"aboveType": "LIMIT_MAKER", "abovePrice": "51000"}
    below = {"belowType": "STOP_LOSS", "belowStopPrice": "49000"}
    oco = result(session, "orderList.place.oco", **sell, **above, **below)
    assert oco["contingencyType"] == "OCO"
    assert result(session, "orderList.status", orderListId=oco["orderListId"])["listStatusType"] == "EXEC_STARTED"
    assert len(result(session, "openOrderLists.status")) == 1
    cancelled = result(session, "orderList.cancel", symbol="BTCUSDT", orderListId=oco["orderListId"])
    assert cancelled["listOrderStatus"] == "ALL_DONE"
    old = result(session, "orderList.place", **sell, price="51000", stopPrice="49000")
    assert old["contingencyType"] == "OCO"
    assert len(result(session, "openOrders.cancelAll", symbol="BTCUSDT")) == 1
    assert len(result(session, "allOrderLists")) == 2


def test_a_half_failed_swap_says_so(session: BinanceSession) -> None:
    answer = ask(
        session,
        "order.cancelReplace",
        signed(cancelReplaceMode="ALLOW_FAILURE", cancelOrderId=1, **limit_order("40000", "0.01")),
    )
    assert (answer["status"], answer["error"]["code"]) == (409, -2021)
    assert answer["error"]["data"]["cancelResult"] == "FAILURE"
    assert answer["error"]["data"]["newOrderResponse"]["status"] == "NEW"


def test_what_an_answer_tells_of_limits(session: BinanceSession) -> None:
    order = signed(**limit_order("40000", "0.01"))
    limits = ask(session, "order.place", order)["rateLimits"]
    assert [(each["rateLimitType"], each["interval"], each["count"]) for each in limits] == [
        ("ORDERS", "SECOND", 1),
        ("ORDERS", "DAY", 1),
        ("REQUEST_WEIGHT", "MINUTE", 3),
    ]
    quiet = ask(session, "depth", {"symbol": "BTCUSDT", "returnRateLimits": False})
    assert "rateLimits" not in quiet


def test_order_limits_hold(make_kit: Callable[..., Kit]) -> None:
    session = opened(make_kit(knobs={"orders_per_10s": 1}))
    assert result(session, "order.place", **limit_order("40000", "0.01"))
    refused = ask(session, "order.place", signed(**limit_order("40000", "0.01")))
    assert (refused["status"], refused["error"]["code"]) == (429, -1015)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"signature": "00"}, 400, -1022),
        ({"apiKey": "Z" * 64}, 401, -2015),
        ({"quantity": "0.02"}, 400, -1022),
        ({"timestamp": EPOCH // MS - 6000}, 400, -1021),
    ],
)
def test_refused_orders_change_nothing(
    kit: Kit, session: BinanceSession, change: dict[str, Any], status: int, code: int
) -> None:
    before = kit.venue.truth()
    answer = ask(session, "order.place", signed(**limit_order("40000", "0.01")) | change)
    assert (answer["status"], answer["error"]["code"]) == (status, code)
    unsigned = {"apiKey": KEY, "timestamp": EPOCH // MS} | limit_order("40000", "0.01")
    assert ask(session, "order.place", unsigned)["error"]["code"] == -1102
    assert kit.venue.truth() == before


def test_a_call_says_what_it_is_about(session: BinanceSession) -> None:
    frame = {"id": 7, "method": "order.place", "params": limit_order("40000", "0.01") | {"newClientOrderId": "x1"}}
    call = session.read(json.dumps(frame))
    assert (call.op, call.symbol, call.client_id, call.signed) == ("place", "BTC/USDT", "x1", True)
    assert call.order is not None
    assert (call.order["side"], call.order["price"]) == ("buy", "40000")
    cancel = session.read(json.dumps({"method": "order.cancel", "params": {"symbol": "BTCUSDT", "orderId": 12}}))
    assert (cancel.op, cancel.venue_id) == ("cancel", "12")


# ------------------------------------------------------------------ logging on
def logon(kit: Kit, kind: str, **params: Any) -> tuple[BinanceSession, dict[str, Any], Callable[..., dict[str, Any]]]:
    session = opened(kit)

    def sign(**sent: Any) -> dict[str, Any]:
        fields: dict[str, Any] = {"apiKey": KEY, "timestamp": EPOCH // MS} | sent
        payload = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
        return fields | {"signature": pair(kind).sign(payload)}

    return session, ask(session, "session.logon", sign(**params)), sign


def test_an_ed25519_key_logs_on_once(make_kit: Callable[..., Kit]) -> None:
    pytest.importorskip("cryptography")
    kit = make_kit(credentials=pair("ed25519").credentials(KEY))
    session, answer, sign = logon(kit, "ed25519")
    assert answer["result"]["apiKey"] == KEY
    assert answer["result"]["authorizedSince"] == EPOCH // MS
    timed = {"timestamp": EPOCH // MS}
    order = limit_order("40000", "0.01")
    assert ask(session, "order.place", order | timed)["status"] == 200
    assert ask(session, "order.place", order)["error"]["code"] == -1102, "a timestamp is needed all the same"
    assert ask(session, "order.place", order | {"timestamp": EPOCH // MS - 9999})["error"]["code"] == -1021
    assert ask(session, "order.place", sign(**order))["status"] == 200
    wrong = sign(**order) | {"quantity": "0.02"}
    assert ask(session, "order.place", wrong)["error"]["code"] == -1022, "a signature that is sent is checked"
    assert ask(session, "order.place", order | timed | {"apiKey": "Z" * 64})["error"]["code"] == -2015
    assert ask(session, "userDataStream.subscribe")["result"] == {"subscriptionId": 0}
    assert session.subscribed
    out = ask(session, "session.logout")["result"]
    assert (out["apiKey"], out["authorizedSince"], out["userDataStream"]) == (None, None, False)
    assert ask(session, "order.place", order | timed)["error"]["code"] == -2014
    assert not session.subscribed


def test_an_rsa_key_signs_but_does_not_log_on(make_kit: Callable[..., Kit]) -> None:
    pytest.importorskip("cryptography")
    kit = make_kit(credentials=pair("rsa").credentials(KEY))
    session, answer, sign = logon(kit, "rsa")
    assert answer["error"]["code"] == -4056
    assert ask(session, "order.place", sign(**limit_order("40000", "0.01")))["status"] == 200
    assert ask(session, "userDataStream.subscribe.signature", sign())["result"] == {"subscriptionId": 0}


def test_a_logon_with_a_wrong_signature(make_kit: Callable[..., Kit]) -> None:
    pytest.importorskip("cryptography")
    kit = make_kit(credentials=pair("ed25519").credentials(KEY))
    session = opened(kit)
    assert ask(session, "session.logon", signed())["error"]["code"] == -1022
    assert ask(session, "userDataStream.subscribe")["error"]["code"] == -1002


# ------------------------------------------------------------------ anything else
_VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
_NAMES = st.sampled_from(
    ["symbol", "orderId", "side", "type", "quantity", "price", "timeInForce", "symbols", "limit", "interval",
     "startTime", "endTime", "fromId", "windowSize", "timeZone", "apiKey", "signature", "timestamp", "id"]
)  # fmt: skip


@settings(max_examples=150)
@given(st.sampled_from(sorted(METHODS)), st.dictionaries(_NAMES, _VALUES, max_size=8), st.booleans())
def test_no_parameters_crash_a_method(method: str, params: dict[str, Any], sign: bool) -> None:
    kit = Kit()
    session, before = opened(kit), kit.venue.truth()
    if sign:
        try:
            params = signed(**{name: value for name, value in params.items() if isinstance(value, str | int)})
        except TypeError:
            return
    frame = json.dumps(
        {"id": 1, "method": method, "params": params | ({"symbol": "BTCUSDT"} if "symbol" in params else {})}
    )
    answer = json.loads(api.ask(session, session.read(frame), EPOCH).body)
    assert ("result" in answer) != ("error" in answer)
    if "error" in answer:
        assert set(answer["error"]) <= {"code", "msg", "data"}
        assert kit.venue.truth() == before
