"""Keys, signatures and nonces: the venue's own answers, and nothing has happened."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from kraken_kit import EPOCH, Kit

from outtrade_mocks.venues.api import HttpRequest
from outtrade_mocks.venues.config import Credentials
from outtrade_mocks.venues.kraken_spot.auth import Keeper, sign
from outtrade_mocks.venues.kraken_spot.errors import Refusal


def test_the_signature_is_that_of_the_documentation() -> None:
    """The example of the guide "Spot REST authentication"."""
    secret = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
    body = "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
    made = sign(secret, "/0/private/AddOrder", "1616492376594", body)
    assert made == ("4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==")


def test_wrong_key_signature_and_nonce(kit: Kit) -> None:
    good = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}
    before = kit.balances()
    assert kit.raw(kit.request("AddOrder", good, **{"api-key": "another"})).error == "EAPI:Invalid key"
    assert kit.raw(kit.request("AddOrder", good, **{"api-sign": "AAAA"})).error == "EAPI:Invalid signature"
    assert kit.raw(kit.request("AddOrder", good | {"nonce": "x"})).error == "EAPI:Invalid nonce"
    assert kit.raw(kit.request("AddOrder", good | {"nonce": str(2**64)})).error == "EAPI:Invalid nonce"
    unsigned = HttpRequest("POST", "/0/private/AddOrder", "api.kraken.com", {}, b"nonce=1")
    assert kit.raw(unsigned).error == "EAPI:Invalid key"
    assert kit.balances() == before and kit.truths == []


def test_a_request_sent_twice_is_a_replay(kit: Kit) -> None:
    request = kit.request("AddOrder", {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01"})
    assert "txid" in kit.raw(request).result
    assert kit.raw(request).error == "EAPI:Invalid nonce"
    assert len(kit.venue.desk.notes) == 1


def test_a_body_that_was_changed_is_not_what_was_signed(kit: Kit) -> None:
    request = kit.request("AddOrder", {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01"})
    request.body = request.body.replace(b"volume=0.01", b"volume=0.10")
    assert kit.raw(request).error == "EAPI:Invalid signature"


def test_a_refused_request_uses_up_its_nonce(kit: Kit) -> None:
    kit.nonce = 100
    assert kit.ask("AddOrder", pair="NOPE").error == "EQuery:Unknown asset pair"
    kit.nonce = 100
    assert kit.ask("Balance").error == "EAPI:Invalid nonce"


def test_json_and_form_are_both_understood(kit: Kit) -> None:
    for as_json in (False, True):
        answer = kit.ask(
            "AddOrder", as_json=as_json, pair="XBTUSD", type="buy", ordertype="limit", volume="0.1", price="30000"
        )
        assert answer.result["descr"] == {"order": "buy 0.10000000 XBTUSD @ limit 30000.0"}
    broken = kit.request("Balance", {})
    broken.body, broken.headers["content-type"] = b'{"nonce":"9', "application/json"
    assert kit.raw(broken).error == "EAPI:Invalid nonce"


def test_a_key_is_locked_out_after_many_mistakes() -> None:
    kit = Kit(knobs={"lockout_after": 3})
    for _ in range(3):
        assert kit.raw(kit.request("Balance", {}, **{"api-sign": "no"})).error == "EAPI:Invalid signature"
    assert kit.ask("Balance").error == "EGeneral:Temporary lockout"
    kit.later(15 * 60)
    assert "ZUSD" in kit.ask("Balance").result


def test_a_token_is_good_for_fifteen_minutes() -> None:
    keeper = Keeper(Credentials("key", base64.b64encode(b"secret").decode()), lockout_after=5)
    first, second = keeper.issue(EPOCH), keeper.issue(EPOCH)
    assert first != second
    assert keeper.admits(first, EPOCH + 900 * 10**9) and not keeper.admits(first, EPOCH + 901 * 10**9)
    assert not keeper.admits("made up", EPOCH)


def test_a_secret_that_is_no_base64_is_told() -> None:
    with pytest.raises(ValueError, match="base64"):
        Keeper(Credentials("key", "not base64!"), lockout_after=5)


def test_what_is_signed_is_the_body_as_sent() -> None:
    secret = base64.b64encode(b"s").decode()
    keeper = Keeper(Credentials("key", secret), lockout_after=5)
    body = b'{"nonce": 5, "x": "\xc3\xa4"}'
    message = b"/0/private/Balance" + hashlib.sha256(b"5" + body).digest()
    made = base64.b64encode(hmac.new(b"s", message, hashlib.sha512).digest()).decode()
    keeper.check("key", made, "5", "/0/private/Balance", body, EPOCH)
    with pytest.raises(Refusal, match="nonce"):
        keeper.check("key", made, "5", "/0/private/Balance", body, EPOCH)
