"""Who may come in: signature, time window, key."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from binance_kit import EPOCH, SECRET, Kit

from outtrade_mocks.venues.api import HttpRequest
from outtrade_mocks.venues.binance_auth import sign

MS = 1_000_000
DOC_SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"


def test_the_documented_examples() -> None:
    body = (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    )
    assert sign(DOC_SECRET, body) == "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    mixed = body.replace("GTC&quantity", "GTCquantity")
    assert sign(DOC_SECRET, mixed) == "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"


def order(query: str, body: str) -> HttpRequest:
    target = "/api/v3/order/test" + (f"?{query}" if query else "")
    return HttpRequest("POST", target, "api.binance.com", {"x-mbx-apikey": "TESTKEY0" * 8}, body.encode())


def test_query_body_and_mixed_are_signed_in_that_order(kit: Kit) -> None:
    first = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC"
    second = f"quantity=1&price=40000&timestamp={EPOCH // MS}"
    whole = f"{first}&{second}"
    assert kit.raw(order("", f"{whole}&signature={sign(SECRET, whole)}")).status == 200
    assert kit.raw(order(f"{whole}&signature={sign(SECRET, whole)}", "")).status == 200
    assert kit.raw(order(first, f"{second}&signature={sign(SECRET, first + second)}")).status == 200
    assert kit.raw(order(f"{first}&signature={sign(SECRET, first + second)}", second)).status == 200
    assert kit.raw(order(first, f"{second}&signature={sign(SECRET, whole)}")).error[1] == -1022


def test_upper_case_signatures_are_as_good(kit: Kit) -> None:
    text = f"timestamp={EPOCH // MS}"
    request = kit.request("GET", "/api/v3/account")
    request.target = f"/api/v3/account?{text}&signature={sign(SECRET, text).upper()}"
    assert kit.raw(request).status == 200


def test_a_changed_parameter_breaks_the_signature(kit: Kit) -> None:
    request = kit.request("GET", "/api/v3/openOrders", {"symbol": "BTCUSDT"})
    request.target = request.target.replace("BTCUSDT", "ETHUSDT")
    assert kit.raw(request).error == (400, -1022, "Signature for this request is not valid.")


def test_the_query_wins_over_the_body(kit: Kit) -> None:
    query, body = "symbol=ETHUSDT", f"symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1&timestamp={EPOCH // MS}"
    request = order(query, f"{body}&signature={sign(SECRET, query + body)}")
    assert kit.venue.read(request).symbol == "ETH/USDT"
    assert kit.raw(request).status == 200


@pytest.mark.parametrize(
    ("offset_ms", "window", "expected"),
    [
        (0, None, None),
        (-5000, None, None),
        (-5001, None, "outside"),
        (999, None, None),
        (1000, None, "ahead"),
        (-59_999, "60000", None),
        (-60_001, "60000", "outside"),
        (-10, "10", None),
        (-11, "10.5", "outside"),
        (-10, "10.5", None),
    ],
)
def test_time_window(kit: Kit, offset_ms: int, window: str | None, expected: str | None) -> None:
    params = {"timestamp": EPOCH // MS + offset_ms} | ({} if window is None else {"recvWindow": window})
    answer = kit.private("/api/v3/account", **params)
    texts = {
        "outside": "Timestamp for this request is outside of the recvWindow.",
        "ahead": "Timestamp for this request was 1000ms ahead of the server's time.",
    }
    if expected is None:
        assert answer.status == 200
    else:
        assert answer.error == (400, -1021, texts[expected])


def test_microsecond_timestamps(kit: Kit) -> None:
    assert kit.private("/api/v3/account", timestamp=EPOCH // 1000).status == 200
    assert kit.private("/api/v3/account", timestamp=EPOCH // 1000 - 6_000_000).error[1] == -1021


@pytest.mark.parametrize(
    ("params", "code"),
    [({"recvWindow": 60_001}, -1102), ({"recvWindow": "long"}, -1100), ({"timestamp": "now"}, -1100),
     ({"timestamp": ""}, -1105), ({"timestamp": "9" * 20}, -1108), ({"recvWindow": ""}, -1105)],
)  # fmt: skip
def test_malformed_times(kit: Kit, params: dict[str, object], code: int) -> None:
    assert kit.private("/api/v3/account", **params).error[:2] == (400, code)


def test_missing_timestamp_and_signature(kit: Kit) -> None:
    text = "Mandatory parameter '{}' was not sent, was empty/null, or malformed."
    unsigned = kit.request("GET", "/api/v3/account", {"timestamp": EPOCH // MS}, signed=False)
    assert kit.raw(unsigned).error == (400, -1102, text.format("signature"))
    untimed = kit.request("GET", "/api/v3/account", signed=False)
    untimed.target += f"?signature={sign(SECRET, '')}"
    assert kit.raw(untimed).error == (400, -1102, text.format("timestamp"))


def test_the_window_is_checked_again_before_the_engine(kit: Kit) -> None:
    params = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.01",
        "price": "40000",
    }
    call = kit.venue.read(kit.request("POST", "/api/v3/order", params))
    assert kit.venue.admit(call, EPOCH) is None
    late = EPOCH + 5001 * MS
    answer = kit.venue.render(kit.venue.execute(call, late), late)
    assert (answer.status, b"-1021" in answer.body) == (400, True)
    assert kit.venue.truth()["working"] == ()


def test_public_endpoints_need_no_key(make_kit: Callable[..., Kit]) -> None:
    request = HttpRequest("GET", "/api/v3/time", "api.binance.com", {})
    assert make_kit().raw(request).data == {"serverTime": EPOCH // MS}
