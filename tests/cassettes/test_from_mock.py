"""A program recorded against ``outtrade serve`` hears the same bytes in replay, and the header says from-mock."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade.cli.serve import plain_scenario
from outtrade.playback import playing
from outtrade.wire.background import serving
from outtrade_mocks.cassettes import read
from outtrade_mocks.replay import Replay, router

SCRIPT = """
import hashlib, hmac, sys, time
from urllib.parse import urlencode
import httpx

base, key, secret = sys.argv[1:]
client = httpx.Client(base_url=base, headers={"X-MBX-APIKEY": key}, trust_env=False)

def show(answer):
    kept = {name: answer.headers[name] for name in ("content-type", "x-mbx-used-weight-1m") if name in answer.headers}
    print(answer.status_code, sorted(kept.items()), answer.content)

def signed(method, path, **params):
    params["timestamp"] = int(time.time() * 1000)
    text = urlencode(params)
    mark = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    show(client.request(method, path + "?" + text + "&signature=" + mark))

with client:
    show(client.get("/api/v3/exchangeInfo"))
    show(client.get("/api/v3/depth", params={"symbol": "BTCUSDT", "limit": 5}))
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "newClientOrderId": "mine-1"}
    signed("POST", "/api/v3/order", quantity="0.1", price="49000", **order)
    signed("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine-1")
    signed("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="nobody")
    signed("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine-1")
"""


def test_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    script, out = tmp_path / "script.py", tmp_path / "mock.yaml"
    script.write_text(SCRIPT)
    with serving(plain_scenario("binance_spot", 1)) as server:
        words = [server.rest_url, server.credentials.key, server.credentials.secret]
        command = ["--provenance", "from-mock", "--out", str(out), "--", sys.executable, str(script), *words]
        done = CliRunner().invoke(app, ["cassette", "record", *command])
    heard = capfd.readouterr()
    assert done.exit_code == 0, (done.output, heard.err)
    tape = read(out)
    assert tape.provenance == "from-mock"
    assert out.read_text().startswith("# provenance: from-mock\n# source: 127.0.0.1, ")
    assert server.credentials.key not in out.read_text() and server.credentials.secret not in out.read_text()
    assert heard.out.count("\n") == 6 and "'-2013'" not in heard.out and "-2013" in heard.out

    monkeypatch.setattr(sys, "argv", [str(script), *words])
    replay = Replay(tape, in_order=True)
    with router(replay):
        runpy.run_path(str(script))
    replay.check()
    assert capfd.readouterr().out == heard.out, "through respx"
    with playing(tape, in_order=True, complete=True) as world:
        world.run_blocking(lambda: runpy.run_path(str(script)))
    assert capfd.readouterr().out == heard.out, "in the World"


@pytest.mark.parametrize("word", ["documented", "real", "unstated", ""])
def test_a_recording_is_recorded_or_from_a_mock(tmp_path: Path, word: str) -> None:
    out = tmp_path / "x.yaml"
    command = ["--provenance", word, "--out", str(out), "--", sys.executable, "-c", "print('ran')"]
    done = CliRunner().invoke(app, ["cassette", "record", *command])
    assert done.exit_code == 2 and done.output.startswith("outtrade: --provenance: ") and not out.exists()
