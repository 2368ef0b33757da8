"""Runs that are let through to a real host (on loopback): recorded and replayed to the byte, and no secret kept."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from outside_kit import (
    AGENT,
    HOST,
    KEY,
    Provider,
    agent,
    completion,
    finished,
    go,
    histories,
    play,
    record,
    recorded,
    results,
    serving,
)

from outtrade.engine.events import Event, ScenarioDone
from outtrade.engine.many import run_many
from outtrade.engine.plan import Plan, prepare
from outtrade.model.fault import Blackhole, DnsFailure, Refuse, Trigger
from outtrade.model.history import Connect, History, Log, NoReport, Outside, Resolve
from outtrade.outside import Allowed, broker, switchboard
from outtrade.outside.tape import Recorder
from outtrade.score import ERROR
from outtrade_mocks import cassettes


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    monkeypatch.setenv("MODEL_API_KEY", KEY)
    with serving(monkeypatch) as there:
        yield there


def said(events: list[Event]) -> list[str]:
    """What the agent printed in the first scenario."""
    return [e.text for e in History.from_jsonl(histories(events)[0]).events if isinstance(e, Log)]


def talked(events: list[Event]) -> list[Outside]:
    return [e for e in History.from_jsonl(histories(events)[0]).events if isinstance(e, Outside)]


def asking(body: str, imports: str = "") -> str:
    """An agent with the helper of ``AGENT`` and another body of ``execute``."""
    head = AGENT.partition("def execute")[0]
    lines = "\n".join("    " + line for line in body.strip().splitlines())
    return f"{imports}\n{head}\ndef execute(task, venue):\n{lines}\n"


# ------------------------------------------------------------------ recording and replay
@pytest.mark.parametrize("latency", [0.0, 0.8])
def test_a_recorded_run_replays_without_the_network_to_the_byte(
    tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch, latency: float
) -> None:
    spec, tape = agent(tmp_path), tmp_path / "talk.yaml"
    live = record(spec, tape, latency=latency, workers=2, n=3)
    assert [result.error for result in results(live)] == [""] * 3
    assert [result.outside for result in results(live)] == [{HOST: 2}] * 3
    assert len(provider.asked) == 6
    lines = said(live)
    assert lines[0].startswith("200 you said smoke-1-0000 step 0")
    assert float(lines[2]) == latency, "the clock stands still, or moves by the stated latency"
    assert finished(live).isolation.endswith(f"; let through to the real {HOST}")

    provider.server.server_close()

    def refuse(*args: Any) -> None:
        raise AssertionError("a replay needs nobody outside")

    monkeypatch.setattr(switchboard.Switchboard, "__init__", refuse)
    for workers in (0, 1) if latency else (3,):
        replayed = play(spec, tape, workers=workers, n=3)
        assert histories(replayed) == histories(live)
        assert "let through" not in finished(replayed).isolation
    assert len(provider.asked) == 6


def test_a_replay_is_repeatable_and_that_can_be_checked(tmp_path: Path, provider: Provider) -> None:
    spec, tape = agent(tmp_path), tmp_path / "talk.json"
    live = record(spec, tape)
    replayed = play(spec, tape, check_determinism=True)
    assert [(r.error, r.differs) for r in results(replayed)] == [("", "")] * 2
    assert histories(replayed) == histories(live)


THREADS = asking(
    """
with ThreadPoolExecutor(3) as pool:
    for answer in pool.map(lambda n: ask(httpx, f"{task.id} thread {n}"), range(6)):
        print(answer.json()["choices"][0]["message"]["content"])
""",
    "from concurrent.futures import ThreadPoolExecutor",
)
ASYNC = """
import asyncio, httpx

async def execute(task, venue):
    async with httpx.AsyncClient() as client:
        async def one(n):
            said = {"messages": [{"content": f"{task.id} task {n}"}]}
            return await client.post("https://model.example/v1/chat/completions", json=said)
        for answer in await asyncio.gather(*(one(n) for n in range(6))):
            print(answer.json()["choices"][0]["message"]["content"])
"""


@pytest.mark.parametrize(("text", "workers"), [(THREADS, 0), (ASYNC, 1)], ids=["threads", "asyncio"])
def test_whatever_kind_of_client_asks(tmp_path: Path, provider: Provider, text: str, workers: int) -> None:
    spec, tape = agent(tmp_path, text), tmp_path / "talk.yaml"
    live = record(spec, tape, latency=0.25, workers=workers, n=1)
    assert len(said(live)) == 6
    assert histories(play(spec, tape, n=1)) == histories(live)


def test_a_stream_of_events_comes_whole_and_is_read_one_by_one(tmp_path: Path, provider: Provider) -> None:
    def streamed(asked: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        chunks = "".join(f"data: {json.dumps({'delta': word})}\n\n" for word in ("buy", "0.4", "BTC"))
        return 200, {"Content-Type": "text/event-stream"}, f"{chunks}data: [DONE]\n\n".encode()

    provider.reply = streamed
    body = """
with httpx.stream("POST", "https://model.example/v1/chat/completions", json={"stream": True}) as answer:
    print(answer.headers["content-type"], [line for line in answer.iter_lines() if line])
"""
    spec, tape = agent(tmp_path, asking(body)), tmp_path / "talk.yaml"
    live = record(spec, tape, n=1)
    assert said(live) == [
        'text/event-stream [\'data: {"delta": "buy"}\', \'data: {"delta": "0.4"}\','
        " 'data: {\"delta\": \"BTC\"}', 'data: [DONE]']"
    ]
    assert histories(play(spec, tape, n=1)) == histories(live)


def test_packed_answers_are_unpacked_and_cookies_stay_outside(tmp_path: Path, provider: Provider) -> None:
    def packed(asked: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = completion(asked)
        return status, {**headers, "Content-Encoding": "gzip"}, gzip.compress(body)

    provider.reply = packed
    body = """
with httpx.Client() as client:
    for n in range(2):
        answer = ask(client, "one")
        said = answer.json()["choices"][0]["message"]["content"]
        print(said, "content-encoding" in answer.headers, dict(client.cookies))
"""
    spec, tape = agent(tmp_path, asking(body)), tmp_path / "talk.yaml"
    live = record(spec, tape, n=1)
    assert said(live) == ["you said one False {}"] * 2
    assert "set-cookie" not in tape.read_text()
    assert not any("cookie" in asked["headers"] for asked in provider.asked)
    assert histories(play(spec, tape, n=1)) == histories(live)


# ------------------------------------------------------------------ secrets
def test_no_secret_reaches_the_file_or_the_history(tmp_path: Path, provider: Provider) -> None:
    ids: list[str] = []

    def reply(asked: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = completion(asked)
        ids.append(json.loads(body)["id"])
        echoed = json.dumps({**json.loads(body), "error": f"key {KEY} is known"}).encode()
        return status, headers, echoed

    provider.reply = reply
    spec, tape = agent(tmp_path), tmp_path / "talk.yaml"
    live = record(spec, tape)
    assert provider.asked[0]["headers"]["authorization"] == f"Bearer {KEY}", "the host gets the key"
    kept = tape.read_text() + "".join(history.decode() for history in histories(live))
    for secret in (KEY, "abc123def456ghi7", *ids):
        assert secret not in kept
    cassette = cassettes.read(tape)
    assert cassette.provenance == "recorded"
    assert cassette.source.startswith("model.example, ")
    assert [item.name for item in cassette] == [f"smoke-1-{n:04}/{k}" for n in range(2) for k in range(2)]


def test_an_opaque_id_goes_back_to_the_host_as_it_was(tmp_path: Path, provider: Provider) -> None:
    """An answer's id may not be kept; the agent is given a placeholder, and the host gets its id all the same."""
    body = """
first = ask(httpx, "one").json()
print(first["id"])
again = ask(httpx, "two", previous=first["id"], nested=[{"of": "id " + first["id"]}])
print(again.status_code)
"""
    spec, tape = agent(tmp_path, asking(body)), tmp_path / "talk.yaml"
    ids: list[str] = []

    def reply(asked: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        answer = completion(asked)
        ids.append(json.loads(answer[2])["id"])
        return answer

    provider.reply = reply
    live = record(spec, tape, n=1)
    assert said(live) == ["REDACTED-KEYLIKE-1", "200"]
    asked = json.loads(provider.asked[1]["body"])
    assert asked["previous"] == ids[0]
    assert asked["nested"] == [{"of": f"id {ids[0]}"}]
    assert histories(play(spec, tape, n=1)) == histories(live)


def test_what_the_agent_itself_said_comes_back_as_it_was(tmp_path: Path, provider: Provider) -> None:
    """A client order id that looks like a key is no secret to who made it; another run may make another one."""
    body = """
order = "0f3a" * 2 + uuid.uuid4().hex
answer = ask(httpx, "cancel " + order + " please")
print(answer.json()["choices"][0]["message"]["content"] == f"you said cancel {order} please")
"""
    spec, tape = agent(tmp_path, asking(body, "import uuid")), tmp_path / "talk.yaml"
    live = record(spec, tape, n=1)
    assert said(live) == ["True"]
    assert "you said cancel REDACTED-KEYLIKE-1 please" in tape.read_text()
    assert histories(play(spec, tape, n=1)) == histories(live)


def test_words_of_a_model_stay_words(tmp_path: Path, provider: Provider) -> None:
    """Fields whose names may be secret hold plain words in what a model says, and agents act upon them."""
    call = {"account": "spot", "sign": "positive", "key": "limit_price_reached", "token": "buy", "tokens": 12}

    def reply(asked: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        body = {"arguments": json.dumps(call), **call, "api_key": "abc123def456"}
        return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()

    provider.reply = reply
    body = """
answer = ask(httpx, "what now").json()
print(sorted(answer.items()), answer["arguments"])
"""
    spec, tape = agent(tmp_path, asking(body)), tmp_path / "talk.yaml"
    live = record(spec, tape, n=1)
    assert str(sorted({**call, "api_key": "REDACTED-KEY-1", "arguments": json.dumps(call)}.items())) in said(live)[0]
    assert "abc123def456" not in tape.read_text()
    assert histories(play(spec, tape, n=1)) == histories(live)


# ------------------------------------------------------------------ nobody else
def test_every_other_host_is_still_unknown(tmp_path: Path, provider: Provider) -> None:
    body = """
for url in ("https://other.example/", "https://sub.model.example/", "https://model.example:8443/", "http://model.example/"):
    try:
        httpx.get(url)
    except httpx.ConnectError as error:
        print(error)
"""
    live = record(agent(tmp_path, asking(body)), tmp_path / "talk.yaml", n=1)
    unknown, refused = "[Errno -2] Name or service not known", "[Errno 111] Connection refused"
    assert said(live) == [unknown, unknown, refused, refused]
    assert provider.asked == []


def test_who_is_asked_is_who_was_dialled(tmp_path: Path, provider: Provider) -> None:
    """Neither a Host header nor a target in absolute form nor a login in it leads anywhere else."""
    body = """
print(httpx.get("https://model.example/a", headers={"Host": "api.binance.com"}).status_code)
for target in ("https://api.binance.com/api/v3/order", "@api.binance.com/", "*"):
    line = http.client.HTTPSConnection("model.example")
    line.putrequest("GET", target, skip_host=True, skip_accept_encoding=True)
    line.endheaders()
    print(line.getresponse().status)
"""
    provider.reply = lambda asked: (204, {}, b"")
    record(agent(tmp_path, asking(body, "import http.client")), tmp_path / "talk.yaml", n=1)
    live = record(agent(tmp_path, asking(body, "import http.client")), tmp_path / "again.yaml", n=1)
    assert said(live) == ["204", "400", "400", "400"]
    assert {asked["headers"]["host"] for asked in provider.asked} == {HOST}
    assert {asked["path"] for asked in provider.asked} == {"/a"}


def test_the_broker_asks_nobody_it_was_not_started_for(provider: Provider) -> None:
    with provider.client() as client:
        for host, target in (("other.example", "/"), (HOST, "@other.example/")):
            told = broker.fetch(client, broker.Asked(1, host, "GET", target, {}, b""), {HOST})
            assert told.refused
            assert told.status == 0
    assert provider.asked == []


def test_a_websocket_is_refused_and_told(tmp_path: Path, provider: Provider) -> None:
    body = """
try:
    connect("wss://model.example/v1/realtime")
except Exception as error:
    print(type(error).__name__, error)
"""
    live = record(agent(tmp_path, asking(body, "from websockets.sync.client import connect")), tmp_path / "t.yaml", n=1)
    assert said(live)[-1] == "InvalidStatus server rejected WebSocket connection: HTTP 501"
    assert results(live)[0].escapes == ("a WebSocket to model.example: --allow-host lets plain requests through",)
    assert provider.asked == []


# ------------------------------------------------------------------ what goes wrong
def test_errors_of_the_provider_are_answers(tmp_path: Path, provider: Provider) -> None:
    provider.reply = lambda asked: (500, {"Content-Type": "application/json"}, b'{"error": "overloaded"}')
    body = "answer = ask(httpx, 'one')\nprint(answer.status_code, answer.text)"
    spec, tape = agent(tmp_path, asking(body)), tmp_path / "talk.yaml"
    live = record(spec, tape, n=1)
    assert said(live) == ['500 {"error": "overloaded"}']
    assert histories(play(spec, tape, n=1)) == histories(live)


FAILS = """
try:
    ask(httpx, "one")
except httpx.TransportError as error:
    print(type(error).__name__)
print(ask(httpx, "two").status_code) if task.id.endswith("1") else None
"""


@pytest.mark.parametrize("how", ["connect", "broken", "timeout"])
def test_a_connection_that_fails_is_a_connection_that_fails(
    tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "connect":
        provider.server.shutdown()
        provider.server.server_close()
    elif how == "timeout":
        opened = provider.client

        def impatient() -> Any:
            client = opened()
            client.timeout = 0.2
            return client

        monkeypatch.setattr(broker, "open_client", impatient)
        provider.reply = lambda asked: time.sleep(0.6) or (200, {}, b"")  # type: ignore[func-returns-value]
    else:
        provider.reply = lambda asked: (0, {}, b"")
    spec, tape = agent(tmp_path, asking(FAILS)), tmp_path / "talk.yaml"
    live = record(spec, tape, n=1, latency=0.5)
    assert said(live) == ["ReadError"]
    assert [(event.error, event.status, event.latency) for event in talked(live)] == [(how, 0, 0.5)]
    (item,) = cassettes.read(tape)
    assert (item.status, item.headers["outtrade-error"]) == (599, how)
    assert histories(play(spec, tape, n=1)) == histories(live)


def test_what_is_no_text_cannot_be_checked_and_is_an_error_of_the_harness(tmp_path: Path, provider: Provider) -> None:
    provider.reply = lambda asked: (200, {"Content-Type": "image/png"}, b"\x89PNG\xff\xfe")
    tape = tmp_path / "talk.yaml"
    live = record(agent(tmp_path), tape, n=1)
    assert results(live)[0].error == (
        "the answer of model.example is no text: it cannot be searched for secrets, and is not recorded"
    )
    assert finished(live).card.code == ERROR
    assert not tape.exists()
    body = 'httpx.post("https://model.example/", content=b"\\xff\\xfe")'
    live = record(agent(tmp_path, asking(body)), tape, n=1)
    assert results(live)[0].error.startswith("the request to model.example is no text")


@pytest.mark.parametrize(
    ("change", "workers", "why"),
    [
        ("step {n}|other {n}", 0, "POST model.example/v1/chat/completions: recorded with other parameters (messages)"),
        ("v1/chat|v2/chat", 1, "POST model.example/v2/chat/completions: not in the cassette"),
        ("range(2)|range(3)", 0, "POST model.example/v1/chat/completions: recorded with other parameters (messages)"),
    ],
)
def test_what_is_not_on_the_tape_is_never_green(
    tmp_path: Path, provider: Provider, change: str, workers: int, why: str
) -> None:
    spec, tape = agent(tmp_path), tmp_path / "talk.yaml"
    record(spec, tape, n=1)
    before, after = change.split("|")
    agent(tmp_path, AGENT.replace(before, after))
    replayed = play(spec, tape, n=1, workers=workers)
    assert results(replayed)[0].error == f"not on the recording of scenario smoke-1-0000: {why}"
    assert finished(replayed).card.code == ERROR


def test_a_scenario_that_is_not_on_the_tape_is_never_green(tmp_path: Path, provider: Provider) -> None:
    spec, tape = agent(tmp_path), tmp_path / "talk.yaml"
    record(spec, tape, n=1)
    replayed = play(spec, tape, n=2)
    assert results(replayed)[0].error == ""
    assert results(replayed)[1].error.startswith("not on the recording of scenario smoke-1-0001: POST model.example/")
    assert "the harness failed in 1 scenario" in finished(replayed).card.reasons


def test_a_dead_worker_has_left_what_it_heard(tmp_path: Path, provider: Provider) -> None:
    body = "ask(httpx, 'one')\nos._exit(3)"
    spec, tape = agent(tmp_path, asking(body)), tmp_path / "talk.yaml"
    live = record(spec, tape)
    assert "exit status 3" in results(live)[0].ended
    assert [item.name for item in cassettes.read(tape)] == ["smoke-1-0000/0", "smoke-1-0001/0"]
    assert histories(play(spec, tape)) == histories(live)


def test_a_slow_host_costs_no_worker_its_time(tmp_path: Path, provider: Provider) -> None:
    provider.reply = lambda asked: time.sleep(0.9) or completion(asked)  # type: ignore[func-returns-value]
    spec, tape = agent(tmp_path, asking("print(ask(httpx, 'one').status_code)")), tmp_path / "talk.yaml"
    recorder = Recorder(tape, (HOST,))
    kit = prepare(Plan(spec, space="smoke", scenarios=1, allowed=Allowed((HOST,), file=str(tape))))
    events = list(run_many(kit, workers=1, budget=0, limit=0.6, recorder=recorder))
    assert said(events) == ["200"]


def test_a_slow_host_is_no_spinning_agent(tmp_path: Path, provider: Provider) -> None:
    """The watchdog, which ends code that does not call the World, does not count while a real host thinks."""
    provider.reply = lambda asked: time.sleep(1.6) or completion(asked)  # type: ignore[func-returns-value]
    spec = agent(tmp_path, asking("print(ask(httpx, 'one').status_code)"))
    history, _ = recorded(spec, prepare(Plan(spec, space="smoke")).scenario(0), HOST, wall_limit=0.2)
    assert [event.text for event in history.events if isinstance(event, Log)] == ["200"]


def test_without_a_broker_the_run_ends_with_an_error(tmp_path: Path, provider: Provider) -> None:
    def reply(asked: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        for child in multiprocessing.active_children():
            if child.name == "outtrade-outside":
                child.kill()
        return completion(asked)

    provider.reply = reply
    for workers in (0, 1):
        tape = tmp_path / f"{workers}.yaml"
        live = record(agent(tmp_path), tape, workers=workers)
        assert [result.error for result in results(live)] == ["the process that talks to real hosts has ended"] * 2
        assert finished(live).card.code == ERROR


def test_faults_of_the_venue_leave_other_hosts_alone(tmp_path: Path, provider: Provider) -> None:
    """While the venue's names do not resolve, its ports refuse or its packets vanish, the model answers."""
    body = """
for n in range(3):
    print(ask(httpx, f"step {n}").status_code)
    time.sleep(5)
"""
    spec = agent(tmp_path, asking(body))
    faults = tuple(kind(on=Trigger(op="any"), duration=60) for kind in (DnsFailure, Refuse, Blackhole))
    scenario = prepare(Plan(spec, space="smoke")).scenario(0).model_copy(update={"faults": faults, "pair": None})
    history, kept = recorded(spec, scenario, HOST)
    assert [event.text for event in history.events if isinstance(event, Log)] == ["200"] * 3
    assert all(event.ok for event in history.events if isinstance(event, Resolve))
    assert [event.outcome for event in history.events if isinstance(event, Connect)] == ["ok"] * 3
    assert len(kept) == 3


def test_a_run_that_is_not_let_through_knows_no_such_host(tmp_path: Path, provider: Provider) -> None:
    kit = prepare(Plan(agent(tmp_path), space="smoke", scenarios=1))
    events = list(run_many(kit, workers=1, budget=0))
    (examined,) = (event.examined for event in events if isinstance(event, ScenarioDone))
    ended = [e for e in History.from_jsonl(examined.history).events if isinstance(e, NoReport)]
    assert "Name or service not known" in ended[0].detail
    assert provider.asked == []


def test_failing_scenarios_are_run_once(tmp_path: Path, provider: Provider) -> None:
    """No baseline without faults: it would ask real hosts something else, which no replay could answer."""
    tape = tmp_path / "talk.yaml"
    live = go(agent(tmp_path), Allowed((HOST,), file=str(tape)), Recorder(tape, (HOST,)), n=2)
    assert any(result.findings for result in results(live))
    assert len(provider.asked) == 4
