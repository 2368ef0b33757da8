"""What a target lacks: scenarios that need it are waived, counted, shown everywhere, and never a pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.conftest import GOOD, agent
from outtrade.cli.app import app
from outtrade.model.capability import CAPABILITIES, MEANING, CapabilityError, checked
from outtrade.model.history import Header
from outtrade.model.scenario import Scenario, ScenarioError
from outtrade.targets import TargetError, resolve


def outtrade(*words: str) -> Any:
    return CliRunner().invoke(app, list(words), prog_name="outtrade")


def stored(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "results.json").read_text())  # type: ignore[no-any-return]


def test_scenarios_that_need_it_are_not_run_and_counted(engine: Path) -> None:
    spec = agent(engine, "assert 'stream' not in scenario.needs\nreturn []")
    done = outtrade(
        "run", spec, "--space", "needy", "-n", "8", "--lacks", "stream", "--lacks", "stop_orders",
        "--report", "r", "--junit", "j.xml", "--markdown", "m.md", "--html",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    text = "4 scenarios waived and not run: the target lacks stop_orders (2), stream (4)"
    assert text in " ".join(done.stdout.split())
    results = stored(engine / "r")
    assert (results["waived"], results["lacks"]) == (4, {"stop_orders": 2, "stream": 4})
    assert [row["lacks"] for row in results["results"][:4]] == [[], ["stream"], [], ["stop_orders", "stream"]]
    assert all(sum(row["counts"].values()) == 4 for row in results["properties"])
    for name in ("j.xml", "m.md", "r/report.html"):
        assert "waived and not run" in (engine / name).read_text(), name


def test_nothing_but_waivers_is_no_pass(engine: Path) -> None:
    (engine / "agent.py").write_text("LACKS = ('stream', 'store')\ndef execute(task, scenario):\n    return []\n")
    assert outtrade("run", "py:agent.py:execute", "--space", "needy", "-n", "1").exit_code == 0
    assert resolve("py:agent.py:execute").lacks == {"stream", "store"}
    done = outtrade("run", "py:agent.py:execute", "--space", "stubborn", "-n", "3")
    assert done.exit_code == 3, done.output
    assert "every scenario is waived: the target lacks stream" in " ".join(done.stdout.split())


def test_resuming_with_another_word_runs_what_was_waived(engine: Path) -> None:
    spec = agent(engine, GOOD)
    words = ("run", spec, "--space", "needy", "-n", "4", "--report", "r")
    assert outtrade(*words, "--lacks", "stream").exit_code == 0
    assert outtrade(*words, "--resume").exit_code == 0
    assert stored(engine / "r")["waived"] == 0


def test_words_that_are_no_capability_are_refused(engine: Path) -> None:
    spec = agent(engine, GOOD)
    refused = outtrade("run", spec, "--lacks", "streams")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("outtrade: --lacks: no capability 'streams'; there are amend,")
    assert len(refused.stderr.splitlines()) == 1
    for said in ('"stream"', "('strem',)"):
        (engine / "agent.py").write_text(f"LACKS = {said}\ndef execute(task, scenario):\n    return []\n")
        with pytest.raises(TargetError, match="LACKS"):
            resolve("py:agent.py:execute")
    with pytest.raises(CapabilityError):
        checked(["", "stream"], "here")


def test_gateways_and_objects_may_say_it_too(engine: Path) -> None:
    methods = "\n".join(f"    def {name}(self, *a): ..." for name in (
        "connect", "submit", "amend", "cancel", "order", "open_orders", "fills", "positions", "balances", "close",
        "meaning"))  # fmt: skip
    (engine / "gate.py").write_text(f"LACKS = ('amend',)\nclass Gate:\n{methods}\n")
    assert resolve("py:gate.py:Gate").lacks == {"amend"}
    (engine / "thing.py").write_text(
        "LACKS = ('store',)\nclass Agent:\n    def __call__(self, task, venue): ...\nagent = Agent()\n"
    )
    assert resolve("py:thing.py:agent").lacks == {"store"}


def test_a_scenario_that_needs_nothing_keeps_its_bytes_and_a_wrong_word_is_refused(engine: Path) -> None:
    from cli import conftest

    plain, needs = (conftest.needy(conftest.Draw(1, n)) for n in (0, 1))
    assert (
        "needs" not in plain.to_json()
        and "needs" not in Header(target="t", scope="A", scenario=plain.model_dump(mode="json")).scenario
    )
    assert Scenario.from_json(needs.to_json()) == needs
    with pytest.raises(ScenarioError, match="needs"):
        Scenario.from_json(needs.to_json().replace('"stream"', '"strem"'))


def test_every_capability_is_listed_in_words(engine: Path) -> None:
    assert tuple(MEANING) == CAPABILITIES == tuple(sorted(CAPABILITIES))
    done = outtrade("list", "capabilities")
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines() if line[:1].strip()] == list(CAPABILITIES)
