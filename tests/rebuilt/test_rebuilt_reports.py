"""One stored run, many doors: every output is made again byte for byte, and pytest says the same of the same agent.

The agent is real and runs in real scenarios. It is wrong (it prices its fills wrongly), leaves out what it believes of
balances, and what it says is meant to break reports. Every step is a process of its own with another PYTHONHASHSEED.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from outtrade.cli.gating import GateOptions, stored_policy
from outtrade.model.history import History
from outtrade.report import timeline
from outtrade.report.regate import regate
from outtrade.report.results import Results
from outtrade.report.stored import load
from outtrade.report.terminal import WIDTH

ROOT = Path(__file__).resolve().parents[2]
EVIL = "<img src=x onerror=alert(1)>]]>&amp;`|[x](http://e.invalid)@all\\x1b[31m\\u202e\\u0085\\x00::error::x"
AGENT = f"""
import sys
from outtrade_suites.agents import httpx_agent

EVIL = '{EVIL}'

async def execute(task, venue):
    print(EVIL)
    sys.stderr.write(EVIL)
    report = await httpx_agent.execute(task, venue)
    if task.id.endswith("2"):
        raise RuntimeError(EVIL)
    outcomes = {{
        name: one.model_copy(update={{"reason": EVIL, "average_price": "1" if one.average_price else None}})
        for name, one in report.outcomes.items()
    }}
    ghost = report.orders[0].model_copy(update={{"client_id": EVIL, "venue_ids": (), "intent": None}})
    return report.model_copy(update={{"outcomes": outcomes, "balances": None, "orders": (*report.orders, ghost)}})
"""
SHARED = ("--seed", "3")
SCENARIOS = 3


def process(place: Path, seed: int, *words: str) -> subprocess.CompletedProcess[bytes]:
    """A process whose hash seed is ``seed``; the command line's width does not depend on the terminal."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COLUMNS"))}
    env |= {
        "PYTHONHASHSEED": str(seed),
        "PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in ("harness", "mocks", "suites")),
    }
    return subprocess.run([sys.executable, "-m", *words], cwd=place, env=env, capture_output=True, timeout=200)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the agent, its run in ``r`` and all that the run wrote."""
    folder = tmp_path_factory.mktemp("rebuilt")
    (folder / "agent.py").write_text(AGENT)
    words = ("run", "py:agent.py:execute", "-n", str(SCENARIOS), *SHARED, "--report", "r", "--workers", "1")
    reports = ("--html", "--junit", "j.xml", "--markdown", "s.md", "--show", "30")
    done = process(folder, 1, "outtrade", *words, *reports)
    assert done.returncode == 1, done.stderr.decode()
    (folder / "stdout").write_bytes(done.stdout)
    return folder


def failures(place: Path) -> Iterator[tuple[str, tuple[int, ...], Path]]:
    """Property, evidence and history file of each distinct failure."""
    results = load(place / "r").results
    assert results.failures
    for row in results.failures:
        yield row.property, row.evidence, (place / "r" / row.file).with_suffix(".jsonl")


def test_the_stored_folder_gives_every_report_again(place: Path) -> None:
    words = ("report", "r", "--html", "h2.html", "--junit", "j2.xml", "--markdown", "s2.md")
    done = process(place, 2, "outtrade", *words)
    assert done.returncode == 0, done.stderr.decode()
    for first, again in (("r/report.html", "h2.html"), ("j.xml", "j2.xml"), ("s.md", "s2.md")):
        assert (place / first).read_bytes() == (place / again).read_bytes(), first


def test_results_json_follows_from_the_findings_in_it(place: Path) -> None:
    text = (place / "r" / "results.json").read_text()
    stored = Results.model_validate_json(text)
    emptied = stored.model_copy(update={"dimensions": (), "critical": -1, "faults": ()})
    again = regate(emptied, stored_policy(GateOptions(), stored))
    assert json.dumps(again.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n" == text


def test_each_history_gives_its_findings_and_its_timeline_again(place: Path) -> None:
    """The findings are those in results.json, the timeline is the one that the run printed."""
    printed = (place / "stdout").read_text()
    (ident, evidence, file), *others = failures(place)
    judged = process(place, 2, "outtrade", "judge", str(file), "--timeline", "--property", ident).stdout.decode()
    for one, marks, path in [(ident, evidence, file), *others]:
        history = History.from_jsonl(path.read_bytes())
        story = "\n".join(line.rstrip() for line in timeline.lines(history, evidence=frozenset(marks), width=WIDTH))
        assert story in "\n".join(line.rstrip() for line in printed.splitlines()), one
        if path == file:
            assert story in "\n".join(line.rstrip() for line in judged.splitlines())
    rows = {row.history: row for row in load(place / "r").results.results}
    whole = next(path for path in sorted((place / "r" / "failures").glob("*.jsonl")) if ".min" not in path.name)
    texts = [process(place, seed, "outtrade", "judge", str(whole), "--json").stdout for seed in (2, 3)]
    assert texts[0] == texts[1]
    found = {row["property"]: row for row in json.loads(texts[0])}
    row = rows[History.from_jsonl(whole.read_bytes()).hash()]
    assert {name: one["verdict"] for name, one in found.items()} == row.verdicts
    for finding in row.findings:
        first = found[finding.property]["violations"][: len(finding.violations)]
        assert [(v.message, list(v.evidence), v.subject) for v in finding.violations] == [
            (v["message"], v["evidence"], v["subject"]) for v in first
        ]


def test_pytest_says_the_same_of_every_property(place: Path) -> None:
    plugin = (
        () if any(p.name == "outtrade" for p in entry_points(group="pytest11")) else ("-p", "outtrade.pytest_plugin")
    )
    options = ("--outtrade-target=py:agent.py:execute", f"--outtrade-scenarios={SCENARIOS}", "--outtrade-seed=3")
    words = ("--pyargs", "outtrade_suites", "--outtrade-report=p", "--outtrade-workers=1", "--junitxml=p.xml")
    done = process(place, 4, "pytest", *plugin, "-p", "no:cacheprovider", *words, *options)
    assert done.returncode == 1, done.stdout.decode()
    by_run, by_pytest = (load(place / name).results for name in ("r", "p"))
    assert [row.verdicts for row in by_run.results] == [row.verdicts for row in by_pytest.results]
    assert [row.history for row in by_run.results] == [row.history for row in by_pytest.results]
    items = {str(case.get("name")): case for case in ET.parse(place / "p.xml").getroot().iter("testcase")}
    assert list(items) == [row.id for row in by_run.properties]
    seen = set()
    for row in by_run.properties:
        said = [child.tag for child in items[row.id] if child.tag in ("failure", "skipped", "error")]
        counts = row.counts
        if counts.get("fail"):
            verdict, expected = "fail", ["failure"]
        elif counts.get("incomplete") or counts.get("harness-error"):
            verdict, expected = "undecided", ["failure"]
        elif counts.get("pass") or counts.get("warn"):
            verdict, expected = "pass", []
        else:
            verdict, expected = "waived" if counts.get("waived") else "not applicable", ["skipped"]
            assert verdict in str(items[row.id][-1].get("message")) or "not exercised" in str(
                items[row.id][-1].get("message")
            )
        assert said == expected, row.id
        seen.add(verdict)
    assert seen >= {"fail", "pass", "waived", "not applicable"}, "the agent must show every verdict"


class Tags(HTMLParser):
    """The names of all elements and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {tag, *(name for name, _ in attrs)}


def test_what_an_agent_says_does_nothing_in_any_output(place: Path) -> None:
    said = json.loads((place / "r" / "results.json").read_text())
    assert "onerror=alert" in json.dumps(said)
    texts = {name: (place / name).read_text() for name in ("stdout", "r/report.html", "j.xml", "s.md")}
    for name, text in texts.items():
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e]", text), name
        assert "alert" in text, "the agent's words reach it"
    assert not {"img", "script", "onerror"} & Tags(texts["r/report.html"]).names
    assert "<img" not in texts["s.md"] and "](http" not in texts["s.md"] and "@all" not in texts["s.md"]
    assert "img" not in {element.tag for element in ET.fromstring(texts["j.xml"]).iter()}
