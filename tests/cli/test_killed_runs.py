"""kill -9 in the middle of a run: what is finished is on disk, ``--resume`` goes on, and no process is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade.engine.events import ScenarioDone
from outtrade.engine.many import run_many
from outtrade.report import html
from outtrade.report.stored import load

ROOT = Path(__file__).resolve().parents[2]
PATH = os.pathsep.join(str(ROOT / name) for name in ("harness", "mocks", "suites"))
OFTEN = "import outtrade.report.results as r; r.CHECKPOINT, r.SHARE = 0.05, 5; from outtrade.cli.app import app; app()"
SPEAKER = f"cmd:{sys.executable} {ROOT / 'tests' / 'command' / 'speaker.py'}"
NAIVE = f"py:{ROOT / 'examples' / 'naive_agent.py'}:execute"


def start(place: Path, *words: str) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PYTHONPATH": PATH}
    return subprocess.Popen(
        [sys.executable, "-c", OFTEN, *words], cwd=place, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def until(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether it holds in time; real processes are waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return holds()


def results(folder: Path) -> dict[str, Any]:
    """results.json, which is whole whenever it is there; {} where it is not."""
    try:
        data: dict[str, Any] = json.loads((folder / "results.json").read_text())
    except FileNotFoundError:
        return {}
    return data


def contents(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {path.name: path.read_bytes() for path in sorted((folder / "failures").iterdir())}
    data = results(folder)
    for name in ("started", "finished", "wall_seconds"):
        del data[name]
    for row in data["results"]:
        del row["wall_seconds"]
    return found | {"results.json": data}


def test_a_run_killed_twice_is_resumed_and_leaves_what_a_whole_one_does(tmp_path: Path) -> None:
    words = ("run", NAIVE, "-n", "20", "--workers", "2", "--no-minimise", "--report")
    whole = start(tmp_path, *words, "whole")
    whole.communicate()
    folder = tmp_path / "r"
    kept = []
    for more in ((), ("--resume",)):
        running = start(tmp_path, *words, "r", *more)
        before = len(results(folder).get("results", ()))
        try:
            assert until(lambda floor=before: len(results(folder).get("results", ())) >= floor + 3, 60)  # type: ignore[misc]
        finally:
            running.kill()
            running.communicate()
        data = results(folder)
        assert data["interrupted"] and data["exit"]["code"] != 0
        kept.append(len(data["results"]))
        assert [row["file"] for row in data["failures"] if not (folder / row["file"]).is_file()] == []
        assert [row["file"] for row in data["results"] if row["file"] and not (folder / row["file"]).is_file()] == []
        assert html.build(load(folder)).count("(interrupted)") == 1
    assert 3 <= kept[0] < kept[1] < 20, "the second run began with what the first had"
    last = start(tmp_path, *words, "r", "--resume")
    _, said = last.communicate()
    assert last.returncode == 1
    taken = int(said.decode().partition(" of 20 scenarios are kept")[0].rpartition(" ")[2])
    assert kept[0] < taken <= kept[1], "a failing one whose history was not kept is run again"
    assert not results(folder)["interrupted"]
    assert contents(folder) == contents(tmp_path / "whole")


def test_a_second_interrupt_costs_nothing_that_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    handled: list[int] = []

    def interrupted(kit: Any, terminal: Any, others: list[Any], **options: Any) -> int:
        for event in run_many(kit, workers=0):
            others[0].handle(event)
            if isinstance(event, ScenarioDone):
                handled.append(event.examined.result.index)
            if len(handled) == 4:
                raise KeyboardInterrupt
        raise AssertionError("it ends before")

    monkeypatch.setattr("outtrade.cli.run.drive", interrupted)
    done = CliRunner().invoke(app, ["run", NAIVE, "-n", "8", "--workers", "0", "--report", "r"])
    assert done.exit_code == 3
    assert [row["index"] for row in results(tmp_path / "r")["results"]] == [0, 1, 2, 3]


# ------------------------------------------------------------------ processes
def family(pid: int) -> set[int]:
    """The descendants of a process, by /proc; the dead that nobody has buried do not count."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (facts := stat(int(entry.name))):
            children.setdefault(facts[1], []).append(int(entry.name))
    found: set[int] = set()
    todo = [pid]
    while todo:
        for child in children.get(todo.pop(), ()):
            found.add(child)
            todo.append(child)
    return found


def stat(pid: int) -> tuple[str, int] | None:
    """State and parent of a process that lives."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else (fields[0], int(fields[1]))


@pytest.mark.skipif(sys.platform != "linux", reason="processes are counted in /proc; the guard is Linux's own")
def test_nothing_is_left_of_a_run_in_real_time_that_was_killed(tmp_path: Path) -> None:
    """Its workers, their agents, and the shells that guard them. The agents would be waited for, for ten seconds."""
    command = start(tmp_path, "run", f"{SPEAKER} silent", "-n", "2", "--workers", "2")

    def agents(pids: set[int]) -> list[int]:
        return [pid for pid in pids if b"speaker.py\0silent" in cmdline(pid)]

    try:
        assert until(lambda: len(agents(family(command.pid))) >= 2, 60), "two workers, two agents"
        pids = family(command.pid)
        assert len(pids) >= 6, "and a guard for each"
    finally:
        os.kill(command.pid, signal.SIGKILL)
        command.communicate()
    assert until(lambda: not [pid for pid in pids if stat(pid)], 6), [cmdline(pid) for pid in pids if stat(pid)]


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's own")
def test_a_worker_whose_parent_is_dead_already_goes_at_once() -> None:
    """Between its start and its asking to be told, the parent may die."""
    code = (
        "import os\nfrom outtrade.engine import orphans\n"
        "class Gone: pid = 1 << 30\n"
        "orphans.multiprocessing.parent_process = lambda: Gone\n"
        "orphans.die_with_parent()\nos._exit(7)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": PATH}, timeout=60)
    assert done.returncode == 1
