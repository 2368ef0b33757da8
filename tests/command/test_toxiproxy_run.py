"""``outtrade run cmd:... --network-faults``: a Toxiproxy does the network faults, and the run says so."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from outtrade.cli.app import app
from outtrade.cli.run import network_of
from outtrade.engine.plan import Kit, Plan, prepare
from outtrade.engine.results import Result
from outtrade.model.history import Broken, Ledger, Log
from outtrade.model.scenario import Scenario
from outtrade.report.results import _network
from outtrade.targets import resolve
from outtrade.wire.run import run_wire
from outtrade.wire.toxiproxy.api import ToxiproxyError
from outtrade.wire.toxiproxy.find import SERVER, URL, found

ROOT = Path(__file__).resolve().parents[2]
AGENT = f"cmd:{sys.executable} {ROOT / 'examples' / 'cmd_agent.py'}"
DEAD = "http://127.0.0.1:1"


def scenario() -> Scenario:
    buys = {"id": "i1", "tag": "WIREAAAA", "kind": "order", "at": 0.5, "symbol": "BTC/USDT", "side": "buy"}
    return Scenario.model_validate(
        {
            "id": "toxic",
            "seed": 5,
            "until": 6,
            "symbols": ["BTC/USDT"],
            "balances": {"USDT": "100000", "BTC": "1"},
            "markets": {"BTC/USDT": {"mid": "50000", "depth": "0.5", "taker_size": "0.05", "volatility_bps": 1}},
            "knobs": {"absent_after": 1},
            "bounds": {"answer": 4, "recovery": 4, "resolve": 4, "settle": 0.5},
            "intents": [buys | {"type": "market", "quantity": "0.02", "expires": 4}],
            "faults": [{"kind": "lost_answer", "on": {"op": "place"}, "symptom": "reset", "committed": True}],
        }
    )


def kit() -> Kit:
    return prepare(Plan(target=AGENT))


def test_a_process_trades_through_toxiproxy() -> None:
    pytest.importorskip("toxiproxy")
    if shutil.which(SERVER) is None:
        pytest.skip(f"no {SERVER} on PATH (python3 dev.py tools builds one where Go is)")
    with found("toxiproxy") as there:
        history = run_wire(replace(resolve(AGENT), toxiproxy=there.url), scenario())
    assert [event.status for event in history.events if isinstance(event, Ledger)] == ["landed"]
    assert [event.how for event in history.events if isinstance(event, Broken)] == ["reset"]
    said = [event.text for event in history.events if isinstance(event, Log) and event.stream == "world"]
    assert said[1] == "fault 0 lost_answer.reset.committed: toxiproxy reset_peer"


def test_a_toxiproxy_that_is_gone_is_an_error_of_the_harness() -> None:
    pytest.importorskip("toxiproxy")
    with pytest.raises(ToxiproxyError, match="does not answer"):
        run_wire(replace(resolve(AGENT), toxiproxy=DEAD), scenario())


def test_results_say_who_did_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL, raising=False)
    monkeypatch.setenv("PATH", "")
    with network_of(kit(), "auto") as engaged:
        row = _network(engaged, [])
    assert row is not None and row.by.startswith(f"own (no {SERVER} on PATH") and row.faults == {}
    plan = Plan(target=AGENT, toxiproxy=DEAD, network="toxiproxy 2.12.0")
    through = Kit(plan, engaged.target, engaged.suite)
    assert through.target.toxiproxy == DEAD
    row = _network(through, [Result(index, "", 0, "wire") for index in range(18)])
    assert row is not None and row.by == "toxiproxy 2.12.0"
    assert row.faults["refuse"] == ("toxiproxy, proxy disabled",)
    assert row.faults["rate_limit.retry_after"] == ("server (an answer of the venue)",)
    with network_of(prepare(Plan(target="agent:httpx")), "auto") as simulated:
        assert _network(simulated, []) is None


@pytest.mark.parametrize(
    "target, wanted, message",
    [
        ("agent:httpx", "own", "only for targets over real sockets"),
        (AGENT, "toxiproxy", f"no {SERVER} on PATH"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, wanted: str, message: str
) -> None:
    pytest.importorskip("toxiproxy")
    monkeypatch.delenv(URL, raising=False)
    monkeypatch.setenv("PATH", "")
    words = ["run", target, "--network-faults", wanted, "--report", str(tmp_path)]
    done = CliRunner().invoke(app, words, prog_name="outtrade")
    assert done.exit_code == 2
    assert message in done.stderr and done.stderr.count("\n") == 1
