"""Whole runs of processes against the served venue: real sockets, real time, the same judge."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from outtrade import suites
from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.model.history import (
    Broken,
    Connect,
    Crashed,
    History,
    Ledger,
    Log,
    NoReport,
    Published,
    Reported,
    Request,
    Started,
)
from outtrade.model.scenario import Scenario
from outtrade.targets import resolve
from outtrade.wire.run import NotInRealTime, run_wire

ROOT = Path(__file__).resolve().parents[2]
AGENT = f"cmd:{sys.executable} {ROOT / 'examples' / 'cmd_agent.py'}"
SPEAKER = f"cmd:{sys.executable} {ROOT / 'tests' / 'command' / 'speaker.py'}"


def scenario(faults: list[dict[str, Any]], until: float = 8) -> Scenario:
    buys = {"id": "i1", "tag": "WIREAAAA", "kind": "order", "at": 0.5, "symbol": "BTC/USDT", "side": "buy"}
    buys |= {"type": "market", "quantity": "0.02", "expires": min(6, until)}
    sells = {"id": "i2", "tag": "WIREBBBB", "kind": "order", "at": 0.6, "symbol": "BTC/USDT", "side": "sell"}
    sells |= {"type": "limit", "limit_price": "51000", "quantity": "0.01", "expires": min(2.5, until)}
    market = {"mid": "50000", "depth": "0.5", "taker_size": "0.05", "volatility_bps": 1}
    return Scenario.model_validate(
        {
            "id": "wire-test",
            "seed": 5,
            "until": until,
            "symbols": ["BTC/USDT"],
            "balances": {"USDT": "100000", "BTC": "1"},
            "markets": {"BTC/USDT": market},
            "knobs": {"absent_after": 2},
            "bounds": {"answer": 6, "recovery": 6, "resolve": 6, "settle": 0.5},
            "intents": [buys, sells],
            "faults": faults,
        }
    )


def events(history: History, kind: type) -> list[Any]:
    return [event for event in history.events if isinstance(event, kind)]


def failed(history: History) -> list[str]:
    found = judge_history(history, suites.load().properties)
    return [f"{one.id}: {one.broken[0].message}" for one in found if one.verdict in ("fail", "harness-error")]


def test_a_paused_process_stands_still_until_the_longest_pause_is_over() -> None:
    pauses = [
        {"kind": "pause", "on": {"after": 1.2}, "point": "at", "duration": 1.8},
        {"kind": "pause", "on": {"after": 1.4}, "point": "at", "duration": 0.2},
    ]
    history = run(resolve(AGENT), scenario(pauses))
    assert [ledger.status for ledger in events(history, Ledger)] == ["landed", "landed"]
    sent = [event.at / 1e9 for event in events(history, Request)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(sent) if earlier < 1.9]
    assert max(gaps) > 1.0, "nothing leaves a process that stands still, also when a shorter pause ends"
    assert failed(history) == []


def test_the_example_survives_a_lost_answer_and_a_crash() -> None:
    lost = {"kind": "lost_answer", "on": {"op": "place", "tag": "WIREAAAA"}, "committed": True, "symptom": "close"}
    crash = {"kind": "crash", "on": {"op": "place", "tag": "WIREBBBB"}, "point": "after_commit", "downtime": 0.2}
    history = run(resolve(AGENT), scenario([lost, crash]))
    assert not events(history, NoReport)
    assert [ledger.status for ledger in events(history, Ledger)] == ["landed", "landed"]
    assert [started.resumed for started in events(history, Started)] == [False, True]
    assert len(events(history, Crashed)) == len(events(history, Reported)) == 1
    assert {broken.how for broken in events(history, Broken)} == {"close", "crashed"}
    assert events(history, Connect) and events(history, Published)
    assert history.header.absent_after == 2
    assert failed(history) == []
    again = History.from_jsonl(history.to_jsonl())
    assert failed(again) == []


@pytest.mark.parametrize(
    ("manner", "why", "detail"),
    [
        ("dies-at-once", "raised", 'the process ended with exit status 1 before its "ready"'),
        ("dies", "raised", "the process ended with exit status 3 before its report"),
        ("rubbish", "invalid", "not JSON: 'INFO starting up'"),
        ("wrong-report", "invalid", "not a Report: orders: Input should be a valid tuple"),
        ("silent", "late", "no report in time"),
    ],
)
def test_what_goes_wrong_is_on_the_record_and_fails(manner: str, why: str, detail: str) -> None:
    history = run_wire(resolve(f"{SPEAKER} {manner}"), scenario([], until=1), grace=0.5)
    (reason,) = events(history, NoReport)
    assert reason.why == why
    assert reason.detail.startswith(detail)
    assert failed(history)
    if manner == "dies-at-once":
        assert [log.text for log in events(history, Log)] == ["cannot find my settings"]


def test_scenarios_that_take_too_long_are_refused() -> None:
    with pytest.raises(NotInRealTime, match="lasts 400 s, and a cmd: target runs in real time"):
        run(resolve(AGENT), scenario([], until=400))


def test_the_command_line(tmp_path: Path) -> None:
    def outtrade(*words: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(str(ROOT / part) for part in ("harness", "mocks", "suites"))
        return subprocess.run(
            [sys.executable, "-m", "outtrade", "run", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path, "COLUMNS": "100"},
            capture_output=True,
            text=True,
            timeout=200,
        )

    done = outtrade(f"{SPEAKER} dies", "--scenarios", "2", "--report", "out")
    assert done.returncode == 1, done.stdout + done.stderr
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert "exit status 3" in json.dumps(results)
    done = outtrade(f"{SPEAKER} dies", "--space", "binance_spot")
    assert (done.returncode, done.stdout) == (2, "")
    assert "runs in real time" in done.stderr and "--space wire" in done.stderr
    done = outtrade(f"{SPEAKER} dies", "--check-determinism")
    assert done.returncode == 2
    assert "no two runs of it are equal" in done.stderr
