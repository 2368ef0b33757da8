"""Real bugs on one line each: the broken agent that repeats the bug fails, correct agents pass."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from outtrade import suites
from outtrade.cli.app import app
from outtrade.engine.judging import judge_history
from outtrade.engine.results import FAILING, ledger
from outtrade.engine.run import run
from outtrade.judge.micro import MicroError
from outtrade.model.scenario import Scenario
from outtrade.oneline import scenario
from outtrade.targets import resolve
from outtrade_suites.regressions import REGRESSIONS
from outtrade_suites.spaces import generate

PROPERTIES = suites.load().properties


def failed(target: str, name: str) -> set[str]:
    made = scenario(REGRESSIONS[name].line, id=name, space="regressions")
    history = run(resolve(target), made)
    if "stream" not in made.needs:
        assert {row.status for row in ledger(history.events)} <= {"landed"}, "a fault came to nothing"
    return {found.id for found in judge_history(history, PROPERTIES) if found.verdict in (*FAILING, "harness-error")}


@pytest.mark.parametrize("name", REGRESSIONS)
def test_the_bug_fails_and_correct_agents_pass(name: str) -> None:
    one = REGRESSIONS[name]
    assert one.property in failed(f"zoo:{one.agent}", name)
    for agent in ("ccxt", "httpx"):
        assert not failed(f"agent:{agent}", name), agent


def test_each_names_its_bug_and_an_agent_that_there_is() -> None:
    zoo = {broken.name for broken in suites.load().zoo}
    ids = {prop.id for prop in PROPERTIES}
    for one in REGRESSIONS.values():
        assert one.agent in zoo and one.property in ids and one.row and one.source and one.bug
        assert "\n" not in one.line and len(one.line) <= 200
    assert len(REGRESSIONS) >= 35


def test_the_space_plays_them_in_turn() -> None:
    first, again = generate("regressions", 1, 0), generate("regressions", 1, len(REGRESSIONS))
    assert first.id == next(iter(REGRESSIONS)) and again.id == f"{first.id}-1"
    assert again.intents == first.intents and again.seed != first.seed


# ------------------------------------------------------------------ the language
def test_a_line_is_a_scenario() -> None:
    made = scenario(
        "i1:buy 0.4@50100 at=5 exp=200 post | fault lost_answer committed=false on.op=place on.nth=2"
        " | set until=300 answer=30 max_notional=5000 USDT=7 mid=40000 needs=stream,store seed=9",
        id="x",
    )
    intent, fault = made.intents[0], made.faults[0]
    assert (intent.limit_price, intent.expires, intent.post_only) == (Decimal(50100), 200, True)
    assert (fault.variant, fault.on.nth) == ("lost_answer.hang.absent", 2)
    assert (made.until, made.bounds.answer, made.limits.max_notional, made.seed) == (300, 30, 5000, 9)
    assert (made.balances["USDT"], made.markets["BTC/USDT"].mid, made.needs) == (7, 40000, ("stream", "store"))
    assert Scenario.from_json(made.to_json()) == made


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("5 place a -> ok", "a time begins a statement of a history"),
        ("i1:buy 0.4@50100 at=5 | set tick=0.1", "'tick' is no setting"),
        ("i1:buy 0.4@50100 at=5 | fault lots_answer", "lots_answer"),
        ("i1:buy 0.4@50100 at=5 | set needs=strem", "needs"),
        ("i1:buy 0.4@50100 at=5 | set until=soon", "soon"),
        ("i1:buy 0.4@50100 at=5 | set mid=0", "mid"),
        ("i1:hold 0.4", "i1:hold"),
        ("nonsense", "nonsense"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(line: str, word: str) -> None:
    with pytest.raises(MicroError) as refused:
        scenario(line, id="x")
    assert word in str(refused.value) and "\n" not in str(refused.value)


# ------------------------------------------------------------------ the command line
def outtrade(*words: str) -> Any:
    return CliRunner().invoke(app, list(words), prog_name="outtrade")


def test_one_is_run_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("--scenario", "limit-price-booked", "--scenario", "ordered-again", "--workers", "0", "--no-minimise")
    bad = outtrade("run", "zoo:blind_retry", *words)
    assert bad.exit_code == 1 and "2 scenarios of regressions" in bad.stdout
    assert (tmp_path / "reports/zoo-blind_retry/failures/ordered-again.json").exists()
    good = outtrade("run", "agent:ccxt", *words)
    assert good.exit_code == 0, good.output
    wrong = outtrade("run", "agent:ccxt", "--scenario", "ordered-agin")
    assert wrong.exit_code == 2 and "did you mean ordered-again" in wrong.stderr
    listed = outtrade("list", "regressions").stdout
    assert "ordered-again" in listed and "scrtlabs/catalyst#315" in listed
