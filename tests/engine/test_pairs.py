"""Twins: an order accepted, or not; the client sees the same bytes until its first query after the loss."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from outtrade.engine.run import run
from outtrade.model.fault import READS
from outtrade.model.history import (
    Answer,
    Broken,
    Closed,
    Connect,
    History,
    Landed,
    Request,
    Resolve,
    Response,
    StreamDown,
    StreamEvent,
    StreamUp,
)
from outtrade.targets import resolve
from outtrade_suites.spaces import pair

SEEN = (Resolve, Connect, Request, Response, Broken, Closed, StreamUp, StreamDown, StreamEvent)
PAIRS = 12


def until_first_query(history: History) -> list[Any]:
    """What the client sent and saw, up to its first read after the answer was lost."""
    lost = {i for i, fault in enumerate(history.header.scenario["faults"]) if fault["kind"] == "lost_answer"}
    landed = False
    seen: list[Any] = []
    for event in history.events:
        if isinstance(event, Landed) and event.fault in lost:
            landed = True
        if landed and isinstance(event, Request) and event.op in READS:
            break
        if isinstance(event, SEEN):
            plain = msgspec.to_builtins(event)
            del plain["seq"]
            seen.append(plain)
    return seen


@pytest.mark.parametrize("target", ["agent:ccxt", "agent:httpx", "agent:threaded"])
def test_twins_are_the_same_until_the_first_query(target: str) -> None:
    agent = resolve(target)
    differed = 0
    for index in range(PAIRS):
        yes, no = (run(agent, twin) for twin in pair("binance_spot", 7, index))
        assert until_first_query(yes) == until_first_query(no), yes.header.scenario["id"]
        differed += [a.executed for a in yes.events if isinstance(a, Answer)] != [
            a.executed for a in no.events if isinstance(a, Answer)
        ]
    assert differed >= PAIRS // 2, "the truth behind the same bytes must differ"
