"""Weights, order counts, 429 and 418."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from binance_kit import EPOCH, SECOND, Kit

MINUTE = 60 * SECOND

WEIGHTS = [
    ("GET", "/api/v3/ping", {}, 1),
    ("GET", "/api/v3/time", {}, 1),
    ("GET", "/api/v3/exchangeInfo", {}, 20),
    ("GET", "/api/v3/depth", {"symbol": "BTCUSDT"}, 5),
    ("GET", "/api/v3/depth", {"symbol": "BTCUSDT", "limit": 500}, 25),
    ("GET", "/api/v3/depth", {"symbol": "BTCUSDT", "limit": 1000}, 50),
    ("GET", "/api/v3/depth", {"symbol": "BTCUSDT", "limit": 5000}, 250),
    ("GET", "/api/v3/trades", {"symbol": "BTCUSDT"}, 25),
    ("GET", "/api/v3/avgPrice", {"symbol": "BTCUSDT"}, 2),
    ("GET", "/api/v3/ticker/24hr", {"symbol": "BTCUSDT"}, 2),
    ("GET", "/api/v3/ticker/24hr", {}, 80),
    ("GET", "/api/v3/ticker/price", {"symbol": "BTCUSDT"}, 2),
    ("GET", "/api/v3/ticker/price", {}, 4),
    ("GET", "/api/v3/order", {"symbol": "BTCUSDT", "orderId": 1}, 4),
    ("GET", "/api/v3/openOrders", {"symbol": "BTCUSDT"}, 6),
    ("GET", "/api/v3/openOrders", {}, 80),
    ("GET", "/api/v3/allOrders", {"symbol": "BTCUSDT"}, 20),
    ("GET", "/api/v3/myTrades", {"symbol": "BTCUSDT"}, 20),
    ("GET", "/api/v3/myTrades", {"symbol": "BTCUSDT", "orderId": 1}, 5),
    ("GET", "/api/v3/account", {}, 20),
    ("GET", "/api/v3/rateLimit/order", {}, 40),
    ("POST", "/api/v3/order", {"symbol": "BTCUSDT"}, 1),
    ("DELETE", "/api/v3/order", {"symbol": "BTCUSDT"}, 1),
    ("DELETE", "/api/v3/openOrders", {"symbol": "BTCUSDT"}, 1),
]


@pytest.mark.parametrize(("method", "path", "params", "weight"), WEIGHTS)
def test_weights(kit: Kit, method: str, path: str, params: dict[str, str], weight: int) -> None:
    answer = kit.ask(method, path, **params)
    assert answer.headers["X-MBX-USED-WEIGHT-1M"] == str(weight)
    assert answer.headers["X-MBX-USED-WEIGHT"] == str(weight)


def test_weight_resets_with_the_calendar_minute(kit: Kit) -> None:
    kit.now = EPOCH + 59 * SECOND
    kit.public("/api/v3/exchangeInfo")
    assert kit.public("/api/v3/ping").headers["X-MBX-USED-WEIGHT-1M"] == "21"
    kit.now = EPOCH + MINUTE
    assert kit.public("/api/v3/ping").headers["X-MBX-USED-WEIGHT-1M"] == "1"


def test_429_then_418_then_longer(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(knobs={"weight_per_minute": 10, "ban_after": 3})
    kit.now = EPOCH + 40 * SECOND
    for _ in range(10):
        assert kit.public("/api/v3/ping").status == 200
    for _ in range(3):
        limited = kit.public("/api/v3/ping")
        assert limited.error == (
            429,
            -1003,
            "Too much request weight used; current limit is 10 request weight per 1 MINUTE. Please use WebSocket "
            "Streams for live updates to avoid polling the API.",
        )
        assert limited.headers["Retry-After"] == "20"
    banned = kit.public("/api/v3/ping")
    until = (kit.now + 120 * SECOND) // 1_000_000
    assert banned.error == (
        418,
        -1003,
        f"Way too much request weight used; IP banned until {until}. Please use WebSocket Streams for live updates to "
        "avoid bans.",
    )
    assert banned.headers["Retry-After"] == "120"
    kit.now += 119 * SECOND
    assert kit.public("/api/v3/ping").headers["Retry-After"] == "1"
    kit.now += SECOND
    assert kit.public("/api/v3/ping").status == 200
    for _ in range(13):
        last = kit.public("/api/v3/ping")
    assert (last.status, last.headers["Retry-After"]) == (418, "600")


def test_retry_after_is_enough(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(knobs={"weight_per_minute": 1})
    kit.public("/api/v3/ping")
    limited = kit.public("/api/v3/ping")
    kit.now += int(limited.headers["Retry-After"]) * SECOND
    assert kit.public("/api/v3/ping").status == 200


def test_order_counts(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(knobs={"orders_per_10s": 2})
    first = kit.limit("40000", "0.01")
    assert (first.headers["X-MBX-ORDER-COUNT-10S"], first.headers["X-MBX-ORDER-COUNT-1D"]) == ("1", "1")
    assert "X-MBX-ORDER-COUNT-10S" not in kit.limit("40000", "90").headers, "a refused order does not count"
    assert kit.limit("40000", "0.01").headers["X-MBX-ORDER-COUNT-10S"] == "2"
    refused = kit.limit("40000", "0.01")
    assert refused.error == (429, -1015, "Too many new orders; current limit is 2 orders per 10 SECOND.")
    assert "Retry-After" not in refused.headers
    counts = kit.private("/api/v3/rateLimit/order").data
    assert [(each["interval"], each["count"], each["limit"]) for each in counts] == [
        ("SECOND", 2, 2),
        ("DAY", 2, 200_000),
    ]
    kit.now += 10 * SECOND
    third = kit.limit("40000", "0.01")
    assert (third.headers["X-MBX-ORDER-COUNT-10S"], third.headers["X-MBX-ORDER-COUNT-1D"]) == ("1", "3")


def test_orders_that_trade_do_not_count(kit: Kit) -> None:
    assert kit.market(quantity="0.01").headers["X-MBX-ORDER-COUNT-10S"] == "0"
    for price in range(40_000, 40_007):
        resting = kit.limit(str(price), "0.01")
    assert resting.headers["X-MBX-ORDER-COUNT-10S"] == "7"
    assert kit.venue.fill(str(resting.data["orderId"]), Decimal("0.5"))
    assert kit.limit("40000", "0.01").headers["X-MBX-ORDER-COUNT-10S"] == "3", "five off for the maker, one new"
    kit.venue.fill(str(resting.data["orderId"]), Decimal(1))
    assert kit.limit("40000", "0.01").headers["X-MBX-ORDER-COUNT-10S"] == "4", "only the first fill counts"


def test_wallet_endpoints_have_a_bucket_of_their_own(kit: Kit) -> None:
    status = kit.public("/sapi/v1/system/status")
    assert status.data == {"status": 0, "msg": "normal"}
    assert "X-MBX-USED-WEIGHT-1M" not in status.headers
    assert "X-SAPI-USED-IP-WEIGHT-1M" in status.headers


@pytest.mark.parametrize("knobs", [{"weight_per_minute": 0}, {"lookup_after_cancel": "maybe"}, {"ban_after": True}])
def test_impossible_knobs(make_kit: Callable[..., Kit], knobs: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="knob"):
        make_kit(knobs=knobs)
