"""Files: the same bytes however they were made, resumable, honest about what is missing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from outtrade.cli import app as commands
from outtrade.dataset.card import card
from outtrade.dataset.shards import DatasetError, Made, Spec
from outtrade_suites.agents.models import MODELS

TARGETS = (MODELS["right"], MODELS["claims_success"])


def spec(**changes: object) -> Spec:
    fields: dict[str, object] = {"targets": TARGETS, "space": "flagship", "scenarios": 4, "shards": 2}
    return Spec(**(fields | changes))  # type: ignore[arg-type]


def make(folder: Path, *, workers: int = 0, stop_after: int | None = None, **changes: object) -> bool:
    made = Made(spec(**changes), folder)
    asked = [0]

    def stopped() -> bool:
        asked[0] += 1
        return stop_after is not None and asked[0] > stop_after

    whole = made.run(workers=workers, stopped=stopped, progress=lambda done, planned: None)
    if whole:
        made.conclude()
    return whole


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset") / "whole"
    assert make(folder)
    return folder


def test_workers_and_shards_do_not_show(whole: Path, tmp_path: Path) -> None:
    assert make(tmp_path / "workers", workers=2)
    assert contents(tmp_path / "workers") == contents(whole)
    assert make(tmp_path / "one", shards=1)
    rows = b"".join((whole / spec().name(shard)).read_bytes() for shard in range(2))
    assert (tmp_path / "one" / "rows-00000-of-00001.jsonl").read_bytes() == rows


def test_a_stopped_run_goes_on(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stopped"
    assert not make(folder, stop_after=3)
    names = set(contents(folder))
    assert "rows-00000-of-00002.jsonl" in names
    assert not names & {"rows-00001-of-00002.jsonl", "manifest.json", "README.md"}
    assert not [name for name in names if name.endswith(".part")]
    first = (folder / "rows-00000-of-00002.jsonl").stat().st_mtime_ns
    assert make(folder)
    assert (folder / "rows-00000-of-00002.jsonl").stat().st_mtime_ns == first
    assert contents(folder) == contents(whole)


def test_a_harmed_file_is_made_again(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "harmed"
    make(folder)
    (folder / "rows-00001-of-00002.jsonl").write_bytes(b"{}\n")
    assert Made(spec(), folder).missing() == [1]
    make(folder)
    assert contents(folder) == contents(whole)


def test_a_folder_holds_one_dataset(whole: Path) -> None:
    with pytest.raises(DatasetError, match="holds another dataset"):
        Made(spec(seed=2), whole)


def test_real_time_targets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="runs in real time"):
        Made(spec(targets=("cmd:true",)), tmp_path / "x")


def test_the_manifest_counts_what_is_there(whole: Path) -> None:
    manifest = json.loads((whole / "manifest.json").read_text())
    rows = []
    for file in manifest["files"]:
        data = (whole / file["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
        assert len(data) == file["bytes"]
        lines = data.splitlines()
        assert len(lines) == file["rows"]
        rows += [json.loads(line) for line in lines]
    assert manifest["rows"] == len(rows)
    for kind, count in manifest["counts"]["kind"].items():
        assert count == sum(row["kind"] == kind for row in rows)
    landed = [f["variant"] for row in rows if row["kind"] == "trajectory" for f in row["labels"]["faults"]]
    assert manifest["counts"]["fault"] == {v: landed.count(v) for v in sorted(set(landed))}
    text = (whole / "README.md").read_text()
    assert text == card(manifest)
    assert "lost_answer.hang.committed" in text


def test_ranges_cover_all_scenarios() -> None:
    for scenarios, shards in ((10, 3), (7, 7), (100, 8)):
        wanted = spec(scenarios=scenarios, shards=shards)
        assert [i for shard in range(shards) for i in wanted.range(shard)] == list(range(scenarios))


# ------------------------------------------------------------------ the command
def call(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(commands.app, ["dataset", *words])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "name a report folder, or at least one --target"),
        (("--target", MODELS["right"]), "say where the dataset goes with --out"),
        (("--target", MODELS["right"], "--out", "x", "-n", "1", "--shards", "2"), "more files than scenarios"),
        (("nowhere",), "No such file"),
        (("--target", "agent:nobody", "--out", "x"), "nobody"),
    ],
)
def test_errors_are_one_line(
    words: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output = call(*words)
    assert code == 2
    assert message in output
    assert len(output.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_without_pairs_it_says_why(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    words = ["--target", MODELS["right"], "--target", MODELS["resends_without_id"], "--space", "flagship", "-n", "1"]
    code, output = call(*words, "--no-controls", "--workers", "0", "--out", out)
    assert code == 0
    assert "no preference pairs" in output
    assert (tmp_path / "out" / "rows-00000-of-00001.jsonl").exists()


def test_a_stored_run_gives_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = ["run", MODELS["claims_success"], "-n", "2", "--space", "flagship", "--workers", "0", "--no-minimise"]
    assert CliRunner().invoke(commands.app, [*run, "--report", "stored"]).exit_code == 1
    code, output = call("stored")
    assert code == 0, output
    rows = [
        json.loads(line) for line in (tmp_path / "stored/dataset/rows-00000-of-00001.jsonl").read_text().splitlines()
    ]
    chats = [row for row in rows if row["kind"] == "trajectory"]
    assert [row["source"]["index"] for row in chats] == [1, 0]
    assert {row["pair"]["truth"] for row in chats} == {"committed", "absent"}
    assert all(row["labels"]["first_wrong"] for row in chats)
    before = contents(tmp_path / "stored/dataset")
    assert call("stored")[0] == 0
    assert contents(tmp_path / "stored/dataset") == before
    (tmp_path / "stored/histories").mkdir()  # as a session over MCP keeps them; the same run counts once
    for file in (tmp_path / "stored/failures").glob("flagship*.jsonl"):
        (tmp_path / "stored/histories" / file.name).write_bytes(file.read_bytes())
    assert call("stored", "--out", "again")[0] == 0
    assert len((tmp_path / "again/rows-00000-of-00001.jsonl").read_text().splitlines()) == len(rows)
    for file in (tmp_path / "stored/histories").iterdir():
        file.unlink()
    next((tmp_path / "stored/failures").glob("flagship*.jsonl")).write_bytes(b"nonsense\n")
    code, output = call("stored", "--out", "other")
    assert code == 0
    assert "left out" in output
