"""Recordings of other tools become cassettes: redacted on the way, counted where left out, one line where broken."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade_mocks.cassettes import CassetteError, Limits, read
from outtrade_mocks.cassettes.importing import read_recording

KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
WORD = "hunter2-planted"
HOST = "api.venue.example"
URL = f"https://{HOST}/api/v3/order?symbol=BTC&signature={KEY}"


def _har(**changes: Any) -> dict[str, Any]:
    entry = {
        "startedDateTime": "2026-01-02T03:04:05.678Z",
        "request": {
            "method": "POST",
            "url": URL,
            "headers": [{"name": ":authority", "value": HOST}, {"name": "X-MBX-APIKEY", "value": KEY}],
            "postData": {
                "mimeType": "x",
                "params": [{"name": "side", "value": "BUY"}, {"name": "note", "value": WORD}],
            },
        },
        "response": {
            "status": 200,
            "headers": [{"name": "Content-Encoding", "value": "br"}, {"name": "Set-Cookie", "value": f"session={KEY}"}],
            "content": {"text": base64.b64encode(b'{"ok":true}').decode(), "encoding": "base64"},
        },
        "_webSocketMessages": [{"type": "send", "data": json.dumps({"apiKey": KEY, "passphrase": WORD})}],
    } | changes
    return {"log": {"version": "1.2", "creator": {"name": "a browser"}, "entries": [entry]}}


VCR = {
    "http_interactions": [
        {
            "request": {
                "method": "post",
                "uri": URL,
                "body": {"encoding": "UTF-8", "string": f"side=BUY&note={WORD}"},
                "headers": {"X-Mbx-Apikey": [KEY]},
            },
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"Set-Cookie": [f"session={KEY}"]},
                "body": {"encoding": "ASCII-8BIT", "base64_string": base64.b64encode(b'{"ok":true}').decode()},
            },
            "recorded_at": "2026-01-02",
        }
    ],
    "recorded_with": "VCR 6.0.0",
}
PHP = [
    {
        "request": {"method": "POST", "url": URL, "headers": {"X-MBX-APIKEY": KEY}, "body": f"side=BUY&note={WORD}"},
        "response": {"status": {"code": "200", "message": "OK"}, "headers": [], "body": '{"ok":true}'},
    }
]
GO = {
    "version": 2,
    "interactions": [
        {
            "id": 0,
            "request": {"method": "POST", "url": URL, "headers": {"X-Key": [KEY]}, "body": f"side=BUY&note={WORD}"},
            "response": {"code": 200, "status": "200 OK", "headers": {}, "body": '{"ok":true}'},
        }
    ],
}


def _import(file: Path, out: Path, *words: str) -> Any:
    return CliRunner().invoke(app, ["cassette", "import", str(file), "--out", str(out), "--secret", WORD, *words])


@pytest.mark.parametrize(
    ("content", "tool"), [(_har(), "HAR"), (VCR, "VCR"), (PHP, "php-vcr"), (GO, "go-vcr")], ids=lambda v: str(v)[:6]
)
@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_each_tool(tmp_path: Path, content: Any, tool: str, suffix: str) -> None:
    file, out = tmp_path / "theirs.har", tmp_path / f"ours{suffix}"
    file.write_text(json.dumps(content))
    done = _import(file, out)
    assert done.exit_code == 0, done.output
    text = out.read_text()
    for secret in (KEY, WORD):
        assert secret not in text + done.output
    tape = read(out)
    assert tape.provenance == "recorded"
    assert tape.source.startswith(HOST) and tape.source.endswith(f"imported from {tool}")
    assert ("2026-01-02" in tape.source) == (tool in ("HAR", "VCR"))
    [item] = tape
    assert (item.method, item.status, item.json()) == ("POST", 200, {"ok": True})
    assert item.request_body.startswith(b"side=BUY&note=REDACTED-SECRET-")
    assert "content-encoding" not in item.headers and ":authority" not in item.request_headers
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([file.name, out.name])
    if tool == "HAR":
        assert "left out: 1 WebSocket frames" in done.output


def test_ruby_writes_yaml(tmp_path: Path) -> None:
    file = tmp_path / "orders.yml"
    file.write_text(
        "---\nhttp_interactions:\n- request:\n    method: get\n    uri: https://api.venue.example/t\n"
        "    body: {encoding: US-ASCII, string: ''}\n    headers: {}\n"
        "  response:\n    status: {code: 404, message: Not Found}\n    headers: {}\n"
        "    body: {encoding: UTF-8, string: '{}'}\n  recorded_at: Fri, 02 Jan 2026 03:04:05 GMT\n"
        "recorded_with: VCR 6.0.0\n"
    )
    [item] = read_recording(file).cassette
    assert (item.method, item.uri, item.status) == ("GET", "https://api.venue.example/t", 404)


def test_hosts_pictures_and_requests_without_an_answer(tmp_path: Path) -> None:
    entries = _har()["log"]["entries"] * 3
    other = json.loads(json.dumps(entries[0]).replace(HOST, "ads.example"))
    picture = json.loads(json.dumps(entries[0]))
    picture["response"]["content"] = {"text": base64.b64encode(b"\x89PNG\xff").decode(), "encoding": "base64"}
    lost = {"request": entries[0]["request"], "response": {"status": 0}}
    file = tmp_path / "a.har"
    file.write_text(json.dumps({"log": {"entries": [other, picture, lost, *entries]}}))
    imported = read_recording(file, hosts=[HOST.upper()])
    assert len(imported.cassette) == 3
    assert imported.words == "5 WebSocket frames, 1 to another host, 1 with a body that is no text, 1 without an answer"
    assert len(read_recording(file).cassette) == 4
    with pytest.raises(CassetteError, match="nothing to import: 5 WebSocket frames, 5 to another host"):
        read_recording(file, hosts=["nowhere.example"])


@pytest.mark.parametrize("word", ["documented", "from-mock"])
def test_provenance(tmp_path: Path, word: str) -> None:
    file, out = tmp_path / "a.har", tmp_path / "b.yaml"
    file.write_text(json.dumps(_har()))
    assert _import(file, out, "--provenance", word).exit_code == 0
    assert read(out).provenance == word
    out.unlink()
    assert _import(file, out, "--provenance", "real").exit_code == 2 and not out.exists()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"log": {"entries": [WORD]}}, "entry 0 of this HAR file: request is no mapping"),
        (_har(request={"method": "GET", "url": f"ftp://{WORD}"}), "entry 0 of this HAR file: the address"),
        (_har(request={"method": "GET", "url": f"https://x:{WORD}/"}), "the address is no http"),
        (_har(request={"method": WORD + " x", "url": URL}), "the method is no word"),
        (_har(request={"method": "GET", "url": URL, "headers": {WORD: 1}}), "request.headers is no list"),
        (_har(request={"method": "GET", "url": URL, "headers": [WORD]}), "request.headers holds"),
        (_har(response={"status": WORD}), "the status is no HTTP status"),
        (_har(response={"status": 200, "content": {"text": WORD + "\n!", "encoding": "base64"}}), "no base64"),
        (_har(response={"status": 200, "content": {"text": [WORD]}}), "response.content is of type list"),
        ({"log": {"entries": []}}, "nothing to import: it holds no request"),
        ({"log": {"entries": _har()["log"]["entries"] * 11}}, "more than 10 interactions"),
        ({"http_interactions": [{"request": {}, "response": WORD}]}, "of this VCR file: response is no mapping"),
        ({"interactions": [{"request": {"uri": URL}}]}, "a cassette of vcrpy already"),
        ({"interactions": []}, "a cassette of vcrpy already"),
        ({"info": {}, "item": [WORD]}, "a Postman collection"),
        ({WORD: 1}, "no recording of a known tool"),
        ([WORD], "no recording of a known tool"),
        (7, "no recording of a known tool"),
    ],
)
def test_broken_files(tmp_path: Path, content: Any, complaint: str) -> None:
    file = tmp_path / "a.har"
    file.write_text(json.dumps(content))
    with pytest.raises(CassetteError, match=complaint) as caught:
        read_recording(file, limits=Limits(interactions=10))
    assert WORD not in str(caught.value) and "\n" not in str(caught.value)
    done = _import(file, tmp_path / "out.yaml", "--debug")
    assert WORD not in done.output and KEY not in done.output
    assert not (tmp_path / "out.yaml").exists() or "more than" in complaint


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"\x1f\x8b\x08\x00rubbish\xff", "not UTF-8"),
        (b'{"log": {"entries": [' + b"[" * 100_000, "nested too deeply|not JSON"),
        (b"- " * 50_000, "nested too deeply"),
        (b"!!python/object/apply:os.system ['touch /tmp/owned']", "not YAML"),
        (b"--- !ruby/object:Kernel {}\n", "not YAML"),
        (b'{"log": ', "not JSON"),
        (b"", "no recording of a known tool"),
    ],
)
def test_hostile_bytes(tmp_path: Path, data: bytes, complaint: str) -> None:
    file = tmp_path / "a.har"
    file.write_bytes(data)
    with pytest.raises(CassetteError, match=complaint):
        read_recording(file)


def test_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.har"
    with file.open("wb") as handle:
        handle.write(b'{"log":')
        handle.truncate(1 << 30)
    with pytest.raises(CassetteError, match="larger than 64 MiB"):
        read_recording(file)
