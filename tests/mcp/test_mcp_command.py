"""``outtrade mcp`` as a program: over stdio and over HTTP, spoken to by the official SDK's client."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_kit import BTC, ORDER, ROOT, flagship, play, use
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade.cli.mcp import McpOptions, kit_of
from outtrade_suites.agents.models.right import Model

EXAMPLE = str(ROOT / "examples" / "answer_lost.json")
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "by hand", "version": "1"},
    },
}


INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def environment() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(sys.path)}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "outtrade", "mcp", *words]


def started(*words: str, **options: Any) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command(*words), stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment(), **options
    )


def refused(*words: str | Path) -> str:
    """The one line on stderr of a command that cannot be carried out."""
    done = CliRunner().invoke(app, ["mcp", *map(str, words)])
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    return line


def say(process: subprocess.Popen[str], *messages: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write("".join(json.dumps(message) + "\n" for message in messages))
    process.stdin.flush()


def call(number: int, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def gone(pid: str) -> bool:
    """Whether a process ends (whoever was killed cannot wait for its children)."""
    for _ in range(400):
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


def test_the_example_over_stdio_does_what_the_documentation_shows(tmp_path: Path) -> None:
    words = [sys.executable, "examples/mcp_client.py", "examples/answer_lost.json", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, env=environment(), cwd=ROOT, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"verdict": "PASS"' in done.stdout
    shown, documented = (  # the microseconds are those of the installed httpx, which reads the clock
        re.sub(r"(\d{10}\.\d\d)\d*", r"\1", text) for text in (done.stdout, (ROOT / "docs" / "mcp.md").read_text())
    )
    assert shown in documented, "put the output into docs/mcp.md"
    results = json.loads((tmp_path / "results.json").read_text())
    assert (results["target"], results["exit"]["code"]) == ("mcp:model", 0)


def test_the_example_says_why_the_server_has_gone(tmp_path: Path) -> None:
    words = [sys.executable, "examples/mcp_client.py", "nowhere.json", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, env=environment(), cwd=ROOT, timeout=120)
    assert (done.returncode, done.stderr) == (1, "outtrade: nowhere.json: No such file or directory\n")


def test_stdout_is_for_the_protocol_and_stderr_for_the_operator(tmp_path: Path) -> None:
    report = {"outcomes": {"i1": {"status": "done", "filled": "0.4"}}, "orders": []}
    process = started(EXAMPLE, EXAMPLE, "--out", str(tmp_path))
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("no json\n[]\n{}\n" + "x" * 2_000_000 + "\n" + '{"jsonrpc": "2.0", "id": "\\ud800"}\n')
    say(process, INITIALIZE, INITIALIZED)
    say(process, call(2, "place", ORDER | {"client_id": "<b>\x1b[2J"}), call(3, "report", report))
    say(process, call(4, "next_task", {}))
    answered: list[int] = []
    while 4 not in answered:
        line = json.loads(process.stdout.readline())
        assert line["jsonrpc"] == "2.0"
        answered += [line["id"]] if line.get("id") else []
    assert answered == [1, 2, 3, 4]
    (worker,) = children(process.pid)
    out, err = process.communicate(timeout=60)  # the client goes away in the middle of the second scenario
    assert (out, process.returncode) == ("", 1)
    assert "flagship-answer-lost: FAIL" in err and "mcp:model (agent)" in err and "\x1b" not in err
    assert gone(worker)
    results = json.loads((tmp_path / "results.json").read_text())
    assert (results["interrupted"], results["planned"], results["scenarios"]) == (True, 2, 1)
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_is_ended_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    process = started(EXAMPLE, "--out", str(tmp_path))
    say(process, INITIALIZE, INITIALIZED, call(2, "ticker", BTC))
    assert process.stdout is not None
    assert [json.loads(process.stdout.readline())["id"] for _ in range(2)] == [1, 2]
    (worker,) = children(process.pid)
    process.send_signal(number)
    assert process.wait(60) == (3 if number is signal.SIGTERM else -9)
    _, err = process.communicate(timeout=60)
    assert gone(worker)
    if number is signal.SIGTERM:
        assert "INCOMPLETE" in err
        assert json.loads((tmp_path / "results.json").read_text())["interrupted"] is True


def test_over_http_on_loopback(tmp_path: Path) -> None:
    process = started(EXAMPLE, "--out", str(tmp_path), "--http", "0")
    assert process.stdout is not None
    url = process.stdout.readline().split()[1]
    assert url.startswith("http://127.0.0.1:")
    assert process.stdout.readline() == "serving: 1 of flagship; Ctrl-C ends it\n"

    async def main() -> dict[str, Any]:
        async with Client(streamable_http_client(url)) as client:
            assert (await use(client, "get_order", {}))["error"]["code"] == "unknown_tool"
            return await play(client, lambda s: Model(s.task(), 30.0).script(), flagship())

    try:
        assert anyio.run(main) == {"accepted": True, "tasks_left": 0}
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1 and "flagship-answer-lost: FAIL PAR-16" in err


def test_scenarios_of_a_space() -> None:
    kit = kit_of(
        McpOptions(
            files=(),
            space="flagship",
            seed=3,
            scenarios=2,
            suite="core",
            name="x",
            out=None,
            tell_verdict=False,
            think=0,
            http=None,
            debug=False,
        )
    )
    assert (kit.plan.target, kit.plan.scenarios, kit.space) == ("mcp:x", 2, "flagship")
    assert [kit.scenario(index).faults[0].variant for index in (0, 1)] == [
        "lost_answer.hang.committed",
        "lost_answer.hang.absent",
    ]


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.chdir(tmp_path)
    assert refused(EXAMPLE) == 'outtrade: outtrade mcp needs the MCP SDK; pip install "outtrade[mcp]"'
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_served_is_said_in_one_line(tmp_path: Path) -> None:
    assert "nowhere.json: No such file" in refused(tmp_path / "nowhere.json")
    assert "not both" in refused(EXAMPLE, "--space", "flagship")
    assert "no space 'moon'" in refused("--space", "moon")
    assert "--name is made of" in refused(EXAMPLE, "--name", "../x")
    other = tmp_path / "other.json"
    other.write_text(flagship().model_copy(update={"venue": "elsewhere"}).to_json())
    assert "there are no tools for the venue elsewhere" in refused(other)
    (tmp_path / "file").write_text("")
    assert "cannot write reports" in refused(EXAMPLE, "--out", tmp_path / "file" / "x")


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"port {port}: Address already in use" in refused(EXAMPLE, "--out", tmp_path, "--http", port)
    assert not (tmp_path / "results.json").exists()


def test_the_core_does_not_import_the_sdk() -> None:
    code = "import sys, outtrade.cli.app, outtrade.cli.mcp, outtrade.mcp.worker; print('mcp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert done.stdout == "False\n"
