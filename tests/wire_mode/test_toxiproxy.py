"""Network faults through a real Toxiproxy: what a client sees is what it sees in the World and over plain loopback."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx
import pytest
from test_wire_parity import PLANS, script, story
from wire_kit import Client, of, scenario

from outtrade.engine.run import run
from outtrade.model.fault import Fault, Latency, LostAnswer, Refuse, Trickle, Trigger
from outtrade.model.history import Landed, Ledger, Log
from outtrade.model.task import Report, Task
from outtrade.targets import Target
from outtrade.targets.access import VenueAccess
from outtrade.wire.background import serving
from outtrade.wire.toxiproxy.api import Toxiproxy
from outtrade.wire.toxiproxy.carrier import Carrier
from outtrade.wire.toxiproxy.find import SERVER, connect, found
from outtrade.wire.toxiproxy.mapping import carriers, needed

SECOND = Trigger(op="place", nth=2)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    pytest.importorskip("toxiproxy")
    if shutil.which(SERVER) is None:
        pytest.skip(f"no {SERVER} on PATH (python3 dev.py tools builds one where Go is)")
    with found("toxiproxy") as there:
        yield there.url


def lost(symptom: Any, nth: int = 2) -> LostAnswer:
    return LostAnswer(on=Trigger(op="place", nth=nth), symptom=symptom, delay=0.01)


def through(url: str, *faults: Fault) -> Any:
    return serving(scenario(*faults), carrier=Carrier(connect(url), faults))


NETWORK: dict[str, tuple[Fault, ...]] = {
    name: plan for name, plan in PLANS.items() if name == "two" or any(carried.toxic for carried in carriers(plan))
} | {
    "close at once": (LostAnswer(on=SECOND, symptom="close", delay=0),),
    "late": (Latency(on=SECOND, delay=0.15),),
    "drip of five": (Trickle(on=SECOND, chunks=5, pause=0.02),),
}


@pytest.mark.parametrize("name", NETWORK)
def test_the_same_in_the_world_over_loopback_and_through_toxiproxy(url: str, name: str) -> None:
    plan = scenario(*NETWORK[name])
    seen: list[list[tuple[str, Any]]] = []

    def execute(task: Task, venue: VenueAccess) -> Report:
        with Client(venue, timeout=0.6) as client:
            seen.append(script(client))
        return Report(outcomes={}, orders=())

    simulated = run(Target("parity", "A", False, lambda: execute), plan)
    with serving(plan) as own, Client(own.access(), timeout=0.6) as client:
        seen.append(script(client))
    with through(url, *plan.faults) as server, Client(server.access(), timeout=0.6) as client:
        seen.append(script(client))
    assert seen[0] == seen[1] == seen[2]
    assert story(simulated) == story(own.history) == story(server.history)
    assert all(verdict.status == "landed" for verdict in of(server.history, Ledger))
    said = [log.text for log in of(server.history, Log)]
    assert any("toxiproxy" in line and "fault 0" in line for line in said), said


def test_the_toxic_is_there_around_the_answer_and_only_there(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []
    for name in ("add", "switch", "remove", "enable"):
        plain = getattr(Toxiproxy, name)

        def spy(self: Toxiproxy, *args: Any, _name: str = name, _plain: Any = plain, **words: Any) -> Any:
            calls.append((_name, *args[1:], *words.values()))
            return _plain(self, *args, **words)

        monkeypatch.setattr(Toxiproxy, name, spy)
    with through(url, lost("reset"), lost("hang", 3)) as server, Client(server.access(), timeout=0.3) as client:
        client.place("A")
        for name in "BC":
            with pytest.raises(httpx.HTTPError):
                client.place(name)
    assert calls == [
        ("add", "reset", "reset_peer", {"timeout": 0}, False),
        ("add", "hang", "timeout", {"timeout": 0}, False),
        ("switch", "reset", True),
        ("switch", "reset", False),
        ("switch", "hang", True),
        ("switch", "hang", False),
    ]
    assert [verdict.status for verdict in of(server.history, Ledger)] == ["landed"] * 2


@pytest.mark.parametrize("symptom", ["reset", "close", "hang", "truncate"])
def test_a_toxic_that_does_not_act_is_incomplete(url: str, monkeypatch: pytest.MonkeyPatch, symptom: Any) -> None:
    """Everything is asked of Toxiproxy as ever, but the toxics have no effect."""
    from outtrade.wire.toxiproxy import carrier

    monkeypatch.setattr(carrier, "PROOF", 0.2)
    monkeypatch.setattr(Toxiproxy, "switch", lambda *args: None)
    if symptom != "hang":
        kinds = {"reset_peer": "latency", "limit_data": "latency", "slow_close": "latency"}
        plain = Toxiproxy.add

        def add(self: Toxiproxy, proxy: Any, name: str, kind: str, attributes: Any, *, on: bool = True) -> None:
            if kind == "slow_close":
                attributes = {"delay": 3_600_000}
            plain(self, proxy, name, kind if kind == "slow_close" else kinds.get(kind, kind), attributes, on=on)

        monkeypatch.setattr(Toxiproxy, "add", add)
    with through(url, lost(symptom)) as server, Client(server.access(), timeout=2) as client:
        client.place("A")
        with suppress(httpx.HTTPError):
            client.place("B")
            client.query("B")
    assert [verdict.status for verdict in of(server.history, Ledger)] == ["incomplete"]
    assert any("did not land" in log.text for log in of(server.history, Log))


def test_other_connections_wait_while_a_toxic_is_there(url: str) -> None:
    with (
        through(url, lost("hang", 1), lost("reset", 2)) as server,
        Client(server.access(), timeout=1.5) as first,
        Client(server.access(), timeout=1.5) as second,
        ThreadPoolExecutor(1) as pool,
    ):
        hanging = pool.submit(first.place, "A")
        while not any(isinstance(event, Landed) for event in server.setting.history.events):
            time.sleep(0.005)
        assert second.query("A").status_code == 200, "not thrown away with the answer that hangs"
        with pytest.raises(httpx.ReadError):
            second.place("B")
        assert second.query("B").status_code == 200
        with pytest.raises(httpx.ReadTimeout):
            hanging.result()
    assert [verdict.status for verdict in of(server.history, Ledger)] == ["landed"] * 2


def test_nothing_connects_while_connections_are_refused(url: str) -> None:
    with through(url, Refuse(on=Trigger(after=2.5), duration=1)) as server, Client(server.access()) as client:
        seen: list[str] = []
        for _ in range(1000):
            try:
                seen.append(str(client.query("nobody").status_code))
            except httpx.HTTPError as error:
                seen.append(type(error).__name__)
            if len(dict.fromkeys(seen)) > 1 and seen[-1] == "400":
                break
            time.sleep(0.01)
    assert seen[0] == seen[-1] == "400" and "ConnectError" in seen
    assert [verdict.status for verdict in of(server.history, Ledger)] == ["landed"]


def test_an_idle_connection_is_reset_when_connections_are_refused(url: str) -> None:
    with (
        through(url, Refuse(on=Trigger(after=2.5), duration=60)) as server,
        socket.create_connection(("127.0.0.1", server.port)) as idle,
        pytest.raises(ConnectionResetError),
    ):
        idle.settimeout(10)
        idle.recv(1)


def test_a_plan_with_rst_and_fin_stays_with_the_server() -> None:
    both = carriers((lost("reset"), lost("close")))
    assert [carried.toxic for carried in both] == ["", ""]
    assert not needed(both)
    assert not needed(carriers((lost("close"),), tls=True))
