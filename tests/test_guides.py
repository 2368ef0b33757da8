"""What the guides show is the code there is, and it does what they say."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from outtrade.cli.app import app

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
HOUSE = f"py:{EXAMPLES / 'my_suite.py'}:suite"


def outtrade(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words), env={"COLUMNS": "120"})
    return done.exit_code, done.output


def test_the_guides_hold_what_is_in_the_code() -> None:
    place = importlib.util.spec_from_file_location("guides", ROOT / "docs" / "guides.py")
    assert place is not None and place.loader is not None
    guides = importlib.util.module_from_spec(place)
    place.loader.exec_module(guides)
    for guide in guides.GUIDES:
        assert guides.render(guide.read_text()) == guide.read_text(), "run: python docs/guides.py"


@pytest.mark.parametrize("scenario", ["answer_lost", "never_accepted"])
def test_the_careful_agent_passes_what_the_naive_one_fails(scenario: str) -> None:
    pytest.importorskip("ccxt")
    file = str(EXAMPLES / f"{scenario}.json")
    code, text = outtrade("replay", file, "--target", f"py:{EXAMPLES / 'careful_agent.py'}:execute")
    assert code == 0, text
    assert outtrade("replay", file, "--target", f"py:{EXAMPLES / 'naive_agent.py'}:execute")[0] == 1


def test_a_suite_of_ones_own_is_run_and_explained(tmp_path: Path) -> None:
    pytest.importorskip("ccxt")
    folder = str(tmp_path / "r")
    code, text = outtrade("run", "agent:ccxt", "--suite", HOUSE, "-n", "6", "--report", folder, "--workers", "1")
    assert code == 0, text
    rows = {row["id"]: row for row in json.loads((tmp_path / "r" / "results.json").read_text())["properties"]}
    assert rows["HOUSE-01"]["dimension"] == "own" and sum(rows["HOUSE-01"]["counts"].values()) == 6
    assert "RTY-01" in rows
    code, text = outtrade("explain", "HOUSE-01", "--suite", HOUSE)
    assert code == 0 and "quarter of an hour" in text


def test_the_test_of_the_guide_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    (text,) = re.findall(
        r"<!-- test -->\n```python\n(.*?)```", (ROOT / "docs" / "properties.md").read_text(), re.DOTALL
    )
    monkeypatch.syspath_prepend(str(EXAMPLES))
    try:
        exec(compile(text, "properties.md", "exec"), {})
    finally:
        sys.modules.pop("my_suite", None)


def test_a_scenario_and_a_space_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "scenarios.md").read_text()
    blocks = dict(re.findall(r"<!-- test: (\w+) -->\n```\w+\n(.*?)```", page, re.DOTALL))
    monkeypatch.chdir(tmp_path)
    Path("scenario.json").write_text(blocks["scenario"])
    Path("dips_suite.py").write_text(blocks["space"])
    code, text = outtrade("replay", "scenario.json", "--target", "agent:httpx")
    assert code == 0, text
    code, text = outtrade("replay", "scenario.json", "--target", f"py:{EXAMPLES / 'naive_agent.py'}:execute")
    assert code == 1 and "FAULT lost answer" in text, text
    words = ("run", "agent:httpx", "--suite", "py:dips_suite.py:suite", "--space", "dips", "-n", "6", "--workers", "1")
    code, text = outtrade(*words, "--report", "r")
    assert code == 0 and "of dips" in text and "landed" in text, text


def test_a_scenario_file_is_told_all_that_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_text(json.dumps({"format": "outtrade.scenario", "version": 1, "id": "mine", "until": 10, "untl": 5}))
    code, text = outtrade("replay", str(file), "--target", "agent:httpx")
    assert code == 2 and text.count("\n") == 1, text
    for said in ("seed: ", "symbols: ", "balances: ", "intents: Field required", "untl: Extra inputs"):
        assert said in text


def test_the_zoo_of_a_suite_in_a_file_is_run_by_its_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("desk.py").write_text("def execute(task, venue): raise RuntimeError('on purpose')\n")
    Path("desk_suite.py").write_text(
        "from outtrade.suites import Broken\nfrom outtrade_suites import suite as core\n"
        "suite = core.extended('desk', agents=lambda: {'desk': 'py:desk.py:execute'}, zoo=lambda: (Broken(\n"
        "    name='raises', spec='py:desk.py:execute', base='desk', property='RCV-18', needs_fault=False),))\n"
    )
    named = ("--suite", "py:desk_suite.py:suite")
    small = ("-n", "2", "--workers", "1", "--report", "r", "--no-minimise", "--check-determinism")
    for target in ("agent:desk", "zoo:raises"):
        code, text = outtrade("run", target, *named, *small)
        assert code == 1 and "on purpose" in text, text
    code, text = outtrade("run", "zoo:raise", *named, *small)
    assert code == 2 and "is it raises?" in text.replace("raises or", "raises?"), text
    assert outtrade("run", "zoo:raises", *small)[0] == 2  # nobody else knows that name
    code, text = outtrade("zoo", *named, "--only", "raises", "-n", "2", "--workers", "1")
    assert code == 0, text


def test_no_file_is_trusted_to_start_a_program_or_a_suite(tmp_path: Path) -> None:
    scenario = json.loads((EXAMPLES / "answer_lost.json").read_text())
    ran = tmp_path / "ran"
    code = tmp_path / "theirs.py"
    code.write_text(f"open({str(ran)!r}, 'w')\n")
    saved = {"format": "outtrade.failure", "version": 1, "scenario": scenario, "failures": []}
    file = tmp_path / "f.json"
    file.write_text(json.dumps(saved | {"target": f"cmd:touch {ran}", "suite": "core"}))
    status, text = outtrade("replay", str(file))
    assert status == 2 and "--target 'cmd:touch" in text, text
    file.write_text(json.dumps(saved | {"target": "agent:ccxt", "suite": f"py:{code}:suite"}))
    status, text = outtrade("replay", str(file))
    assert status == 2 and "--suite" in text, text
    assert not ran.exists()
