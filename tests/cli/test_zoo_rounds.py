"""The zoo in rounds: who is caught early is let go, who is not gets every scenario, and an interrupted zoo goes on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.conftest import AGENTS, ZOO, agent
from outtrade.cli import zoo as command
from outtrade.cli.app import app
from outtrade.engine.plan import Kit
from outtrade.engine.results import Examined
from outtrade.suites import Broken

GOOD = "return []"
LATE = "return ['RTY-01'] if int(task.id.rpartition('-')[2]) >= 9 else []"


def zoo(*words: str) -> Any:
    return CliRunner().invoke(
        app, ["zoo", "-n", "12", "--reference", "8", "--workers", "0", *words], prog_name="outtrade"
    )


@pytest.fixture
def two(engine: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo of two: one is caught at once, the other in its tenth scenario; rounds of four."""
    monkeypatch.setattr(command, "ROUND", 4)
    AGENTS["good"] = agent(engine, GOOD, name="good")
    ZOO.append(Broken("early", agent(engine, "return ['RTY-01']", name="early"), "good", "RTY-01"))
    ZOO.append(Broken("late", agent(engine, LATE, name="late"), "good", "RTY-01"))
    return engine


def rows(folder: Path) -> dict[str, dict[str, Any]]:
    return {row["agent"]: row for row in json.loads((folder / "z" / "matrix.json").read_text())}


def test_who_is_caught_in_the_first_round_is_let_go(two: Path) -> None:
    zoo("--report", "z")
    found = rows(two)
    assert [found[name]["scenarios"] for name in ("good", "early", "late")] == [8, 4, 12]
    assert found["early"]["failed"] == {"RTY-01": 4} and found["late"]["failed"] == {"RTY-01": 3}
    assert len(json.loads((two / "z" / "late" / "results.json").read_text())["results"]) == 12


def test_a_zoo_goes_on_where_it_was(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zoo("--report", "z")
    whole = (two / "z" / "matrix.json").read_bytes()
    (two / "z" / "matrix.json").unlink()
    shutil.rmtree(two / "z" / "early")
    ran: list[str] = []
    examine = Kit.examine

    def counted(kit: Kit, index: int) -> Examined:
        ran.append(kit.target.name)
        return examine(kit, index)

    monkeypatch.setattr(Kit, "examine", counted)
    done = zoo("--report", "z", "--resume")
    assert (two / "z" / "matrix.json").read_bytes() == whole, done.output
    assert len(ran) == 4 and all("early" in name for name in ran)


def test_an_agent_that_goes_another_way_now_is_run_anew(two: Path) -> None:
    """The others are kept: that is what a folder of many agents is for."""
    zoo("--report", "z")
    agent(two, "return ['RTY-01', 'PAR-01']", name="late")
    done = zoo("--report", "z", "--resume")
    assert "cannot resume" not in done.output
    found = rows(two)["late"]
    assert (found["scenarios"], found["failed"]) == (4, {"RTY-01": 4, "PAR-01": 4})


def test_what_is_kept_is_of_the_same_zoo(two: Path) -> None:
    zoo("--report", "z")
    done = zoo("--report", "z", "--resume", "--seed", "2")
    assert done.exit_code == 2 and "its seed is 1, not 2" in done.output
    done = zoo("--resume")
    assert done.exit_code == 2 and "--resume needs the --report folder" in done.output
