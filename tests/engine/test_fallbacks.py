"""Two venues in one World: each with its own account and rules, one record, each fault at the venue that it names."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade.engine.run import run
from outtrade.judge.index import Index
from outtrade.model.fault import Crash, DnsFailure, Fault, Latency, LostAnswer, Pause, Refuse, Trigger
from outtrade.model.history import (
    Connect,
    Crashed,
    FillTruth,
    Healed,
    History,
    Landed,
    Ledger,
    Planned,
    Request,
    Resolve,
    Snapshot,
    Started,
)
from outtrade.model.scenario import Fallback, Market, Scenario, ScenarioError
from outtrade.model.task import Intent, Outcome, Report
from outtrade.targets.naming import Target
from outtrade_suites.spaces import generate

SYMBOL = "BTC/USDT"
MARKET = Market(mid=Decimal(50_000), depth=Decimal(1), taker_size=Decimal("0.1"))


def scenario(*faults: Fault, **changes: Any) -> Scenario:
    fields = {
        "id": "two",
        "seed": 1,
        "symbols": (SYMBOL,),
        "balances": {"USDT": Decimal(100_000)},
        "markets": {SYMBOL: MARKET},
        "intents": (
            Intent(id="i1", tag="AB12CD34", at=5, kind="order", symbol=SYMBOL, side="buy", quantity="0.2"),
        ),
        "until": 400,
        "faults": faults,
        "fallbacks": (Fallback(venue="okx", balances={"USDT": Decimal(70_000)}, markets={SYMBOL: MARKET}),),
        "needs": ("fallback",),
    }  # fmt: skip
    return Scenario(**fields | changes)


def agent(task: Any, venue: Any) -> Report:
    """Half here, half there; what cannot be reached is left out."""
    for number, access in enumerate((venue, *task.fallbacks)):
        time.sleep(max(0.0, task.epoch + 5 - time.time()))  # i1 falls due
        exchange = access.ccxt()
        try:
            exchange.create_order(SYMBOL, "market", "buy", 0.1, params={"clientOrderId": f"AB12CD34{number}"})
        except ccxt.NetworkError:
            continue
    return Report(outcomes={"i1": Outcome(status="done")}, orders=())


def played(wanted: Scenario) -> History:
    return run(Target("two", "A", False, lambda: agent), wanted)


def bought(history: History) -> list[tuple[int, str]]:
    return [(e.venue, e.quantity) for e in history.events if isinstance(e, FillTruth) and not e.foreign]


def test_each_has_its_own_account_and_all_is_on_one_record() -> None:
    history = played(scenario())
    assert {venue for venue, _ in bought(history)} == {0, 1}
    start = [e.balances["USDT"][0] for e in history.events if isinstance(e, Snapshot) and e.why == "start"]
    assert [Decimal(free) for free in start] == [100_000, 70_000]
    hosts = {(e.venue, e.host) for e in history.events if isinstance(e, Request)}
    assert (0, "api.binance.com") in hosts and all((venue == 1) == ("okx" in host) for venue, host in hosts)
    calls = [e.call for e in history.events if isinstance(e, Request)]
    assert len(calls) == len(set(calls))
    assert history.header.fallbacks[0].name == "okx" and SYMBOL in history.header.fallbacks[0].instruments
    assert History.from_jsonl(history.to_jsonl()).hash() == history.hash() == played(scenario()).hash()


@pytest.mark.parametrize("venue", [0, 1])
@pytest.mark.parametrize("kind", [DnsFailure, Refuse])
def test_a_fault_acts_at_one_of_them(kind: Any, venue: int) -> None:
    history = played(scenario(kind(on=Trigger(after=1), duration=60, venue=venue)))
    assert {where for where, _ in bought(history)} == {1 - venue}
    reached = {(e.venue, e.outcome) for e in history.events if isinstance(e, Connect)}
    assert (1 - venue, "ok") in reached and (venue, "ok") not in reached
    assert all(e.ok for e in history.events if isinstance(e, Resolve) and e.venue != venue)
    told = [e for e in history.events if isinstance(e, Planned | Landed | Healed | Ledger)]
    assert {type(e) for e in told} == {Planned, Landed, Healed, Ledger} and {e.venue for e in told} == {venue}
    here, there = Index(history, venue), Index(history, 1 - venue)
    assert here.faults[0].landed and here.faults[0].status == "landed"
    assert not there.faults[0].landed and there.faults[0].status is None


def test_faults_are_numbered_as_in_the_scenario_and_count_what_happens_at_their_venue() -> None:
    on = Trigger(op="place")
    faults = (
        LostAnswer(on=on, symptom="reset", venue=1),
        Latency(on=on, delay=2.0),
        Crash(on=on, point="after_commit", downtime=30.0, venue=1),
    )
    history = played(scenario(*faults))
    ledger = [(e.fault, e.status, e.venue) for e in history.events if isinstance(e, Ledger)]
    assert ledger == [(0, "landed", 1), (1, "landed", 0), (2, "landed", 1)]
    landed = {e.fault: e for e in history.events if isinstance(e, Landed)}
    requests = {e.call: e.venue for e in history.events if isinstance(e, Request)}
    assert all(landed[n].call is None or requests[landed[n].call] == faults[n].venue for n in landed)
    (crashed,) = [e for e in history.events if isinstance(e, Crashed)]
    assert crashed.fault == 2 and [e.resumed for e in history.events if isinstance(e, Started)] == [False, True]
    assert Scenario.from_json(scenario(*faults).to_json()).faults == faults
    assert '"venue": 0' not in scenario(*faults).to_json(), "what acts at the main one is written as ever"


def test_checks_read_one_venue_or_all() -> None:
    history = played(scenario())
    main, other, both = Index(history), Index(history, 1), Index(history, None)
    assert [len(ix.own_orders) for ix in (main, other, both)] == [1, 1, 2]
    intent = both.intents["i1"]
    assert [ix.filled(intent, len(history.events)) for ix in (main, other, both)] == [
        Decimal("0.1"), Decimal("0.1"), Decimal("0.2"),
    ]  # fmt: skip
    assert main.trait("id_pattern") != other.trait("id_pattern")
    assert both.snapshots["start"].balances == main.snapshots["start"].balances != other.snapshots["start"].balances
    assert other.instruments[SYMBOL].venue_symbol == "BTC-USDT"


def test_a_scenario_says_what_it_means() -> None:
    assert Scenario.from_json(scenario().to_json()) == scenario()
    with pytest.raises(ScenarioError, match="other than the main one"):
        Scenario.from_json(scenario().to_json().replace('"venue": "okx"', '"venue": "binance_spot"'))
    with pytest.raises(ScenarioError, match="not there: 0 is the main one, 1 okx"):
        Scenario.from_json(scenario(Refuse(duration=5, venue=1)).to_json().replace('"venue": 1', '"venue": 2'))
    with pytest.raises(ScenarioError, match="several copies of the agent or fallbacks"):
        Scenario.from_json(scenario(Pause()).to_json().replace('"pause"', '"second_instance"'))
    with pytest.raises(ScenarioError, match='needs the capability "fallback"'):
        Scenario.from_json(scenario().to_json().replace('"needs": [\n  "fallback"\n ]', '"needs": []'))


@pytest.mark.parametrize(("space", "what"), [("fallback", "venues"), ("fleet", "copies")])
def test_what_is_about_one_agent_at_one_venue_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, space: str, what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    made = generate(space, 1, 0)
    assert made.several == what
    Path("s.json").write_text(made.to_json())
    asked = [
        ["mcp", "s.json"],
        ["dataset", "--target", "agent:ccxt", "--space", space, "--scenarios", "1", "--out", "d"],
    ]
    if space == "fallback":
        asked.append(["serve", "binance_spot", "--scenario", "s.json"])
    for words in asked:
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 2 and "Traceback" not in done.output, words
        assert "one venue" in done.stderr and done.stderr.count("\n") <= 2, done.stderr
    assert not Path("d").exists()
