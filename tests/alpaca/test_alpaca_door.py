"""The front door: keys, limits, paths, bodies; and that what is refused changes nothing."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from alpaca_kit import SECOND, Kit

from outtrade_mocks.venues.alpaca import CREDENTIALS

KEY, SECRET = CREDENTIALS.key, CREDENTIALS.secret
UNAUTHORIZED = (401, 40110000, "request is not authorized.")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"apca-api-key-id": KEY},
        {"apca-api-key-id": KEY, "apca-api-secret-key": SECRET + "x"},
        {"apca-api-key-id": "PKOTHER", "apca-api-secret-key": SECRET},
        {"apca-api-key-id": KEY.lower(), "apca-api-secret-key": SECRET},
        {"authorization": "Bearer " + KEY},
        {"authorization": "Basic !!!"},
        {"apca-api-key-id": "é", "apca-api-secret-key": "\udcff"},
    ],
)
def test_a_wrong_key_opens_nothing(kit: Kit, headers: dict[str, str]) -> None:
    before = kit.balances()
    for method, path in (("GET", "/v2/account"), ("POST", "/v2/orders"), ("DELETE", "/v2/orders")):
        assert kit.ask(method, path, {}, headers=headers).error == UNAUTHORIZED
    assert kit.ask("GET", "/v2/stocks/AAPL/quotes/latest", headers=headers).error == (403, None, "forbidden.")
    assert kit.balances() == before and kit.truths == []


def test_the_right_key_does_in_headers_and_as_basic_authorization(kit: Kit) -> None:
    basic = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
    assert kit.ask("GET", "/v2/account", headers={"authorization": f"Basic {basic}"}).status == 200
    assert kit.ask("GET", "/v2/account").status == 200
    crypto = kit.ask("GET", "/v1beta3/crypto/us/latest/quotes", headers={}, symbols="BTC/USD")
    assert crypto.ok["quotes"]["BTC/USD"]["bp"] == 49990


def test_two_hundred_requests_a_minute_and_account() -> None:
    kit = Kit()
    seen = [kit.ask("GET", "/v2/clock") for _ in range(201)]
    assert [one.status for one in seen] == [200] * 200 + [429]
    assert seen[0].headers["X-Ratelimit-Remaining"] == "199" and seen[0].headers["X-Ratelimit-Limit"] == "200"
    assert seen[-1].error == (429, 42910000, "rate limit exceeded")
    reset = int(seen[-1].headers["X-Ratelimit-Reset"])
    assert reset == kit.now // SECOND // 60 * 60 + 60
    reading = kit.venue.interpret(429, seen[-1].headers, b"{}", kit.now)
    assert (reading.outcome, reading.error, reading.retry_after) == ("definite", "rate", reset - kit.now / SECOND)
    assert kit.ask("GET", "/v2/stocks/AAPL/quotes/latest").status == 200, "market data has a limit of its own"
    kit.later(reading.retry_after or 0)
    assert kit.ask("GET", "/v2/clock").status == 200
    few = Kit(knobs={"requests_per_minute": 2})
    assert [few.ask("GET", "/v2/clock").status for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(
    ("method", "path", "body", "error"),
    [
        ("GET", "/v2/nothing", None, (404, 40410000, "endpoint not found.")),
        ("PUT", "/v2/orders", None, (404, 40410000, "endpoint not found.")),
        ("GET", "/v2/orders/", None, (404, 40410000, "endpoint not found.")),
        ("GET", "/", None, (404, 40410000, "endpoint not found.")),
        ("POST", "/v2/orders", b"[1]", (400, 40010000, "request body format is invalid")),
        ("POST", "/v2/orders", b"\xff{", (400, 40010000, "request body format is invalid")),
        ("POST", "/v2/orders", b"", (422, 40010001, "symbol is required")),
        ("GET", "/v2/orders/None", None, (404, 40410000, "order not found")),
        ("DELETE", "/v2/orders/None", None, (404, 40410000, "order not found")),
        ("GET", "/v2/positions/ETHUSD", None, (404, 40410000, "position does not exist")),
        ("GET", "/v2/assets/NONE", None, (404, 40410000, "asset not found for NONE")),
        ("GET", "/v2/orders:by_client_order_id", None, (422, 40010001, "client_order_id is required")),
    ],
)
def test_refusals(kit: Kit, method: str, path: str, body: Any, error: Any) -> None:
    assert kit.ask(method, path, body).error == error
    assert kit.truths == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"status": "odd"}, "invalid status"),
        ({"limit": "501"}, "limit must be between 1 and 500"),
        ({"limit": "-1"}, "limit must be between 1 and 500"),
        ({"direction": "up"}, "invalid direction"),
        ({"after": "yesterday"}, "invalid after"),
        ({"until": "2026-13-01"}, "invalid until"),
    ],
)
def test_queries_with_nonsense(kit: Kit, query: dict[str, str], message: str) -> None:
    assert kit.ask("GET", "/v2/orders", **query).error == (422, 40010001, message)


@pytest.mark.parametrize("reason", ["rate", "ban", "funds", "closed", "permission", "filter", "busy"])
def test_injected_refusals_are_the_venues_own_words(kit: Kit, reason: str) -> None:
    answer = kit.venue.refusal(reason, kit.now, retry_after=7)
    reading = kit.venue.interpret(answer.status, answer.headers, answer.body, kit.now)
    assert reading.outcome == ("ambiguous" if reason == "busy" else "definite")
    if reason == "rate":
        assert reading.retry_after == 7
    with pytest.raises(ValueError, match="unknown refusal"):
        kit.venue.refusal("odd", kit.now)


def test_what_leaves_the_outcome_open(kit: Kit) -> None:
    for reason in ("code_1006", "code_1007"):
        answer = kit.venue.refusal(reason, kit.now)
        assert kit.venue.interpret(answer.status, {}, answer.body, kit.now).outcome == "ambiguous"
    for status, body in ((502, b"<html>"), (200, b"<html>"), (200, b""), (403, b"[]"), (418, b'{"message":"tea"}')):
        assert kit.venue.interpret(status, {}, body, kit.now).outcome == "ambiguous"
    assert kit.venue.interpret(204, {}, b"", kit.now).outcome == "ok"
