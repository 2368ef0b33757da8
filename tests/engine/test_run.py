"""One scenario, end to end: a real client in the World, the mock venue, faults, and an honest record of it all."""

from __future__ import annotations

import hashlib
import hmac
import time
import urllib.parse
from collections.abc import Callable
from typing import Any, TypeVar, get_args

import httpx
import pytest

from outtrade.engine.run import run
from outtrade.model.fault import (
    Ban,
    Blackhole,
    CancelRace,
    Crash,
    DelayedFill,
    DnsFailure,
    Duplicated,
    Fault,
    Latency,
    LostAnswer,
    PartialFill,
    RateLimit,
    Refuse,
    Reject,
    Symptom,
    Trickle,
    Trigger,
    Visibility,
)
from outtrade.model.history import (
    Answer,
    Broken,
    Crashed,
    Event,
    FillTruth,
    History,
    Landed,
    Ledger,
    Log,
    NoReport,
    OrderTruth,
    Reported,
    Request,
    Response,
    Snapshot,
    Started,
)
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Report, Task
from outtrade.targets import Target
from outtrade.targets.access import VenueAccess

EMPTY = Report(outcomes={}, orders=())
E = TypeVar("E", bound=Event)


def scenario(*faults: Fault, until: float = 300, **changes: Any) -> Scenario:
    return Scenario(
        id="test",
        seed=1,
        symbols=("BTC/USDT",),
        balances={"USDT": 100_000, "BTC": 1},
        markets={"BTC/USDT": Market(mid=50_000, depth="0.5", taker_size="0.01", taker_rate=0, maker_rate=0)},
        intents=(),
        until=until,
        faults=faults,
        **changes,
    )


class Client:
    """A bare client: signed requests by httpx, nothing clever."""

    def __init__(self, venue: VenueAccess, timeout: float = 10) -> None:
        self.venue = venue
        self.http = httpx.Client(base_url=venue.rest_url, headers={"X-MBX-APIKEY": venue.key}, timeout=timeout)

    def call(self, method: str, path: str, **params: Any) -> httpx.Response:
        query = urllib.parse.urlencode({**params, "timestamp": int(time.time() * 1000), "recvWindow": 10000})
        signature = hmac.new(self.venue.secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        return self.http.request(method, f"/api/v3/{path}?{query}&signature={signature}")

    def place(self, client_id: str = "A", price: str = "40000", quantity: str = "0.1", **more: Any) -> httpx.Response:
        terms = {"type": "LIMIT", "timeInForce": "GTC", "price": price, "quantity": quantity} | more
        terms = {key: value for key, value in terms.items() if value is not None}
        return self.call("POST", "order", symbol="BTCUSDT", side="BUY", newClientOrderId=client_id, **terms)

    def query(self, client_id: str = "A") -> httpx.Response:
        return self.call("GET", "order", symbol="BTCUSDT", origClientOrderId=client_id)

    def cancel(self, client_id: str = "A") -> httpx.Response:
        return self.call("DELETE", "order", symbol="BTCUSDT", origClientOrderId=client_id)


def play(script: Callable[[Client, Task], Any], *faults: Fault, **changes: Any) -> History:
    """Run a script of client calls as an agent that reports nothing."""

    def execute(task: Task, venue: VenueAccess) -> Report:
        script(Client(venue), task)
        return EMPTY

    return run(Target("test", "A", False, lambda: execute), scenario(*faults, **changes))


def of(history: History, kind: type[E]) -> list[E]:
    return [event for event in history.events if isinstance(event, kind)]


def ledger(history: History) -> list[str]:
    """The last word on each fault; what is called landed has its evidence on the record."""
    proved = [event.fault for event in of(history, Landed)]
    for event in of(history, Ledger):
        assert event.times == proved.count(event.fault)
    return [event.status for event in of(history, Ledger)]


def test_place_query_cancel_is_on_the_record_with_its_truth() -> None:
    seen: list[Any] = []

    def script(client: Client, task: Task) -> None:
        seen.append(client.place().json()["status"])
        seen.append(client.query().json()["status"])
        seen.append(client.cancel().json()["status"])

    history = play(script)
    assert seen == ["NEW", "NEW", "CANCELED"]
    assert [r.op for r in of(history, Request)] == ["place", "query", "cancel"]
    assert [r.outcome for r in of(history, Response)] == ["ok"] * 3
    assert [(t.why, t.status) for t in of(history, OrderTruth)] == [("accepted", "open"), ("cancel", "cancelled")]
    assert [t.call for t in of(history, OrderTruth)] == [1, 3]
    assert [s.why for s in of(history, Snapshot)] == ["start", "report", "end"]
    assert [e.seq for e in history.events] == list(range(len(history.events)))
    assert [e.at for e in history.events] == sorted(e.at for e in history.events)


def test_the_same_scenario_gives_the_same_bytes_and_survives_the_file() -> None:
    def script(client: Client, task: Task) -> None:
        client.place(price="60000")
        time.sleep(5)
        client.query()

    first, second = play(script), play(script)
    assert first.to_jsonl() == second.to_jsonl()
    assert History.from_jsonl(first.to_jsonl()).hash() == first.hash()


SYMPTOMS = get_args(Symptom)


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_twins_look_the_same_until_the_first_query(symptom: Any) -> None:
    """Committed or not, the client sees the same; only the query tells, and the truth differs."""
    seen: dict[bool, list[Any]] = {}

    def script(client: Client, task: Task) -> None:
        notes: list[Any] = []
        seen[len(seen) == 0] = notes
        try:
            answer = client.place()
            notes.append((answer.status_code, sorted(answer.headers.items()), answer.text))
        except httpx.HTTPError as error:
            notes.append((type(error).__name__, str(error)))
        notes.append(client.query().status_code)

    def twin(committed: bool) -> History:
        return play(script, LostAnswer(on=Trigger(op="place"), committed=committed, symptom=symptom))

    yes, no = twin(True), twin(False)
    assert seen[True][0] == seen[False][0]
    assert (seen[True][1], seen[False][1]) == (200, 400)
    assert ledger(yes) == ledger(no) == ["landed"]
    assert len(of(yes, OrderTruth)) == 1
    assert of(no, OrderTruth) == []
    assert of(yes, Answer)[0].executed
    assert not of(no, Answer)[0].executed
    doubtful = [r for r in of(yes, Response) if r.call == 1]
    assert all(r.outcome == "ambiguous" for r in doubtful)
    assert bool(doubtful) != bool([b for b in of(yes, Broken) if b.call == 1])


def test_latency_and_trickle_delay_the_answer_not_the_execution() -> None:
    def script(client: Client, task: Task) -> None:
        with pytest.raises(httpx.ReadTimeout):
            client.place("A")
        assert client.place("B", price="41000").status_code == 200

    history = play(script, Latency(on=Trigger(op="place"), delay=12), Latency(on=Trigger(op="place", nth=2), delay=3))
    assert len(of(history, OrderTruth)) == 2
    assert [b.how for b in of(history, Broken)] == ["gave_up"]
    slow = of(history, Response)[0]
    assert slow.at - of(history, Request)[1].at > 3_000_000_000

    def patient(client: Client, task: Task) -> None:
        client.http.timeout = httpx.Timeout(20)
        assert client.place().status_code == 200

    history = play(patient, Trickle(on=Trigger(op="place"), chunks=3, pause=16))
    assert of(history, Response)[0].at - of(history, Request)[0].at > 32_000_000_000
    assert ledger(history) == ["landed"]


@pytest.mark.parametrize(("header", "kind", "status"), [(True, RateLimit, 429), (False, Ban, 418)])
def test_limits_last_and_end(header: bool, kind: Any, status: int) -> None:
    seen: list[Any] = []

    def script(client: Client, task: Task) -> None:
        for _ in range(3):
            answer = client.place()
            seen.append((answer.status_code, answer.headers.get("retry-after")))
            time.sleep(15)

    history = play(script, kind(on=Trigger(op="any"), duration=20, retry_after=header))
    assert [status_code for status_code, _ in seen] == [status, status, 200]
    assert (seen[0][1] == "20") is header
    assert [(a.executed, a.outcome) for a in of(history, Answer)][:2] == [(False, "definite")] * 2
    assert [r.error for r in of(history, Response)][:1] == ["rate" if status == 429 else "ban"]
    assert (of(history, Response)[0].retry_after is not None) is (header or status == 418)


@pytest.mark.parametrize("reason", ["funds", "closed", "permission", "filter", "busy"])
def test_injected_rejections_are_definite_and_execute_nothing(reason: Any) -> None:
    history = play(lambda client, task: client.place(), Reject(on=Trigger(op="place"), reason=reason))
    (answer,) = of(history, Answer)
    assert not answer.executed
    assert answer.outcome == "definite"
    assert answer.error in {"funds", "closed", "auth", "permanent", "parameter", "rate"}
    assert of(history, OrderTruth) == []


def test_network_windows() -> None:
    def script(client: Client, task: Task) -> None:
        def attempt() -> str:
            try:
                with httpx.Client(base_url=client.venue.rest_url, timeout=5) as fresh:
                    return str(fresh.get("/api/v3/ping").status_code)
            except httpx.HTTPError as error:
                return type(error).__name__

        outcomes = []
        for _ in range(5):
            outcomes.append(attempt())
            time.sleep(task.epoch + 20 * len(outcomes) - time.time())
        print(" ".join(outcomes))

    history = play(
        script,
        DnsFailure(on=Trigger(after=15), duration=10),
        Refuse(on=Trigger(after=35), duration=10),
        Blackhole(on=Trigger(after=55), duration=10),
    )
    assert [log.text for log in of(history, Log)] == ["200 ConnectError ConnectError ConnectTimeout 200"]
    assert ledger(history) == ["landed"] * 3


def test_an_unknown_host_is_a_dns_failure() -> None:
    def script(client: Client, task: Task) -> None:
        with pytest.raises(httpx.ConnectError):
            httpx.get("https://example.com")

    history = play(script)
    assert of(history, NoReport) == []


def test_exchange_faults() -> None:
    states: list[Any] = []

    def script(client: Client, task: Task) -> None:
        client.place("A", price="40000")
        time.sleep(4)
        states.append(client.query("A").json()["executedQty"])
        client.place("B", price="39000")
        time.sleep(9)
        states.append(client.query("B").json()["status"])
        time.sleep(3)
        states.append(client.query("B").json()["status"])
        client.place("C", price="38000")
        states.append(client.cancel("C").status_code)
        states.append(client.query("C").json()["status"])
        client.place("D", price="60000", type="LIMIT", timeInForce="IOC")

    history = play(
        script,
        PartialFill(on=Trigger(op="place"), fraction=0.4, after=2),
        DelayedFill(on=Trigger(op="place", nth=2), after=10),
        CancelRace(on=Trigger(op="cancel")),
        PartialFill(on=Trigger(op="place", nth=4), fraction=0.5),
    )
    assert states == ["0.04000000", "NEW", "FILLED", 400, "FILLED"]
    assert ledger(history) == ["landed"] * 4
    last = of(history, OrderTruth)[-1]
    assert (last.client_id, last.status, last.filled) == ("D", "expired", "0.05")
    assert sum(float(f.quantity) for f in of(history, FillTruth)) == pytest.approx(
        0.1 + 0.1 + 0.1 + 0.05  # the order that filled B's 39,000 had to take what was left of A's 40,000 first
    )


def test_a_duplicated_request_answers_duplicate_although_the_order_stands() -> None:
    seen: list[Any] = []

    def script(client: Client, task: Task) -> None:
        seen.append(client.place().json())
        seen.append(client.query().json()["status"])
        seen.append(client.cancel().json())
        seen.append(client.place("B", price="60000").json()["status"])  # does not rest: is not doubled

    both = [Duplicated(on=Trigger(op=op), after=0.2) for op in ("place", "cancel")]
    history = play(script, *both, Duplicated(on=Trigger(op="place", nth=2)))
    assert (seen[0]["code"], seen[0]["msg"]) == (-2010, "Duplicate order sent.")
    assert seen[1] == "NEW"
    assert seen[2]["code"] == -2011
    assert seen[3] == "FILLED"
    assert [r.error for r in of(history, Response)] == ["duplicate", None, "unknown_order", None]
    assert [(t.client_id, t.why) for t in of(history, OrderTruth)][:1] == [("A", "accepted")]
    assert len([t for t in of(history, OrderTruth) if t.why == "accepted"]) == 2
    assert ledger(history) == ["landed", "landed", "incomplete"]


def test_delayed_visibility_hides_the_order_from_reads_only() -> None:
    seen: list[Any] = []

    def script(client: Client, task: Task) -> None:
        client.place()
        seen.append(client.query().json().get("code"))
        seen.append(client.call("GET", "openOrders", symbol="BTCUSDT").json())
        time.sleep(10)
        seen.append(client.query().status_code)

    history = play(script, Visibility(on=Trigger(op="place"), delay=8))
    assert seen == [-2013, [], 200]
    assert ledger(history) == ["landed"]


@pytest.mark.parametrize(
    ("point", "requests", "orders"),
    [("before_send", 0, 0), ("after_send", 1, 1), ("after_commit", 1, 1), ("after_ack", 1, 1)],
)
def test_crash_points_and_restart(point: Any, requests: int, orders: int) -> None:
    """The first incarnation dies at the named point; the second has the store and a fresh import."""

    def execute(task: Any, venue: VenueAccess) -> Report:
        client = Client(venue)
        if task.resumed:
            assert task.store["sent"] == "A"
            return EMPTY
        task.store["sent"] = "A"
        try:
            client.place()
            time.sleep(1)
        finally:
            client.cancel()  # must not leave
        return EMPTY

    history = run(
        Target("test", "A", False, lambda: execute),
        scenario(Crash(on=Trigger(op="place"), point=point, downtime=5)),
    )
    assert [(s.incarnation, s.resumed) for s in of(history, Started)] == [(0, False), (1, True)]
    assert [c.point for c in of(history, Crashed)] == [point]
    assert len(of(history, Request)) == requests
    assert len(of(history, OrderTruth)) == orders
    assert of(history, NoReport) == []
    assert len(of(history, Reported)) == 1
    assert of(history, Started)[1].at - of(history, Crashed)[0].at >= 5_000_000_000


def test_crash_after_a_store_write_and_a_lost_store() -> None:
    def execute(task: Any, venue: VenueAccess) -> Report:
        if not task.resumed:
            for number in range(3):
                task.store[f"k{number}"] = number
        print(sorted(task.store))
        return EMPTY

    crash = Crash(on=Trigger(nth=2), point="after_store_set")
    history = run(Target("test", "A", False, lambda: execute), scenario(crash))
    assert [log.text for log in of(history, Log)] == ["['k0', 'k1']"]
    lost = crash.model_copy(update={"store": "lost"})
    history = run(Target("test", "A", False, lambda: execute), scenario(lost))
    assert [log.text for log in of(history, Log)] == ["[]"]


def hang(task: Task, venue: VenueAccess) -> Report:
    client = Client(venue)
    client.http.timeout = httpx.Timeout(None)
    client.place()
    return EMPTY


def spin(task: Task, venue: VenueAccess) -> Report:
    while True:
        time.time()


def wrong(task: Task, venue: VenueAccess) -> Any:
    return {"outcomes": {"i1": {"status": "perfect"}}, "orders": []}


def raising(task: Task, venue: VenueAccess) -> Report:
    raise RuntimeError("boom\nand more")


def leaving(task: Task, venue: VenueAccess) -> Report:
    raise SystemExit(0)


def late(task: Task, venue: VenueAccess) -> Report:
    time.sleep(1e6)
    return EMPTY


@pytest.mark.parametrize(
    ("agent", "why", "detail", "where"),
    [
        (hang, "deadlock", "api.binance.com", "test_run.py"),
        (spin, "late", "clock", "test_run.py"),
        (wrong, "invalid", "outcomes.i1.status", ""),
        (raising, "raised", "RuntimeError: boom and more", "test_run.py"),
        (leaving, "raised", "SystemExit", "test_run.py"),
        (late, "late", "sleep", "test_run.py"),
        (lambda task, venue: None, "invalid", "NoneType", ""),
    ],
)
def test_what_an_agent_does_wrong_is_an_event(agent: Any, why: str, detail: str, where: str) -> None:
    history = run(
        Target("test", "A", False, lambda: agent),
        scenario(LostAnswer(on=Trigger(op="place"), symptom="hang"), until=20),
    )
    (event,) = of(history, NoReport)
    assert event.why == why
    assert detail in event.detail
    assert where in event.where
    assert "\n" not in event.detail


def test_an_async_agent_may_leave_tasks_behind_and_they_live_on_until_the_end() -> None:
    import asyncio

    async def execute(task: Task, venue: VenueAccess) -> Report:
        async def straggler() -> None:
            await asyncio.sleep(50)
            async with httpx.AsyncClient(base_url=venue.rest_url) as http:
                await http.get("/api/v3/ping")

        asyncio.get_running_loop().straggler = asyncio.create_task(straggler())  # type: ignore[attr-defined]
        return EMPTY

    history = run(Target("test", "A", True, lambda: execute), scenario())
    reported = of(history, Reported)[0].seq
    assert [r.op for r in of(history, Request) if r.seq > reported] == ["ping"]
