"""Faults one by one against a bare client in the World: what it sees, what is true, what the ledger says."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import ccxt
import httpx
import pytest

from outtrade.engine.run import run
from outtrade.model import fault as kinds
from outtrade.model.fault import Fault, LostAnswer, Trigger
from outtrade.model.history import (
    Answer,
    Event,
    History,
    Ledger,
    Response,
    StreamDown,
    StreamEvent,
    StreamLost,
    StreamUp,
)
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Report, Task
from outtrade.targets import Target, resolve
from outtrade.targets.access import VenueAccess
from outtrade.testing.venue import served
from outtrade_suites.spaces import generate

E = TypeVar("E", bound=Event)


def play(script: Callable[[Task, VenueAccess], Any], *faults: Fault) -> History:
    def execute(task: Task, venue: VenueAccess) -> Report:
        script(task, venue)
        return Report(outcomes={}, orders=())

    made = Scenario(
        id="test", seed=1, symbols=("BTC/USDT",), balances={"USDT": 100_000, "BTC": 1}, intents=(), until=300,
        markets={"BTC/USDT": Market(mid=50_000, depth="0.5", taker_size="0.01", taker_rate=0, maker_rate=0)},
        faults=faults,
    )  # fmt: skip
    return run(Target("test", "A", False, lambda: execute), made)


def of(history: History, kind: type[E]) -> list[E]:
    return [event for event in history.events if isinstance(event, kind)]


def statuses(history: History) -> list[str]:
    return [event.status for event in of(history, Ledger)]


def limit(exchange: Any, name: str, side: str = "buy", price: float = 49_000, amount: float = 0.1) -> Any:
    return exchange.create_order("BTC/USDT", "limit", side, amount, price, {"newClientOrderId": name})


# ------------------------------------------------------------------ triggers
def test_a_trigger_by_content_hits_only_what_has_it() -> None:
    with served() as venue:
        armed = venue.arm(kinds.Reject(on=Trigger(op="place", where={"side": "sell", "type": "limit"}), reason="funds"))
        exchange = venue.access.ccxt()
        limit(exchange, "a")
        assert not armed.fired
        with pytest.raises(ccxt.InsufficientFunds):
            limit(exchange, "b", "sell", 51_000)
        assert armed.fired == 1


def test_a_trigger_by_a_parameter_of_the_venue() -> None:
    with served() as venue:
        armed = venue.arm(kinds.Reject(on=Trigger(op="any", where={"symbol": "ETHUSDT"}), reason="permission"))
        exchange = venue.access.ccxt()
        exchange.fetch_open_orders("BTC/USDT")
        assert not armed.fired
        with pytest.raises(ccxt.BaseError):
            exchange.fetch_open_orders("ETH/USDT")
        assert armed.fired == 1


@pytest.mark.parametrize(
    ("state", "prepared"),
    [("resting", ()), ("partly_filled", (0.5,)), ("filled", (1.0,)), ("unknown", None)],
)
def test_a_trigger_by_the_state_of_the_order(state: Any, prepared: tuple[float, ...] | None) -> None:
    with served() as venue:
        exchange = venue.access.ccxt()
        asked = {"origClientOrderId": "a"}
        armed = [
            venue.arm(kinds.Latency(on=Trigger(op="query", state=one), delay=1), must_land=False)
            for one in ("resting", "partly_filled", "filled", "ended", "unknown")
        ]
        if prepared is not None:
            limit(exchange, "a")
            for fraction in prepared:
                venue.fill("a", fraction)
            exchange.fetch_order(None, "BTC/USDT", asked)
        else:
            with pytest.raises(ccxt.OrderNotFound):
                exchange.fetch_order(None, "BTC/USDT", asked)
        assert [one.fault.on.state for one in armed if one.fired] == [state]


def test_an_order_that_ended_is_ended() -> None:
    with served() as venue:
        exchange = venue.access.ccxt()
        limit(exchange, "a")
        exchange.cancel_order(None, "BTC/USDT", {"origClientOrderId": "a"})
        armed = venue.arm(kinds.Latency(on=Trigger(op="query", state="ended"), delay=1))
        exchange.fetch_order(None, "BTC/USDT", {"origClientOrderId": "a"})
        assert armed.fired == 1


# ------------------------------------------------------------------ network
def test_a_late_request_is_carried_out_when_it_arrives() -> None:
    with served() as venue:
        venue.arm(kinds.LateRequest(on=Trigger(op="place"), delay=3))
        exchange = venue.access.ccxt()
        exchange.options["recvWindow"] = 5000
        limit(exchange, "a")
        sent = next(event for event in venue.requests if event.op == "place")
        accepted = venue.orders[0]
        assert 3.0 < (accepted.at - sent.at) / 1e9 < 3.1


def test_a_half_open_connection_swallows_and_a_new_one_works() -> None:
    with served() as venue:
        client = httpx.Client(base_url=venue.access.rest_url, timeout=5)
        assert client.get("/api/v3/ping").status_code == 200
        venue.arm(kinds.HalfOpen())
        venue.wait(1)
        with pytest.raises(httpx.ReadTimeout):
            client.get("/api/v3/ping")
        assert client.get("/api/v3/ping").status_code == 200


def test_a_half_open_connection_waits_for_one_of_its_sort() -> None:
    with served() as venue:
        armed = venue.arm(kinds.HalfOpen(only="stream"), must_land=False)
        client = httpx.Client(base_url=venue.access.rest_url, timeout=5)
        client.get("/api/v3/ping")
        venue.wait(5)
        assert client.get("/api/v3/ping").status_code == 200 and not armed.fired


@pytest.mark.parametrize("how", ["close", "reset"])
def test_idle_connections_end(how: Any) -> None:
    with served() as venue:
        client = httpx.Client(base_url=venue.access.rest_url, timeout=5)
        client.get("/api/v3/ping")
        armed = venue.arm(kinds.Disconnect(how=how))
        venue.wait(1)
        assert armed.fired == 1
        assert client.get("/api/v3/ping").status_code == 200  # httpx notices that it was closed


# ------------------------------------------------------------------ http
def test_a_firewall_answers_for_a_while() -> None:
    with served() as venue:
        venue.arm(kinds.Forbidden(on=Trigger(op="ping"), duration=10))
        url = f"{venue.access.rest_url}/api/v3/"
        first = httpx.get(url + "ping")
        assert (first.status_code, first.headers["content-type"]) == (403, "text/html")
        assert httpx.get(url + "time").status_code == 403
        venue.wait(11)
        assert httpx.get(url + "time").status_code == 200


@pytest.mark.parametrize("retry_after", [True, False])
def test_a_rate_limit_as_a_page(retry_after: bool) -> None:
    with served() as venue:
        venue.arm(kinds.RateLimit(on=Trigger(op="ping"), duration=10, page=True, retry_after=retry_after))
        answer = httpx.get(f"{venue.access.rest_url}/api/v3/ping")
        assert answer.status_code == 429 and answer.text.startswith("<html>")
        assert ("retry-after" in answer.headers) is retry_after


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize(
    ("symptom", "status", "starts"),
    [("html_500", 500, "<html>"), ("html_200", 200, "<html>"), ("empty", 200, ""), ("empty_500", 500, ""),
     ("error_200", 200, '{"code":-1006')],
)  # fmt: skip
def test_symptoms_of_a_lost_answer(symptom: Any, status: int, starts: str, committed: bool) -> None:
    def script(task: Task, access: VenueAccess) -> None:
        with pytest.raises(ccxt.BaseError):
            limit(access.ccxt(), "a")

    history = play(script, LostAnswer(on=Trigger(op="place"), symptom=symptom, committed=committed))
    assert statuses(history) == ["landed"]
    answer = next(event for event in of(history, Answer) if event.fault == 0)
    assert answer.executed is committed
    seen = next(event for event in of(history, Response) if event.fault == 0)
    assert (seen.status, seen.outcome) == (status, "ambiguous")
    assert history.body(seen.body).startswith(starts)


# ------------------------------------------------------------------ process
def test_a_pause_stops_the_agent_and_not_the_exchange() -> None:
    seen: list[tuple[float, float, str]] = []

    def script(task: Task, access: VenueAccess) -> None:
        exchange = access.ccxt()
        begun = time.time() - task.epoch
        limit(exchange, "a")
        woke = time.time() - task.epoch
        seen.append((begun, woke, exchange.fetch_order(None, "BTC/USDT", {"origClientOrderId": "a"})["status"]))

    history = play(
        script,
        kinds.Pause(on=Trigger(op="place"), point="after_ack", duration=30),
        kinds.DelayedFill(on=Trigger(op="place"), after=10),
    )
    assert statuses(history) == ["landed", "landed"]
    ((begun, ended, status),) = seen
    assert 30 < ended - begun < 31
    assert status == "closed"


def test_a_pause_at_a_time() -> None:
    woke: list[float] = []

    def script(task: Task, access: VenueAccess) -> None:
        for _ in range(6):
            time.sleep(2)
            woke.append(round(time.time() - task.epoch, 1))

    history = play(script, kinds.Pause(on=Trigger(after=5), duration=20))
    assert statuses(history) == ["landed"]
    assert woke == [2.0, 4.0, 25.0, 27.0, 29.0, 31.0]


def test_a_pause_of_threads_and_of_a_loop() -> None:
    import asyncio
    import threading

    woke: list[float] = []

    def threaded(task: Task, access: VenueAccess) -> None:
        def work() -> None:
            time.sleep(6)
            woke.append(round(time.time() - task.epoch))

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def looped(task: Task, access: VenueAccess) -> None:
        async def main() -> None:
            await asyncio.gather(*(asyncio.sleep(6) for _ in range(2)))
            woke.append(round(time.time() - task.epoch))

        asyncio.run(main())

    play(threaded, kinds.Pause(on=Trigger(after=5), duration=20))
    play(looped, kinds.Pause(on=Trigger(after=5), duration=20))
    assert woke == [25, 25, 25]


def test_a_stale_store_lacks_the_latest_changes() -> None:
    found: list[dict[str, Any]] = []

    def script(task: Task, access: VenueAccess) -> None:
        found.append({key: task.store[key] for key in task.store})
        if not task.resumed:
            for number in range(4):
                task.store["n"] = number
            del task.store["n"]
            task.store["last"] = True

    crash = {"on": Trigger(op="any", nth=6), "point": "after_store_set", "downtime": 1.0}
    for behind, left in ((1, {}), (2, {"n": 3}), (3, {"n": 2}), (99, {})):
        found.clear()
        history = play(script, kinds.Crash(**crash, store="stale", behind=behind))
        assert statuses(history) == ["landed"]
        assert found == [{}, left]


# ------------------------------------------------------------------ the stream
def streamed(*faults: Fault) -> History:
    """The reference agent with a private stream, in a short scenario whose first order trades at 1 s."""
    made = generate("wire_stream", 1, 0)
    return run(resolve("agent:httpx"), made.model_copy(update={"faults": faults, "until": 200.0}))


def told(history: History) -> list[tuple[float, int]]:
    """When which event of the account was delivered."""
    return [(round(event.at / 1e9, 1), event.n) for event in of(history, StreamEvent) if event.n > 0]


def test_a_stalled_stream_tells_late_or_never_while_its_pings_go_on() -> None:
    usual = told(streamed())
    assert usual[0][0] < 2
    window = Trigger(after=0.5)
    late = streamed(kinds.StreamStall(on=window, duration=9.5))
    assert statuses(late) == ["landed"]
    assert [n for _, n in told(late)] == [n for _, n in usual] and told(late)[0][0] == 10.0
    lost = streamed(kinds.StreamStall(on=window, duration=9.5, late=False))
    gone = {event.n for event in of(lost, StreamLost)}
    assert gone and not gone & {n for _, n in told(lost)}


def test_an_expired_stream_says_so_and_a_new_subscription_works() -> None:
    history = streamed(kinds.StreamExpire(on=Trigger(after=4)))
    assert statuses(history) == ["landed"]
    down = next(event for event in of(history, StreamDown) if event.by == "venue")
    assert 4 <= down.at / 1e9 < 5
    said = [history.body(event.body) for event in of(history, StreamEvent) if event.at >= down.at]
    assert "eventStreamTerminated" in said[0]
    assert any(event.at > down.at for event in of(history, StreamUp)), "the agent subscribes again"


def test_what_a_scenario_without_the_new_fields_says_is_as_before() -> None:
    assert "where" not in Trigger(op="place").model_dump() and "page" not in kinds.RateLimit().model_dump()
    assert Trigger(where={"side": "buy"}).model_dump()["where"] == {"side": "buy"}
    assert kinds.Crash(point="after_ack", store="stale", behind=3).model_dump()["behind"] == 3
