"""Statistics against published values: McNemar's exact test, power, pass^k; repeats of a scenario folded into one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.conftest import agent
from outtrade.chances import (
    mcnemar,
    pass_power,
    proved_by,
    proves,
    scenarios_to_prove,
    scenarios_to_see,
    seen_by,
)
from outtrade.cli.app import app
from outtrade.engine.results import FaultRow, Judged, Result
from outtrade.judge.api import Property
from outtrade.repeats import fold
from outtrade.report.compare import compare
from outtrade.report.results import Results
from outtrade.score import GATE, OK, score


def outtrade(*words: str) -> Any:
    return CliRunner().invoke(app, list(words), prog_name="outtrade")


# R: exact2x2::mcnemar.exact (approval ratings of Agresti, 150 and 86: p = 3.716e-05), binom.test(x, n) for the others.
@pytest.mark.parametrize(
    ("lost", "won", "p"),
    [
        (150, 86, 3.716e-05),
        (6, 0, 0.03125),
        (5, 0, 0.0625),
        (2, 12, 0.01293945),
        (3, 3, 1.0),
        (1, 0, 1.0),
        (0, 0, 1.0),
        (2000, 0, 0.0),
    ],
)
def test_mcnemar_equals_published_values(lost: int, won: int, p: float) -> None:
    assert mcnemar(lost, won) == pytest.approx(p, rel=1e-4, abs=1e-12) == mcnemar(won, lost)


# Wilks' numbers (one-sided tolerance limits): 95/95, 99/95 per cent, 90/95 per cent.
@pytest.mark.parametrize(("share", "scenarios"), [(0.05, 59), (0.01, 299), (0.1, 29)])
def test_scenarios_to_see_are_those_of_wilks(share: float, scenarios: int) -> None:
    assert scenarios_to_see(share) == scenarios
    assert seen_by(scenarios) <= share < seen_by(scenarios - 1)


def test_the_power_of_a_paired_comparison_is_that_of_the_binomial() -> None:
    assert proves(6, 0.5) == pytest.approx(0.5**6)
    assert proves(10, 0.3) == pytest.approx(0.0473490, abs=1e-6)  # R: 1 - pbinom(5, 10, 0.3)
    assert proves(5, 0.99) == 0
    needed = scenarios_to_prove(0.05)
    assert proves(needed, 0.05) >= 0.8 > proves(needed - 1, 0.05)
    share = proved_by(needed)
    assert share is not None and 0.049 < share <= 0.05
    assert proved_by(5) is None


def test_pass_k_is_the_unbiased_estimate() -> None:
    assert pass_power([(4, 4)], 4) == 1
    assert pass_power([(3, 4)], 1) == 0.75
    assert pass_power([(3, 4)], 2) == 0.5  # C(3, 2) / C(4, 2)
    assert pass_power([(3, 4), (0, 4)], 2) == 0.25
    assert pass_power([(1, 1)], 2) is None


# ------------------------------------------------------------------ repeats
def run(index: int, verdict: str, *, faults: str = "", error: str = "") -> Result:
    bad = (Judged("RTY-01", verdict, f"RTY-01:{index}"),) if verdict == "fail" else ()
    rows = tuple(FaultRow(n, "reset", status) for n, status in enumerate(faults.split()))
    return Result(
        index, f"s{index // 2}", 1, verdicts={"RTY-01": verdict}, findings=bad, faults=rows, error=error
    )  # fmt: skip


def test_a_scenario_passes_where_every_run_of_it_did() -> None:
    runs = [run(0, "pass"), run(1, "fail"), run(2, "pass"), run(3, "pass"), run(4, "pass")]
    found = fold(runs, 2, ["RTY-01"])
    assert [one.verdicts["RTY-01"] for one in found.results] == ["fail", "pass"]  # the third lacks a run
    assert [one.fingerprint for one in found.results[0].findings] == ["RTY-01:1"]
    assert (found.powers, found.flaky) == ((0.75, 0.5), 1)
    assert fold(runs, 2, ["PAR-01"]).powers == (1.0, 1.0)


def test_a_fault_landed_where_it_landed_in_every_run_and_errors_stay_outside() -> None:
    first = fold([run(0, "pass", faults="landed landed"), run(1, "pass", faults="landed not-exercised")], 2, ())
    assert [row.status for row in first.results[0].faults] == ["landed", "not-exercised"]
    broken = fold([run(0, "pass"), run(1, "pass", error="it broke")], 2, ()).results
    rule = Property("RTY-01", "t", "MUST", "critical", "A", "e", "s", lambda ix: iter(()))
    card = score([run(0, "pass"), run(1, "pass", error="it broke")], [rule], planned=2, repeats=2)
    assert broken[0].error and card.errors == 1 and card.properties[0].applied == 0


FLAKY = """import os
n = int(task.id.rpartition('-')[2])
mark = f'{task.id}.ran'
again = os.path.exists(mark)
open(mark, 'w').close()
return ['RTY-01'] if n % 2 and again else []
"""


def test_repeats_from_the_command_line(engine: Path) -> None:
    spec = agent(engine, FLAKY)
    words = ("run", spec, "-n", "4", "--workers", "0", "--no-minimise", "--report", "r", "--repeats", "3")
    done = outtrade(*words)
    assert done.exit_code == 1, done.output
    assert "4 scenarios of demo" in done.stdout
    assert "pass^1 66.7 %, pass^2 50.0 %, pass^3 50.0 %; 2 scenarios flaky" in " ".join(done.stdout.split())
    results = json.loads((engine / "r/results.json").read_text())
    assert (results["scenarios"], results["repeats"], len(results["results"])) == (4, 3, 12)
    assert results["pass_k"] == [0.666667, 0.5, 0.5] and results["flaky"] == 2 and results["critical"] == 2
    assert outtrade("report", "r", "--fail-under", "50", "--max-critical", "2").exit_code == 0


EVERY_OTHER = """import os
count = int(open('count').read()) if os.path.exists('count') else 0
open('count', 'w').write(str(count + 1))
return ['RTY-01'] if count % 2 else []
"""


def test_a_flaky_failure_is_made_small_and_its_rate_is_told(engine: Path) -> None:
    words = ("run", agent(engine, EVERY_OTHER), "-n", "2", "--workers", "0", "--report", "r", "--repeats", "4")
    done = outtrade(*words)
    assert done.exit_code == 1, done.output
    row = json.loads((engine / "r/results.json").read_text())["failures"][0]
    assert row["minimal"] and row["shown"] == [2, 4] and not row["one_minimal"]
    assert "it shows in 2 of 4 runs" in done.stdout


def test_a_replay_says_what_became_of_a_failure(engine: Path) -> None:
    body = "return {'RTY-01': 'It went wrong.'}"
    assert outtrade("run", agent(engine, body), "-n", "1", "--workers", "0", "--report", "r").exit_code == 1
    file = "r/failures/RTY-01-went-wrong.min.json"
    assert outtrade("replay", file).exit_code == 0
    agent(engine, "return []")
    fixed = outtrade("replay", file)
    assert fixed.exit_code == 1 and "RTY-01 passes in this scenario now: it is fixed" in " ".join(fixed.stdout.split())
    agent(engine, "return {'RTY-01': 'undecided'}")
    open_ = outtrade("replay", file)
    assert open_.exit_code == 1 and "RTY-01 is incomplete now" in " ".join(open_.stdout.split())
    saved = json.loads((engine / file).read_text())
    saved["failures"][0]["fingerprint"] = "RTY-01:in-another-way"
    (engine / "other.json").write_text(json.dumps(saved))
    agent(engine, body)
    other = outtrade("replay", "other.json")
    assert other.exit_code == 1 and "violated in another way: RTY-01:went-wrong" in " ".join(other.stdout.split())


# ------------------------------------------------------------------ compare
def stored(engine: Path, name: str, bad: set[int], *, repeats: int = 1) -> Results:
    spec = agent(engine, f"return ['PAR-01'] if int(task.id.rpartition('-')[2]) in {bad} else []", name)
    outtrade("run", spec, "-n", "20", "--workers", "0", "--no-minimise", "--report", name, "--repeats", str(repeats))
    return Results.model_validate_json((engine / name / "results.json").read_text())


def test_two_runs_are_compared_by_pairs(engine: Path) -> None:
    old, new = stored(engine, "old", {0}), stored(engine, "new", {1, 2, 3, 4, 5, 6, 7})
    found = compare(old, new)
    change = next(one for one in found.changes if one.id == "PAR-01")
    assert (change.lost, change.won, found.paired) == (7, 1, 20)
    assert change.chance == pytest.approx(0.0703125)
    assert found.code == GATE  # a program that repeats itself: any fall counts
    done = outtrade("compare", "old", "new")
    assert "7 lost, 1 won; McNemar p = 0.0703" in done.stdout
    assert "20 paired scenarios prove a regression that breaks 36" in " ".join(done.stdout.split())


def test_what_may_be_chance_is_not_worse_where_agents_do_not_repeat_themselves(engine: Path) -> None:
    old, few = stored(engine, "old", {9}, repeats=2), stored(engine, "few", {1, 2, 3, 4, 5}, repeats=2)
    many = stored(engine, "many", {0, 1, 2, 3, 4, 5, 6, 7}, repeats=2)
    assert compare(old, few).code == OK
    worse = compare(old, many)
    assert worse.code == GATE and any("PAR-01 fell from" in reason for reason in worse.reasons)
