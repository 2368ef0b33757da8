"""The example of a language model: its talk is what the stand-in says today, and it replays as its docstring says."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import stand_in
from outside_kit import recorded, serving
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade.model.scenario import Scenario
from outtrade_mocks import cassettes
from outtrade_mocks.cassettes import Cassette, Interaction
from outtrade_mocks.cassettes.writing import store

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCENARIOS = ("answer_lost.json", "never_accepted.json")
SPEC = f"py:{EXAMPLES / 'llm_agent.py'}:execute"
HOST = "api.openai.com"
SOURCE = "a scripted stand-in (tests/outside/stand_in.py); no model was asked"


def test_the_talk_is_what_the_stand_in_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """After a wanted change: OUTTRADE_UPDATE=1 pytest tests/outside/test_allow_example.py"""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    said = []
    with serving(monkeypatch, HOST) as provider:
        provider.reply = stand_in.reply
        for name in SCENARIOS:
            history, items = recorded(SPEC, Scenario.from_json((EXAMPLES / name).read_bytes()), HOST)
            assert any(type(event).__name__ == "Reported" for event in history.events)
            said += items
    kept = tuple(
        replace(item, headers=_some(item.headers), request_headers=_some(item.request_headers)) for item in said
    )
    file = EXAMPLES / "llm_talk.yaml"
    if os.environ.get("OUTTRADE_UPDATE"):
        store(Cassette("llm_talk", "from-mock", SOURCE, kept), file, spare_words=True)
    there = cassettes.read(file)
    assert (there.provenance, there.source) == ("from-mock", SOURCE)
    assert [_meant(item) for item in there] == [_meant(item) for item in kept]
    assert file.stat().st_size < 200_000


def _some(headers: dict[str, str]) -> dict[str, str]:
    """Those that are the same everywhere."""
    return {name: headers[name] for name in ("authorization", "content-type") if name in headers}


def _meant(item: Interaction) -> tuple[object, ...]:
    """What was said, whatever spaces a version of httpx puts into JSON."""
    return item.name, item.method, item.uri, item.status, json.loads(item.request_body), json.loads(item.body)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_example_replays_without_key_and_network(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("node*"))
    monkeypatch.chdir(tmp_path)
    words = ["replay", f"examples/{name}", "--target", "py:examples/llm_agent.py:execute"]
    done = CliRunner().invoke(app, [*words, "--allow-replay", "examples/llm_talk.yaml"])
    assert done.exit_code == 0, done.output
    assert done.stdout.rstrip().endswith("PASS")
    assert CliRunner().invoke(app, words).exit_code == 1, "and without its talk it knows no such host"
