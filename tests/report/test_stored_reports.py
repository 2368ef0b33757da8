"""Reports made from a stored folder: same bytes, nothing hostile gets through, one line for what cannot be read."""

from __future__ import annotations

import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade.engine.replay import Expected, SavedFailure
from outtrade.model.fault import LostAnswer, Trigger
from outtrade.model.history import (
    Answer,
    Header,
    History,
    Landed,
    OrderParams,
    OrderTruth,
    Planned,
    Reported,
    Request,
    Snapshot,
    Started,
)
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Intent
from outtrade.report import html, junit, markdown
from outtrade.report.beliefs import beliefs
from outtrade.report.compare import compare
from outtrade.report.results import ReportError, Results
from outtrade.report.stored import load

EVIL = (
    "<script>alert(1)</script><img src=x onerror=y>\x1b[31m\x00\u202e](http://x.example) ]]> & \"' `code` |\ud800 @all"
)
NS = 1_000_000_000


def history(words: str) -> History:
    """One order that was filled while the report calls it rejected; ``words`` stand wherever an agent can write."""
    intent = Intent(id="i1", tag="TAG00001", at=5, kind="order", symbol="BTC/USDT", side="buy",
                    quantity="0.4", type="limit", limit_price="50000", text="buy some")  # fmt: skip
    scenario = Scenario(
        id="demo", seed=1, until=600, symbols=("BTC/USDT",), balances={"USDT": "100000"}, intents=(intent,),
        faults=(LostAnswer(on=Trigger(op="place"), committed=True, symptom="hang"),),
        markets={"BTC/USDT": Market(mid="50000", depth="1", taker_size="0.1")},
    )  # fmt: skip
    record = History(Header(target="py:a.py:b", scenario=scenario.model_dump(mode="json")))
    record.add(Planned(fault=0, kind="lost_answer", variant="lost_answer.hang.committed"))
    record.add(Started(incarnation=0))
    record.add(
        Request(at=5 * NS, call=1, conn=1, op="place", method="POST", host="x", path="/", client_id="TAG00001" + words,
                order=OrderParams(symbol="BTC/USDT", side="buy", quantity="0.4", type="limit"))
    )  # fmt: skip
    record.add(Landed(at=5 * NS, fault=0, call=1))
    record.add(Answer(at=5 * NS, call=1, status=200))
    record.add(
        OrderTruth(at=5 * NS, order="7", client_id="TAG00001" + words, created_as="TAG00001" + words, filled="0.4",
                   symbol="BTC/USDT", side="buy", type="limit", tif="GTC", quantity="0.4", status="filled", why="fill")
    )  # fmt: skip
    record.add(Snapshot(at=9 * NS, why="report", balances={"BTC": ("0.4", "0")}))
    record.add(
        Reported(
            at=9 * NS,
            incarnation=0,
            report={
                "outcomes": {"i1": {"status": "failed", "filled": "0", "reason": words}},
                "orders": [{"client_id": "TAG00001" + words, "status": words or "rejected", "filled": "0"}],
                "balances": {words or "BTC": {"free": "0", "locked": "0"}},
            },
        )
    )
    return record


def prop(ident: str, **changes: Any) -> dict[str, Any]:
    row = {
        "id": ident, "title": f"what {ident} says", "level": "MUST", "severity": "critical", "dimension": "retry",
        "rate": 1.0, "interval": {"low": 0.7, "high": 1.0}, "counts": {"pass": 10}, "baseline": 0, "waiver": None,
    }  # fmt: skip
    return row | changes


def results(words: str, **changes: Any) -> dict[str, Any]:
    """A results.json: one MUST fails, one SHOULD warns, others were crashed, waived, never applied."""
    failing = {"rate": 0.5, "interval": {"low": 0.2, "high": 0.8}}
    failure = {
        "fingerprint": "RTY-01:exposure", "property": "RTY-01", "title": words, "level": "MUST",
        "severity": "critical", "scenarios": 5, "baseline": False, "message": f"sent {words}", "evidence": [2],
        "first": "demo", "minimal": True, "runs": 9, "file": "failures/RTY-01-exposure.min.json", "history": "",
    }  # fmt: skip
    return {
        "outtrade": "0.1.0", "libraries": {"python": "3.11"}, "target": f"py:a.py:{words or 'b'}", "scope": "A",
        "suite": "core", "space": "demo", "venue": None, "seed": 1, "planned": 10, "scenarios": 10,
        "interrupted": False, "started": "2026-01-01T00:00:00+00:00", "finished": "2026-01-01T00:00:01+00:00",
        "wall_seconds": 1.5, "exit": {"code": 1, "reasons": [f"violations {words}"]}, "critical": 5, "incomplete": 0,
        "not_exercised": 0,
        "dimensions": [
            {"name": "retry", "score": 0.5, "interval": {"low": 0.2, "high": 0.8}, "properties": 2, "scenarios": 10},
            {"name": "recovery", "score": None, "interval": {"low": 0, "high": 1}, "properties": 0, "scenarios": 0},
        ],
        "properties": [
            prop("RTY-01", counts={"pass": 5, "fail": 5}, **failing),
            prop("RTY-14", level="SHOULD", counts={"pass": 5, "warn": 5}, **failing),
            prop("PAR-01"),
            prop("REC-02", rate=None, counts={"waived": 10}, waiver=words or "reason"),
            prop("REC-03", rate=None, counts={"not-applicable": 10}),
            prop("REC-04", rate=None, counts={"harness-error": 10}),
        ],
        "faults": [{"variant": "lost_answer.hang", "planned": 5, "landed": 4, "not_exercised": 1, "incomplete": 0}],
        "failures": [failure],
        "results": [
            {
                "index": n, "scenario": f"demo-{n}{words}", "seed": n, "space": "demo", "pair": None, "history": "0",
                "events": 9, "verdicts": {"RTY-01": "fail" if n % 2 else "pass"}, "findings": [], "ended": words,
                "faults": [{"fault": 0, "variant": "lost_answer.hang", "status": "landed", "times": 1}],
                "differs": "", "error": "", "file": None, "wall_seconds": 0.1,
            }
            for n in range(10)
        ],
    } | changes  # fmt: skip


def folder(place: Path, words: str = "", **changes: Any) -> Path:
    """A report folder on disk."""
    words = words.replace("\ud800", "")  # JSON files hold no lone surrogates
    data = results(words, **changes)
    (place / "failures").mkdir(parents=True)
    (place / "results.json").write_text(json.dumps(data))
    record = history(words)
    expected = (Expected(property="RTY-01", fingerprint="RTY-01:exposure"),)
    saved = SavedFailure(target="py:a.py:b", suite="core", failures=expected, scenario=record.header.scenario)
    (place / "failures" / "RTY-01-exposure.min.json").write_text(saved.to_json())
    (place / "failures" / "RTY-01-exposure.min.jsonl").write_bytes(record.to_jsonl())
    return place


class Tags(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("build", [html.build, junit.build, markdown.build])
def test_the_same_folder_gives_the_same_bytes(build: Any, tmp_path: Path) -> None:
    place = folder(tmp_path / "r")
    assert build(load(place)) == build(load(place / "results.json"))


@pytest.mark.parametrize("build", [html.build, junit.build, markdown.build])
def test_no_control_or_direction_character_reaches_a_report(build: Any, tmp_path: Path) -> None:
    text = build(load(folder(tmp_path / "r", EVIL)))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e]", text)
    assert "\\x1b[31m" in text or "\\x1b" in text or "&#92;x1b" in text


def test_the_page_is_one_well_formed_file_without_script_or_address(tmp_path: Path) -> None:
    for words in ("", EVIL):
        page = html.build(load(folder(tmp_path / ((words[:1] and "evil") or "plain"), words)))
        tags = Tags(page)
        assert tags.open == []
        names = {name for name, _ in tags.found}
        assert not names & {"script", "img", "link", "iframe", "object", "base", "form", "svg", "video", "audio"}
        for _, attributes in tags.found:
            assert not any(name.startswith("on") or name in ("src", "action", "srcset") for name in attributes)
            assert (attributes.get("href") or "#").startswith("#")
        assert "url(" not in page
        assert "@import" not in page
        assert "default-src 'none'" in page


def test_the_page_is_accessible(tmp_path: Path) -> None:
    tags = Tags(html.build(load(folder(tmp_path / "r"))))
    assert ("html", {"lang": "en"}) in tags.found
    levels = [int(name[1]) for name, _ in tags.found if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all("scope" in attributes for name, attributes in tags.found if name == "th")
    tables = sum(name == "table" for name, _ in tags.found)
    assert tables == sum(name == "caption" for name, _ in tags.found) >= 4
    ids = [attributes["id"] for _, attributes in tags.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(attributes.get("href") or "")[1:] for name, attributes in tags.found if name == "a"}
    assert targets <= set(ids)


def test_the_page_tells_the_story(tmp_path: Path) -> None:
    page = html.build(load(folder(tmp_path / "r")))
    for words in ("FAIL", "i1 at 5 s: order buy 0.4", "FAULT lost answer", "Believed against true", "differs",
                  "0.4 filled", "outtrade replay ", "4 of 5 planned faults", "5 of 10 scenarios"):  # fmt: skip
        assert words in page


def test_the_page_stays_small(tmp_path: Path) -> None:
    """10,000 scenarios and 300 failures, each with all the words that an agent can say."""
    data = results("w" * 5_000)
    rows = [{**data["results"][1], "index": n} for n in range(10_000)]
    failures = [{**data["failures"][0], "fingerprint": f"RTY-01:{n}"} for n in range(300)]
    stored = load(folder(tmp_path / "r", "w" * 5_000, results=rows, failures=failures))
    page = html.build(stored)
    assert len(page.encode()) < 1_500_000
    assert "left out" in page
    assert Tags(page).open == []
    assert len(markdown.build(stored).encode()) <= markdown.LIMIT


@pytest.mark.parametrize("scenarios", [100, 1_000])
def test_a_scenario_costs_the_page_little(tmp_path: Path, scenarios: int) -> None:
    """A thousand scenarios, each of which violates ten properties under three faults, and forty distinct failures."""
    data = results("")
    faults = [{**data["results"][0]["faults"][0], "variant": f"lost_answer.hang.committed.{n}"} for n in range(3)]
    verdicts = {f"RTY-{n:02}": "fail" for n in range(10)}
    rows = [data["results"][1] | {"index": n, "verdicts": verdicts, "faults": faults} for n in range(scenarios)]
    failures = [data["failures"][0] | {"fingerprint": f"RTY-01:{n}"} for n in range(40)]
    small = folder(tmp_path / "a", results=rows[: scenarios // 2], failures=failures)
    size, half = (
        len(html.build(load(place)).encode())
        for place in (folder(tmp_path / "b", results=rows, failures=failures), small)
    )
    assert size < 1_500_000
    assert (size - half) / (scenarios - scenarios // 2) < 400, "bytes for a scenario that failed"


def test_a_summary_that_is_too_long_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "LIMIT", 800)
    text = markdown.build(load(folder(tmp_path / "r")))
    assert len(text.encode()) <= 800
    assert text.endswith("at most 1 MiB._\n")


def test_markdown_shows_hostile_text_as_text(tmp_path: Path) -> None:
    text = markdown.build(load(folder(tmp_path / "r", EVIL)))
    assert set(re.findall(r"<(/?\w+)", text)) <= {
        "details",
        "/details",
        "summary",
        "/summary",
        "b",
        "/b",
        "pre",
        "/pre",
    }
    assert "](" not in text
    assert "@" not in text
    assert "http:" not in text


def test_junit_has_one_case_for_each_property_and_one_for_the_gate(tmp_path: Path) -> None:
    for words in ("", EVIL):
        root = ET.fromstring(junit.build(load(folder(tmp_path / ((words[:1] and "evil") or "plain"), words))))
        cases = {str(case.get("name")).split()[0]: case for case in root.iter("testcase")}
        assert list(cases) == ["RTY-01", "RTY-14", "PAR-01", "REC-02", "REC-03", "REC-04", "gate"]
        assert {case.get("classname") for case in cases.values()} == {"outtrade.demo.retry", "outtrade.demo"}
        kinds = {name: [child.tag for child in case] for name, case in cases.items()}
        assert kinds == {"RTY-01": ["failure"], "RTY-14": ["system-out"], "PAR-01": [], "REC-02": ["skipped"],
                         "REC-03": ["skipped"], "REC-04": ["error"], "gate": ["failure"]}  # fmt: skip
        assert root.attrib["tests"] == "7"
        assert (root.get("failures"), root.get("errors"), root.get("skipped")) == ("2", "1", "2")
        story = cases["RTY-01"][0].text or ""
        assert "sent" in story
        assert re.search(r"^replay: outtrade replay \S+/failures/RTY-01-exposure\.min\.json$", story, re.M)


def test_belief_beside_truth() -> None:
    rows = {row.what: row for row in beliefs(history(""))}
    assert rows["intent i1"].differs
    assert (rows["intent i1"].believed, rows["intent i1"].true) == (
        "failed, 0 filled",
        "0.4 filled in 1 order, nothing working",
    )
    assert (rows["order TAG00001"].believed, rows["order TAG00001"].true) == (
        "rejected, 0 filled",
        "filled, 0.4 filled",
    )
    assert rows["balance BTC"].differs


def test_an_order_without_a_tag_belongs_to_the_only_intent_of_its_symbol_and_side() -> None:
    record = history("")
    order = next(event for event in record.events if isinstance(event, OrderTruth))
    order.client_id = order.created_as = "a-name-of-its-own"
    row = next(row for row in beliefs(record) if row.what == "intent i1")
    assert (row.true, row.differs) == ("0.4 filled in 1 order, nothing working", True)
    intents = record.header.scenario["intents"]
    record.header.scenario["intents"] = [*intents, {**intents[0], "id": "i2", "tag": "TAG00002"}]
    assert "in 0 orders" in next(row for row in beliefs(record) if row.what == "intent i1").true


def test_a_file_outside_of_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    data = results("")
    data["failures"][0]["file"] = "../secret.json"
    stored = load(folder(tmp_path / "r", failures=data["failures"]))
    (failure,) = stored.failures()
    assert "outside of the report folder" in stored.smallest(failure).problem


@pytest.mark.parametrize("spoil", ["not json", "[]", "{}", '{"format": "outtrade.results", "version": 2}'])
def test_what_is_no_results_file_is_said_in_one_line(spoil: str, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(spoil)
    with pytest.raises(ReportError, match=r"results\.json: not a results\.json of this version") as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


def test_damaged_failure_files_are_said_and_the_rest_is_shown(tmp_path: Path) -> None:
    place = folder(tmp_path / "r")
    (place / "failures" / "RTY-01-exposure.min.jsonl").write_text("rubbish")
    assert "no timeline" in html.build(load(place))
    (place / "failures" / "RTY-01-exposure.min.json").unlink()
    assert "the scenario cannot be read: No such file" in html.build(load(place))


def test_a_history_that_makes_no_sense_is_said(tmp_path: Path) -> None:
    place = folder(tmp_path / "r")
    record = history("")
    record.header.scenario["intents"] = ["no mapping"]
    (place / "failures" / "RTY-01-exposure.min.jsonl").write_bytes(record.to_jsonl())
    assert "the history cannot be shown" in html.build(load(place))


# ------------------------------------------------------------------ compare
def card(**changes: Any) -> Results:
    return Results.model_validate(results("", **changes))


def passing() -> dict[str, Any]:
    rows = [prop("RTY-01"), prop("RTY-14", level="SHOULD"), prop("PAR-01")]
    return {"properties": rows, "failures": [], "exit": {"code": 0, "reasons": []}}


def test_equal_runs_are_not_worse() -> None:
    found = compare(card(), card())
    assert (found.code, found.reasons, found.notes) == (0, (), ())
    assert all(change.same for change in found.changes)


def test_a_new_failure_and_a_fallen_rate_are_worse_and_the_other_way_round_is_better() -> None:
    good, bad = card(**passing()), card()
    worse = compare(good, bad)
    assert worse.code == 1
    assert worse.reasons[:2] == ("new failure RTY-01:exposure", "RTY-01 fell from 100.0 to 50.0 %")
    better = compare(bad, good)
    assert [row.fingerprint for row in better.gone] == ["RTY-01:exposure"]
    assert not better.appeared


def test_a_should_does_not_count() -> None:
    rows = passing()
    bad = {**rows, "properties": [prop("RTY-01"), prop("RTY-14", level="SHOULD", rate=0.1), prop("PAR-01")]}
    assert compare(card(**rows), card(**bad)).code == 0


def test_what_is_not_checked_any_more_is_worse() -> None:
    rows = passing()
    for left in ([prop("RTY-01", rate=None, counts={"not-applicable": 10}), prop("PAR-01")], [prop("PAR-01")]):
        found = compare(card(**rows), card(**{**rows, "properties": left}))
        assert found.code == 1
        assert found.reasons == ("RTY-01 was decided in 10 scenarios and now in none",)


def test_with_other_scenarios_a_rate_may_vary_within_its_interval() -> None:
    rows = passing()
    lower = {**rows, "properties": [prop("RTY-01", rate=0.8), prop("RTY-14", level="SHOULD"), prop("PAR-01")]}
    assert compare(card(**rows), card(**lower)).code == 1
    other = compare(card(**rows), card(**lower, seed=2))
    assert other.code == 0
    assert any("not the same" in note for note in other.notes)


def test_an_incomplete_run_is_not_called_better() -> None:
    rows = passing()
    found = compare(card(**rows), card(**{**rows, "exit": {"code": 3, "reasons": ["too little"]}}))
    assert (found.code, found.reasons) == (3, ("NEW ended with exit code 3: too little",))


# ------------------------------------------------------------------ the commands
def test_the_command_writes_what_was_asked_for(tmp_path: Path) -> None:
    place = folder(tmp_path / "r")
    run = CliRunner().invoke
    assert run(app, ["report", str(place)]).exit_code == 0
    page = (place / "report.html").read_bytes()
    files = [str(tmp_path / "new" / name) for name in ("a.html", "b.xml", "c.md")]
    done = run(app, ["report", str(place), "--html", files[0], "--junit", files[1], "--markdown", files[2]])
    assert done.exit_code == 0
    assert Path(files[0]).read_bytes() == page
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.html", "b.xml", "c.md"]
    shown = run(app, ["report", str(place), "--markdown", "-"])
    assert shown.stdout == Path(files[2]).read_text()


def test_bad_input_is_one_line_and_exit_code_two(tmp_path: Path) -> None:
    place = folder(tmp_path / "r")
    (tmp_path / "file").write_text("")
    for words in (
        ["report", str(tmp_path / "none")],
        ["report", str(place), "--html", str(tmp_path)],
        ["report", str(place), "--junit", str(tmp_path / "file" / "x.xml")],
        ["compare", str(place), str(tmp_path / "none")],
    ):
        done = CliRunner().invoke(app, words)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("outtrade: ")
        assert done.stderr.count("\n") == 1


def test_compare_prints_what_moved(tmp_path: Path) -> None:
    old, new = folder(tmp_path / "old", **passing()), folder(tmp_path / "new", EVIL)
    done = CliRunner().invoke(app, ["compare", str(old), str(new)])
    assert done.exit_code == 1
    assert "\x1b" not in done.stdout
    assert re.search(r"^RTY-01 +100\.0 % +50\.0 % +-50\.0  What RTY-01 says$", done.stdout, re.M | re.I)
    assert "1 new failure:" in done.stdout
    assert "WORSE" in done.stdout.splitlines()
    assert CliRunner().invoke(app, ["compare", str(new), str(new)]).exit_code == 0
