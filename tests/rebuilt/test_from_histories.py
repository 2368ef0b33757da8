"""Nothing but a history: every report is made from it byte for byte, and says what the report of its run says.

Two scenarios of the first file's agent are run, one that passes and one that fails; their histories are taken to an
empty folder. Every step is a process of its own with another PYTHONHASHSEED.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from outtrade.model.history import History
from outtrade.report import html, junit, markdown
from outtrade.report.bare import gather
from outtrade.report.stored import load

ROOT = Path(__file__).resolve().parents[2]
PATH = os.pathsep.join(str(ROOT / name) for name in ("harness", "mocks", "suites"))
SCENARIO = str(ROOT / "examples" / "answer_lost.json")
FORMATS = ("--html", "page.html", "--junit", "junit.xml", "--markdown", "summary.md", "--results", "results.json")
ONLY_THE_RUN_KNOWS = {"started", "finished", "wall_seconds", "seed", "libraries", "isolation"}
FAILURE = {"baseline", "minimal", "runs", "file"}
"""Fields of a distinct failure that took further runs, or that name a file."""


def process(place: Path, seed: int, *words: str) -> subprocess.CompletedProcess[bytes]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COLUMNS"))}
    env |= {"PYTHONHASHSEED": str(seed), "PYTHONPATH": PATH}
    return subprocess.run(
        [sys.executable, "-m", "outtrade", *words], cwd=place, env=env, capture_output=True, timeout=200
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one scenario that fails, in ``r``; ``good.jsonl`` is the history of one that passes."""
    place = tmp_path_factory.mktemp("run")
    naive = f"py:{ROOT / 'examples' / 'naive_agent.py'}:execute"
    done = process(place, 1, "run", naive, "-n", "1", "--seed", "4", "--report", "r", "--workers", "1", "--no-minimise")
    assert done.returncode == 1, done.stderr.decode()
    done = process(place, 1, "replay", SCENARIO, "--target", "agent:ccxt", "--save", "good.jsonl")
    assert done.returncode == 0, done.stderr.decode()
    return place


def history_of(run: Path) -> Path:
    return next(path for path in sorted((run / "r" / "failures").glob("*.jsonl")) if ".min" not in path.name)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("verdict", ["PASS", "FAIL"])
def test_a_history_alone_gives_every_report_and_always_the_same_bytes(run: Path, tmp_path: Path, verdict: str) -> None:
    data = (run / "good.jsonl" if verdict == "PASS" else history_of(run)).read_bytes()
    made = []
    for seed in (2, 3):
        place = tmp_path / str(seed)
        place.mkdir()
        (place / "h.jsonl").write_bytes(data)
        done = process(place, seed, "report", "h.jsonl", *FORMATS, "--allure", "allure")
        assert done.returncode == 0, done.stderr.decode()
        made.append(contents(place))
    assert made[0] == made[1]
    assert len(made[0]) > 40
    assert verdict in made[0]["summary.md"].decode()
    assert json.loads(made[0]["results.json"])["exit"]["code"] == (verdict == "FAIL")
    assert (b"h.jsonl" in made[0]["page.html"]) == (verdict == "FAIL"), "the command that shows the failure again"


def rest(results: dict[str, Any]) -> dict[str, Any]:
    """What a history knows of a results.json."""
    kept = {name: value for name, value in results.items() if name not in ONLY_THE_RUN_KNOWS}
    kept["properties"] = [{**row, "baseline": 0} for row in results["properties"]]
    kept["failures"] = [{k: v for k, v in row.items() if k not in FAILURE} for row in results["failures"]]
    kept["results"] = [
        {**row, "wall_seconds": 0, "file": None, "findings": [{**one, "baseline": False} for one in row["findings"]]}
        for row in results["results"]
    ]
    return kept


def test_it_is_the_report_of_the_run_but_for_what_only_the_run_knew(run: Path, tmp_path: Path) -> None:
    """First as data, then with these fields made equal, as pages: byte for byte."""
    (tmp_path / "h.jsonl").write_bytes(history_of(run).read_bytes())
    stored, bare = load(run / "r"), gather([tmp_path / "h.jsonl"])
    whole, part = (json.loads(one.results.model_dump_json()) for one in (stored, bare))
    assert rest(whole) == rest(part)
    known = stored.results
    same = bare.results.model_copy(
        update={name: getattr(known, name) for name in (*ONLY_THE_RUN_KNOWS, "properties", "failures", "results")}
    )
    for build in (junit.build, markdown.build, html.build):
        again = build(type(stored)(stored.folder, same))
        assert build(stored) == again
    for row, again in zip(stored.failures(), bare.failures(), strict=True):
        one, other = stored.smallest(row).history, bare.smallest(again).history
        assert one is not None and other is not None and one.hash() == other.hash()
        assert json.loads(stored.scenario(row)) == json.loads(bare.scenario(again))
        assert stored.smallest(row).words == bare.smallest(again).words


def test_several_histories_are_one_run_and_none_counts_twice(run: Path, tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_bytes(history_of(run).read_bytes())
    changed = History.from_jsonl(history_of(run).read_bytes())
    changed.header.scenario["id"] = "another"
    (tmp_path / "c.jsonl").write_bytes(changed.to_jsonl())
    results = gather([tmp_path / name for name in ("a.jsonl", "b.jsonl", "c.jsonl")]).results
    assert (results.planned, results.scenarios) == (2, 2)
    assert [row.scenarios for row in results.failures] == [2] * len(results.failures)


def test_the_command_in_the_report_shows_the_failure_again(run: Path, tmp_path: Path) -> None:
    (tmp_path / "h.jsonl").write_bytes(history_of(run).read_bytes())
    done = process(tmp_path, 1, "replay", "h.jsonl")
    assert done.returncode == 1, done.stderr.decode()
    assert "the same history as saved" in done.stdout.decode()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.jsonl", "other.jsonl"], "a report is about one target"),
        (["a.jsonl", "r"], "give one report folder, or one or more history files (FILE.jsonl)"),
        (["broken.jsonl"], "broken.jsonl: not a history file"),
        (["empty.jsonl"], "empty.jsonl: the scenario in its header: not a scenario"),
        (["missing.jsonl"], "missing.jsonl: No such file or directory"),
        (["r", "--suite", "core"], "only histories are judged again"),
    ],
)
def test_what_cannot_be_read_is_one_line(run: Path, tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(history_of(run).read_bytes())
    (tmp_path / "other.jsonl").write_bytes((run / "good.jsonl").read_bytes())
    (tmp_path / "broken.jsonl").write_bytes(b"[[[[")
    (tmp_path / "empty.jsonl").write_bytes(b'{"format":"outtrade.history","target":"x","scenario":{}}\n')
    (tmp_path / "r").mkdir()
    done = process(tmp_path, 1, "report", *words)
    error = done.stderr.decode()
    assert done.returncode == 2
    assert said in error and error.count("\n") == 1
