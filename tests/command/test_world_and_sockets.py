"""One agent, one scenario: the same verdicts in the World and as a process over real sockets."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from outtrade import suites
from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.model.history import History, Ledger, NoReport
from outtrade.model.scenario import Scenario
from outtrade.targets import resolve

ROOT = Path(__file__).resolve().parents[2]
NAIVE = f"py:{ROOT / 'examples' / 'naive_agent.py'}:execute"
FIRST = {"op": "place", "tag": "SAMEAAAA"}
PLANS: dict[str, list[dict[str, Any]]] = {
    "committed": [{"kind": "lost_answer", "on": FIRST, "committed": True, "symptom": "close"}],
    "absent": [{"kind": "lost_answer", "on": FIRST, "committed": False, "symptom": "html_503"}],
    "stream": [{"kind": "stream_drop", "on": {"op": "event", "nth": 2}}],
    "crash": [{"kind": "crash", "on": FIRST, "point": "after_commit", "downtime": 0.5}],
}
RUNS = [
    ("agent:httpx", "committed"),
    ("agent:httpx", "crash"),
    ("agent:httpx", "stream"),
    ("agent:ccxt", "absent"),
    (NAIVE, "committed"),
]


def scenario(name: str) -> Scenario:
    buys = {"id": "i1", "tag": "SAMEAAAA", "kind": "order", "at": 1.5, "symbol": "BTC/USDT", "side": "buy"}
    buys |= {"type": "limit", "limit_price": "50500", "quantity": "0.02", "expires": 8}
    start = 7.0 if name == "crash" else 2.0  # a new process takes its time to start
    sells = {"id": "i2", "tag": "SAMEBBBB", "kind": "order", "at": start, "symbol": "BTC/USDT", "side": "sell"}
    sells |= {"type": "limit", "limit_price": "51000", "quantity": "0.01", "expires": start + 4}
    return Scenario.model_validate(
        {
            "id": f"same-{name}",
            "seed": 5,
            "until": start + 11,
            "symbols": ["BTC/USDT"],
            "balances": {"USDT": "100000", "BTC": "1"},
            "markets": {"BTC/USDT": {"mid": "50000", "depth": "0.5", "taker_size": "0.05", "volatility_bps": 1}},
            "latency": 0.02,
            "knobs": {"absent_after": 2},
            "bounds": {"answer": 6, "recovery": 6, "resolve": 6, "settle": 3},
            "intents": [buys, sells],
            "faults": PLANS[name],
        }
    )


def verdicts(history: History) -> dict[str, str]:
    return {finding.id: finding.verdict for finding in judge_history(history, suites.load().properties)}


def ledger(history: History) -> list[str]:
    return [event.status for event in history.events if isinstance(event, Ledger)]


@pytest.fixture(scope="module")
def over_sockets() -> dict[tuple[str, str], History]:
    """All runs of processes, side by side, as they take real time."""
    path = os.pathsep.join(str(ROOT / part) for part in ("harness", "mocks", "suites"))
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(len(RUNS)) as pool:
        patch.setenv("PYTHONPATH", path)
        target = f"cmd:{sys.executable} -m outtrade.agent"
        found = pool.map(lambda one: run(resolve(f"{target} {one[0]}"), scenario(one[1])), RUNS)
        return dict(zip(RUNS, found, strict=True))


@pytest.mark.parametrize(("agent", "name"), RUNS)
def test_the_same_verdicts(agent: str, name: str, over_sockets: dict[tuple[str, str], History]) -> None:
    simulated, real = run(resolve(agent), scenario(name)), over_sockets[agent, name]
    assert [event.detail for event in real.events if isinstance(event, NoReport)] == []
    assert ledger(simulated) == ledger(real) == ["landed"]
    assert simulated.header.absent_after == real.header.absent_after == 2
    assert verdicts(simulated) == verdicts(real)
    bad = {ident for ident, verdict in verdicts(real).items() if verdict in ("fail", "harness-error", "incomplete")}
    assert ("RCV-01" in bad) is (agent == NAIVE), bad
    assert agent == NAIVE or not bad
