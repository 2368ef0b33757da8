"""Access: headers, tokens, nonces, limits; refused requests change nothing."""

from __future__ import annotations

import base64

import pytest
from deribit_kit import KEY, PERP, SECRET, Kit

from outtrade_mocks.venues.api import HttpRequest
from outtrade_mocks.venues.deribit.auth import sign

ORDER = "/api/v2/private/buy?instrument_name=BTC-PERPETUAL&amount=100&price=40000"


def basic(key: str = KEY, secret: str = SECRET) -> str:
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


def test_the_documented_example_of_a_signature() -> None:
    """docs.deribit.com, Authentication: AMANDA's WebSocket signature."""
    assert sign("AMANDASECRECT", "1576074319000\n1iqt2wls\n") == (
        "56590594f97921b09b18f166befe0d1319b198bbcdad7ca73382de2f88fe9aa1"
    )


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (lambda kit: None, 10000),
        (lambda kit: "Digest x", 10000),
        (lambda kit: basic(secret="other"), 13004),
        (lambda kit: basic(key="other"), 13004),
        (lambda kit: "Basic !!!", 13009),
        (lambda kit: "Bearer nothing", 13009),
        (lambda kit: kit.header("GET", ORDER, "", id="other"), 13004),
        (lambda kit: kit.header("GET", ORDER, "", sig="0" * 64), 13009),
        (lambda kit: kit.header("GET", ORDER, "", ts=str(kit.now // 1_000_000 - 60_001)), 13009),
        (lambda kit: kit.header("GET", ORDER, "", ts=str(kit.now // 1_000_000 + 60_001)), 13009),
        (lambda kit: kit.header("GET", ORDER, "", ts="soon"), 13009),
        (lambda kit: kit.header("GET", ORDER + "&amount=200", ""), 13009),  # signed for another target
        (lambda kit: kit.header("POST", ORDER, ""), 13009),
        (lambda kit: kit.header("GET", ORDER, "body"), 13009),
    ],
)
def test_who_does_not_come_in(kit: Kit, header: object, code: int) -> None:
    before = kit.books()
    sent = header(kit)  # type: ignore[operator]
    answer = kit.send(HttpRequest("GET", ORDER, "www.deribit.com", {} if sent is None else {"authorization": sent}))
    assert answer.code == code and kit.books() == before
    assert answer.status == (401 if code == 10000 else 400)


def test_a_signature_is_good_once_and_for_a_minute(kit: Kit) -> None:
    header = kit.header("GET", ORDER, "", ts=str(kit.now // 1_000_000 - 60_000))
    request = HttpRequest("GET", ORDER, "www.deribit.com", {"authorization": header})
    assert kit.send(request).result["order"]["order_state"] == "open"
    replayed = kit.send(request)
    assert (replayed.code, replayed.body["error"]["data"]["reason"]) == (13009, "nonce already used")
    assert len(kit.venue.truth()["working"]) == 1


def test_basic_and_bearer_come_in(kit: Kit) -> None:
    assert kit.get("private/get_positions", headers={"authorization": basic()}).result == []
    granted = kit.get("public/auth", grant_type="client_credentials", client_id=KEY, client_secret=SECRET).result
    assert granted["token_type"] == "bearer" and granted["expires_in"] == 900
    bearer = {"authorization": f"bearer {granted['access_token']}"}
    assert kit.get("private/get_positions", headers=bearer).result == []
    kit.wait(900)
    assert kit.get("private/get_positions", headers=bearer).code == 13009
    again = kit.get("public/auth", grant_type="refresh_token", refresh_token=granted["refresh_token"]).result
    bearer = {"authorization": f"bearer {again['access_token']}"}
    assert kit.get("private/get_positions", headers=bearer).result == []
    used = kit.get("public/auth", grant_type="refresh_token", refresh_token=granted["refresh_token"])
    assert used.code == 13009, "a refresh token serves once"


def test_grants_are_verified(kit: Kit) -> None:
    stamp = str(kit.now // 1_000_000)
    good = {"grant_type": "client_signature", "client_id": KEY, "timestamp": stamp, "nonce": "a", "data": "x"}
    good["signature"] = sign(SECRET, f"{stamp}\na\nx")
    for wrong in ({"data": "y"}, {"nonce": "b"}, {"signature": "0" * 64}, {"timestamp": str(int(stamp) - 61_000)}):
        assert kit.get("public/auth", **(good | wrong)).code == 13009
    told = kit.get("public/auth", **good, state="mine", scope="session:one").result
    assert told["state"] == "mine" and told["sid"].endswith(".one") and "session:one" in told["scope"]
    assert kit.get("public/auth", **good).code == 13009, "its nonce was used"
    assert kit.get("public/auth", grant_type="password").code == -32602
    assert kit.get("public/auth", grant_type="client_credentials", client_id=KEY, client_secret="no").code == 13004


def test_a_secret_in_a_query_is_kept_apart_for_the_record(kit: Kit) -> None:
    call = kit.get("public/auth", grant_type="client_credentials", client_id="mine", client_secret="deep").call
    assert call.params["apiKey"] == "mine" and call.params["passphrase"] == "deep"
    assert "client_secret" not in call.params


def test_credits_run_out_and_come_back(kit: Kit) -> None:
    codes = [kit.get("private/cancel", order_id="BTC-1").code for _ in range(21)]
    assert codes == [10004] * 20 + [10028]
    refused = kit.get("private/cancel_all")
    assert refused.error == (429, 10028, "too_many_requests")
    kit.wait(0.2)
    assert kit.get("private/cancel_all").result == 0, "five a second come back"
    assert kit.get("private/get_positions").result == [], "queries draw from another pool"
    for _ in range(5):
        assert "result" in kit.get("public/get_instruments", currency="BTC").body
    assert kit.get("public/get_instruments", currency="BTC").code == 10028, "one in ten seconds, bursts of five"


def test_an_order_above_the_limit_is_not_placed(kit: Kit) -> None:
    for _ in range(20):
        kit.get("private/cancel", order_id="BTC-1")
    before = kit.books()
    assert kit.buy(amount=100, price=40000).code == 10028 and kit.books() == before
    assert kit.get("public/ticker", instrument_name=PERP).status == 200
