"""One client, one plan of faults: it sees the same in the World and over loopback."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from wire_kit import Client, of, scenario

from outtrade.engine.run import run
from outtrade.model.fault import (
    Ban,
    CancelRace,
    Duplicated,
    Fault,
    Latency,
    LostAnswer,
    PartialFill,
    RateLimit,
    Reject,
    Trickle,
    Trigger,
    Visibility,
)
from outtrade.model.history import Answer, Broken, History, Ledger, OrderTruth, Request
from outtrade.model.task import Report, Task
from outtrade.targets import Target
from outtrade.targets.access import VenueAccess
from outtrade.wire.background import serving

SECOND = Trigger(op="place", nth=2)


def lost(symptom: Any, committed: bool) -> LostAnswer:
    return LostAnswer(on=SECOND, symptom=symptom, committed=committed, delay=0.01)


PLANS: dict[str, tuple[Fault, ...]] = {
    "nothing": (),
    **{
        f"{symptom}, {'committed' if committed else 'absent'}": (lost(symptom, committed),)
        for symptom in ("hang", "reset", "close", "truncate", "html_502", "code_1006", "code_1007", "malformed")
        for committed in (True, False)
    },
    "rate limit": (RateLimit(on=SECOND, duration=100),),
    "ban": (Ban(on=SECOND, duration=100),),
    "no funds": (Reject(on=SECOND, reason="funds"),),
    "busy": (Reject(on=SECOND, reason="busy"),),
    "partial fill": (PartialFill(on=Trigger(op="place", nth=3), fraction=0.5),),
    "cancel race": (CancelRace(),),
    "unseen": (Visibility(on=SECOND, delay=300),),
    "twice": (Duplicated(on=SECOND, after=0.02),),
    "late": (Latency(on=SECOND, delay=5),),
    "drip": (Trickle(on=SECOND, chunks=3, pause=0.02),),
    "two": (lost("reset", True), Ban(on=Trigger(op="cancel"), duration=100)),
}


def script(client: Client) -> list[tuple[str, Any]]:
    """What the client sees, call by call: status, code and state, or the kind of its failure."""
    seen: list[tuple[str, Any]] = []

    def note(op: str, call: Any, *args: Any) -> None:
        try:
            answer: httpx.Response = call(*args)
        except httpx.HTTPError as error:
            seen.append((op, type(error).__name__))
            return
        try:
            data = answer.json()
        except ValueError:
            data = {}
        seen.append((op, (answer.status_code, data.get("code"), data.get("status"), data.get("executedQty"))))

    note("place", client.place, "A")
    note("place", client.place, "B")
    note("query", client.query, "B")
    note("place", client.place, "C", "60000", "0.2")
    note("query", client.query, "C")
    note("cancel", client.cancel, "B")
    note("query", client.query, "A")
    note("cancel", client.cancel, "A")
    note("query", client.query, "nobody")
    return seen


def story(history: History) -> tuple[Any, ...]:
    """The record without times and numbers of connections."""
    return (
        [(r.op, r.client_id) for r in of(history, Request)],
        [(a.call, a.status, a.code, a.executed, a.outcome) for a in of(history, Answer)],
        [(b.call, b.how) for b in of(history, Broken)],
        [(t.why, t.order, t.filled, t.call) for t in of(history, OrderTruth)],
        [(verdict.status, verdict.times) for verdict in of(history, Ledger)],
    )


IN_THE_CLEAR = [(name, False) for name in PLANS]
THROUGH_TLS = [(name, True) for name in ("nothing", "hang, committed", "truncate, absent", "ban", "two")]


@pytest.mark.parametrize("name, tls", IN_THE_CLEAR + THROUGH_TLS)
def test_the_same_in_the_world_and_over_loopback(name: str, tls: bool) -> None:
    plan = scenario(*PLANS[name])
    seen: list[list[tuple[str, Any]]] = []

    def execute(task: Task, venue: VenueAccess) -> Report:
        with Client(venue, timeout=0.4) as client:
            seen.append(script(client))
        return Report(outcomes={}, orders=())

    simulated = run(Target("parity", "A", False, lambda: execute), plan)
    with serving(plan, tls=tls) as server, Client(server.access(), timeout=0.4) as client:
        seen.append(script(client))
    if tls:  # blocking TLS in Python reads a reset as the end of the stream: RemoteProtocolError instead of ReadError
        seen[0] = [(op, "RemoteProtocolError" if what == "ReadError" else what) for op, what in seen[0]]
    assert seen[0] == seen[1]
    assert story(simulated) == story(server.history)
    assert all(verdict.status == "landed" for verdict in of(server.history, Ledger))
