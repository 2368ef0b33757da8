"""The real thing: real targets in the real World, from the command line to the files, in processes of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from outtrade.model.history import History

ROOT = Path(__file__).resolve().parents[2]
NAIVE = f"py:{ROOT / 'examples' / 'naive_agent.py'}:execute"


def outtrade(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(str(ROOT / part) for part in ("harness", "mocks", "suites"))
    return subprocess.run(
        [sys.executable, "-m", "outtrade", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "80", **environment},
        capture_output=True,
        text=True,
        timeout=200,
    )


def results(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "results.json").read_text())  # type: ignore[no-any-return]


def without_time(data: dict[str, Any]) -> str:
    for path in data["declared_time_fields"]:
        head, _, tail = path.partition("[].")
        for row in data[head] if tail else [data]:
            del row[tail or head]
    return json.dumps(data)


@pytest.fixture(scope="module")
def naive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the agent that everybody writes first."""
    folder = tmp_path_factory.mktemp("naive")
    done = outtrade(folder, "run", NAIVE, "-n", "10", "--space", "flagship", "--workers", "1", "--report", "one")
    assert done.returncode == 1, done.stdout + done.stderr
    (folder / "stdout").write_text(done.stdout)
    return folder


def test_the_naive_agent_is_found_out(naive: Path) -> None:
    text = (naive / "stdout").read_text()
    assert "FAIL" in text and "RTY-0" in text and "on the exchange" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    data = results(naive / "one")
    assert data["exit"]["code"] == 1
    assert data["critical"] > 0
    assert all(row["error"] == "" for row in data["results"])


def test_neither_workers_nor_hash_seed_show_in_the_results(naive: Path) -> None:
    words = ("run", NAIVE, "-n", "10", "--space", "flagship", "--workers", "2", "--report", "two")
    outtrade(naive, *words, PYTHONHASHSEED="4242")
    assert without_time(results(naive / "one")) == without_time(results(naive / "two"))
    assert [p.name for p in sorted((naive / "one" / "failures").iterdir())] == (
        [p.name for p in sorted((naive / "two" / "failures").iterdir())]
    )


def test_a_saved_failure_shows_again_alone_with_the_same_history(naive: Path) -> None:
    for row in results(naive / "one")["failures"][:2]:
        again = outtrade(naive, "replay", f"one/{row['file']}", PYTHONHASHSEED="7")
        assert again.returncode == 0, again.stdout + again.stderr
        assert f"REPRODUCED: {row['fingerprint']}" in again.stdout
        assert "the same history as saved" in again.stdout


def test_a_scenario_of_a_run_replayed_alone_gives_the_same_history(naive: Path) -> None:
    rows = [row for row in results(naive / "one")["results"] if row["file"]]
    again = outtrade(naive, "replay", f"one/{rows[-1]['file']}", "--save", "again.jsonl")
    assert again.returncode == 0, again.stdout + again.stderr
    assert History.from_jsonl((naive / "again.jsonl").read_bytes()).hash() == rows[-1]["history"]


def test_checks_run_again_in_a_fresh_process_give_the_same_findings(naive: Path) -> None:
    rows = {row["scenario"]: row for row in results(naive / "one")["results"]}
    files = sorted(p for p in (naive / "one" / "failures").glob("*.jsonl") if not p.name.endswith(".min.jsonl"))
    assert files
    for file in files[:2]:
        done = outtrade(naive, "judge", str(file), "--json", PYTHONHASHSEED="99")
        found = json.loads(done.stdout)
        history = History.from_jsonl(file.read_bytes())
        row = rows[history.header.scenario["id"]]
        assert {one["property"]: one["verdict"] for one in found} == row["verdicts"]
        kept = {one["property"]: [v["message"] for v in one["violations"]] for one in row["findings"]}
        messages = {one["property"]: [v["message"] for v in one["violations"][:5]] for one in found}
        assert {ident: messages[ident] for ident in kept} == kept


@pytest.mark.parametrize("target", ["ccxt:binance", "ccxt.async:binance"])
def test_a_gateway_runs_and_repeats_itself(tmp_path: Path, target: str) -> None:
    done = outtrade(tmp_path, "run", target, "-n", "4", "--check-determinism", "--no-minimise", "--report", "r")
    assert done.returncode in (0, 1, 3), done.stdout + done.stderr
    data = results(tmp_path / "r")
    assert [row["differs"] for row in data["results"]] == [""] * 4
    assert [row["error"] for row in data["results"]] == [""] * 4
    assert data["scope"] == "G"


BAD_AGENTS = {
    "raises": ("    raise RuntimeError('no idea')\n", "raised"),
    "hangs": ("    import threading\n    import time\n    time.sleep(1e9)\n", "late"),
    "nonsense": ("    return 42\n", "invalid"),
    "nan": ("    return {'outcomes': {'i1': {'status': 'done', 'filled': 'NaN'}}, 'orders': []}\n", "invalid"),
    "quits": ("    raise SystemExit(0)\n", "raised"),
    "dies": ("    import os\n    os._exit(0)\n", "watchdog"),
}


@pytest.mark.parametrize("name", BAD_AGENTS)
def test_what_the_agent_is_to_blame_for_is_a_finding(tmp_path: Path, name: str) -> None:
    body, why = BAD_AGENTS[name]
    (tmp_path / "bad.py").write_text(f"def execute(task, venue):\n    print('hello')\n{body}")
    words = ("run", "py:bad.py:execute", "-n", "2", "--space", "smoke", "--no-minimise", "--report", "r")
    done = outtrade(tmp_path, *words)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr == ""
    assert "hello" not in done.stdout.splitlines()
    data = results(tmp_path / "r")
    for row in data["results"]:
        assert row["ended"].startswith(why + ": "), row["ended"]
        assert row["error"] == ""
        assert "fail" in row["verdicts"].values()


def test_the_reference_agents_pass_the_smallest_space(tmp_path: Path) -> None:
    for name in ("agent:httpx", "agent:threaded", "agent:ccxt"):
        done = outtrade(tmp_path, "run", name, "-n", "4", "--space", "flagship", "--report", "r")
        assert re.search(r"^PASS$", done.stdout, re.MULTILINE), done.stdout + done.stderr
        assert done.returncode == 0
