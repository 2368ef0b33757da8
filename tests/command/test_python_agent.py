"""``outtrade.agent``: a Python function as a process; and ccxt at the addresses of a served venue."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from test_command import execute as execute_message

from outtrade.agent import Line, access_of, main, work
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Bounds
from outtrade.targets.protocol import Stored, write_line
from outtrade.wire.background import serving

AGENT = """
from outtrade import Report

def execute(task, venue):
    print("a stray print")
    if task.resumed or "gone" in task.store:
        del task.store["gone"]
    task.store["n"] = task.store.get("n", 0) + 1
    task.publish({"n": task.store["n"]})
    return Report(outcomes={intent.id: {"status": "refused"} for intent in task.intents}, orders=())
"""


def talk(execute: Any, store: dict[str, Any], answers: bytes) -> list[dict[str, Any]]:
    """What an agent says while it works, the report last."""
    sink = io.BytesIO()
    report = work(execute, execute_message(store), Line(io.BytesIO(answers), sink))
    said = [json.loads(line) for line in sink.getvalue().splitlines()]
    return [*said, report.model_dump(mode="json")]


def acknowledged(number: int) -> bytes:
    return b"".join(write_line(Stored(id=n + 1, key="")) for n in range(number))


def test_store_and_beliefs_are_messages() -> None:
    space: dict[str, Any] = {}
    exec(AGENT, space)
    deleted, stored, believed, report = talk(space["execute"], {"gone": None, "n": 4}, acknowledged(2))
    assert (deleted["type"], deleted["key"], deleted["delete"]) == ("store", "gone", True)
    assert (stored["key"], stored["value"], stored["delete"]) == ("n", 5, False)
    assert (believed["type"], believed["data"]) == ("publish", {"n": 5})
    assert report["outcomes"]["i1"]["status"] == "refused"


def test_none_is_a_value_and_not_a_deletion() -> None:
    async def execute(task: Any, venue: Any) -> Any:
        task.store["n"] = None
        return {"outcomes": {}, "orders": []}

    stored = talk(execute, {}, acknowledged(1))[0]
    assert (stored["value"], stored["delete"]) == (None, False)


def test_a_value_is_not_durable_when_the_harness_is_gone() -> None:
    def execute(task: Any, venue: Any) -> Any:
        task.store["n"] = 1

    with pytest.raises(ConnectionError, match="before a value was durable"):
        talk(execute, {}, b"")


def test_the_process_keeps_stdout_for_the_protocol(tmp_path: Path) -> None:
    (tmp_path / "my_agent.py").write_text(AGENT)
    words = [sys.executable, "-m", "outtrade.agent", f"py:{tmp_path / 'my_agent.py'}:execute"]
    message = write_line(execute_message())
    told = b'{"type": "init", "id": 1}\n' + message + acknowledged(1) + b'{"type": "shutdown", "id": 0}\n'
    env = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    done = subprocess.run(words, input=told, capture_output=True, timeout=60, env=env)
    said = [json.loads(line)["type"] for line in done.stdout.splitlines()]
    assert (done.returncode, said) == (0, ["ready", "store", "publish", "report"])
    assert done.stderr.decode().splitlines() == ["a stray print"]


@pytest.mark.parametrize(
    ("words", "message"),
    [(["ccxt:binance"], "only agents in Python"), (["py:none.py:x"], "there is no file"), ([], "usage:")],
)
def test_what_cannot_be_served_is_one_line(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    text = capsys.readouterr().err
    assert message in text and text.count("\n") == 1


# ------------------------------------------------------------------ ccxt over sockets
def served() -> Scenario:
    return Scenario(
        id="wire",
        seed=1,
        symbols=("BTC/USDT",),
        balances={"USDT": 100_000, "BTC": 1},
        markets={"BTC/USDT": Market(mid=50_000, depth="0.5", taker_size="0.01", taker_rate=0, maker_rate=0)},
        latency=0,
        intents=(),
        until=600,
        bounds=Bounds(settle=0),
    )


@pytest.mark.parametrize("tls", [False, True])
def test_ccxt_trades_at_the_served_address(tls: bool) -> None:
    with serving(served(), tls=tls) as server:
        venue = server.access()
        exchange = venue.ccxt()
        assert "binance.com" not in json.dumps(exchange.urls["api"])
        order = exchange.create_order("BTC/USDT", "limit", "buy", 0.01, 40_000)
        assert order["status"] == "open"

        async def again() -> Any:
            client = venue.ccxt(asynchronous=True)
            try:
                return await client.fetch_open_orders("BTC/USDT")
            finally:
                await client.close()

        assert [found["id"] for found in asyncio.run(again())] == [order["id"]]


def test_a_venue_of_a_message_is_the_same_venue() -> None:
    message = execute_message()
    assert message.venue == type(message.venue).of(access_of(message.venue))
