"""How agent code is ended: deadlock, lateness, budget, watchdog, and kills in every state, then life after them."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import time
from typing import Any

import aiohttp
import httpx
import pytest
import requests
from apps import EPOCH, HOST, OK, Log, Server, http, make

from outtrade.sim import NS, Budget, Conn, ConnectPlan, Deadlock, HarnessError, Killed, Late, Watchdog, World

URL = f"https://{HOST}/x"


def silent(conn: Conn, request: bytes) -> None:
    """Never answers."""


# -------------------------------------------------------------------- waits that can't end
def test_deadlock_names_the_call_and_the_line() -> None:
    world = make()
    Server(world, silent)

    def agent() -> None:
        requests.get(URL)

    with world, pytest.raises(Deadlock) as caught:
        world.run_blocking(agent)
    assert caught.value.waiting == f"recv on {HOST}:443"
    assert caught.value.where.startswith("test_stops.py:")
    assert "requests.get(URL)" in caught.value.where
    assert "in agent" in caught.value.where
    assert world.run_ns < NS


def test_deadlock_of_a_loop_names_the_task_that_waits() -> None:
    world = make()

    async def agent() -> None:
        await asyncio.get_running_loop().create_future()

    with world, pytest.raises(Deadlock) as caught:
        world.run_async(agent)
    assert caught.value.waiting == "asyncio loop idle"
    assert "create_future()" in caught.value.where


def test_market_flow_does_not_end_a_wait() -> None:
    world = make()
    Server(world, silent)

    def flow() -> None:
        world.call_later(1, flow, background=True)

    flow()
    with world, pytest.raises(Deadlock):
        world.run_blocking(lambda: requests.get(URL))
    assert world.run_ns < NS


def test_while_the_venue_may_push_a_wait_goes_on_to_the_hard_limit() -> None:
    world = make()
    Server(world, silent)
    world.net.pushing = 1
    world.hard_limit_ns = EPOCH + 100 * NS

    def flow() -> None:
        world.call_later(1, flow, background=True)

    flow()
    with world, pytest.raises(Deadlock) as caught:
        world.run_blocking(lambda: requests.get(URL))
    assert world.run_ns == 100 * NS
    assert caught.value.at == 100.0


def test_a_wait_with_a_deadline_past_the_limit_is_late() -> None:
    world = make()
    world.hard_limit_ns = EPOCH + 100 * NS

    def agent() -> None:
        time.sleep(60)
        time.sleep(60)

    with world, pytest.raises(Late) as caught:
        world.run_blocking(agent)
    assert caught.value.waiting == "sleep(60)"
    assert world.run_ns == 100 * NS


def test_an_async_sleep_past_the_limit_is_late() -> None:
    world = make()
    world.hard_limit_ns = EPOCH + 100 * NS

    async def agent() -> None:
        await asyncio.sleep(3600)

    with world, pytest.raises(Late) as caught:
        world.run_async(agent)
    assert "asyncio.sleep(3600)" in caught.value.where


def test_a_busy_wait_ends() -> None:
    world = make()

    def agent() -> None:
        end = time.monotonic() + 0.01
        while time.monotonic() < end:
            pass

    with world:
        world.run_blocking(agent)
    assert 10_000_000 <= world.run_ns < 11_000_000


def test_a_busy_wait_past_the_limit_is_late() -> None:
    world = make()
    world.hard_limit_ns = EPOCH + NS // 100

    def agent() -> None:
        while True:
            time.time()

    with world, pytest.raises(Late) as caught:
        world.run_blocking(agent)
    assert "time.time()" in caught.value.where


@pytest.mark.parametrize("asynchronous", [False, True])
def test_event_budget(asynchronous: bool) -> None:
    world = make(max_events=1000)

    def agent() -> None:
        while True:
            time.sleep(0)

    async def agent_async() -> None:
        while True:
            await asyncio.sleep(0)

    with world, pytest.raises(Budget):
        world.run_async(agent_async) if asynchronous else world.run_blocking(agent)


def test_watchdog_ends_a_spin() -> None:
    world = make(watchdog=0.2)

    def agent() -> None:
        while True:
            pass

    with world, pytest.raises(Watchdog) as caught:
        world.run_blocking(agent)
    assert "in agent" in caught.value.where
    assert world.run_ns == 0


def test_a_lock_that_nobody_will_release_is_a_deadlock() -> None:
    import _thread

    world = make()
    lock = _thread.allocate_lock()
    lock.acquire()
    with world, pytest.raises(Deadlock) as caught:
        world.run_blocking(lambda: lock.acquire())
    assert caught.value.waiting == "lock.acquire"
    assert "lock.acquire()" in caught.value.where


def test_waiting_for_an_event_that_no_thread_can_set() -> None:
    import threading

    world = make()
    with world:
        assert world.run_blocking(lambda: threading.Event().wait(5)) is False
        assert 5 * NS <= world.run_ns < 5.1 * NS
        with pytest.raises(Deadlock):
            world.run_blocking(lambda: threading.Event().wait())


def test_an_error_of_the_harness_is_never_the_agents() -> None:
    def broken(conn: Conn, request: bytes) -> None:
        raise KeyError("oops")

    world = make()
    Server(world, broken)

    def agent() -> None:
        try:
            requests.get(URL, timeout=5)
        except Exception:
            return

    with world, pytest.raises(HarnessError, match="KeyError: 'oops'") as caught:
        world.run_blocking(agent)
    assert isinstance(caught.value.__cause__, KeyError)


def test_an_agent_cannot_swallow_its_end() -> None:
    world = make()
    Server(world, silent)

    def agent() -> str:
        try:
            requests.get(URL)
        except BaseException:
            return "survived"
        return "answered"

    with world, pytest.raises(Deadlock):
        world.run_blocking(agent)


# -------------------------------------------------------------------- kills
class Victim:
    """An agent whose ``finally`` tries everything that must not work any more."""

    def __init__(self) -> None:
        self.leaks: list[str] = []

    def last_words(self) -> None:
        for name, attempt in {
            "time": time.time,
            "sleep": lambda: time.sleep(1),
            "http": lambda: requests.get(URL, timeout=1),
            "entropy": lambda: os.urandom(1),
            "loop": asyncio.new_event_loop,
        }.items():
            try:
                attempt()
            except Killed:
                continue
            except BaseException as error:
                self.leaks.append(f"{name}: {error!r}")
            else:
                self.leaks.append(name)

    def asleep(self) -> None:
        try:
            time.sleep(100)
        finally:
            self.last_words()

    def reading(self) -> None:
        session = requests.Session()
        try:
            session.get(URL, timeout=100)
        finally:
            self.last_words()
            session.post(URL, data=b"leak")

    async def async_asleep(self) -> None:
        try:
            await asyncio.sleep(100)
        finally:
            self.last_words()
            await asyncio.sleep(1)

    async def async_reading(self) -> None:
        async with aiohttp.ClientSession() as session:
            try:
                await session.get(URL)
            finally:
                self.last_words()
                await session.post(URL, data=b"leak")

    async def async_tasks(self) -> None:
        async def child() -> None:
            async with httpx.AsyncClient(timeout=None) as client:
                try:
                    await client.get(URL)
                finally:
                    self.last_words()
                    await client.post(URL, content=b"leak")

        async def generator() -> Any:
            try:
                yield 1
                await asyncio.sleep(100)
            finally:
                self.last_words()
                requests.post(URL, data=b"leak", timeout=1)

        async def consume() -> None:
            async for _ in generator():
                await asyncio.sleep(100)

        await asyncio.gather(child(), child(), consume())

    def nested_loop(self) -> None:
        try:
            asyncio.run(self.async_tasks())
        finally:
            self.last_words()


def execute(world: World, method: Any) -> Any:
    return world.run_async(method) if asyncio.iscoroutinefunction(method) else world.run_blocking(method)


STATES = ["asleep", "reading", "async_asleep", "async_reading", "async_tasks", "nested_loop"]


def check_after_kill(world: World, server: Server, victim: Victim, killed_at: int) -> None:
    assert victim.leaks == []
    assert world.run_ns == killed_at, "the dead move no clock"
    assert not any(b"leak" in entry[3] for entry in server.transcript)
    world.revive()
    world.run_until(world.now + NS)
    opened = [entry[1] for entry in server.transcript if entry[2] == "open"]
    resets = [entry[1] for entry in server.transcript if entry[2] == "reset"]
    assert resets == opened, "every connection was reset, in order"
    assert not any(b"leak" in entry[3] for entry in server.transcript)
    server.answer = server.canned
    assert world.run_blocking(lambda: requests.get(URL, timeout=5).content) == OK

    async def again() -> bytes:
        async with httpx.AsyncClient() as client:
            return (await client.get(URL)).content

    assert world.run_async(again) == OK


@pytest.mark.parametrize("state", STATES)
def test_killed_by_a_timer_while_waiting(state: str) -> None:
    world = make()
    server = Server(world, silent)
    victim = Victim()
    world.call_later(3, world.kill)
    with world:
        with pytest.raises(Killed):
            execute(world, getattr(victim, state))
        check_after_kill(world, server, victim, 3 * NS)


@pytest.mark.parametrize("state", ["reading", "async_reading", "async_tasks", "nested_loop"])
def test_killed_while_sending(state: str) -> None:
    world = make()
    killed_at: list[int] = []

    def kill(conn: Conn, request: bytes) -> None:
        conn.send(http())
        world.kill()
        killed_at.append(world.run_ns)

    server = Server(world, kill)
    victim = Victim()
    with world:
        with pytest.raises(Killed):
            execute(world, getattr(victim, state))
        check_after_kill(world, server, victim, killed_at[0])


def test_ready_callbacks_do_not_run_after_a_kill() -> None:
    world = make()
    ran: list[str] = []

    async def agent() -> None:
        async def child(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            ran.append(name)
            if name == "first":
                world.kill()

        await asyncio.gather(child("first", 1), child("second", 1))

    with world, pytest.raises(Killed):
        world.run_async(agent)
    assert ran == ["first"]


def test_old_sockets_and_loops_stay_dead_after_revive() -> None:
    import socket

    world = make()
    server = Server(world)
    kept: list[Any] = []

    def agent() -> None:
        kept.append(socket.create_connection((HOST, 443)))
        kept.append(asyncio.new_event_loop())
        world.kill()

    with world:
        with pytest.raises(Killed):
            world.run_blocking(agent)
        world.revive()
        sock, loop = kept
        with pytest.raises(Killed):
            sock.send(b"x")
        with pytest.raises(Killed):
            loop.run_until_complete(loop.create_future())
        sock.close()
        loop.close()
        world.run_until(world.now)
    assert [entry[2] for entry in server.transcript] == ["open", "reset"]


def test_a_connect_under_way_dies_with_the_agent() -> None:
    world = make()
    server = Server(world)
    world.net.on_connect = lambda host, port: ConnectPlan(delay=5)
    world.call_later(1, world.kill)
    with world:
        with pytest.raises(Killed):
            world.run_blocking(lambda: requests.get(URL, timeout=10))
        world.revive()
        world.run_until(world.now + 100 * NS)
    assert server.transcript == []


def test_sleeping_for_ever_is_a_deadlock() -> None:
    world = make()

    async def agent() -> None:
        await asyncio.sleep(math.inf)

    with world, pytest.raises(Deadlock):
        world.run_async(agent)


def test_the_harness_must_not_wait() -> None:
    world = make()
    world.call_later(1, time.sleep, 1)
    with world, pytest.raises(HarnessError, match="must not wait"):
        world.run_blocking(lambda: time.sleep(5))


def test_what_is_collected_after_the_run_hangs_up_on_nobody() -> None:
    world = make()
    log = world.observer = Log()
    assert isinstance(log, Log)
    Server(world)
    kept: list[Any] = []

    def agent() -> None:
        kept.append(requests.Session())
        kept[0].get(URL, timeout=5)

    with world:
        world.run_blocking(agent)
    told = len(log.events)
    kept[0].close()
    kept.clear()
    gc.collect()
    assert len(log.events) == told


def test_a_kill_is_told_before_anything_else() -> None:
    world = make()
    log = world.observer = Log()
    Server(world, lambda conn, request: world.kill())
    with world, pytest.raises(Killed):
        world.run_blocking(lambda: requests.get(URL, timeout=5))
    assert isinstance(log, Log)
    assert log.events[-1] == ("client_closed", 0, "rst")


def test_an_agents_own_error_is_its_own() -> None:
    world = make()

    async def agent() -> None:
        raise ValueError("mine")

    with world:
        with pytest.raises(ValueError, match="mine"):
            world.run_async(agent)
        assert world.run_blocking(lambda: 5) == 5


def test_background_tasks_end_with_the_agent_and_may_clean_up() -> None:
    world = make()
    server = Server(world)
    ended: list[str] = []

    async def background() -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            async with httpx.AsyncClient() as client:
                ended.append((await client.get(URL)).text)

    async def agent() -> str:
        task = asyncio.create_task(background())
        await asyncio.sleep(1)
        return "" if task.done() else "report"

    with world:
        assert world.run_async(agent) == "report"
    assert ended == [OK.decode()]
    assert len(server.transcript) > 0
    assert world.run_ns < 2 * NS


def test_a_task_that_refuses_to_end_is_late() -> None:
    world = make()
    world.hard_limit_ns = EPOCH + 100 * NS

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                continue

    async def agent() -> None:
        asyncio.create_task(stubborn())  # noqa: RUF006
        await asyncio.sleep(1)

    with world, pytest.raises(Late):
        world.run_async(agent)


def test_a_loop_refuses_callbacks_as_asyncios_own_does() -> None:
    world = make()

    async def nothing() -> None:
        """Nothing to do."""

    with world:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(nothing())
        loop.set_debug(True)
        with pytest.raises(TypeError, match="a callable object was expected"):
            loop.call_soon("no function")  # type: ignore[arg-type]
        loop.set_debug(False)
        loop.close()
        with pytest.raises(RuntimeError, match="Event loop is closed"):
            loop.call_soon(print)
