"""``outtrade run --resume``: Ctrl-C in the middle, then the rest; nothing is lost and nothing is run twice."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.conftest import BAD, GOOD, agent
from outtrade.cli.app import app
from outtrade.engine.events import ScenarioDone
from outtrade.engine.many import run_many
from outtrade.engine.plan import Plan, prepare
from outtrade.report.results import ResultsFile, open_folder

COUNTED = "import pathlib\nwith pathlib.Path('calls').open('a') as f:\n    f.write(task.id + '\\n')\n"
MANY = 120


def interrupt(spec: str, folder: Path, *, after: int, workers: int = 1, scenarios: int = MANY) -> None:
    """A run that gets Ctrl-C after so many scenarios, and what it leaves in ``folder``."""
    files = ResultsFile(open_folder(folder))
    for event in run_many(prepare(Plan(spec, scenarios=scenarios)), workers=workers):
        files.handle(event)
        if isinstance(event, ScenarioDone) and event.examined.result.index == after:
            os.kill(os.getpid(), signal.SIGINT)


def run(spec: str, folder: str, *words: str, scenarios: int = MANY) -> Result:
    return CliRunner().invoke(app, ["run", spec, "-n", str(scenarios), "--workers", "1", "--report", folder, *words])


def contents(folder: Path) -> dict[str, Any]:
    """Everything in a report folder, without the declared time fields."""
    found: dict[str, Any] = {path.name: path.read_bytes() for path in sorted((folder / "failures").iterdir())}
    data = json.loads((folder / "results.json").read_text())
    for name in ("started", "finished", "wall_seconds"):
        del data[name]
    for row in data["results"]:
        del row["wall_seconds"]
    return found | {"results.json": data}


def done(folder: Path) -> int:
    return len(json.loads((folder / "results.json").read_text())["results"])


@pytest.mark.parametrize("workers", [0, 2])
def test_a_resumed_run_leaves_what_an_uninterrupted_one_does(engine: Path, workers: int) -> None:
    spec = agent(engine, BAD)
    assert run(spec, "whole").exit_code == 1
    interrupt(spec, engine / "r", after=20, workers=workers)
    kept = done(engine / "r")
    assert 20 < kept < MANY
    again = run(spec, "r", "--resume")
    assert again.exit_code == 1
    assert " of 120 scenarios are kept from the earlier run" in again.stderr
    assert contents(engine / "r") == contents(engine / "whole")


def test_what_is_finished_is_not_run_again(engine: Path) -> None:
    spec = agent(engine, COUNTED + GOOD)
    interrupt(spec, engine / "r", after=20, workers=0)
    before = Path("calls").read_text().splitlines()
    Path("calls").unlink()
    assert run(spec, "r", "--resume").exit_code == 0
    called = Path("calls").read_text().splitlines()
    assert len(called) == MANY - len(before) + 1, "all the others, and one to see that the target is the same"
    assert len(set(called) & set(before)) == 1


def test_a_run_may_be_resumed_twice_and_made_longer(engine: Path) -> None:
    spec = agent(engine, GOOD)
    interrupt(spec, engine / "r", after=3, workers=0, scenarios=20)
    assert run(spec, "r", "--resume", scenarios=20).exit_code == 0
    assert run(spec, "r", "--resume", scenarios=25).exit_code == 0
    assert done(engine / "r") == 25


def test_a_scenario_in_which_the_harness_failed_is_run_again(engine: Path) -> None:
    spec = agent(engine, GOOD)
    run(spec, "r", scenarios=5)
    file = Path("r/results.json")
    data = json.loads(file.read_text())
    data["results"][1] |= {"error": "the machine ran out of memory", "verdicts": {}}
    file.write_text(json.dumps(data))
    assert run(spec, "r", "--resume", scenarios=5).exit_code == 0
    assert json.loads(file.read_text())["results"][1]["error"] == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seed", "2"], "cannot resume r: its seed is 1, not 2"),
        (["--space", "other"], "cannot resume r: its space is demo, not other"),
    ],
)
def test_another_run_is_not_resumed(engine: Path, words: list[str], said: str) -> None:
    spec = agent(engine, BAD)
    run(spec, "r", scenarios=6)
    before = contents(engine / "r")
    refused = run(spec, "r", "--resume", *words, scenarios=6)
    assert (refused.exit_code, refused.stderr, refused.stdout) == (2, f"outtrade: {said}\n", "")
    assert contents(engine / "r") == before


def test_a_changed_target_is_noticed_before_anything_is_touched(engine: Path) -> None:
    spec = agent(engine, BAD)
    run(spec, "r", scenarios=6)
    before = contents(engine / "r")
    agent(engine, "return {'log': 'something else'}")
    refused = run(spec, "r", "--resume", scenarios=6)
    assert refused.exit_code == 2
    assert "goes another way now" in refused.stderr and refused.stderr.count("\n") == 1
    assert contents(engine / "r") == before


def test_nothing_to_resume_is_said_in_one_line(engine: Path) -> None:
    refused = run(agent(engine, GOOD), "r", "--resume")
    assert refused.exit_code == 2
    assert refused.stderr == "outtrade: r: No such file or directory\n"
    assert not Path("r").exists()
