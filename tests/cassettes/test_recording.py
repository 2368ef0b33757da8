"""Recording a real program on loopback: what is written has no secret, says ``recorded``, and vcrpy can play it."""

from __future__ import annotations

import gzip
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import vcr
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade_mocks.cassettes import read

KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
WORD = "hunter2-planted"

SCRIPT = """
import asyncio, sys, urllib.request
import aiohttp, httpx, requests
base, key, word = sys.argv[1:]
assert requests.get(base + "/a", params={"signature": key}, headers={"X-MBX-APIKEY": key}, timeout=5).json()["ok"]
assert httpx.post(base + "/b", data={"side": "BUY", "apiKey": key, "note": word}).json()["ok"]
async def more():
    async with aiohttp.ClientSession() as session, session.post(base + "/c", json={"secret": word}) as answer:
        assert (await answer.json())["ok"]
    async with httpx.AsyncClient() as client:
        assert (await client.get(base + "/d")).json()["ok"]
asyncio.run(more())
assert urllib.request.urlopen(base + "/e", timeout=5).status == 200
print("the script is done")
sys.exit(3)
"""


class _Venue(BaseHTTPRequestHandler):
    """Echoes what it was sent, packed."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        said = {"ok": True, "echo": self.rfile.read(length).decode(), "key": self.headers.get("x-mbx-apikey")}
        body = gzip.compress(json.dumps(said).encode())
        self.send_response(200)
        for name, value in (("Content-Encoding", "gzip"), ("Set-Cookie", f"session={KEY}")):
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def base() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Venue)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_program_is_recorded(
    tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    script, out = tmp_path / "script.py", tmp_path / "out" / "run.yaml"
    script.write_text(SCRIPT)
    command = ["--", sys.executable, str(script), base, KEY, WORD]
    done = CliRunner().invoke(app, ["cassette", "record", "--out", str(out), "--secret", WORD, *command])
    heard = capfd.readouterr()
    assert done.exit_code == 3, (done.output, heard.err)
    assert "the script is done" in heard.out
    text = out.read_text()
    assert text.startswith("# provenance: recorded\n# source: 127.0.0.1, ")
    for secret in (KEY, WORD):
        assert secret not in text + done.output
    assert [path.name for path in out.parent.iterdir()] == ["run.yaml"]
    cassette = read(out)
    assert cassette.provenance == "recorded"
    assert [item.uri.removeprefix(base).partition("?")[0] for item in cassette] == ["/a", "/b", "/c", "/d", "/e"]
    assert all(item.json()["ok"] for item in cassette)

    # vcrpy itself plays it
    with vcr.use_cassette(str(out), record_mode="none", match_on=["method", "path"]):
        assert requests.get(base + "/a", timeout=5).json()["key"].startswith("REDACTED-")


def test_nothing_recorded_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "run.yaml"
    for command, code in (([sys.executable, "-c", "pass"], 2), (["/no/such/program"], 2)):
        done = CliRunner().invoke(app, ["cassette", "record", "--out", str(out), "--", *command])
        assert done.exit_code == code
        assert len(done.output.strip().splitlines()) == 1
    assert not out.exists()
