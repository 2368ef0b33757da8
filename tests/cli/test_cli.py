"""The whole command line, driven as a user drives it: what it prints, what it writes, how it exits."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.conftest import AGENTS, BAD, GOOD, ZOO, agent
from outtrade.cli.app import app
from outtrade.model.scenario import Scenario
from outtrade.suites import Broken


def outtrade(*words: str) -> Any:
    return CliRunner().invoke(app, list(words), prog_name="outtrade")


SNAPSHOTS = Path(__file__).parent / "snapshots"


def same(name: str, text: str) -> None:
    """The output is what it was. After a wanted change: OUTTRADE_UPDATE=1 pytest tests/cli, and read the difference."""
    text = re.sub(r"\d+\.\d s$", "T s", text, flags=re.MULTILINE)
    text = re.sub(r"^(isolation +).*$", r"\1WHAT THE SYSTEM ALLOWS", text, flags=re.MULTILINE)
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("OUTTRADE_UPDATE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()
    assert max(len(line) for line in text.splitlines()) <= 80


# ------------------------------------------------------------------ run
def test_a_good_agent_passes(engine: Path) -> None:
    done = outtrade("run", agent(engine, GOOD), "--scenarios", "8", "--seed", "7")
    assert done.exit_code == 0, done.output
    same("passes", done.stdout)
    assert done.stderr == ""
    assert json.loads((engine / "reports" / "agent.execute" / "results.json").read_text())["seed"] == 7


def test_a_bad_agent_fails_the_gate(engine: Path) -> None:
    spec = agent(engine, "bad = ['PAR-01', 'RTY-14'] if scenario.faults else []\n" + BAD.replace("else []", "else bad"))
    done = outtrade("run", spec, "--scenarios", "8", "--report", "r", "--show", "1")
    assert done.exit_code == 1, done.output
    same("fails", done.stdout)
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_what_was_not_judged_is_shown(engine: Path) -> None:
    body = (
        "n = int(task.id.rpartition('-')[2])\n"
        "said = {'PAR-01': 'waived', 'RTY-01': 'waived'}\n"
        "if n == 3: said['REC-12'] = 'undecided'\n"
        "return said"
    )
    spec = agent(engine, body)
    done = outtrade("run", spec, "-n", "40", "--allow-waiver", "rty-01=the vendor says so", "--max-incomplete", "0.01")
    assert done.exit_code == 3, done.output
    same("not_judged", done.stdout)
    assert outtrade("run", spec, "-n", "40", "--allow-waiver", "RTY-01=the vendor says so").exit_code == 3  # 1 of 40
    assert outtrade("run", spec, "-n", "60", "--allow-waiver", "RTY-01=the vendor says so").exit_code == 0
    refused = outtrade("run", spec, "-n", "60")
    assert refused.exit_code == 3
    assert "--allow-waiver RTY-01=REASON" in " ".join(refused.stdout.split())


def test_text_of_the_target_is_never_markup_and_moves_no_cursor(engine: Path) -> None:
    spec = agent(engine, "raise RuntimeError('\\x1b[2J[red]loss[/red]\\u202e\\n' + 'x' * 300)")
    done = outtrade("run", spec, "-n", "2", "--report", "r")
    assert done.exit_code == 1
    assert "\\x1b[2J[red]loss[/red]\\u202e" in done.stdout
    assert all(char.isprintable() or char == "\n" for char in done.stdout)


def test_an_interrupted_run_is_written(engine: Path) -> None:
    spec = agent(
        engine, "import os, signal\nif task.id.endswith('-9'): os.kill(os.getppid(), signal.SIGINT)\nreturn []"
    )
    done = outside(engine, "run", spec, "-n", "100000", "--workers", "1", "--report", "r")
    assert done.returncode == 3, done.stderr
    data = json.loads((engine / "r" / "results.json").read_text())
    assert data["interrupted"] is True
    assert 10 <= data["scenarios"] < 100000 == data["planned"]
    assert f"only {data['scenarios']} of 100000 scenarios were run" in data["exit"]["reasons"]
    assert "INCOMPLETE" in done.stdout
    assert "Interrupted" in done.stderr


def outside(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The small world in a process of its own."""
    code = "from cli.conftest import outside; outside()"
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "80", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_hash_seeds_and_workers_do_not_show_in_the_output(engine: Path) -> None:
    spec = agent(engine, BAD)
    one = outside(engine, "run", spec, "-n", "12", "--workers", "1", PYTHONHASHSEED="1")
    two = outside(engine, "run", spec, "-n", "12", "--workers", "2", PYTHONHASHSEED="2")
    assert one.returncode == two.returncode == 1, one.stderr
    assert re.sub(r"\d+\.\d s\n", "", one.stdout) == re.sub(r"\d+\.\d s\n", "", two.stdout)


def test_a_report_that_cannot_be_finished_does_not_cost_the_scorecard(engine: Path) -> None:
    body = "import pathlib, shutil\nif task.id.endswith('-5'): shutil.rmtree('r')\n" + BAD
    done = outtrade("run", agent(engine, body), "-n", "8", "--report", "r", "--workers", "0", "--no-minimise")
    assert done.exit_code == 2
    assert "RTY-01" in done.stdout and "FAIL" in done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("outtrade: could not write the report: ")


# ------------------------------------------------------------------ replay and judge
@pytest.fixture
def saved(engine: Path) -> Path:
    """The folder of failures of a run of a bad agent."""
    outtrade("run", agent(engine, BAD), "-n", "8", "--report", "r")
    return engine / "r" / "failures"


def test_replay_succeeds_on_the_same_failure_only(engine: Path, saved: Path) -> None:
    again = outtrade("replay", "r/failures/RTY-01-went-wrong.min.json")
    assert again.exit_code == 0, again.output
    same("replay", again.stdout)
    other = agent(engine, "return ['PAR-01']", name="other")
    gone = outtrade("replay", str(saved / "demo-1-1.json"), "--target", other)
    assert gone.exit_code == 1
    assert "NOT REPRODUCED: RTY-01:went-wrong" in gone.stdout
    assert "PAR-01" in gone.stdout  # another failure is shown, but it is not the one


def test_replay_gives_the_saved_history(engine: Path, saved: Path) -> None:
    again = outtrade("replay", str(saved / "demo-1-3.json"), "--save", "again.jsonl")
    assert "the same history as saved" in again.stdout
    assert (engine / "again.jsonl").read_bytes() == (saved / "demo-1-3.jsonl").read_bytes()
    agent(engine, "return {'RTY-01': True, 'log': 'changed'}")
    changed = outtrade("replay", str(saved / "demo-1-3.json"))
    assert changed.exit_code == 0
    assert "another history than the saved one" in changed.stdout


def test_a_plain_scenario_is_replayed_and_judged(engine: Path, saved: Path) -> None:
    scenario = json.loads((saved / "demo-1-1.json").read_text())["scenario"]
    (engine / "s.json").write_text(Scenario.from_json(json.dumps(scenario)).to_json())
    assert outtrade("replay", "s.json").exit_code == 2
    assert outtrade("replay", "s.json", "--target", "py:agent.py:execute").exit_code == 1
    assert outtrade("replay", "s.json", "--target", agent(engine, GOOD, name="good")).exit_code == 0


def test_a_stored_history_is_judged_again_in_a_fresh_process(engine: Path, saved: Path) -> None:
    done = outside(engine, "judge", str(saved / "demo-1-1.jsonl"), "--json", PYTHONHASHSEED="77")
    assert done.returncode == 1, done.stderr
    found = {row["property"]: row for row in json.loads(done.stdout)}
    rows = json.loads((engine / "r" / "results.json").read_text())["results"]
    (row,) = (row for row in rows if row["scenario"] == "demo-1-1")
    assert {ident: one["verdict"] for ident, one in found.items()} == row["verdicts"]
    assert found["RTY-01"]["fingerprint"] == row["findings"][0]["fingerprint"]
    assert found["RTY-01"]["violations"][0]["evidence"] == row["findings"][0]["violations"][0]["evidence"]
    shown = outtrade("judge", str(saved / "demo-1-1.jsonl"), "--timeline")
    assert shown.exit_code == 1
    assert "FAIL  RTY-01" in shown.stdout and "on the exchange" in shown.stdout


# ------------------------------------------------------------------ explain and list
def test_explain(engine: Path) -> None:
    ZOO.append(Broken("blind_retry", "py:x.py:y", "good", "RTY-01"))
    done = outtrade("explain", "rty-01")
    assert done.exit_code == 0
    same("explain", done.stdout)


def test_lists(engine: Path) -> None:
    AGENTS["good"] = "py:good.py:execute"
    ZOO.append(Broken("blind_retry", "py:x.py:y", "good", "RTY-01", source="a real bug"))
    assert "RTY-14  SHOULD  minor     AG    no rate limit is hit" in outtrade("list", "properties").stdout
    assert "Odd scenarios lose an answer" in outtrade("list", "spaces").stdout
    shown = outtrade("list", "agents").stdout
    assert "agent:good" in shown and "zoo:blind_retry" in shown and "a real bug" in shown
    faults = outtrade("list", "faults").stdout
    assert "lost_answer" in faults and "crash" in faults
    assert "binance_spot" in outtrade("list", "venues").stdout


# ------------------------------------------------------------------ zoo
def zoo(folder: Path, *words: str) -> Any:
    return outtrade("zoo", "-n", "8", "--reference", "8", "--workers", "1", *words)


def test_the_kill_matrix_of_a_healthy_zoo(engine: Path) -> None:
    AGENTS["good"] = agent(engine, GOOD, name="good")
    ZOO.append(Broken("blind_retry", agent(engine, BAD, name="blind"), "good", "RTY-01"))
    ZOO.append(
        Broken(
            "rounds_badly", agent(engine, "return ['PAR-01', 'RTY-14']", name="rounds"), "good", "PAR-01", ("RTY-14",)
        )
    )
    ZOO.append(Broken("lies", agent(engine, "return ['REC-12']", name="lies"), "good", "REC-12"))
    done = zoo(engine, "--report", "z")
    assert done.exit_code == 0, done.output
    same("zoo_healthy", done.stdout)
    rows = {row["agent"]: row for row in json.loads((engine / "z" / "matrix.json").read_text())}
    assert rows["blind_retry"]["failed"] == {"RTY-01": 4}
    assert (engine / "z" / "blind_retry" / "results.json").exists()


def test_a_broken_agent_runs_where_its_bug_shows_and_the_reference_agents_run_there_too(engine: Path) -> None:
    AGENTS["good"] = agent(engine, GOOD, name="good")
    only_there = "return ['RTY-01'] if task.id.startswith('deep') else []"
    ZOO.append(Broken("deep_down", agent(engine, only_there, name="deep"), "good", "RTY-01", space="deep"))
    done = zoo(engine, "--report", "z")
    assert done.exit_code == 1
    assert "REC-12: no broken agent fails it" in done.stdout and "RTY-01: no" not in done.stdout
    rows = {row["agent"]: row for row in json.loads((engine / "z" / "matrix.json").read_text())}
    assert [(name, row["space"]) for name, row in rows.items()] == [
        ("good", "demo"),
        ("good deep", "deep"),
        ("deep_down", "deep"),
    ]
    assert not any(row["wrong"] for row in rows.values())
    assert rows["deep_down"]["failed"] == {"RTY-01": 8}
    assert rows["good deep"]["applied"]["RTY-01"] == 8
    assert zoo(engine, "--space", "demo", "--only", "deep_down").exit_code == 1


def test_everything_that_is_wrong_in_a_zoo_is_named(engine: Path) -> None:
    AGENTS["good"] = agent(engine, "return ['PAR-01'] if task.id.endswith('-6') else []", name="good")
    ZOO.append(Broken("not_caught", agent(engine, GOOD, name="fine"), "good", "RTY-01"))
    ZOO.append(Broken("side_effect", agent(engine, "return ['RTY-01', 'REC-12']", name="side"), "good", "RTY-01"))
    ZOO.append(Broken("broken_judge", agent(engine, "return {'PAR-01': 'crash'}", name="judge"), "good", "RTY-14"))
    done = zoo(engine)
    assert done.exit_code == 1
    same("zoo_ill", done.stdout)
    assert zoo(engine, "--only", "side_effect").exit_code == 1


# ------------------------------------------------------------------ bad input
def scenario_file(folder: Path, **changes: Any) -> str:
    data = {
        "format": "outtrade.scenario", "version": 1, "id": "x", "seed": 1, "symbols": ["BTC/USDT"],
        "balances": {"USDT": "1"}, "intents": [], "until": 60,
    }  # fmt: skip
    (folder / "s.json").write_text(json.dumps({**data, **changes}))
    return "s.json"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "nonsense"], "a target reads KIND:NAME"),
        (["run", "ftp:x"], "unknown kind of target 'ftp'"),
        (["run", "py:none.py:execute"], "there is no file 'none.py'"),
        (["run", "py:no_such_module_x:execute"], "there is no module 'no_such_module_x'"),
        (["run", "py:fails.py:execute"], "its import raised ValueError: import went wrong"),
        (["run", "py:syntax.py:execute"], "its import raised SyntaxError"),
        (["run", "py:agent.py:nothing"], "no 'nothing' in it"),
        (["run", "py:agent.py:number"], "cannot be called"),
        (["run", "GOOD", "--suite", "none"], "no suite 'none'; there are core"),
        (["run", "GOOD", "--space", "none"], "no space 'none' in suite core; there are demo, other"),
        (["run", "GOOD", "--venue", "none"], "no venue 'none'; there are alpaca, binance_spot"),
        (["run", "GOOD", "--report", "agent.py"], "cannot write reports to agent.py: "),
        (["run", "GOOD", "--allow-waiver", "RTY-01"], "write it as ID=REASON"),
        (["run", "GOOD", "--allow-waiver", "XXX-01=why"], "no property XXX-01"),
        (["replay", "none.json"], "none.json: No such file or directory"),
        (["replay", "agent.py", "--target", "GOOD"], "agent.py: not JSON: "),
        (["replay", "list.json", "--target", "GOOD"], "list.json: not a scenario"),
        (["replay", "failure9.json"], "failure9.json: failure file version 9 is not supported"),
        (["replay", "failure.json"], "failure.json: target: Field required"),
        (["judge", "none.jsonl"], "none.jsonl: No such file or directory"),
        (["judge", "agent.py"], "agent.py: not a history file: "),
        (["judge", "failure.json"], "; a scenario or a saved failure is for outtrade replay"),
        (["explain", "RTY-99"], "no property 'RTY-99' in suite core; there are RTY-01, RTY-14"),
        (["zoo", "--only", "none"], "no agent 'none' in suite core"),
        (["zoo"], "suite core has no agents"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_2(engine: Path, words: list[str], said: str) -> None:
    good = agent(engine, GOOD)
    (engine / "agent.py").write_text((engine / "agent.py").read_text() + "number = 5\n")
    (engine / "fails.py").write_text("raise ValueError('import went wrong\\nand more')\n")
    (engine / "syntax.py").write_text("def execute(:\n")
    (engine / "list.json").write_text("[1]")
    (engine / "failure.json").write_text('{"format": "outtrade.failure", "version": 1}')
    (engine / "failure9.json").write_text('{"format": "outtrade.failure", "version": 9}')
    done = outtrade(*(good if word == "GOOD" else word for word in words))
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("outtrade: ")
    assert said in done.stderr


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 2}, "scenario version 2 is not supported"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"until": -1}, "until: Input should be greater than 0"),
        ({"faults": [{"kind": "meteor"}]}, "faults.0: Input tag 'meteor'"),
        ({"balances": {"USDT": "NaN"}}, "balances.USDT: "),
    ],
)
def test_bad_scenario_files_are_one_clear_line(engine: Path, changes: dict[str, Any], said: str) -> None:
    done = outtrade("replay", scenario_file(engine, **changes), "--target", agent(engine, GOOD))
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert f"s.json: {said}" in done.stderr


@pytest.mark.parametrize("words", [["run"], ["run", "x", "--scenarios", "0"], ["run", "x", "--what"], ["fly"]])
def test_wrong_words_are_usage_errors(words: list[str]) -> None:
    assert outtrade(*words).exit_code == 2


def test_an_error_of_ours_has_a_traceback_only_with_debug(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(plan: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr("outtrade.cli.run.prepare", broken)
    quiet = outtrade("run", agent(engine, GOOD))
    assert (quiet.exit_code, quiet.stderr) == (2, "outtrade: internal error: KeyError: 'oops' (--debug shows where)\n")
    assert "Traceback" in outtrade("run", agent(engine, GOOD), "--debug").stderr


# ------------------------------------------------------------------ starting
def test_help_imports_nothing_heavy() -> None:
    """What makes ``outtrade --help`` quick, without a clock: none of the slow libraries is imported."""
    code = (
        "import sys\n"
        "from outtrade.cli import main\n"
        "sys.argv = ['outtrade', '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "slow = {'ccxt', 'pydantic', 'msgspec', 'httpx', 'websockets', 'asyncio', 'hypothesis', 'outtrade_suites'}\n"
        "assert not slow & set(sys.modules), slow & set(sys.modules)\n"
    )
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert done.returncode == 0, done.stderr
    assert "run" in done.stdout and "replay" in done.stdout


def test_every_command_has_help_that_fits(engine: Path) -> None:
    for words in (["run"], ["replay"], ["judge"], ["explain"], ["zoo"], ["list"], ["list", "venues"]):
        done = outtrade(*words, "--help")
        assert done.exit_code == 0
        assert "Usage:" in done.stdout
    assert "outtrade run ccxt:binance --scenarios 200 --seed 1" in outtrade("run", "--help").stdout
