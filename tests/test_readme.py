"""The README's transcripts are what the commands print today."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


def transcripts() -> ModuleType:
    spec = importlib.util.spec_from_file_location("transcripts", ROOT / "docs" / "transcripts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_transcripts_are_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", ":".join(str(ROOT / folder) for folder in ("harness", "mocks", "suites")))
    text = (ROOT / "README.md").read_text()
    module = transcripts()
    assert len(module.BLOCK.findall(text)) == 4
    assert module.render(text) == text, "run: python docs/transcripts.py"
