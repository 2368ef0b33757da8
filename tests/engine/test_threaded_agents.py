"""Agents with threads, through a whole run: the record, crashes, and what is said of those that hang."""

from __future__ import annotations

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

from outtrade.engine.determinism import first_difference
from outtrade.engine.run import run
from outtrade.model.fault import Crash, LostAnswer, Trigger
from outtrade.model.history import Crashed, History, Log, NoReport, OrderTruth, Reported, Request, Started
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Report, Task
from outtrade.targets import Target
from outtrade.targets.access import VenueAccess

EMPTY = Report(outcomes={}, orders=())


def play(agent: Any, *faults: Any, **changes: Any) -> History:
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
    return run(Target("test", "A", False, lambda: agent), scenario)


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
