"""``outtrade serve`` as a process: addresses, signals, bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner
from wire_kit import scenario

from outtrade.cli.app import app
from outtrade.model.fault import Ban, Crash, Trigger
from outtrade.model.history import History, Ledger, Request
from outtrade.wire.background import serving


def start(*words: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """The process, and what it printed until it served."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "outtrade", "serve", "binance_spot", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    )
    assert process.stdout is not None
    said: dict[str, str] = {}
    for line in process.stdout:
        name, _, value = line.strip().partition(": ")
        said[name] = value
        if name == "serving":
            return process, said
    raise AssertionError(process.communicate()[1])


def outtrade(*words: str) -> Any:
    return CliRunner().invoke(app, ["serve", *words], prog_name="outtrade")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_and_the_history_is_saved(tmp_path: Path, number: signal.Signals) -> None:
    plan = tmp_path / "faults.json"
    plan.write_text('[{"kind": "ban", "on": {"op": "ping", "nth": 2}, "duration": 60}]')
    saved = tmp_path / "h.jsonl"
    process, said = start("--tls", "--faults", str(plan), "--save", str(saved))
    try:
        import ssl

        context = ssl.create_default_context(cafile=said["CA"])
        with httpx.Client(base_url=said["REST"], verify=context, trust_env=False) as client:
            assert [client.get("/api/v3/ping").status_code for _ in range(2)] == [200, 418]
            process.send_signal(number)
            out, err = process.communicate(timeout=20)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert (process.returncode, err) == (0, "")
    assert "2 requests" in out and "ban.retry_after: landed" in out
    assert not Path(said["CA"]).parent.exists()
    history = History.from_jsonl(saved.read_bytes())
    assert [type(event) for event in history.events].count(Request) == 2
    assert [event.status for event in history.events if isinstance(event, Ledger)] == ["landed"]


def test_a_taken_port_ends_it_with_one_line() -> None:
    with serving(scenario()) as server:
        done = outtrade("binance_spot", "--port", str(server.port))
    assert done.exit_code == 2
    assert done.stderr == f"outtrade: cannot listen on 127.0.0.1:{server.port}: it is taken\n"
    assert done.stdout == ""


@pytest.mark.parametrize(
    "text, message",
    [
        ("[{", "not JSON"),
        ("[1]", "fault 0"),
        ('[{"kind": "bam"}]', "fault 0"),
        ("{}", "not a scenario"),
        ("[" * 100_000, "not JSON"),
        (json.dumps([Crash(point="after_send").model_dump(mode="json")]), "cannot kill your agent"),
    ],
)
def test_a_bad_fault_file_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "faults.json"
    path.write_text(text)
    done = outtrade("binance_spot", "--faults", str(path))
    assert done.exit_code == 2
    assert message in done.stderr and done.stderr.count("\n") == 1


def test_other_bad_input_is_one_line(tmp_path: Path) -> None:
    plan = tmp_path / "s.json"
    plan.write_text(scenario(Ban(on=Trigger(op="place"))).to_json())
    for words, message in (
        (["nowhere"], "no venue 'nowhere'"),
        (["binance_spot", "--faults", str(tmp_path / "none")], "No such file"),
        (["binance_spot", "--scenario", str(plan), "--space", "smoke"], "not both"),
        (["binance_spot", "--space", "nowhere"], "no space 'nowhere'"),
        (["binance_spot", "--save", str(tmp_path / "no" / "h.jsonl")], "cannot write"),
    ):
        done = outtrade(*words)
        assert done.exit_code == 2
        assert message in done.stderr and done.stderr.count("\n") == 1


def test_tls_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    done = outtrade("binance_spot", "--tls")
    assert done.exit_code == 2
    assert 'pip install "outtrade[tls]"' in done.stderr and done.stderr.count("\n") == 1
