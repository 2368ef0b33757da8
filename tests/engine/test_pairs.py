"""Twins: an order accepted, or not; the client sees the same bytes until its first query after the loss."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from outtrade.engine.run import run
from outtrade.faults import catalogue
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
from outtrade_suites.spaces import generate, pair

SEEN = (Resolve, Connect, Request, Response, Broken, Closed, StreamUp, StreamDown, StreamEvent)
PAIRS = 12
AMBIGUOUS = ("lost_answer", "forbidden")
"""Kinds with forms that leave the truth open."""


def until_first_query(history: History) -> list[Any]:
    """What the client sent and saw, up to its first read after the answer was lost."""
    lost = {i for i, fault in enumerate(history.header.scenario["faults"]) if fault["kind"] in AMBIGUOUS}
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


@pytest.mark.parametrize("op", ["place", "cancel"])
def test_every_ambiguous_form_has_its_twin_with_the_same_bytes(op: str) -> None:
    """All forms that leave the truth open, enumerated from the catalogue; each is run with both truths."""
    agent, twins = resolve("agent:httpx"), catalogue.twins()
    forms = [form for form in twins if form.endswith(".committed")]
    assert len(forms) == 16 and all(twins[twins[form]] == form for form in twins)
    differed = 0
    for index, form in enumerate(forms):
        pins = {"fault 1": form, "wish 1/on a cancel": op == "cancel", "has fault 2": False, "has fault 3": False}
        made = generate("faults", 7, index, pins={**pins, "has fault 1": True})
        place = next(n for n, fault in enumerate(made.faults) if fault.variant == form and fault.on.op == op)
        absent = {"truth": "absent"} if made.faults[place].kind == "forbidden" else {"committed": False}
        other = made.faults[place].model_copy(update=absent)
        assert other.variant == twins[form]
        faults = (*made.faults[:place], other, *made.faults[place + 1 :])
        yes, no = run(agent, made), run(agent, made.model_copy(update={"faults": faults}))
        assert until_first_query(yes) == until_first_query(no), form
        landed = [any(isinstance(e, Landed) and e.fault == place for e in history.events) for history in (yes, no)]
        assert landed == [True, True] or landed == [False, False]
        executed = [[a.executed for a in h.events if isinstance(a, Answer) and a.fault == place] for h in (yes, no)]
        opposite = [truths[:1] for truths in executed] == [[True], [False]]
        assert opposite or form != "forbidden.committed", executed
        differed += opposite
    assert differed >= 13, "the truth behind the same bytes must differ"
