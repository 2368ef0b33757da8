"""Keys, time windows, signatures (HMAC and RSA), paces, the limit of an address."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from bybit_kit import KEY, MS, SECOND, SECRET, Kit

from outtrade_mocks.venues.api import HttpRequest
from outtrade_mocks.venues.bybit.auth import sign
from outtrade_mocks.venues.config import Credentials

PATH = "/v5/account/info"


def signed(kit: Kit, **changes: str) -> HttpRequest:
    request = kit.request("GET", PATH, {})
    request.headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    return request


def test_a_signature_is_the_documented_one() -> None:
    """guide.mdx: timestamp, key, window, then the query string or the body."""
    made = sign("secret", "1658384314791XXXXXXXXXX5000category=option&symbol=BTC-29JUL22-25000-C")
    assert len(made) == 64 and made == made.lower()


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"x_bapi_api_key": "other"}, 10003, "API key is invalid."),
        ({"x_bapi_sign": "0" * 64}, 10004, "error sign! origin_string[1767225601000"),
        ({"x_bapi_sign": "\udc80ü"}, 10004, "error sign!"),
        ({"x_bapi_timestamp": "1767225595999"}, 10002, "invalid request, please check your server timestamp"),
        ({"x_bapi_timestamp": "1767225602000"}, 10002, "invalid request"),
        ({"x_bapi_timestamp": "soon"}, 10001, "params error: timestamp invalid"),
        ({"x_bapi_recv_window": "x"}, 10002, "invalid request"),
        ({"x_bapi_recv_window": "1000"}, 10004, "error sign!"),
    ],
)
def test_the_front_door(kit: Kit, changes: dict[str, str], code: int, text: str) -> None:
    answer = kit.raw(signed(kit, **changes))
    assert (answer.status, answer.code) == (200, code)
    assert answer.data["retMsg"].startswith(text)
    assert SECRET not in json.dumps(answer.data)


def test_no_key_at_all(kit: Kit) -> None:
    assert kit.raw(kit.request("GET", PATH, {}, signed=False)).code == 10003
    assert kit.raw(kit.request("GET", "/v5/market/time", {}, signed=False)).code == 0


def test_the_window_is_looked_at_again_before_the_engine(kit: Kit) -> None:
    request = kit.request("POST", "/v5/order/create", {"category": "linear", "symbol": "BTCUSDT", "side": "Buy",
                          "orderType": "Market", "qty": "0.01"})  # fmt: skip
    call = kit.venue.read(request)
    assert kit.venue.admit(call, kit.now) is None
    late = kit.now + 6 * SECOND
    answer = kit.venue.render(kit.venue.execute(call, late), late)
    assert json.loads(answer.body)["retCode"] == 10002 and kit.truths == []


def test_upper_case_signatures_and_the_order_of_parameters(kit: Kit) -> None:
    request = kit.request("GET", "/v5/order/realtime", {"symbol": "BTCUSDT", "category": "linear"})
    request.headers["x-bapi-sign"] = request.headers["x-bapi-sign"].upper()
    assert kit.raw(request).code == 0


def test_rsa_keys(make_kit: Callable[..., Kit]) -> None:
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    kit = make_kit(credentials=Credentials(key=KEY, secret="", public_key=pem))
    stamp = str(kit.now // MS)

    def made(payload: str) -> str:
        return base64.b64encode(key.sign(payload.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()

    assert kit.raw(signed(kit, x_bapi_sign=made(f"{stamp}{KEY}5000"))).code == 0
    assert kit.raw(signed(kit, x_bapi_sign=made(f"{stamp}{KEY}5001"))).code == 10004
    assert kit.raw(signed(kit, x_bapi_sign="no base64 §")).code == 10004
    session = kit.venue.open_session("stream.bybit.com", "/v5/private", kit.now)
    expires = kit.now // MS + 1000
    frame = {"op": "auth", "args": [KEY, expires, made(f"GET/realtime{expires}")]}
    answer = session.render(session.execute(session.read(json.dumps(frame)), kit.now), kit.now)
    assert json.loads(answer.body)["success"] is True


# ----------------------------------------------------------------------- limits
def test_a_pace_is_a_rolling_second_per_endpoint_and_category(kit: Kit) -> None:
    for left in range(9, -1, -1):
        assert kit.place(price="40000").headers["X-Bapi-Limit-Status"] == str(left)
    answer = kit.place(price="40000")
    assert (answer.status, answer.code, answer.headers["X-Bapi-Limit"]) == (200, 10006, "10")
    assert answer.headers["X-Bapi-Limit-Reset-Timestamp"] == str(kit.now // MS + 1000)
    reading = kit.venue.interpret(200, answer.headers, json.dumps(answer.data).encode(), kit.now)
    assert (reading.error, reading.retry_after) == ("rate", 1.0)
    assert kit.place("spot", price="40000").headers["X-Bapi-Limit"] == "20", "spot counts apart"
    assert kit.post("/v5/order/cancel-all", category="linear", symbol="BTCUSDT").code == 0, "and so do other paths"
    kit.now += SECOND
    assert kit.place(price="40000").code == 0


def test_items_of_a_batch_beyond_the_pace(kit: Kit) -> None:
    item = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01", "price": "40000"}
    answer = kit.post("/v5/order/create-batch", category="linear", request=[item] * 12)
    assert [row["code"] for row in answer.data["retExtInfo"]["list"]] == [0] * 10 + [10006] * 2
    assert answer.headers["X-Bapi-Limit-Status"] == "0" and len(kit.open()) == 10


def test_an_address_that_asks_too_much_is_shut_out(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(knobs={"address_per_5s": 5, "ban_seconds": 60})
    times = [kit.raw(kit.request("GET", "/v5/market/time", {}, signed=False)) for _ in range(6)]
    assert [answer.status for answer in times] == [200] * 5 + [403]
    assert times[-1].data == "access too frequent"
    kit.now += 59 * SECOND
    assert kit.raw(kit.request("GET", "/v5/market/time", {}, signed=False)).status == 403
    kit.now += 2 * SECOND
    assert kit.get("/v5/market/time").status == 200


def test_public_answers_have_no_limit_headers_and_paths_that_do_not_exist(kit: Kit) -> None:
    assert kit.raw(kit.request("GET", "/v5/market/time", {}, signed=False)).headers == {}
    missing = kit.get("/v5/nowhere")
    assert (missing.status, missing.code) == (404, 10017)
    assert kit.raw(kit.request("DELETE", "/v5/order/create", {})).status == 404


REASONS: list[tuple[str, str, Any]] = [
    ("rate", "linear", 10006),
    ("funds", "linear", 110007),
    ("funds", "spot", 170131),
    ("closed", "spot", 170151),
    ("filter", "linear", 110003),
    ("permission", "linear", 10005),
    ("busy", "linear", 10016),
    ("code_1006", "linear", 10016),
    ("code_1007", "linear", 10000),
]


@pytest.mark.parametrize(("reason", "category", "code"), REASONS)
def test_refusals_that_faults_inject(kit: Kit, reason: str, category: str, code: int) -> None:
    call = kit.venue.read(kit.request("POST", "/v5/order/create", {"category": category, "symbol": "BTCUSDT"}))
    answer = kit.venue.refusal(reason, kit.now, call=call, retry_after=3)
    assert (answer.status, json.loads(answer.body)["retCode"]) == (200, code)
    if reason == "rate":
        assert answer.headers["X-Bapi-Limit-Reset-Timestamp"] == str(kit.now // MS + 3000)
    assert kit.venue.refusal("ban", kit.now).status == 403
    with pytest.raises(ValueError, match="unknown refusal"):
        kit.venue.refusal("nonsense", kit.now)
