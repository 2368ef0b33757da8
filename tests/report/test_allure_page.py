"""Allure's own page from our results, made offline with the npm tool, and looked at in headless Chromium.

Skipped where Node, npm or a package registry is not there; the npm package is installed once into a cache folder.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest
from chromium_page import CHROMIUM, WHY, browser
from test_stored_reports import EVIL, folder

from outtrade.report import allure
from outtrade.report.stored import load

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "allure_page.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The example, with Allure's command line in its cache."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("no node and npm on PATH")
    spec = importlib.util.spec_from_file_location("allure_page", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        module.program()
    except module.Failed as error:
        pytest.skip(str(error))
    return module


def test_the_page_shows_every_case(script: ModuleType, tmp_path: Path) -> None:
    results = tmp_path / "results"
    total = allure.write(load(folder(tmp_path / "run", EVIL)), results)
    history = tmp_path / "history.jsonl"
    page = script.make(results, tmp_path / "page", history=history, google=False)
    assert history.read_text().count("\n") == 1 and "googletagmanager" not in page.read_text()
    if CHROMIUM is None:
        pytest.skip(WHY)
    with browser() as tab:
        tab.open(page.as_uri())
        text = tab.wait("document.body.innerText", lambda said: "RTY-01" in said)
        assert f"Results {total}" in " ".join(text.split())
        for words in ("retry", "gate", "RTY-14 What RTY-14 says", "PAR-01 What PAR-01 says"):
            assert words in text
        tab.ask("[...document.querySelectorAll('*')].filter(e => e.textContent.startsWith('RTY-01')).pop().click()")
        text = tab.wait("document.body.innerText", lambda said: "Test body" in said)
        for words in ("Violated (MUST)", "violated in 5 of 10 scenarios", "smallest scenario", "timeline"):
            assert words in text
        assert "missed" not in text and "rest-api.md" in text
        outside = [address for address in tab.requests() if not address.startswith(("file:", "data:", "blob:"))]
        assert outside == [], "with --no-google nothing is asked of anybody"


def test_what_cannot_be_made_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = importlib.util.spec_from_file_location("allure_page", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.main([str(tmp_path), str(tmp_path / "page")]) == 2
    assert capsys.readouterr().err == f"error: {tmp_path}: no Allure results there\n"
