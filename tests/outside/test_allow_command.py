"""``outtrade run --allow-host``: what the user types, reads and gets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from outside_kit import AGENT, HOST, KEY, Provider, agent, serving
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade.engine.pool import Pool
from outtrade_mocks import cassettes

TRADES = (
    AGENT
    + """
    from outtrade import Outcome, Report
    return Report(outcomes={i.id: Outcome(status="done", filled=i.quantity) for i in task.intents}, orders=())
"""
)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Provider]:
    monkeypatch.setenv("MODEL_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)
    with serving(monkeypatch) as there:
        yield there


def outtrade(*words: str) -> Any:
    return CliRunner().invoke(app, list(words), prog_name="outtrade")


def run(spec: str, *words: str, report: str = "r") -> Any:
    return outtrade("run", spec, "-n", "2", "--space", "smoke", "--workers", "1", "--report", report, *words)


def stored(folder: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(folder) / "results.json").read_text())
    return found


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--allow-host api.binance.com --allow-record t.yaml", "api.binance.com belongs to an exchange (binance.com)"),
        ("--allow-host API.Binance.com. --allow-record t.yaml", "api.binance.com belongs to an exchange"),
        (
            "--allow-host model.example --allow-host ws.okx.com --allow-record t.yaml",
            "ws.okx.com belongs to an exchange",
        ),
        ("--allow-host *.example --allow-record t.yaml", "no wildcards"),
        ("--allow-host 10.0.0.1 --allow-record t.yaml", "--allow-host 10.0.0.1: a name without a port, and no address"),
        ("--allow-host model.example", "--allow-record FILE"),
        ("--allow-record t.yaml", "name a host with --allow-host"),
        ("--allow-latency 1", "name a host with --allow-host"),
        ("--allow-replay t.yaml --allow-host model.example", "the recording says which hosts"),
        ("--allow-replay t.yaml --allow-latency 0", "the recording says which hosts"),
        ("--allow-replay t.yaml", "t.yaml: no such file"),
        ("--allow-host model.example --allow-record there.yaml", "there.yaml exists already"),
        ("--allow-host model.example --allow-record there.yaml/t.yaml", "cannot write there.yaml/t.yaml"),
        ("--allow-host model.example --allow-record t.yaml --check-determinism", "then check it with --allow-replay"),
        ("--allow-host model.example --allow-record t.yaml --resume", "cannot go on from a folder"),
    ],
)
def test_what_is_refused_is_refused_in_one_line(provider: Provider, tmp_path: Path, words: str, says: str) -> None:
    (tmp_path / "there.yaml").write_text("kept")
    done = run(agent(tmp_path), *words.split())
    assert done.exit_code == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert (tmp_path / "there.yaml").read_text() == "kept"
    assert provider.asked == []


def test_targets_over_real_sockets_need_no_leave(provider: Provider) -> None:
    done = outtrade("run", "cmd:true", "--allow-host", HOST, "--allow-record", "t.yaml")
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert "runs outside of the World, over real sockets" in done.stderr


def test_a_run_says_that_real_hosts_were_reached_and_its_replay_that_none_was(
    provider: Provider, tmp_path: Path
) -> None:
    spec = agent(tmp_path, TRADES)
    live = run(spec, "--allow-host", "Model.Example.", "--allow-latency", "0.8", "--allow-record", "talk.yaml",
               "--html", "--markdown", "s.md", "--junit", "j.xml")  # fmt: skip
    assert live.exit_code == 1, live.output
    shown = " ".join(live.stdout.split())
    assert f"let through REAL HOSTS {HOST}: 4 requests; recorded in talk.yaml" in shown
    assert f"; let through to the real {HOST}" in shown
    for page in ("r/report.html", "s.md", "j.xml"):
        text = (tmp_path / page).read_text()
        assert "REAL HOSTS" in text
    first = stored("r")
    assert first["outside"] == {
        "live": True, "hosts": {HOST: 4}, "latency": 0.8, "recording": "talk.yaml", "sha256": None, "provenance": None,
    }  # fmt: skip
    assert first["isolation"].endswith(f"; let through to the real {HOST}")
    assert [row["outside"] for row in first["results"]] == [{HOST: 2}] * 2

    provider.server.server_close()
    replayed = run(spec, "--allow-replay", "talk.yaml", "--html", report="again")
    assert replayed.exit_code == 1, replayed.output
    shown = " ".join(replayed.stdout.split())
    assert f"let through {HOST}: 4 requests; answered from talk.yaml (recorded), no real host was reached" in shown
    assert "REAL HOSTS" not in shown + (tmp_path / "again" / "report.html").read_text()
    second = stored("again")
    assert second["outside"]["live"] is False
    assert second["outside"]["provenance"] == "recorded"
    assert len(second["outside"]["sha256"]) == 64
    assert "let through" not in second["isolation"]
    same = ("verdicts", "history", "events", "findings", "outside", "differs", "error")
    assert [[row[name] for name in same] for row in first["results"]] == [
        [row[name] for name in same] for row in second["results"]
    ]
    assert len(provider.asked) == 4


def test_a_saved_failure_is_shown_again_with_its_recording(provider: Provider, tmp_path: Path) -> None:
    spec = agent(tmp_path, TRADES)
    live = run(spec, "--allow-host", HOST, "--allow-record", "talk.yaml", "--html", "--show", "1")
    saved = stored("r")["failures"][0]
    assert not saved["minimal"]
    command = f"outtrade replay r/{saved['file']} --allow-replay talk.yaml"
    assert command in live.stdout
    assert f"{command}" in (tmp_path / "r" / "report.html").read_text()
    done = outtrade(*command.split()[1:])
    assert done.exit_code == 0, done.output
    assert "REPRODUCED" in done.stdout
    assert "the same history as saved" in done.stdout
    assert outtrade(*command.split()[1:3]).exit_code == 1, "without the recording the model is unknown"


def test_a_replay_of_something_else_is_an_error(provider: Provider, tmp_path: Path) -> None:
    spec = agent(tmp_path, TRADES)
    run(spec, "--allow-host", HOST, "--allow-record", "talk.yaml")
    saved = stored("r")["failures"][0]["file"]
    agent(tmp_path, TRADES.replace("step {n}", "another step"))
    done = outtrade("replay", f"r/{saved}", "--allow-replay", "talk.yaml")
    assert done.exit_code == 2
    assert done.stderr.startswith("outtrade: harness error: not on the recording of scenario smoke-1-000")
    assert len(done.stderr.splitlines()) == 1


def test_a_run_that_is_interrupted_keeps_what_was_said(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user wants to stop after the first scenario; then somebody presses Ctrl-C twice."""
    real = Pool.run
    for number, stops in enumerate((False, True)):

        def some(self: Pool, jobs: Any, stops: bool = stops) -> Any:
            for position, answer in real(self, jobs):
                yield position, answer
                if stops:
                    raise KeyboardInterrupt
                return

        monkeypatch.setattr(Pool, "run", some)
        tape = f"talk{number}.yaml"
        done = run(agent(tmp_path, TRADES), "--allow-host", HOST, "--allow-record", tape)
        assert done.exit_code in (1, 3)
        assert "smoke-1-0000/1" in [item.name for item in cassettes.read(tmp_path / tape)]


def test_resuming_a_replayed_run(provider: Provider, tmp_path: Path) -> None:
    spec = agent(tmp_path, TRADES)
    run(spec, "--allow-host", HOST, "--allow-record", "talk.yaml")
    provider.server.server_close()
    whole = run(spec, "--allow-replay", "talk.yaml", report="whole")
    assert whole.exit_code == 1
    again = run(spec, "--allow-replay", "talk.yaml", "--resume", report="whole")
    assert again.exit_code == 1, again.output
    assert "2 of 2 scenarios are kept" in again.stderr


def test_the_tape_passes_for_a_cassette_of_the_project(provider: Provider, tmp_path: Path) -> None:
    run(agent(tmp_path, TRADES), "--allow-host", HOST, "--allow-record", "talk.yaml")
    assert outtrade("cassette", "scan", "talk.yaml").exit_code == 0
    assert outtrade("cassette", "diff", "talk.yaml", "talk.yaml").exit_code == 0
