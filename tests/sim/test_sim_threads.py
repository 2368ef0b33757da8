"""Threads in a World: every primitive hands the baton over, in virtual time, in the same order in every run."""

from __future__ import annotations

import _thread
import asyncio
import concurrent.futures
import contextvars
import gc
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from apps import EPOCH, HOST, OK, Log, Server, make

from outtrade.sim import NS, Budget, Deadlock, Killed, Late, Watchdog, World, active, locks

URL = f"https://{HOST}/x"
early_lock, early_rlock = threading.Lock(), threading.RLock()
early_condition, early_event, early_queue = threading.Condition(), threading.Event(), queue.Queue[Any]()


@pytest.fixture
def world() -> World:
    return make(watchdog=5)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Any:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before
    assert not active.OUTLAWS


def spawn(*functions: Callable[..., Any], **options: Any) -> list[threading.Thread]:
    threads = [threading.Thread(target=f, name=f.__name__, **options) for f in functions]
    for thread in threads:
        thread.start()
    return threads


def join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join()


def run(world: World, agent: Callable[[], Any]) -> Any:
    with world:
        return world.run_blocking(agent)


# -------------------------------------------------------------------- the clock and the order
def test_threads_sleep_side_by_side(world: World) -> None:
    order: list[tuple[str, float]] = []

    def sleeper(name: str, seconds: float) -> None:
        for _ in range(3):
            time.sleep(seconds)
            order.append((name, round((time.time() - EPOCH / NS) * 10) / 10))

    def agent() -> None:
        threads = [threading.Thread(target=sleeper, args=(n, s)) for n, s in (("a", 30), ("b", 20), ("c", 50))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
            assert not thread.is_alive()

    run(world, agent)
    expected = sorted(
        ((n, float(s * k)) for n, s in (("a", 30), ("b", 20), ("c", 50)) for k in (1, 2, 3)), key=lambda e: e[1]
    )
    assert [t for _, t in order] == [t for _, t in expected]
    assert order[2:4] == [("b", 40.0), ("c", 50.0)]
    assert 150 * NS <= world.run_ns < 150.1 * NS
    assert world.baton is None


def test_only_one_thread_runs_at_a_time(world: World) -> None:
    inside = [0]
    overlaps: list[int] = []

    def worker() -> None:
        for _ in range(20):
            inside[0] += 1
            sum(range(2000))
            overlaps.append(inside[0])
            inside[0] -= 1
            time.sleep(0.01)

    run(world, lambda: join(spawn(*[worker] * 5)))
    assert set(overlaps) == {1}


def order_behind_a_gate(world: World, count: int) -> list[int]:
    """The order in which threads go on that all wait for one event."""
    order: list[int] = []
    gate = threading.Event()

    def waiter(number: int) -> None:
        gate.wait()
        order.append(number)

    def agent() -> None:
        threads = [threading.Thread(target=waiter, args=(n,)) for n in range(count)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        gate.set()
        join(threads)

    run(world, agent)
    return order


def test_the_longest_waiting_thread_goes_first(world: World) -> None:
    assert order_behind_a_gate(world, 5) == [0, 1, 2, 3, 4]


def test_a_random_schedule_is_another_order_and_repeatable() -> None:
    def sample(seed: int) -> list[int]:
        return order_behind_a_gate(make(seed, schedule="random"), 8)

    assert sample(1) == sample(1)
    assert len({tuple(sample(seed)) for seed in range(4)}) == 4


def test_a_thread_that_reads_the_clock_lets_others_run(world: World) -> None:
    flag: list[int] = []

    def agent() -> float:
        threads = spawn(lambda: (time.sleep(5), flag.append(1)))
        while not flag:
            time.time()
        join(threads)
        return time.time() - EPOCH / NS

    assert 5 <= run(world, agent) < 5.1


@pytest.mark.parametrize("poll", ["is_set", "queue", "lock", "future"])
def test_a_thread_that_polls_without_waiting_lets_others_run(world: World, poll: str) -> None:
    event, things, lock = threading.Event(), queue.Queue[int](), threading.Lock()
    future: concurrent.futures.Future[int] = concurrent.futures.Future()

    def later() -> None:
        with lock:
            time.sleep(30)
        event.set()
        things.put(1)
        future.set_result(1)

    def agent() -> None:
        threads = spawn(later)
        over = {
            "is_set": event.is_set,
            "queue": lambda: not things.empty(),
            "lock": lambda: lock.acquire(False),
            "future": future.done,
        }[poll]
        while not over():
            pass
        join(threads)

    run(world, agent)
    assert 30 * NS <= world.run_ns < 40 * NS


def test_many_uncontended_locks_hardly_take_time(world: World) -> None:
    def agent() -> None:
        threads = spawn(lambda: time.sleep(1000))
        lock = threading.Lock()
        for _ in range(5_000):
            with lock:
                pass
        assert world.run_ns < NS // 10
        join(threads)

    run(world, agent)


def test_while_threads_wait_the_clock_jumps_only_when_none_can_run(world: World) -> None:
    seen: list[int] = []

    def busy() -> None:
        for _ in range(10):
            seen.append(world.run_ns // NS)
            time.sleep(0)

    def agent() -> None:
        threads = spawn(busy, lambda: time.sleep(100))
        join(threads)

    run(world, agent)
    assert seen == [0] * 10


# -------------------------------------------------------------------- primitives
def test_locks(world: World) -> None:
    for lock in (threading.Lock(), threading.RLock(), early_lock, early_rlock, _thread.allocate_lock()):
        log: list[Any] = []

        def holder(lock: Any = lock, log: list[Any] = log) -> None:
            with lock:
                log.append("held")
                time.sleep(10)
            log.append("free")

        def agent(lock: Any = lock, log: list[Any] = log) -> None:
            threads = spawn(holder)
            assert not lock.acquire(blocking=False)
            assert not lock.acquire(timeout=3)
            start = time.time()
            with lock:
                log.append("mine")
                assert 6.9 < time.time() - start < 7.1
            join(threads)

        with world:
            world.run_blocking(agent)
        assert log == ["held", "free", "mine"] or log == ["held", "mine", "free"]
        assert not (lock.locked() if hasattr(lock, "locked") else "unlocked" not in repr(lock))


def test_rlock_counts(world: World) -> None:
    lock = threading.RLock()

    def other() -> None:
        assert not lock.acquire(blocking=False)
        with lock, lock:
            pass

    def agent() -> None:
        with lock, lock:
            threads = spawn(other)
            time.sleep(1)
        join(threads)
        with pytest.raises(RuntimeError):
            lock.release()

    run(world, agent)


def test_arguments_of_locks_are_checked_as_ever(world: World) -> None:
    def agent() -> None:
        for lock in (threading.Lock(), threading.RLock()):
            for wrong in ({"blocking": False, "timeout": 1}, {"timeout": -2}, {"timeout": 1e30}):
                with lock, pytest.raises((ValueError, OverflowError)):
                    lock.acquire(**wrong)
                    raise ValueError  # an RLock that is free for its owner looks at nothing else first
        assert isinstance(threading.Lock(), type(early_lock))
        assert isinstance(threading.RLock(), type(early_rlock))

    run(world, agent)


def test_the_lock_of_an_early_condition(world: World) -> None:
    def holder() -> None:
        with early_condition:
            time.sleep(5)

    def agent() -> None:
        threads = spawn(holder)
        early_condition.acquire()
        early_condition.release()
        join(threads)

    run(world, agent)
    assert 5 * NS <= world.run_ns < 5.1 * NS


@pytest.mark.parametrize("early", [False, True])
def test_condition(world: World, early: bool) -> None:
    condition = early_condition if early else threading.Condition()
    seen: list[Any] = []

    def consumer() -> None:
        with condition:
            seen.append(condition.wait(timeout=5))
            seen.append(condition.wait_for(lambda: len(seen) > 2, timeout=100))

    def agent() -> None:
        threads = spawn(consumer)
        time.sleep(8)
        with condition:
            seen.append("ready")
            seen.append("now")
            condition.notify_all()
        join(threads)

    run(world, agent)
    assert seen == [False, "ready", "now", True]
    assert 8 * NS <= world.run_ns < 8.1 * NS


def test_events_semaphores_and_barriers(world: World) -> None:
    early_event.clear()
    gate, barrier = threading.Semaphore(2), threading.Barrier(3)
    times: list[float] = []

    def worker() -> None:
        assert early_event.wait(100)
        with gate:
            time.sleep(10)
            times.append(round(time.time() - EPOCH / NS))
        barrier.wait()
        assert barrier.n_waiting in (0, 1, 2)

    def agent() -> None:
        threads = spawn(worker, worker, worker)
        assert not early_event.wait(5)
        early_event.set()
        join(threads)

    run(world, agent)
    assert times == [15, 15, 25]
    with make() as other, pytest.raises(threading.BrokenBarrierError):
        other.run_blocking(lambda: threading.Barrier(2).wait(timeout=3))


@pytest.mark.parametrize("kind", [queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue])
def test_queues(world: World, kind: Any) -> None:
    things = kind()
    got: list[Any] = []

    def producer() -> None:
        for n in (3, 1, 2):
            time.sleep(n)
            things.put(n)

    def agent() -> None:
        threads = spawn(producer)
        with pytest.raises(queue.Empty):
            things.get(timeout=2)
        with pytest.raises(queue.Empty):
            things.get_nowait()
        got.extend(things.get(timeout=10) for _ in range(3))
        join(threads)

    run(world, agent)
    assert got == [3, 1, 2]
    assert 6 * NS <= world.run_ns < 6.1 * NS


def test_a_bounded_queue_holds_the_producer_back(world: World) -> None:
    things: queue.Queue[int] = queue.Queue(maxsize=1)

    def producer() -> None:
        for n in range(3):
            things.put(n)

    def agent() -> None:
        threads = spawn(producer)
        for n in range(3):
            time.sleep(10)
            assert things.get() == n
            things.task_done()
        things.join()
        join(threads)

    run(world, agent)


def test_join_with_a_timeout_and_is_alive(world: World) -> None:
    def agent() -> None:
        (thread,) = spawn(lambda: time.sleep(10))
        thread.join(timeout=4)
        assert thread.is_alive()
        assert thread in threading.enumerate()
        assert threading.active_count() >= 2
        thread.join()
        assert not thread.is_alive()
        thread.join()
        assert thread not in threading.enumerate()
        with pytest.raises(RuntimeError):
            thread.start()
        with pytest.raises(RuntimeError):
            threading.current_thread().join()

    run(world, agent)
    assert 10 * NS <= world.run_ns < 10.1 * NS


def test_timers(world: World) -> None:
    fired: list[float] = []

    def agent() -> None:
        first = threading.Timer(30, lambda: fired.append(time.time()))
        second = threading.Timer(20, lambda: fired.append(0))
        first.start()
        second.start()
        time.sleep(10)
        second.cancel()
        first.join()
        second.join()

    run(world, agent)
    assert fired == [pytest.approx(EPOCH / NS + 30, abs=0.01)]


def test_thread_locals_and_context_variables(world: World) -> None:
    local, variable = threading.local(), contextvars.ContextVar("v", default="none")
    seen: list[Any] = []

    def worker(n: int) -> None:
        local.value = n
        variable.set(str(n))
        time.sleep(1)
        seen.append((local.value, variable.get(), threading.current_thread().name, threading.get_ident()))

    def agent() -> None:
        join(
            [t for n in range(3) for t in [threading.Thread(target=worker, args=(n,))] if t.start() is None]  # type: ignore[func-returns-value]
        )
        assert not hasattr(local, "value")
        assert variable.get() == "none"

    run(world, agent)
    assert [s[:3] for s in seen] == [(n, str(n), f"Thread-{n + 1} (worker)") for n in range(3)]
    assert len({s[3] for s in seen}) == 3


def test_what_thread_locals_finalise_happens_before_anybody_goes_on(world: World) -> None:
    log: list[Any] = []

    class Noisy:
        def __del__(self) -> None:
            locks._real_sleep(0.05)  # whoever does not wait for the end of the thread is ahead by now
            log.append(("gone", active.current() is world, time.time() > 0))

    local = threading.local()

    def worker() -> None:
        local.value = Noisy()
        time.sleep(1)

    def agent() -> None:
        threads = spawn(worker)
        join(threads)
        log.append("joined")

    run(world, agent)
    assert log == [("gone", True, True), "joined"]


def test_low_level_threads(world: World) -> None:
    seen: list[Any] = []

    def worker(a: int, b: int = 0) -> None:
        time.sleep(1)
        seen.append((a, b, type(threading.current_thread()).__name__))
        _thread.exit()

    def agent() -> None:
        _thread.start_new_thread(worker, (1,), {"b": 2})
        assert _thread.start_new_thread(worker, (3,)) > 0
        time.sleep(5)

    run(world, agent)
    assert seen == [(1, 2, "_DummyThread"), (3, 0, "_DummyThread")]
    for ident, thread in list(threading._active.items()):  # type: ignore[attr-defined]
        if isinstance(thread, threading._DummyThread):
            del threading._active[ident]  # type: ignore[attr-defined]


def test_other_threads_may_release_a_lock(world: World) -> None:
    lock = threading.Lock()

    def agent() -> None:
        lock.acquire()
        threads = spawn(lambda: (time.sleep(2), lock.release()))
        lock.acquire()
        join(threads)

    run(world, agent)
    assert 2 * NS <= world.run_ns < 2.1 * NS


# -------------------------------------------------------------------- executors and loops
def get(path: str = "") -> bytes:
    return requests.get(URL + path, timeout=5).content


def test_executors(world: World) -> None:
    server = Server(world)

    def agent() -> list[bytes]:
        with concurrent.futures.ThreadPoolExecutor(3, "pool") as pool:
            futures = [pool.submit(get, str(n)) for n in range(6)]
            done, rest = concurrent.futures.wait(futures, timeout=0.025)
            assert (len(done), len(rest)) == (3, 3)
            with pytest.raises(TimeoutError):
                futures[5].result(timeout=0.001)
            answers = [f.result() for f in concurrent.futures.as_completed(futures)]
            assert list(pool.map(lambda n: n * n, range(4))) == [0, 1, 4, 9]
            with pytest.raises(ZeroDivisionError):
                pool.submit(lambda: 1 / 0).result()
            names = {pool.submit(lambda: threading.current_thread().name).result() for _ in range(3)}
            assert all(name.startswith("pool_") for name in names)
            return answers

    assert run(world, agent) == [OK] * 6
    opened = [entry for entry in server.transcript if entry[2] == "open"]
    assert len(opened) == 6
    assert opened[2][0] < 10_000_000, "three at once"
    assert 40_000_000 <= world.run_ns < 60_000_000


def test_an_executor_that_is_never_shut_down_ends_with_the_agent(world: World) -> None:
    kept: list[Any] = []

    def agent() -> int:
        pool = concurrent.futures.ThreadPoolExecutor(2)
        kept.append(pool)
        pool.submit(time.sleep, 1000)
        return int(pool.submit(lambda: 5).result())

    assert run(world, agent) == 5
    assert world.run_ns < NS


def test_thread_pools_of_multiprocessing(world: World) -> None:
    from multiprocessing.pool import ThreadPool

    def agent() -> list[int]:
        with ThreadPool(3) as pool:
            assert pool.apply_async(lambda: 5).get(timeout=10) == 5
            return pool.map(lambda n: (time.sleep(n), n)[1], range(6))  # type: ignore[func-returns-value]

    assert run(world, agent) == [0, 1, 2, 3, 4, 5]
    assert 7 * NS <= world.run_ns < 8 * NS
    outside = ThreadPool(2)
    assert outside.map(abs, [-1]) == [1], "there it is the real one"
    outside.close()
    outside.join()


def test_a_loop_in_a_thread(world: World) -> None:
    Server(world)

    async def answer(n: int) -> int:
        await asyncio.sleep(n)
        return n

    def agent() -> None:
        loop = asyncio.new_event_loop()
        loop.set_debug(True)  # asyncio looks then who calls what from which thread
        thread = threading.Thread(target=loop.run_forever, name="loop")
        thread.start()
        future = asyncio.run_coroutine_threadsafe(answer(50), loop)
        assert future.result(timeout=60) == 50
        with pytest.raises(TimeoutError):
            asyncio.run_coroutine_threadsafe(answer(50), loop).result(timeout=1)
        seen: list[str] = []
        loop.call_soon_threadsafe(lambda: seen.append(threading.current_thread().name))
        time.sleep(1)
        assert seen == ["loop"]
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    run(world, agent)
    assert 52 * NS <= world.run_ns < 53 * NS


def test_two_loops_in_two_threads(world: World) -> None:
    Server(world)
    import aiohttp

    async def ask(name: str) -> str:
        async with aiohttp.ClientSession() as session:
            for _ in range(3):
                await (await session.get(URL)).read()
                await asyncio.sleep(1)
        return name

    results: list[str] = []

    def agent() -> None:
        join(spawn(*[lambda n=n: results.append(asyncio.run(ask(n))) for n in ("a", "b")]))  # type: ignore[misc]

    run(world, agent)
    assert results == ["a", "b"]
    assert 3 * NS <= world.run_ns < 3.2 * NS


def test_work_of_a_loop_in_threads_goes_on_side_by_side(world: World) -> None:
    Server(world)
    ticks: list[int] = []

    async def ticker() -> None:
        while True:
            await asyncio.sleep(1)
            ticks.append(1)

    async def agent() -> list[Any]:
        background = asyncio.create_task(ticker())
        loop = asyncio.get_running_loop()
        work = [asyncio.to_thread(time.sleep, 10), loop.run_in_executor(None, get), asyncio.to_thread(time.sleep, 9.5)]
        found = await asyncio.gather(*work)
        background.cancel()
        return found

    with world:
        assert world.run_async(agent) == [None, OK, None]
    assert len(ticks) in (9, 10)
    assert 10 * NS <= world.run_ns < 10.1 * NS


# -------------------------------------------------------------------- errors and ends
def test_an_error_in_a_thread_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hooked: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: hooked.append((args.exc_type, args.thread.name)))

    class Failures(Log):
        def thread_failed(self, name: str, error: BaseException) -> None:
            self.events.append((name, repr(error)))

    log = world.observer = Failures()

    def broken() -> None:
        raise KeyError("oops")

    run(world, lambda: join(spawn(broken)))
    assert hooked == [(KeyError, "broken")]
    assert isinstance(log, Failures)
    assert log.events == [("broken", "KeyError('oops')")]


def test_threads_end_when_the_agent_returns(world: World) -> None:
    server = Server(world)
    leaks: list[str] = []

    def daemon() -> None:
        session = requests.Session()
        try:
            while True:
                session.get(URL, timeout=5)
                time.sleep(1)
        finally:
            try:
                session.get(URL, timeout=5)
                leaks.append("request")
            except Killed:
                pass

    def agent() -> str:
        spawn(daemon, daemon=True)
        spawn(daemon)
        time.sleep(3.5)
        return "report"

    with world:
        assert world.run_blocking(agent) == "report"
        sent = len([entry for entry in server.transcript if entry[2] == "data"])
        assert sent == 8
        assert world.run_blocking(get) == OK
        world.run_until(world.now + 10 * NS)
    assert leaks == []
    ends = [entry[1] for entry in server.transcript if entry[2] == "eof"]
    assert sorted(ends) == [0, 1, 2], "as at the end of a process, FIN is sent"


def test_a_kill_ends_all_threads(world: World) -> None:
    server = Server(world, lambda conn, request: None)
    leaks: list[str] = []
    order: list[str] = []

    def last_words(name: str) -> None:
        order.append(name)
        attempts: list[Callable[[], Any]] = [time.time, lambda: time.sleep(1), get, lambda: spawn(print)]
        attempts += [lambda: queue.SimpleQueue[int]().get(), lambda: threading.Event().wait(1)]
        for attempt in attempts:
            try:
                attempt()
            except Killed:
                continue
            leaks.append(name)

    def victim(name: str, wait: Callable[[], Any]) -> None:
        try:
            wait()
        except Exception:
            leaks.append(f"{name} went on")
        finally:
            last_words(name)

    def agent() -> None:
        waits: dict[str, Callable[[], Any]] = {
            "asleep": lambda: time.sleep(1000),
            "reading": lambda: requests.get(URL, timeout=None),
            "queue": lambda: queue.Queue[int]().get(),
            "simple": lambda: queue.SimpleQueue[int]().get(),
            "event": lambda: threading.Event().wait(),
            "loop": lambda: asyncio.run(asyncio.sleep(1000)),
            "pool": lambda: concurrent.futures.ThreadPoolExecutor(1).submit(time.sleep, 1000).result(),
        }
        threads = [threading.Thread(target=victim, args=item, name=item[0]) for item in waits.items()]
        for thread in threads:
            thread.start()
        victim("main", lambda: join(threads))

    world.call_later(3, world.kill)
    with world:
        with pytest.raises(Killed):
            world.run_blocking(agent)
        assert leaks == []
        assert sorted(order) == sorted(["main", "asleep", "reading", "queue", "simple", "event", "loop", "pool"])
        assert world.run_ns == 3 * NS, "the dead move no clock"
        assert threading.active_count() == len([t for t in threading.enumerate() if not t.name.startswith("Thread")])
        world.revive()
        server.answer = server.canned
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            assert list(pool.map(get, ["1", "2"])) == [OK, OK]
    assert leaks == []
    assert [entry[2] for entry in server.transcript].count("reset") == 1


def test_what_a_loop_in_a_thread_leaves_behind_is_not_complained_about(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def background() -> None:
        await asyncio.gather(asyncio.sleep(100), asyncio.sleep(200))

    def agent() -> None:
        loop = asyncio.new_event_loop()
        spawn(loop.run_forever, lambda: [time.sleep(1) for _ in range(100)])
        asyncio.run_coroutine_threadsafe(background(), loop)
        threading.Event().wait(50 if world.incarnation else 10)  # killed by the event of a sleeper, this thread is last

    world.call_later(5, world.kill)
    with world:
        with pytest.raises(Killed):
            world.run_blocking(agent)
        world.revive()
        world.run_blocking(agent)
    gc.collect()
    assert caplog.text == ""


def test_a_thread_killed_before_its_first_step_runs_nothing(world: World) -> None:
    ran: list[int] = []

    def agent() -> None:
        thread = threading.Thread(target=lambda: ran.append(1))
        world.kill()
        thread.start()

    with world, pytest.raises(Killed):
        world.run_blocking(agent)
    assert ran == []


def test_a_thread_killed_between_its_start_and_its_first_step_runs_nothing(world: World) -> None:
    ran: list[int] = []
    event = threading.Event()

    def killer() -> None:
        event.wait()
        world.kill()

    def agent() -> None:
        spawn(killer)
        event.set()
        spawn(lambda: ran.append(1))  # the killer has waited longer

    with world, pytest.raises(Killed):
        world.run_blocking(agent)
    assert ran == []


def test_the_dead_take_nothing_from_a_queue(world: World) -> None:
    things, taken = queue.SimpleQueue[int](), []
    things.put(1)

    def agent() -> None:
        world.kill()
        taken.append(things.get())

    with world, pytest.raises(Killed):
        world.run_blocking(agent)
    assert taken == []


def test_events_of_an_instant_come_before_its_deadlines(world: World) -> None:
    order: list[str] = []

    def sleeper() -> None:
        time.sleep(5 - (world.now - EPOCH) / NS)
        order.append("thread")

    def agent() -> None:
        threads = spawn(sleeper)
        for name in ("first", "second"):
            world.call_at(EPOCH + 5 * NS, order.append, name)
        time.sleep(6)
        join(threads)

    run(world, agent)
    assert order == ["first", "second", "thread"]


def test_work_of_the_default_executor_is_waited_for_at_the_end(world: World) -> None:
    done: list[int] = []

    async def agent() -> None:
        asyncio.get_running_loop().run_in_executor(None, lambda: (time.sleep(5), done.append(1)))
        await asyncio.sleep(1)

    with world:
        world.run_async(agent)
    assert done == [1], "as asyncio.run does"


def test_a_kill_by_a_request_of_a_thread(world: World) -> None:
    server = Server(world, lambda conn, request: world.kill())

    def agent() -> None:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pool.submit(get).result()

    with world:
        with pytest.raises(Killed):
            world.run_blocking(agent)
        world.revive()
        world.run_until(world.now + NS)
    assert [entry[2] for entry in server.transcript] == ["open", "data", "reset"]


def test_a_thread_that_will_not_end_is_left_behind_and_named(world: World) -> None:
    log = world.observer = Log()
    alive = [True]

    def stubborn() -> None:
        while alive[0]:
            try:
                time.sleep(10)
            except BaseException:
                continue

    def agent() -> None:
        spawn(stubborn, daemon=True)
        time.sleep(1)

    run(world, agent)
    assert world.lost == ["stubborn"]
    assert isinstance(log, Log)
    assert ("escaped", "thread stubborn did not end with the agent") in log.events
    active.OUTLAWS.clear()
    for ident, thread in list(threading._active.items()):  # type: ignore[attr-defined]
        if thread.name == "stubborn":
            del threading._active[ident]  # type: ignore[attr-defined]


def test_the_watchdog_ends_a_thread_that_spins() -> None:
    world = make(watchdog=0.2)

    def spinner() -> None:
        while True:
            pass

    with world, pytest.raises(Watchdog) as caught:
        world.run_blocking(lambda: join(spawn(spinner)))
    assert "in spinner" in caught.value.where
    assert caught.value.thread == "spinner"
    assert world.lost == []


def test_the_watchdog_goes_on_without_a_thread_that_ignores_it() -> None:
    world = make(watchdog=0.2)
    alive = [True]
    tried: list[Any] = []

    def spin() -> None:
        while alive[0]:
            pass

    def spinner() -> None:
        while alive[0]:
            try:
                spin()
            except BaseException:
                continue
        try:
            tried.append(time.time())
        except BaseException as error:
            tried.append(type(error))

    with world, pytest.raises(Watchdog):
        world.run_blocking(lambda: join(spawn(spinner, daemon=True)))
    assert world.lost == ["spinner"]
    (thread,) = [t for t in threading.enumerate() if t.name == "spinner"]
    alive[0] = False
    thread.join(5)
    assert tried == [Killed], "it has no way out of its World, nor into another"


# -------------------------------------------------------------------- deadlocks
def test_a_deadlock_names_every_thread_with_its_call_and_line(world: World) -> None:
    first, second = threading.Lock(), threading.Lock()

    def one() -> None:
        with first:
            time.sleep(1)
            second.acquire()

    def two() -> None:
        with second:
            time.sleep(1)
            first.acquire()

    def feed() -> None:
        queue.Queue[int]().get()

    def agent() -> None:
        join(spawn(one, two, feed))

    with world, pytest.raises(Deadlock) as caught:
        world.run_blocking(agent)
    error = caught.value
    assert (error.waiting, error.thread) == ("Thread.join", "MainThread")
    assert "in join: thread.join()" in error.where
    assert [line.partition(" at ")[0] for line in error.others] == [
        "thread one: lock.acquire (held by thread two)",
        "thread two: lock.acquire (held by thread one)",
        "thread feed: Queue.get",
    ]
    assert "in one: second.acquire()" in error.others[0]
    assert "test_sim_threads.py" in str(error)
    assert world.run_ns < 2 * NS


@pytest.mark.parametrize(
    "wait, name",
    [
        (lambda: threading.Event().wait(), "Event.wait"),
        (lambda: threading.Semaphore(0).acquire(), "Semaphore.acquire"),
        (lambda: concurrent.futures.Future[int]().result(), "Future.result"),
        (lambda: queue.SimpleQueue[int]().get(), "SimpleQueue.get"),
        (lambda: threading.Barrier(2).wait(), "Barrier.wait"),
    ],
)
def test_the_call_that_waits_for_ever(world: World, wait: Callable[[], Any], name: str) -> None:
    with world, pytest.raises(Deadlock) as caught:
        world.run_blocking(wait)
    assert caught.value.waiting == name
    assert caught.value.thread == ""


def test_deadlock_with_a_loop_in_a_thread(world: World) -> None:
    async def idle() -> None:
        await asyncio.get_running_loop().create_future()

    with world, pytest.raises(Deadlock) as caught:
        world.run_blocking(lambda: join(spawn(lambda: asyncio.run(idle()))))
    assert any("asyncio loop idle at test_sim_threads.py" in line for line in caught.value.others)


def test_a_hang_at_the_end_of_the_run_names_all(world: World) -> None:
    world.hard_limit_ns = EPOCH + 100 * NS

    def heartbeat() -> None:
        while True:
            time.sleep(20)

    def agent() -> None:
        spawn(heartbeat, daemon=True)
        queue.Queue[int]().get()

    with world, pytest.raises(Late) as caught:
        world.run_blocking(agent)
    assert caught.value.waiting == "Queue.get"
    assert caught.value.others[0].startswith("thread heartbeat: sleep(20) at test_sim_threads.py")
    assert world.run_ns == 100 * NS


def test_a_deadlock_of_idle_workers_names_what_they_wait_for(world: World) -> None:
    def agent() -> None:
        pool = concurrent.futures.ThreadPoolExecutor(1)
        pool.submit(int).result()
        concurrent.futures.Future[int]().result()

    with world, pytest.raises(Deadlock) as caught:
        world.run_blocking(agent)
    assert caught.value.waiting == "Future.result"
    assert caught.value.others == ("thread ThreadPoolExecutor-0_0: SimpleQueue.get",)


def test_threads_that_go_round_in_circles_spend_the_budget() -> None:
    world = make(max_events=2000)
    there, back = queue.SimpleQueue[int](), queue.SimpleQueue[int]()

    def ping() -> None:
        while True:
            there.put(back.get())

    def agent() -> None:
        spawn(ping)
        while True:
            back.put(1)
            there.get()

    with world, pytest.raises(Budget) as caught:
        world.run_blocking(agent)
    assert "SimpleQueue.get in thread" in str(caught.value)
    assert "back.get()" in str(caught.value) and "there.get()" in str(caught.value)
    assert world.run_ns == 0


def test_polling_for_ever_is_late(world: World) -> None:
    world.hard_limit_ns = EPOCH + 100 * NS
    event = threading.Event()

    def agent() -> None:
        spawn(event.wait)
        while not event.is_set():
            pass

    with world, pytest.raises((Late, Deadlock)) as caught:
        world.run_blocking(agent)
    assert "a loop that polls" in str(caught.value)


# -------------------------------------------------------------------- locks of the process, foreign threads
def test_logging_by_many_threads(world: World, caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("agent")

    class Slow(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            time.sleep(1)

    handler = Slow()
    log.addHandler(handler)

    def worker() -> None:
        for n in range(3):
            log.warning("line %d", n)

    try:
        run(world, lambda: join(spawn(worker, worker, worker)))
    finally:
        log.removeHandler(handler)
    assert 9 * NS <= world.run_ns < 9.1 * NS
    assert len(caplog.records) == 9


def test_one_session_for_many_threads(world: World) -> None:
    server = Server(world)

    def agent() -> list[int]:
        with requests.Session() as session, concurrent.futures.ThreadPoolExecutor(8) as pool:
            return [r.status_code for r in pool.map(lambda n: session.get(f"{URL}{n}", timeout=5), range(40))]

    assert run(world, agent) == [200] * 40
    assert 8 <= [e[2] for e in server.transcript].count("open") < 40


def test_a_foreign_thread_holds_a_lock(world: World) -> None:
    held, lock = threading.Event(), threading.Lock()
    started = threading.Event()

    def foreign() -> None:
        started.wait()
        with lock:
            held.set()
            locks._real_sleep(0.2)

    thread = threading.Thread(target=foreign)
    thread.start()

    def agent() -> None:
        started.set()
        held.wait()
        threads = spawn(lambda: time.sleep(100))
        with lock:
            assert world.run_ns < NS, "the World stood still meanwhile"
        join(threads)

    run(world, agent)
    thread.join()


def test_a_foreign_thread_gets_nothing_of_the_world(world: World) -> None:
    started, times = threading.Event(), []

    def foreign() -> None:
        started.wait()
        times.append(time.time())

    thread = threading.Thread(target=foreign)
    thread.start()

    def agent() -> None:
        join(spawn(lambda: time.sleep(1)))
        started.set()
        thread.join()
        times.append(time.time())

    run(world, agent)
    assert times[0] != pytest.approx(times[1], abs=60)


def test_an_interrupt_of_the_main_thread_waits_for_its_turn(world: World) -> None:
    import signal

    def interrupt() -> None:
        time.sleep(1)
        signal.raise_signal(signal.SIGINT)
        time.sleep(1)

    def agent() -> None:
        join(spawn(interrupt))

    usual = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what is in the background without
    try:
        with world, pytest.raises(KeyboardInterrupt):
            world.run_blocking(agent)
    finally:
        signal.signal(signal.SIGINT, usual)
    assert world.run_ns < 2.5 * NS


def test_numbers_of_hashes_do_not_touch_threads_outside() -> None:
    with make():
        inside = threading.Thread()
        assert hash(inside) != object.__hash__(inside)
    assert hash(threading.main_thread()) == object.__hash__(threading.main_thread())
