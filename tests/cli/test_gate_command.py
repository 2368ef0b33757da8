"""The gate on the command line: baselines and thresholds in every output, and the same answer from a stored run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from typer.testing import CliRunner, Result

from cli.conftest import BAD, GOOD, agent
from outtrade.cli.app import app

EVIL = "<script>alert(1)</script> ::error:: **bold** ]]> \x1b[31m\u202e|x|"
HEAD: dict[str, Any] = {"format": "outtrade.baseline", "version": 1}


def run(spec: str, *words: str, scenarios: int = 8) -> Result:
    return CliRunner().invoke(app, ["run", spec, "-n", str(scenarios), "--workers", "0", "--report", "r", *words])


def outtrade(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def baseline(file: str, *entries: dict[str, Any]) -> str:
    rows = [{"reason": "known"} | entry for entry in entries]
    Path(file).write_text(yaml.safe_dump(HEAD | {"expected": rows}))
    return file


def stored(folder: str = "r") -> dict[str, Any]:
    return json.loads(Path(folder, "results.json").read_text())  # type: ignore[no-any-return]


def test_an_expected_failure_is_shown_everywhere_and_the_gate_passes(engine: Path) -> None:
    spec = agent(engine, BAD)
    assert run(spec).exit_code == 1
    file = baseline("b.yaml", {"property": "RTY-01", "reason": EVIL, "owner": "team <b>", "expires": "2999-12-31"})
    done = run(spec, "--baseline", file, "--html", "--junit", "j.xml", "--markdown", "s.md")
    assert done.exit_code == 0
    assert "\x1b" not in done.stdout and "\u202e" not in done.stdout
    for words in ("4 of 8", "[4 expected]", "RTY-01: seen in 4 scenarios, until 2999-12-31:", "(team <b>)", "PASS"):
        assert words in " ".join(done.stdout.split())
    assert "note: 4 violations of 1 property expected by the baseline" in done.stdout
    assert "smallest scenario" not in done.stdout, "what is expected needs no timeline"

    data = stored()
    assert data["exit"] == {"code": 0, "reasons": []}
    assert data["critical"] == 4, "still counted"
    row = next(row for row in data["properties"] if row["id"] == "RTY-01")
    assert (row["rate"], row["expected"], row["counts"]["fail"]) == (0.5, 4, 4)
    assert [(f["expected"], f["reason"]) for f in data["failures"]] == [(4, EVIL)]
    assert data["gate"]["expected"][0]["status"] == "seen"

    page, summary = Path("r/report.html").read_text(), Path("s.md").read_text()
    for text in (page, summary):
        assert "Expected failures" in text and "seen in 4 scenarios" in text
        assert "<script>" not in text and "\x1b" not in text and "\u202e" not in text
    assert "&lt;script&gt;" in page and "team &lt;b&gt;" in page and "(4 expected)" in page
    cases = {str(case.get("name")).split()[0]: case for case in ET.parse("j.xml").getroot().iter("testcase")}
    (skipped, said) = cases["RTY-01"]
    assert skipped.tag == "skipped"
    assert str(skipped.get("message")).startswith("expected failure in 4 of 8 scenarios: <script>alert(1)</script>")
    assert said.tag == "system-out" and "replay: outtrade replay r/failures/" in str(said.text)
    assert [child.tag for child in cases["gate"]] == ["system-out"]


def test_a_stale_entry_fails_the_run_and_is_named_in_every_output(engine: Path) -> None:
    file = baseline("b.yaml", {"property": "RTY-01", "fingerprint": "RTY-01:went-wrong"}, {"property": "PAR-01"})
    done = run(agent(engine, BAD), "--baseline", file, "--html", "--junit", "j.xml", "--markdown", "s.md")
    assert done.exit_code == 1
    reason = (
        "expected failure PAR-01 is stale: PAR-01 was decided in 8 scenarios that could show it and it showed in none"
    )
    assert reason in " ".join(done.stdout.split())
    assert [row["status"] for row in stored()["gate"]["expected"]] == ["seen", "stale"]
    for name in ("r/report.html", "s.md"):
        assert "stale: not seen in 8 scenarios that could show it" in Path(name).read_text()
    cases = {str(case.get("name")).split()[0]: case for case in ET.parse("j.xml").getroot().iter("testcase")}
    assert cases["PAR-01"][0].get("type") == "baseline" and "stale" in str(cases["PAR-01"][0].text)
    assert cases["gate"][0].tag == "failure"


def test_a_baseline_from_a_run_asks_for_reasons_then_passes_then_is_brought_up_to_date(engine: Path) -> None:
    spec = agent(engine, BAD)
    assert run(spec, "--write-baseline", "b.yaml").exit_code == 1
    done = run(spec, "--baseline", "b.yaml")
    assert (done.exit_code, done.stderr) == (
        2,
        "outtrade: b.yaml: entry 1 (RTY-01:went-wrong) has no reason; write why it is expected\n",
    )
    Path("b.yaml").write_text(Path("b.yaml").read_text().replace("reason: ''", "reason: known"))
    assert run(spec, "--baseline", "b.yaml").exit_code == 0
    refused = run(spec, "--write-baseline", "b.yaml")
    assert refused.exit_code == 2 and "b.yaml exists already" in refused.stderr
    other = agent(engine, "return ['PAR-01']", "other")
    assert run(other, "--baseline", "b.yaml", "--write-baseline", "b.yaml").exit_code == 1
    assert [(row["property"], row["reason"]) for row in yaml.safe_load(Path("b.yaml").read_text())["expected"]] == [
        ("PAR-01", "")
    ]


def test_thresholds_tolerate_and_junit_is_red_only_where_the_gate_is(engine: Path) -> None:
    spec = agent(engine, "return ['PAR-01'] if task.id.endswith('-1') else []")
    assert run(spec).exit_code == 1
    done = run(spec, "--fail-under", "80", "--junit", "j.xml", "--markdown", "s.md", "--html")
    assert done.exit_code == 0
    assert "note: 1 violation of PAR-01 tolerated by --fail-under" in done.stdout
    assert ET.parse("j.xml").getroot().get("failures") == "0"
    assert "1 of 8, 1 tolerated" in Path("s.md").read_text()
    assert "(1 tolerated)" in Path("r/report.html").read_text()
    low = run(spec, "--fail-under", "80", "--fail-under", "parameters=90")
    assert low.exit_code == 1
    assert "parameters scored 87.5 %, less than the 90 % asked for" in low.stdout
    critical = agent(engine, BAD, "critical")
    assert run(critical, "--max-critical", "3").exit_code == 1
    assert run(critical, "--max-critical", "4").exit_code == 0


def test_a_baseline_does_not_make_an_incomplete_run_green(engine: Path) -> None:
    body = "return {'PAR-01': 'undecided', 'RTY-01': 'bad'}"
    file = baseline("b.yaml", {"property": "RTY-01"}, {"property": "PAR-01"})
    done = run(agent(engine, body), "--baseline", file, "--max-critical", "99", "--fail-under", "0")
    assert done.exit_code == 3
    assert "INCOMPLETE" in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--baseline", "none.yaml"], "none.yaml: No such file or directory"),
        (["--baseline", "."], ".: Is a directory"),
        (["--baseline", "unknown.yaml"], "unknown.yaml: entry 1: no property 'RTY-99' in this suite"),
        (["--fail-under", "speed=9"], "--fail-under speed=9: no dimension 'speed'; there are parameters, retry, rec"),
        (["--fail-under", "lots"], "--fail-under lots: write a share in per cent, as 95 or parameters=99.5"),
        (["--write-baseline", "unknown.yaml"], "unknown.yaml exists already; to bring it up to date, name it by"),
        (["--write-baseline", "unknown.yaml/x"], "cannot write unknown.yaml/x"),
    ],
)
def test_bad_options_are_found_before_the_run(engine: Path, words: list[str], said: str) -> None:
    baseline("unknown.yaml", {"property": "RTY-99"})
    done = run(agent(engine, GOOD), *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("outtrade: " + said)
    assert done.stderr.count("\n") == 1
    assert not Path("r").exists()


def test_a_stored_run_is_judged_again_by_another_policy(engine: Path) -> None:
    spec = agent(engine, BAD)
    file = baseline("b.yaml", {"property": "RTY-01"})
    assert run(spec, "--baseline", file, "--html", "--junit", "j.xml", "--markdown", "s.md").exit_code == 0
    judged = [Path(name).read_bytes() for name in ("r/report.html", "j.xml", "s.md")]
    assert run(spec).exit_code == 1, "the same run without the baseline"
    before = stored()
    words = ("report", "r", "--html", "h.html", "--junit", "j.xml", "--markdown", "s.md")
    done = outtrade(*words, "--baseline", file)
    assert done.exit_code == 0 and "PASS" in done.stdout.splitlines()
    assert stored() == before, "the stored run is left as it is"
    assert [_timeless(Path(name).read_bytes()) for name in ("h.html", "j.xml", "s.md")] == [
        _timeless(text) for text in judged
    ]
    assert outtrade(*words, "--max-critical", "3").exit_code == 1
    assert outtrade(*words, "--baseline", "none.yaml").exit_code == 2
    assert outtrade(*words).exit_code == 0, "without options of the gate, reports are only made"


def _timeless(text: bytes) -> list[bytes]:
    """Lines without those that hold a declared time field."""
    return [line for line in text.splitlines() if b"<dt>took" not in line and b"time=" not in line]


def test_compare_respects_the_baseline(engine: Path) -> None:
    run(agent(engine, GOOD))
    Path("r").rename("old")
    spec = agent(engine, BAD)
    run(spec)
    file = baseline("b.yaml", {"property": "RTY-01", "reason": "known and tracked"})
    assert outtrade("compare", "old", "r").exit_code == 1
    done = outtrade("compare", "old", "r", "--baseline", file)
    assert done.exit_code == 0
    assert "expected: known and tracked" in done.stdout
    run(spec, "--baseline", file)
    assert outtrade("compare", "old", "r").exit_code == 0
    partly = baseline("c.yaml", {"property": "RTY-01", "scenario": "demo-1-1"})
    assert outtrade("compare", "old", "r", "--baseline", partly).exit_code == 1
