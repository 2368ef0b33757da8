"""Threads that wait for each other are told of when the agent has returned; threads that merely wait are not."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from outtrade.sim import NS, World

Waits = list[tuple[str, str, str]]


def told(agent: Callable[[], Any], **settings: Any) -> Waits:
    """What the World tells of the threads of an agent that returns."""
    waits: Waits = []

    class Listening:
        def deadlocked(self, found: Waits) -> None:
            waits.extend(found)

    world = World(epoch_ns=1_767_225_600 * NS, **settings)
    world.observer = Listening()
    with world:
        world.run_blocking(agent)
        assert world.baton is None, "the threads have ended"
    return waits


def start(name: str, run: Callable[[], Any], daemon: bool = True) -> threading.Thread:
    thread = threading.Thread(target=run, name=name, daemon=daemon)
    thread.start()
    return thread


def crossed(kind: Callable[[], Any], extra: bool = False) -> Callable[[], None]:
    """Two threads that take two locks in opposite order, and one more that needs the first."""

    def agent() -> None:
        books, orders = kind(), kind()

        def one(first: Any, second: Any) -> None:
            with first:
                time.sleep(1)
                with second:
                    pass

        start("feed", lambda: one(books, orders))
        start("trader", lambda: one(orders, books))
        if extra:
            start("third", lambda: (time.sleep(2), books.acquire()))
        time.sleep(10)

    return agent


@pytest.mark.parametrize("kind", [threading.Lock, threading.RLock, threading.Condition])
@pytest.mark.parametrize("schedule", ["fifo", "random"])
def test_locks_taken_in_opposite_order(kind: Any, schedule: Any) -> None:
    waits = told(crossed(kind), schedule=schedule)
    call = "Condition.__enter__" if kind is threading.Condition else "lock.acquire"
    assert [(name, call) for name, call, _ in waits] == [
        ("feed", f"{call} (held by thread trader)"),
        ("trader", f"{call} (held by thread feed)"),
    ]
    assert all(line.startswith("test_knots.py:") and line.endswith(" in one: with second:") for _, _, line in waits)


def test_who_waits_behind_a_knot_is_told_of_as_well() -> None:
    assert [name for name, _, _ in told(crossed(threading.Lock, extra=True))] == ["feed", "trader", "third"]


def test_a_thread_that_joins_one_that_needs_its_lock() -> None:
    def agent() -> None:
        lock = threading.Lock()

        def worker() -> None:
            time.sleep(1)
            with lock:
                pass

        def boss() -> None:
            with lock:
                start("worker", worker).join()

        start("boss", boss)
        time.sleep(10)

    waits = told(agent)
    assert [(name, call) for name, call, _ in waits] == [
        ("boss", "Thread.join"),
        ("worker", "lock.acquire (held by thread boss)"),
    ]


def test_two_that_join_each_other() -> None:
    def agent() -> None:
        pair: list[threading.Thread] = []

        def join(other: int) -> None:
            time.sleep(1)
            pair[other].join()

        pair += [start("a", lambda: join(1)), start("b", lambda: join(0))]
        time.sleep(10)

    assert [(name, call) for name, call, _ in told(agent)] == [("a", "Thread.join"), ("b", "Thread.join")]


def queue_for_ever() -> None:
    work: queue.Queue[int] = queue.Queue()
    start("idle", work.get)
    start("event", threading.Event().wait)
    time.sleep(1)


def simple_queue_and_pool() -> None:
    start("idle", queue.SimpleQueue[int]().get)
    pool = ThreadPoolExecutor(2)
    pool.submit(time.sleep, 1).result()


def waits_for_one_that_sleeps() -> None:
    lock = threading.Lock()
    start("holder", lambda: (lock.acquire(), time.sleep(1000)))
    start("waiter", lambda: (time.sleep(1), lock.acquire()))
    time.sleep(10)


def held_by_the_agent_itself() -> None:
    lock = threading.Lock()
    lock.acquire()
    start("waiter", lock.acquire)
    time.sleep(1)


def a_lock_as_a_signal() -> None:
    gate = threading.Lock()
    start("waiter", lambda: (gate.acquire(), gate.acquire()))
    time.sleep(1)


def holder_is_gone() -> None:
    lock = threading.Lock()
    start("holder", lock.acquire)
    start("waiter", lambda: (time.sleep(1), lock.acquire()))
    time.sleep(10)


def gives_up() -> None:
    one, two = threading.Lock(), threading.Lock()

    def take(first: threading.Lock, second: threading.Lock) -> None:
        with first:
            time.sleep(1)
            while not second.acquire(timeout=5):
                pass

    start("a", lambda: take(one, two))
    start("b", lambda: take(two, one))
    time.sleep(12)


def notified_in_turn() -> None:
    condition = threading.Condition()

    def wait() -> None:
        with condition:
            condition.wait()

    for name in "ab":
        start(name, wait)
    time.sleep(1)


HARMLESS = (
    queue_for_ever, simple_queue_and_pool, waits_for_one_that_sleeps, held_by_the_agent_itself, a_lock_as_a_signal,
    holder_is_gone, gives_up, notified_in_turn,
)  # fmt: skip


@pytest.mark.parametrize("agent", HARMLESS, ids=lambda agent: agent.__name__)
def test_a_thread_that_merely_waits_is_nothing_to_tell(agent: Callable[[], None]) -> None:
    assert told(agent) == []


def test_an_agent_that_is_killed_has_no_threads_to_tell_of() -> None:
    from outtrade.sim import Killed

    waits: Waits = []

    class Listening:
        def deadlocked(self, found: Waits) -> None:
            waits.extend(found)

    world = World(epoch_ns=1_767_225_600 * NS)
    world.observer = Listening()
    with world:
        world.call_later(5, world.kill)
        with pytest.raises(Killed):
            world.run_blocking(crossed(threading.Lock))
    assert waits == []
