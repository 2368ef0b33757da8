"""The matrix of clients and operations: noted in any process of a run, rendered, and checked against the page."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("client_matrix_page", ROOT / "docs" / "client_matrix.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TESTS = """
import pytest

def test_proves(did):
    did("here", "a", "place")
    did("here", "b", "place")

def test_fails(did):
    did("here", "a", "cancel")
    assert False

def test_more(did):
    did("there", "a", "cancel")
"""


def test_a_run_writes_what_passed_tests_noted(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tests / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = tests\naddopts = -m 'not slow'\nmarkers = slow: large")

    def run(*words: str) -> dict[str, object]:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
        env = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, timeout=120)
        told: dict[str, object] = json.loads((tmp_path / "reports" / "client_matrix.json").read_text())
        return told

    whole = run("-p", "xdist", "-n", "2")
    assert whole["whole"] is True
    assert whole["rows"] == [
        {"venue": "here", "client": "a", "operation": "place", "tests": ["tests/test_some.py::test_proves"]},
        {"venue": "here", "client": "b", "operation": "place", "tests": ["tests/test_some.py::test_proves"]},
        {"venue": "there", "client": "a", "operation": "cancel", "tests": ["tests/test_some.py::test_more"]},
    ]
    assert run() == whole
    assert run("-k", "more")["whole"] is False
    assert run("tests/test_some.py")["whole"] is False


DONE = {("here", "a", "place"), ("here", "b", "place"), ("here", "b", "edit"), ("there", "a", "place")}


def test_what_is_written_can_be_read(script: ModuleType) -> None:
    assert script.read_page(script.page(DONE)) == DONE
    assert script.read_page(script.page(set())) == set()


def test_the_page_says_only_what_a_whole_run_proved(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, page = tmp_path / "run.json", tmp_path / "page.md"

    def told(*words: str, whole: bool, done: set[tuple[str, str, str]]) -> int:
        rows = [dict(zip(("venue", "client", "operation"), row, strict=True)) for row in done]
        run.write_text(json.dumps({"whole": whole, "rows": rows}))
        code: int = script.main(words, run=run, written=page)
        return code

    assert script.main(["--check"], run=run, written=page) == 2
    assert told(whole=True, done=DONE) == 0 and script.read_page(page.read_text()) == DONE
    assert told("--check", whole=True, done=DONE) == 0
    fewer = DONE - {("here", "b", "edit")}
    assert told("--check", whole=True, done=fewer) == 1
    assert "here: b did not edit" in capsys.readouterr().out
    assert told("--check", whole=False, done=DONE) == 2
    assert told(whole=False, done={("east", "c", "place")}) == 0
    assert script.read_page(page.read_text()) == DONE | {("east", "c", "place")}, "a part of a run takes nothing out"
    assert told(whole=True, done=fewer) == 0 and script.read_page(page.read_text()) == fewer


def test_the_committed_page_can_be_read(script: ModuleType) -> None:
    text = script.PAGE.read_text()
    assert script.page(script.read_page(text)) == text
