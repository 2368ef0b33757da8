"""Tokens: which are taken, and what whoever has another is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from coinbase_kit import EDWARDS, EPOCH, HOST, SECOND, Kit, b64, token

from outtrade_mocks.venues import VenueError
from outtrade_mocks.venues.coinbase.auth import HOST as OWN_HOST
from outtrade_mocks.venues.config import Credentials

URI = f"GET {HOST}/api/v3/brokerage/accounts"


def told(kit: Kit, sent: str | None, path: str = "/accounts", **query: Any) -> int:
    request = kit.request("GET", path, query=query)
    request.headers["authorization"] = f"Bearer {sent}"
    if sent is None:
        del request.headers["authorization"]
    answer = kit.raw(request)
    if answer.status == 401:
        assert answer.body == b"Unauthorized" and answer.reading.error == "auth"
    return answer.status


@pytest.mark.parametrize("keys", [None, EDWARDS], ids=["ES256", "EdDSA"])
def test_a_token_of_either_kind_is_verified(keys: Credentials | None) -> None:
    kit = Kit(credentials=keys)
    good = token(EPOCH, URI, keys=kit.keys)
    assert told(kit, good) == 200
    head, body, signature = good.split(".")
    assert told(kit, f"{head}.{body}.{signature[:-4]}AAAA") == 401
    assert told(kit, f"{head}.{b64(json.dumps({'sub': kit.keys.key}).encode())}.{signature}") == 401
    assert told(kit, f"{head}.{body}.") == 401
    assert told(kit, f"{head}.{body}") == 401
    assert told(kit, "no token") == 401
    assert told(kit, None) == 401


@pytest.mark.parametrize("keys", [None, EDWARDS], ids=["ES256", "EdDSA"])
def test_the_algorithm_is_the_keys(keys: Credentials | None) -> None:
    """No token signs for itself: ``none``, HMAC with what is public, the other kind of key."""
    kit = Kit(credentials=keys)
    for algorithm in ("none", "HS256", "EdDSA" if keys is None else "ES256"):
        assert told(kit, token(EPOCH, URI, keys=kit.keys, header={"alg": algorithm})) == 401
    other = EDWARDS if keys is None else Kit().keys
    assert told(kit, token(EPOCH, URI, keys=Credentials(kit.keys.key, other.secret))) == 401


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ({"uri": f"GET {HOST}/api/v3/brokerage/products"}, 401),
        ({"uri": f"POST {HOST}/api/v3/brokerage/accounts"}, 401),
        ({"uri": "GET evil.example/api/v3/brokerage/accounts"}, 401),
        ({"uri": f"{URI}?limit=5"}, 401),
        ({"uri": None}, 401),
        ({"uri": None, "uris": [URI]}, 200),
        ({"uri": None, "uris": ["GET elsewhere/"]}, 401),
        ({"sub": "somebody else"}, 401),
        ({"header": {"kid": "somebody else"}}, 401),
        ({"header": {"nonce": None}}, 401),
        ({"header": {"nonce": ""}}, 401),
        ({"nbf": None}, 401),
        ({"exp": None}, 401),
        ({"exp": EPOCH // SECOND + 121}, 401),
        ({"exp": "soon"}, 401),
        ({"iss": "coinbase-cloud", "aud": ["retail_rest_api_proxy"]}, 200),
    ],
)
def test_what_a_token_must_say(kit: Kit, what: dict[str, Any], status: int) -> None:
    assert told(kit, token(EPOCH, what.pop("uri", URI), **what)) == status


def test_the_query_is_no_part_of_the_uri(kit: Kit) -> None:
    assert told(kit, token(EPOCH, URI), limit=5) == 200


def test_a_token_lives_for_two_minutes_and_some_leeway() -> None:
    kit = Kit(knobs={"clock_leeway": 1})
    early, late = token(EPOCH + 3 * SECOND, URI), token(EPOCH, URI)
    assert told(kit, early) == 401
    kit.later(2.5)
    assert told(kit, early) == 200  # within the leeway
    kit.later(117)
    assert told(kit, late) == 200
    kit.later(2)
    assert told(kit, late) == 401
    patient = Kit()
    patient.later(150)
    assert told(patient, late) == 200


def test_a_token_may_come_twice(kit: Kit) -> None:
    """Nobody states that a nonce is good for one request only, and ccxt.pro sends a token several times."""
    sent = token(EPOCH, URI)
    assert (told(kit, sent), told(kit, sent)) == (200, 200)


def test_a_mock_elsewhere_takes_tokens_for_its_own_host(kit: Kit) -> None:
    request = kit.request("GET", "/accounts")
    request.host, request.headers["host"] = "127.0.0.1", "127.0.0.1:8900"
    for host in ("127.0.0.1:8900", "127.0.0.1", OWN_HOST):
        request.headers["authorization"] = f"Bearer {token(EPOCH, f'GET {host}/api/v3/brokerage/accounts')}"
        assert kit.raw(request).status == 200
    request.headers["authorization"] = f"Bearer {token(EPOCH, 'GET 127.0.0.1:1/api/v3/brokerage/accounts')}"
    assert kit.raw(request).status == 401


def test_nothing_happens_without_a_token(kit: Kit) -> None:
    body = {"client_order_id": "a", "product_id": "BTC-USD", "side": "BUY"}
    request = kit.request("POST", "/orders", body | {"order_configuration": {"market_market_ioc": {"quote_size": "9"}}})
    request.headers["authorization"] = f"Bearer {token(EPOCH, URI)}"
    before = kit.balances()
    assert kit.raw(request).status == 401 and kit.balances() == before and not kit.truths
    assert kit.public("/market/products").status == 200


@pytest.mark.parametrize(
    "secret", ["", "no key", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"]
)
def test_a_key_that_is_none_is_refused_in_one_line(secret: str) -> None:
    with pytest.raises(VenueError, match=r"^a key of coinbase is"):
        Kit(credentials=Credentials("k", secret))


def test_a_limit_of_requests_is_told_in_headers_and_by_429() -> None:
    kit = Kit(knobs={"private_per_second": 2, "public_per_second": 1})
    first = kit.get("/accounts")
    assert first.headers["x-ratelimit-limit"] == "2" and first.headers["x-ratelimit-remaining"] == "1"
    assert kit.get("/accounts").headers["x-ratelimit-remaining"] == "0"
    refused = kit.get("/accounts")
    assert (refused.status, refused.reading.error) == (429, "rate")
    assert refused.data == {"errors": [{"id": "rate_limit_exceeded", "message": "Too many requests"}]}
    assert kit.public("/market/products").status == 200 and kit.public("/time").status == 429
    kit.later(1)
    assert kit.get("/accounts").status == 200


def test_unknown_paths_and_unreadable_bodies(kit: Kit) -> None:
    assert (kit.get("/nothing").status, kit.get("/nothing").data["error"]) == (404, "NOT_FOUND")
    request = kit.request("POST", "/orders", {})
    request.body = b"[1"
    answer = kit.raw(request)
    assert (answer.status, answer.data["error"], answer.reading.error) == (400, "INVALID_ARGUMENT", "parameter")
    read = kit.request("GET", "/accounts")
    read.body = b"{}"  # coinbase-advanced-py sends one with each GET
    assert kit.raw(read).status == 200
