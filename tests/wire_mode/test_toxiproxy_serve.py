"""``outtrade serve --network-faults``: which Toxiproxy is used, what is said, and what is left behind (nothing)."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner
from wire_kit import scenario

from outtrade.cli.app import app
from outtrade.model.history import History, Ledger, Log
from outtrade.wire.background import serving
from outtrade.wire.toxiproxy.api import REMOTE, ToxiproxyError, address
from outtrade.wire.toxiproxy.find import SERVER, URL, found

PLAN = """[{"kind": "lost_answer", "on": {"op": "ping", "nth": 2}, "symptom": "reset", "delay": 0},
           {"kind": "ban", "on": {"op": "ping", "nth": 3}, "duration": 60}]"""


@pytest.fixture
def toxiproxy() -> str:
    pytest.importorskip("toxiproxy")
    program = shutil.which(SERVER)
    if program is None:
        pytest.skip(f"no {SERVER} on PATH (python3 dev.py tools builds one where Go is)")
    if not Path("/proc/self/stat").exists():
        pytest.skip("looks for processes in /proc")
    return program


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "faults.json"
    path.write_text(PLAN)
    return path


@contextmanager
def started(*words: str, **env: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """``outtrade serve`` as a process of its own, and what it printed until it served."""
    process = subprocess.Popen(
        [sys.executable, "-m", "outtrade", "serve", "binance_spot", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"} | env,
    )
    said: dict[str, str] = {}
    try:
        assert process.stdout is not None
        for line in process.stdout:
            name, _, value = line.strip().partition(": ")
            said[name] = value
            if name == "serving":
                break
        else:
            raise AssertionError(process.communicate()[1])
        yield process, said
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def children_named(program: str, parent: int) -> list[int]:
    """Process ids of ``program`` below ``parent`` (Linux)."""
    parents: dict[int, int] = {}
    named: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
            if words[0] == program.encode():
                named.append(int(entry.name))

    def below(pid: int) -> bool:
        while pid > 1:
            if pid == parent:
                return True
            pid = parents.get(pid, 0)
        return False

    return [pid for pid in named if below(pid)]


def gone(pid: int) -> bool:
    """Whether a process ends within some seconds."""
    for _ in range(500):
        try:
            if (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


def outtrade(*words: str) -> Any:
    return CliRunner().invoke(app, ["serve", "binance_spot", *words], prog_name="outtrade")


def pings(origin: str, count: int) -> list[Any]:
    seen: list[Any] = []
    with httpx.Client(base_url=origin, trust_env=False) as client:
        for _ in range(count):
            try:
                seen.append(client.get("/api/v3/ping").status_code)
            except httpx.HTTPError as error:
                seen.append(type(error).__name__)
    return seen


def test_serve_says_who_does_what_and_leaves_nothing_behind(toxiproxy: str, plan: Path, tmp_path: Path) -> None:
    saved = tmp_path / "h.jsonl"
    with started("--faults", str(plan), "--save", str(saved), HTTP_PROXY="http://127.0.0.1:9") as (process, said):
        assert said["network faults"].startswith("toxiproxy ")
        assert said["fault 0 lost_answer.reset.committed"] == "toxiproxy reset_peer"
        assert said["fault 1 ban.retry_after"] == "server (an answer of the venue)"
        (server,) = children_named(toxiproxy, process.pid)
        assert pings(said["REST"], 3) == [200, "ReadError", 418]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert "fault 0 lost_answer.reset.committed: landed" in out
    assert gone(server)
    history = History.from_jsonl(saved.read_bytes())
    assert [event.status for event in history.events if isinstance(event, Ledger)] == ["landed"] * 2
    logs = [event.text for event in history.events if isinstance(event, Log)]
    assert logs[1:] == [
        "fault 0 lost_answer.reset.committed: toxiproxy reset_peer",
        "fault 1 ban.retry_after: server (an answer of the venue)",
    ]


def test_a_killed_serve_leaves_no_toxiproxy(toxiproxy: str, plan: Path) -> None:
    with started("--faults", str(plan)) as (process, _):
        (server,) = children_named(toxiproxy, process.pid)
        process.kill()
        process.wait()
        assert gone(server)


def test_a_toxiproxy_that_dies_ends_it_with_one_line(toxiproxy: str, plan: Path) -> None:
    with started("--faults", str(plan)) as (process, _):
        (server,) = children_named(toxiproxy, process.pid)
        os.kill(server, signal.SIGKILL)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert err.count("\n") == 1 and "does not answer" in err and "Traceback" not in out


def test_a_server_at_toxiproxy_url_is_used_and_left_as_it_was(toxiproxy: str, plan: Path) -> None:
    with found("toxiproxy") as there:
        dead = subprocess.Popen([sys.executable, "-c", ""])
        dead.wait()
        for name in ("theirs", f"outtrade-{dead.pid}-1"):  # the second is what a killed run left there
            body = {"name": name, "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1"}
            assert httpx.post(f"{there.url}/proxies", json=body, trust_env=False).status_code == 201
        with started("--faults", str(plan), **{URL: there.url}) as (process, said):
            assert said["network faults"].endswith(there.url.removeprefix("http://"))
            assert len(httpx.get(f"{there.url}/proxies", trust_env=False).json()) == 3
            assert pings(said["REST"], 3) == [200, "ReadError", 418]
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
        assert list(httpx.get(f"{there.url}/proxies", trust_env=False).json()) == ["theirs"]


def test_a_taken_port_is_one_line(toxiproxy: str, plan: Path) -> None:
    with serving(scenario()) as server:
        done = outtrade("--port", str(server.port), "--faults", str(plan), "--network-faults", "toxiproxy")
    assert done.exit_code == 2
    assert done.stderr == f"outtrade: cannot listen on 127.0.0.1:{server.port}: it is taken\n"


@pytest.mark.parametrize(
    "url, message",
    [
        ("http://127.0.0.1:1", "does not answer"),
        ("ftp://127.0.0.1:8474", "write it as http://127.0.0.1:8474"),
        ("http://127.0.0.1:99999", "write it as http://127.0.0.1:8474"),
        ("http://[::1", "write it as http://127.0.0.1:8474"),
        ("http://user:word@127.0.0.1:8474", "write it as http://127.0.0.1:8474"),
        ("http://192.0.2.7:8474", "not on loopback, where the venue listens"),
    ],
)
def test_a_bad_url_is_one_line(plan: Path, monkeypatch: pytest.MonkeyPatch, url: str, message: str) -> None:
    pytest.importorskip("toxiproxy")
    monkeypatch.setenv(URL, url)
    done = outtrade("--faults", str(plan))
    assert done.exit_code == 2
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert "word" not in done.stderr


def test_what_is_no_toxiproxy_is_one_line(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("toxiproxy")
    with serving(scenario()) as server:
        monkeypatch.setenv(URL, server.rest_url)
        done = outtrade("--faults", str(plan))
    assert done.exit_code == 2
    assert "is no Toxiproxy 2" in done.stderr and done.stderr.count("\n") == 1


def test_a_host_that_is_not_loopback_must_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToxiproxyError, match=f"{REMOTE}=1"):
        address("http://192.0.2.7:8474")
    monkeypatch.setenv(REMOTE, "1")
    assert address("http://192.0.2.7:8474") == ("192.0.2.7", 8474)
    assert address("http://[::1]") == ("::1", 8474)


def test_without_a_server_or_the_library_it_says_so(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL, raising=False)
    monkeypatch.setenv("PATH", "")
    with found("auto") as there:
        assert (there.url, there.says) == ("", "own (no toxiproxy-server on PATH, TOXIPROXY_URL is not set)")
    done = outtrade("--faults", str(plan), "--network-faults", "toxiproxy")
    assert done.exit_code == 2 and done.stderr.count("\n") == 1
    monkeypatch.setitem(sys.modules, "toxiproxy", None)
    monkeypatch.setenv(URL, "http://127.0.0.1:1")
    with found("auto") as there:
        assert there.url == "" and 'pip install "outtrade[toxiproxy]"' in there.says
    done = outtrade("--faults", str(plan), "--network-faults", "toxiproxy")
    assert done.exit_code == 2 and 'pip install "outtrade[toxiproxy]"' in done.stderr


def test_a_program_that_is_no_server_is_one_line(plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("toxiproxy")
    fake = tmp_path / SERVER
    fake.write_text("#!/bin/sh\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.delenv(URL, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    done = outtrade("--faults", str(plan))
    assert done.exit_code == 2
    assert "does not run (exit status 3)" in done.stderr and done.stderr.count("\n") == 1


def test_own_faults_need_nothing(plan: Path) -> None:
    with started("--faults", str(plan), "--network-faults", "own") as (_, said):
        assert said["network faults"] == "own (asked for)"
        assert said["WebSocket"].startswith(said["REST"].replace("http", "ws"))
        assert pings(said["REST"], 3) == [200, "ReadError", 418]


def test_a_port_is_free_again(toxiproxy: str, plan: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for _ in range(2):
        with started("--faults", str(plan), "--port", str(port)) as (process, said):
            assert said["REST"].endswith(f":{port}")
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
