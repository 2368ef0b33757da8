"""Malformed requests: whatever is sent, the venue answers JSON, and what it refuses has changed nothing."""

from __future__ import annotations

import json

from binance_kit import KEY, SECRET, Kit
from hypothesis import given, settings
from hypothesis import strategies as st

from outtrade_mocks.venues.api import HttpRequest
from outtrade_mocks.venues.binance_auth import sign
from outtrade_mocks.venues.binance_spot.endpoints import ENDPOINTS

NAMES = [
    "symbol", "symbols", "side", "type", "timeInForce", "quantity", "quoteOrderQty", "price", "newClientOrderId",
    "stopPrice", "icebergQty", "newOrderRespType", "orderId", "origClientOrderId", "cancelReplaceMode", "cancelOrderId",
    "cancelOrigClientOrderId", "limit", "fromId", "startTime", "endTime", "recvWindow", "timestamp", "strategyId",
    "strategyType", "cancelRestrictions", "omitZeroBalances", "permissions", "symbolStatus", "trailingDelta",
    "orderRateLimitExceededMode", "computeCommissionRates", "signature", "selfTradePreventionMode",
]  # fmt: skip
VALUES = [
    "BTCUSDT", "BUY", "SELL", "LIMIT", "MARKET", "LIMIT_MAKER", "STOP_LOSS", "GTC", "IOC", "FOK", "0.01", "40000",
    "0", "-1", "1e9", "NaN", "999999999999999999999", "18446744073709551616", "true", "", "null", "[]", '["BTCUSDT"]',
    "%00", "%ff", "\u00e9", "STOP_ON_FAILURE", "ALLOW_FAILURE", "CANCEL_ONLY", "FULL", "ACK", "48300000001", "1" * 40,
]  # fmt: skip
value = st.sampled_from(VALUES) | st.text(max_size=12)
pairs = st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=6), value), max_size=14)
targets = st.sampled_from(sorted(ENDPOINTS)) | st.tuples(
    st.sampled_from(["GET", "PATCH", "TRACE", ""]), st.text(max_size=20)
)


@settings(max_examples=500, deadline=None)
@given(targets, pairs, pairs, st.booleans(), st.binary(max_size=30))
def test_any_request_gets_a_json_answer(
    target: tuple[str, str], query: list[tuple[str, str]], form: list[tuple[str, str]], signed: bool, tail: bytes
) -> None:
    kit = Kit()
    kit.limit("40000", "0.01")
    method, path = target
    text = "&".join(f"{name}={text}" for name, text in query)
    body = "&".join(f"{name}={text}" for name, text in form)
    if signed:
        text = text + ("&" if text else "") + f"timestamp={kit.now // 1_000_000}"
        kept = [pair for pair in text.split("&") if not pair.startswith("signature=")]
        text = "&".join(kept)
        if method == "GET":
            body, tail = "", b""
        text += "&signature=" + sign(SECRET, text + body)
        tail = b""
        body = "&".join(pair for pair in body.split("&") if not pair.startswith("signature="))
    request = HttpRequest(
        method, f"{path}?{text}", "api.binance.com", {"x-mbx-apikey": KEY}, body.encode("utf-8", "replace") + tail
    )
    before = kit.venue.truth()
    answer = kit.raw(request)
    assert isinstance(answer.data, dict | list)
    json.dumps(answer.data)
    if answer.status >= 400:
        assert answer.data["code"] < 0
        assert isinstance(answer.data["msg"], str)
        if answer.status != 409:
            assert kit.venue.truth() == before
    reading = kit.venue.interpret(answer.status, answer.headers, json.dumps(answer.data).encode(), kit.now)
    assert reading.outcome == ("ok" if answer.status < 400 else "definite")


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES[:13]), value, max_size=10))
def test_any_signed_order_is_accepted_or_refused(params: dict[str, str]) -> None:
    kit = Kit()
    kit.limit("40000", "0.01")
    base = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.01",
        "price": "40000",
    }
    before = kit.venue.truth()
    answer = kit.place(**(base | params))
    if answer.status == 200:
        assert answer.data["orderId"] > 0
    else:
        assert answer.status == 400
        assert answer.data["code"] < 0
        assert kit.venue.truth() == before
