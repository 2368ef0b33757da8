"""Agents with threads, through a whole run: the record, crashes, and what is said of those that hang."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import queue
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
import requests

from outtrade import suites
from outtrade.engine.determinism import first_difference
from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.model.fault import Crash, LostAnswer, Trigger
from outtrade.model.history import Crashed, Deadlocked, History, Log, NoReport, OrderTruth, Reported, Request, Started
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Report, Task
from outtrade.report import timeline
from outtrade.targets import Target
from outtrade.targets.access import VenueAccess

EMPTY = Report(outcomes={}, orders=())


def play(agent: Any, *faults: Any, is_async: bool = False, **changes: Any) -> History:
    scenario = Scenario(
        id="threads",
        seed=1,
        symbols=("BTC/USDT",),
        balances={"USDT": 100_000, "BTC": 1},
        markets={"BTC/USDT": Market(mid=50_000, depth="0.5", taker_size="0.01")},
        intents=(),
        until=300,
        faults=faults,
        **changes,
    )
    return run(Target("test", "A", is_async, lambda: agent), scenario)


def of(history: History, kind: Any) -> list[Any]:
    return [event for event in history.events if isinstance(event, kind)]


def place(venue: VenueAccess, name: str) -> int:
    query = {
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "40000",
        "quantity": "0.01", "newClientOrderId": name, "timestamp": int(time.time() * 1000), "recvWindow": 10000,
    }  # fmt: skip
    text = urllib.parse.urlencode(query)
    signature = hmac.new(venue.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    url = f"{venue.rest_url}/api/v3/order?{text}&signature={signature}"
    return requests.post(url, headers={"X-MBX-APIKEY": venue.key}, timeout=10).status_code


def pooled(task: Task, venue: VenueAccess) -> Report:
    """Places orders from a pool while a daemon prints."""

    def beat() -> None:
        while True:
            time.sleep(0.01)
            print(f"beat of {threading.current_thread().name}")

    threading.Thread(target=beat, daemon=True).start()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda n: place(venue, f"order-{task.resumed}-{n}"), range(6)))
    return EMPTY


def test_orders_of_a_pool_overlap_and_the_bytes_are_the_same() -> None:
    first, second = play(pooled), play(pooled)
    assert first_difference(first, second) == ""
    assert msgspec.json.encode(first.events) == msgspec.json.encode(second.events)
    requests_made = of(first, Request)
    assert len(requests_made) == 6
    kinds = [type(event).__name__ for event in first.events]
    assert kinds.index("Response") > [n for n, kind in enumerate(kinds) if kind == "Request"][2], "three at once"
    assert of(first, Log)[0].text == "beat of Thread-1 (beat)"
    reported = of(first, Reported)[0].seq
    assert not [event for event in of(first, Log) if event.seq > reported], "nothing runs on after the report"


def test_a_scenario_may_draw_the_order_of_threads() -> None:
    fixed, drawn = play(pooled), play(pooled, schedule="random")
    assert first_difference(drawn, play(pooled, schedule="random")) == ""
    assert [e for e in fixed.events if isinstance(e, Request)] != [e for e in drawn.events if isinstance(e, Request)]


@pytest.mark.parametrize("point", ["before_send", "after_send", "after_commit", "after_ack"])
def test_a_crash_in_a_thread_ends_all(point: Any) -> None:
    history = play(pooled, Crash(on=Trigger(op="place", nth=2), point=point, downtime=5))
    assert [(s.incarnation, s.resumed) for s in of(history, Started)] == [(0, False), (1, True)]
    (crash,) = of(history, Crashed)
    again = of(history, Started)[1]
    between = [event for event in history.events if crash.seq < event.seq < again.seq]
    assert not [event for event in between if isinstance(event, Request | Log)], "the dead do nothing"
    assert not of(history, NoReport)
    assert {order.client_id for order in of(history, OrderTruth)} >= {f"order-True-{n}" for n in range(6)}


def test_a_hang_names_the_threads_and_their_lines() -> None:
    def hanging(task: Task, venue: VenueAccess) -> Report:
        answers: queue.Queue[int] = queue.Queue()

        def worker() -> None:
            url = f"{venue.rest_url}/api/v3/ping"
            requests.get(url)
            answers.put(1)

        threading.Thread(target=worker, name="asker").start()
        answers.get()
        return EMPTY

    history = play(hanging, LostAnswer(on=Trigger(op="ping"), symptom="hang", committed=False))
    (event,) = of(history, NoReport)
    assert event.why == "deadlock"
    assert "Queue.get in thread MainThread" in event.detail
    assert "in hanging: answers.get()" in event.where
    assert "thread asker: recv on api.binance.com:443 at test_threaded_agents.py" in event.detail
    assert "in worker: requests.get(url)" in event.detail


def knotted(task: Task, venue: VenueAccess) -> Report:
    books, orders = threading.Lock(), threading.Lock()

    def take(first: threading.Lock, second: threading.Lock) -> None:
        with first:
            time.sleep(1)
            with second:
                pass

    threading.Thread(target=take, args=(books, orders), name="feed", daemon=True).start()
    threading.Thread(target=take, args=(orders, books), name="trader", daemon=True).start()
    time.sleep(10)
    return EMPTY


async def knotted_beside_a_loop(task: Task, venue: VenueAccess) -> Report:
    return await asyncio.to_thread(knotted, task, venue)


@pytest.mark.parametrize("agent", [knotted, knotted_beside_a_loop])
def test_threads_that_wait_for_each_other_are_a_finding_although_the_agent_reports(agent: Any) -> None:
    is_async = agent is knotted_beside_a_loop
    history = play(agent, is_async=is_async)
    assert of(history, Reported)
    (event,) = of(history, Deadlocked)
    assert [(one.thread, one.call) for one in event.waits] == [
        ("feed", "lock.acquire (held by thread trader)"),
        ("trader", "lock.acquire (held by thread feed)"),
    ]
    assert all(one.where.endswith("in take: with second:") for one in event.waits)
    again = History.from_jsonl(history.to_jsonl())
    assert again.events == history.events
    assert play(agent, is_async=is_async).hash() == history.hash()
    (finding,) = [one for one in judge_history(history, suites.load("core").properties) if one.id == "RCV-18"]
    assert (finding.verdict, finding.fingerprint) == ("fail", "RCV-18:threads-deadlocked")
    (case,) = finding.broken
    assert case.message.startswith(
        "threads wait for each other for ever: thread feed: lock.acquire (held by thread trader) at"
    )
    assert case.evidence == (event.seq,)
    assert any("THREADS WAIT FOR" in line for line in timeline.lines(history))


def test_a_daemon_that_waits_on_its_queue_is_no_finding() -> None:
    def idle(task: Task, venue: VenueAccess) -> Report:
        threading.Thread(target=queue.Queue[int]().get, daemon=True).start()
        time.sleep(1)
        return EMPTY

    assert not of(play(idle), Deadlocked)
