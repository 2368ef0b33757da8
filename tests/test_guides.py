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
