"""Whatever an agent says, lone surrogates and control characters too, the history is written and read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from outtrade.engine.replay import read
from outtrade.engine.run import run
from outtrade.model.history import History
from outtrade.report import html, junit, markdown
from outtrade.report.bare import gather
from outtrade.targets import resolve

ROOT = Path(__file__).resolve().parents[2]
AGENT = r"""
from outtrade import Alert, Outcome, Report

S = "said\ud800\x00\x1b[31m\u202e"

def execute(task, venue):
    DO
    outcomes = {i.id: Outcome(status="refused", filled="0", reason=REASON) for i in task.intents}
    return Report(outcomes=outcomes, orders=())
"""


@pytest.mark.parametrize(
    "does",
    [
        "print(S)",
        "task.publish({S: [S]})",
        "task.publish(Alert(text=S))",
        "task.store['k'] = {S: S}",
        "task.store[S] = 1",
        "raise ValueError(S)",
        "reason",
    ],
)
def test_what_an_agent_says_can_always_be_written(tmp_path: Path, does: str) -> None:
    code = AGENT.replace("REASON", "S" if does == "reason" else "'x'").replace(
        "DO", "pass" if does == "reason" else does
    )
    (tmp_path / "agent.py").write_text(code)
    history = run(resolve(f"py:{tmp_path / 'agent.py'}:execute"), read(ROOT / "examples" / "answer_lost.json").scenario)
    data = history.to_jsonl()
    assert rb"said\\ud800\u0000\u001b[31m" in data or rb"said\\ud800\\x00\\x1b" in data
    again = History.from_jsonl(data)
    assert again.hash() == history.hash() and again.events == history.events
    (tmp_path / "h.jsonl").write_bytes(data)
    stored = gather([tmp_path / "h.jsonl"])
    for build in (html.build, junit.build, markdown.build):
        page = build(stored).encode()
        assert b"\x1b" not in page and "\u202e".encode() not in page
