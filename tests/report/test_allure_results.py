"""Allure results from a stored run: honest statuses, the same bytes, ids that last, nothing secret, nothing hostile."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
from test_stored_reports import EVIL, folder, prop, results
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade.report import allure
from outtrade.report.results import folder_name
from outtrade.report.secrets import without_secrets
from outtrade.report.sheets import sheets
from outtrade.report.sources import links
from outtrade.report.stored import load

SECRET = "Zq7hunter2hunter2x"


def written(place: Path, out: Path) -> dict[str, dict[str, Any]]:
    """The results in a folder by property."""
    allure.write(load(place), out)
    found = [json.loads(file.read_bytes()) for file in sorted(out.glob("*-result.json"))]
    return {result["fullName"].partition("#")[2]: result for result in found}


def test_nothing_that_was_not_decided_is_passed(tmp_path: Path) -> None:
    rows = [
        prop("RTY-01", counts={"pass": 5, "fail": 5}),
        prop("RTY-02", counts={"harness-error": 1, "pass": 9}),
        prop("RTY-03", counts={"incomplete": 10}),
        prop("RTY-04", counts={"incomplete": 1, "not-applicable": 9}),
        prop("RTY-05", counts={"incomplete": 3, "pass": 7}),
        prop("RTY-06", counts={"pass": 2, "not-applicable": 8}),
        prop("RTY-07", level="SHOULD", counts={"pass": 5, "warn": 5}),
        prop("RTY-14", counts={"pass": 5, "fail": 5}, tolerated=5),
        prop("RTY-15", counts={"pass": 5, "fail": 5}, expected=5),
        prop("RTY-16", counts={"pass": 5, "fail": 5}, expected=4),
        prop("RTY-17", counts={"pass": 10}),
        prop("RTY-12", counts={"waived": 10}, waiver="not tracked"),
        prop("RTY-13", counts={"not-exercised": 10}),
        prop("REC-01", counts={"not-applicable": 10}),
    ]
    entry = {"scenario": None, "fault": None, "reason": "ticket 7", "owner": None, "expires": None, "chances": 5}
    known = entry | {"property": "RTY-15", "fingerprint": None, "status": "seen", "seen": 5}
    stale = entry | {"property": "RTY-17", "fingerprint": "RTY-17:x", "status": "stale", "seen": 0}
    gate = {"max_incomplete": 0.02, "fail_under": {}, "max_critical": 0, "expected": [known, stale], "notes": ["noted"]}
    found = written(folder(tmp_path / "run", properties=rows, gate=gate), tmp_path / "out")
    said = {name: (one["status"], one.get("statusDetails", {}).get("message", "")) for name, one in found.items()}
    assert said["RTY-01"][0] == "failed" and said["RTY-01"][1].startswith("violated in 5 of 10 scenarios")
    assert said["RTY-02"] == ("broken", "the check crashed in 1 scenario")
    for ident in ("RTY-03", "RTY-04", "RTY-05"):
        assert said[ident][0] == "broken" and said[ident][1].startswith("incomplete in")
    assert said["RTY-06"] == ("passed", "")
    assert said["RTY-07"] == ("passed", "SHOULD violated in 5 of 10 scenarios")
    assert said["RTY-14"] == ("passed", "MUST violated in 5 of 10 scenarios (5 tolerated)")
    assert said["RTY-15"] == ("skipped", "expected failure in 5 of 10 scenarios: ticket 7")
    assert said["RTY-16"] == ("failed", "violated in 5 of 10 scenarios (4 expected)")
    assert said["RTY-17"][0] == "failed" and "RTY-17:x: stale" in said["RTY-17"][1]
    assert "note: noted" in found["gate"]["statusDetails"]["trace"]
    assert said["RTY-12"] == ("skipped", "waived in 10 scenarios: not tracked")
    assert said["RTY-13"] == ("skipped", "not exercised in 10 scenarios")
    assert said["REC-01"] == ("skipped", "not applicable in 10 scenarios")
    assert said["gate"][0] == "failed"
    for ident, (status, message) in said.items():
        assert (status == "passed" and not message) or _category(status, message), f"{ident} is in no category"
    apart = ("RTY-01", "RTY-02", "RTY-03", "RTY-12", "RTY-13", "REC-01", "RTY-14", "RTY-15", "RTY-17")
    assert len({_category(*said[ident]) for ident in apart}) == len(apart)


def _category(status: str, message: str) -> str:
    for one in allure.CATEGORIES:
        if status in one["matchedStatuses"] and re.fullmatch(one.get("messageRegex", r"[\s\S]*"), message):
            return str(one["name"])
    return ""


@pytest.mark.parametrize(("code", "status"), [(0, "passed"), (1, "failed"), (2, "broken"), (3, "broken")])
def test_the_gate_is_red_where_the_run_was_not_green(tmp_path: Path, code: int, status: str) -> None:
    found = written(folder(tmp_path / "run", exit={"code": code, "reasons": ["why"]}), tmp_path / "out")
    assert found["gate"]["status"] == status
    assert "report" not in json.dumps(found["gate"]["labels"])


def test_a_case_holds_all_that_is_needed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    one = written(folder(tmp_path / "run", "boom", target="agent:demo"), out)["RTY-01"]
    filed = {label["name"]: label["value"] for label in one["labels"]}
    assert filed["epic"] == filed["parentSuite"] == "demo" and filed["feature"] == filed["suite"] == "retry"
    assert filed["story"] == "RTY-01" and filed["severity"] == "critical" and filed["tag"] == "MUST"
    assert "One" not in one["description"] and "outtrade explain RTY-01" in one["description"]
    assert {"rest-api.md", "scrtlabs/catalyst#315"} <= {link["name"] for link in one["links"]}
    assert all(link["url"].startswith("https://github.com/") for link in one["links"])
    step = one["steps"][0]
    assert step["status"] == "failed" and "sent boom" in step["statusDetails"]["message"]
    papers = {paper["name"]: (out / paper["source"]).read_text() for paper in step["attachments"]}
    assert set(papers) == {"replay", "timeline", "smallest scenario", "history"}
    assert "RTY-01-exposure.min.json" in papers["replay"]
    assert "DIFFERS" in papers["timeline"] and "on the exchange" in papers["timeline"]
    saved = tmp_path / "run" / "failures" / "RTY-01-exposure.min.json"
    assert papers["smallest scenario"] == saved.read_text(), "outtrade replay runs the attachment"
    assert papers["history"] == saved.with_suffix(".jsonl").read_text()
    assert [step["status"] for step in one["steps"]] == ["failed", "passed", "failed"]
    assert one["start"] == one["stop"] == 1767225601500, "when the run ended"
    assert len({result["uuid"] for result in map(json.loads, (f.read_bytes() for f in out.glob("*-result.json")))}) == 7


def test_no_two_results_share_an_attachment(tmp_path: Path) -> None:
    """Allure 3 would show it in one of them, and call it missing in the others."""
    failure = results("")["failures"][0]
    again = failure | {"fingerprint": "PAR-01:same", "property": "PAR-01"}
    found = written(folder(tmp_path / "run", failures=[failure, again]), tmp_path / "out")
    papers = [
        paper["source"] for one in found.values() for step in one["steps"] for paper in step.get("attachments", ())
    ]
    assert len(papers) == len(set(papers)) == 9
    assert {file.name for file in (tmp_path / "out").glob("*-attachment.*")} == set(papers)


def test_same_run_same_bytes_and_ids_that_last(tmp_path: Path) -> None:
    run = folder(tmp_path / "run")
    first, second = tmp_path / "a", tmp_path / "b"
    before = written(run, first)
    written(run, second)
    names = sorted(file.name for file in first.iterdir())
    assert names == sorted(file.name for file in second.iterdir())
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
    later = folder(tmp_path / "later", started="2026-01-02T00:00:00+00:00", seed=2)
    after = written(later, first)
    assert len(after) == len(list(first.glob("*-result.json"))), "the new run takes the place of the old one"
    for ident, one in before.items():
        assert one["uuid"] != after[ident]["uuid"]
        assert (one["historyId"], one["testCaseId"]) == (after[ident]["historyId"], after[ident]["testCaseId"])
    allure.write(load(folder(tmp_path / "other", target="agent:other")), first)
    both = [json.loads(file.read_bytes()) for file in first.glob("*-result.json")]
    assert len(both) == 2 * len(after) and len({one["historyId"] for one in both}) == len(both)
    assert len({one["testCaseId"] for one in both}) == len(after)


def test_what_an_agent_said_cannot_harm(tmp_path: Path) -> None:
    for file in (tmp_path / "out", tmp_path / "run"):
        file.mkdir()
    written(folder(tmp_path / "run", EVIL), tmp_path / "out")
    for file in (tmp_path / "out").iterdir():
        text = file.read_text()
        if file.suffix == ".jsonl" or '"scenario"' in text:
            continue  # data as it was recorded: offered for download
        assert not set(re.findall(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text)), file
        if file.name.endswith("-result.json"):
            assert not re.search(r"\\u00(?!26)[01]", text) and "script" not in json.loads(text)["description"]


def test_what_is_broken_is_said_and_the_rest_is_there(tmp_path: Path) -> None:
    run = folder(tmp_path / "run", suite="nowhere")
    (run / "failures" / "RTY-01-exposure.min.json").write_text("{")
    one = written(run, tmp_path / "out")["RTY-01"]
    papers = {paper["name"] for paper in one["steps"][0]["attachments"]}
    assert papers == {"replay", "timeline"}
    assert "is not installed here" in one["description"] and "links" not in one


def test_secrets_stay_out(tmp_path: Path) -> None:
    target = f"cmd:./agent --api-key {SECRET} --password='{SECRET}' token={SECRET} --fast 1"
    run = folder(tmp_path / "run", target=target)
    file = run / "failures" / "RTY-01-exposure.min.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"target": target}))
    record = file.with_suffix(".jsonl")
    record.write_bytes(record.read_bytes().replace(b'"py:a.py:b"', json.dumps(target).encode(), 1))
    written(run, tmp_path / "out")
    for made in (tmp_path / "out").iterdir():
        assert SECRET not in made.read_text(), made
    assert len(list((tmp_path / "out").glob("*.jsonl"))) == 1 and SECRET in record.read_text()
    assert SECRET not in folder_name(target) and folder_name(target) != folder_name(target + " -v")
    assert folder_name("cmd:./agent") == "cmd-agent"
    assert without_secrets("cmd:./agent --fast 1") == "cmd:./agent --fast 1"


def test_sources_become_links() -> None:
    found = dict(
        links("Binance spot documentation, errors.md (-2010); ccxt/ccxt#663, hummingbot#12; see https://a.example/b.")
    )
    assert found == {
        "errors.md": "https://github.com/binance/binance-spot-api-docs/blob/master/errors.md",
        "ccxt/ccxt#663": "https://github.com/ccxt/ccxt/issues/663",
        "https://a.example/b": "https://a.example/b",
    }
    assert not dict(links("another exchange, errors.md"))


def test_every_property_is_a_sheet(tmp_path: Path) -> None:
    stored = load(folder(tmp_path / "run"))
    assert [one.place[1] for one in sheets(stored)] == [*(row.id for row in stored.results.properties), "gate"]


# ------------------------------------------------------------------ the command
def test_the_command_writes_it(tmp_path: Path) -> None:
    run = folder(tmp_path / "run")
    done = CliRunner().invoke(app, ["report", str(run), "--allure", str(tmp_path / "new" / "out")])
    assert done.exit_code == 0 and "7 results" in done.output
    assert not (run / "report.html").exists(), "only what was asked for"
    assert {"categories.json", "environment.properties"} <= {file.name for file in (tmp_path / "new" / "out").iterdir()}


def test_what_cannot_be_written_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = folder(tmp_path / "run")
    (tmp_path / "file").write_text("")
    for asked in (str(tmp_path / "file"), str(tmp_path / "file" / "below"), "-"):
        done = CliRunner().invoke(app, ["report", str(run), "--allure", asked])
        assert done.exit_code == 2 and done.stderr.count("\n") == 1, done.output
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = CliRunner().invoke(app, ["report", str(run), "--allure", str(tmp_path / "out")])
    assert done.exit_code == 2 and 'pip install "outtrade[allure]"' in done.stderr
