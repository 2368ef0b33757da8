"""Redaction: planted secrets are in no file and no message, whatever part of the traffic they were in."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade_mocks import cassettes
from outtrade_mocks.cassettes import Cassette, CassetteError, Interaction, read
from outtrade_mocks.cassettes.redaction import Redactor, scan
from outtrade_mocks.cassettes.secrets import from_environment, is_random, kind_of
from outtrade_mocks.cassettes.writing import check, publish, render

KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
PASSWORD = "correct-horse+battery/staple"
EMAIL = "jane.trader@desk.example.com"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
COOKIE = "a1b2c3d4e5f6a7b8c9d0"
LISTEN = "pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1"
ALL = [KEY, SIGNATURE, PASSWORD, EMAIL, TOKEN, COOKIE, LISTEN, "354937868", "hunter2-in-url"]

TRAFFIC = Cassette(
    "planted",
    "recorded",
    "test",
    (
        Interaction(
            name="0",
            method="GET",
            uri=f"https://bot:hunter2-in-url@api.venue.example/api/v3/account?symbol=BTCUSDT&signature={SIGNATURE}"
            f"&email={quote(EMAIL)}",
            status=200,
            body=json.dumps(
                {
                    "uid": 354937868,
                    "email": EMAIL,
                    "note": f"key {KEY} of {EMAIL}",
                    "balance": "0.00100000",
                    "nested": [{"deep": {"apiSecret": PASSWORD, "list": [KEY]}}],
                    "text": json.dumps({"passphrase": PASSWORD}),
                    KEY: 1,
                }
            ).encode(),
            headers={"set-cookie": f"session={COOKIE}; Path=/; Domain=api.venue.example", "content-length": "999"},
            request_headers={
                "x-mbx-apikey": KEY,
                "authorization": "Basic " + base64.b64encode(f"bot:{PASSWORD}".encode()).decode(),
                "cookie": f"session={COOKIE}",
            },
        ),
        Interaction(
            name="1",
            method="POST",
            uri=f"https://api.venue.example/userDataStream/{LISTEN}?next=%2Flogin%3Ftoken%3D{TOKEN}",
            status=401,
            body=f"<p>bad login {EMAIL} password: {PASSWORD}</p> {TOKEN}".encode(),
            request_body=f"side=BUY&quantity=0.1&passphrase={quote(PASSWORD, safe='')}&apiKey={KEY}".encode(),
        ),
        Interaction(
            name="2",
            method="POST",
            uri="https://api.venue.example/json",
            status=200,
            body=f'{{"a":1.500,"accountId":"354937868"}}\n{{"key":"{KEY}","key":"x"}}\n'.encode(),
            request_body=json.dumps({"jwt": TOKEN, "batch": f'[{{"secret":"{PASSWORD}"}}]', "qty": 0.1}).encode(),
        ),
    ),
)


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_planted_secrets_are_in_no_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    found = publish(TRAFFIC, path)
    text = path.read_text()
    for secret in ALL:
        for form in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()):
            assert form not in text
    assert not any(secret in str(item) for item in found for secret in ALL)
    assert {item.kind for item in found} >= {"KEY", "SIGNATURE", "SECRET", "EMAIL", "TOKEN", "COOKIE", "ACCOUNT"}
    assert "symbol=BTCUSDT" in text and "side=BUY&quantity=0.1" in text, "what is no secret stays"
    again = read(path)
    assert again.provenance == "recorded"
    assert json.loads(again.interactions[0].body)["balance"] == "0.00100000"
    assert int(again.interactions[0].headers["content-length"]) == len(again.interactions[0].body)
    assert list(tmp_path.iterdir()) == [path], "no temporary file is left"


def test_one_value_one_placeholder_and_redacting_twice_changes_nothing() -> None:
    once = Redactor().redact(TRAFFIC)
    assert once.interactions[0].request_headers["x-mbx-apikey"] in once.interactions[0].body.decode()
    assert Redactor().redact(TRAFFIC) == once, "the same recording gives the same placeholders"
    assert Redactor().redact(once) == once
    assert scan(once) == []


def test_bodies_without_a_secret_keep_their_bytes() -> None:
    for name in cassettes.names("binance_spot"):
        cassette = cassettes.load("binance_spot", name)
        for before, after in zip(cassette, Redactor().redact(cassette), strict=True):
            assert (before.status, before.method) == (after.status, after.method)
            if b"REDACTED" not in after.body and b"90000000" not in after.body:
                assert before.body == after.body


def test_numbers_keep_their_digits_when_a_body_is_rewritten() -> None:
    item = Interaction("0", "GET", "https://x.example/", 200, b'{"price":0.00100000,"n":1e5,"uid":77,"apiKey":"abc"}')
    [after] = Redactor().redact(Cassette("c", "recorded", "s", (item,)))
    assert after.body == b'{"price":0.00100000,"n":1e5,"uid":900000001,"apiKey":"REDACTED-KEY-1"}'


def test_escapes_stay_escapes_when_a_body_is_rewritten() -> None:
    body = rb'{"text":"\ud800 \u00e9","price":1.50,"apiKey":"\u0061bc"}'
    item = Interaction("0", "GET", "https://x.example/", 200, body)
    [after] = Redactor().redact(Cassette("c", "recorded", "s", (item,)))
    assert after.body == rb'{"text":"\ud800 \u00e9","price":1.50,"apiKey":"REDACTED-KEY-1"}'


def test_a_named_secret_is_found_without_a_telling_name() -> None:
    item = Interaction("0", "GET", "https://x.example/a/plainwords?q=plain%20words", 200, b'{"x":"PLAINWORDS"}')
    cassette = Cassette("c", "recorded", "s", (item,))
    assert scan(cassette) == []
    named = scan(cassette, secrets=["plainwords", "plain words"])
    assert {item.where for item in named} == {"URL", "response body"}
    assert "plain" not in render(Redactor(secrets=["plainwords", "plain words"]).redact(cassette)).lower()


def test_bytes_that_cannot_be_checked_are_refused(tmp_path: Path) -> None:
    item = Interaction("0", "GET", "https://x.example/", 200, b"\x1b\xff\xfe" + KEY.encode())
    with pytest.raises(CassetteError, match=r"^interaction 0: the response body is not text") as caught:
        publish(Cassette("c", "recorded", "s", (item,)), tmp_path / "x.yaml")
    assert KEY not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_last_search_refuses_what_redaction_left(tmp_path: Path) -> None:
    clean = Redactor().redact(TRAFFIC)
    for bad in (f"https://x.example/{KEY}", "https://x.example/?apiKey=short1", "https://x.example/PLANTED-value"):
        left = replace(clean, interactions=(replace(clean.interactions[0], uri=bad),))
        with pytest.raises(CassetteError, match="nothing was written") as caught:
            check(render(left), left, secrets=["planted-value"])
        assert KEY not in str(caught.value) and "PLANTED" not in str(caught.value)
    with pytest.raises(CassetteError, match="name of the file"):
        publish(clean, tmp_path / f"{PASSWORD.replace('/', '')}.yaml", secrets=[PASSWORD.replace("/", "")])


def test_names() -> None:
    for name in ("X-MBX-APIKEY", "OK-ACCESS-KEY", "APCA-API-SECRET-KEY", "X-BAPI-SIGN", "KC-API-PASSPHRASE", "sign"):
        assert kind_of(name), name
    for name in ("symbol", "price", "side", "timestamp", "orderId", "newClientOrderId", "signal", "keyword", "tokens"):
        assert kind_of(name) is None, name


def test_looks() -> None:
    assert is_random(KEY) and is_random(SIGNATURE) and is_random(LISTEN)
    for plain in (
        "x-TKT5PX2F3b5972770fab027e7258b2",
        "018f3f3e-7a1c-7b3a-9c3e-2d1f0a9b8c7d",
        "the-quick-brown-fox-jumps-over-the-lazy-dog",
        "3" * 40,
        "Access-Control-Allow-Credentials",
        "a" * 64,
    ):
        assert not is_random(plain), plain


def test_secrets_of_the_environment() -> None:
    environment = {
        "BINANCE_SECRET": PASSWORD,
        "API_KEY": KEY,
        "HOME": "/home/jane",
        "SSH_AUTH_SOCK": "/tmp/a",
        "X": KEY,
    }
    assert from_environment(environment) == (PASSWORD, KEY)


SECRET = st.text(alphabet='abcdefghijklmnopqrstuvwxyzABCDEF0123456789+/=&%"\\ é', min_size=12, max_size=40).filter(
    lambda text: len(set(text)) > 5
)


@settings(max_examples=60, deadline=None)
@given(SECRET)
def test_any_named_secret_anywhere(secret: str) -> None:
    item = Interaction(
        "0",
        "POST",
        f"https://x.example/p/{quote(secret, safe='')}?a={quote(secret, safe='')}",
        200,
        json.dumps({"a": secret, secret: [secret]}).encode(),
        headers={"x-echo": base64.b64encode(secret.encode()).decode()},
        request_body=f"a=1&b={quote(secret, safe='')}".encode(),
    )
    cassette = Redactor(secrets=[secret]).redact(Cassette("c", "recorded", "s", (item,)))
    check(render(cassette), cassette, secrets=[secret])


def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw, out = tmp_path / "raw.yaml", tmp_path / "out.yaml"
    raw.write_text(render(TRAFFIC) + f"extra: {KEY}\n")
    monkeypatch.setenv("MY_VENUE_TOKEN", "BTCUSDT-from-environment")
    dirty = CliRunner().invoke(app, ["cassette", "scan", str(raw)])
    assert dirty.exit_code == 1
    assert "interaction 0, request header: key" in dirty.output
    done = CliRunner().invoke(
        app, ["cassette", "redact", str(raw), "--out", str(out), "--secret", "env:MY_VENUE_TOKEN"]
    )
    assert done.exit_code == 0, done.output
    clean = CliRunner().invoke(app, ["cassette", "scan", str(out)])
    assert (clean.exit_code, clean.output.strip().endswith("no secret found")) == (0, True)
    for secret in ALL:
        assert secret not in dirty.output + done.output + clean.output + out.read_text()
    for arguments in (["redact", str(raw), "--secret", "abc"], ["scan", str(raw), "--secret", "env:NOT_THERE_XYZ"]):
        bad = CliRunner().invoke(app, ["cassette", *arguments])
        assert bad.exit_code == 2
        assert len(bad.output.strip().splitlines()) == 1


def test_a_packed_body_is_searched(tmp_path: Path) -> None:
    raw = tmp_path / "raw.yaml"
    packed = base64.b64encode(gzip.compress(json.dumps({"apiKey": KEY}).encode())).decode()
    raw.write_text(
        "interactions:\n- request: {method: GET, uri: 'https://x.example/', body: null, headers: {}}\n"
        f"  response: {{body: {{string: !!binary {packed}}}, headers: {{content-encoding: [gzip]}},"
        " status: {code: 200, message: OK}}\nversion: 1\n"
    )
    publish(read(raw, foreign=True), tmp_path / "out.yaml")
    [item] = read(tmp_path / "out.yaml", foreign=True)
    assert item.json() == {"apiKey": "REDACTED-KEY-1"}
    assert "content-encoding" not in item.headers


def test_uuids_in_paths_stay_and_keys_in_paths_do_not() -> None:
    order = "0a1b2c3d-4e5f-4000-8000-0a1b2c3d4e5f"
    for tail, left in ((f"/v3/orders/{order}", True), (f"/orders/{order}/fills", True), (f"/orders/{KEY}", False)):
        item = Interaction("0", "GET", f"https://api.venue.example{tail}", 200, b"{}")
        [clean] = Redactor().redact(Cassette("t", "recorded", "test", (item,)))
        assert clean.uri.endswith(tail) is left and KEY not in clean.uri
