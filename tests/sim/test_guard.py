"""Nothing inside a World reaches anything outside of it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest
import requests
from apps import HOST, OK, Log, Server, make


@pytest.fixture
def log() -> Any:
    world = make()
    world.observer = Log()
    Server(world)
    with world:
        yield world.observer


def test_a_real_socket_below_the_wrappers_is_refused(log: Log) -> None:
    import _socket

    sock = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        with pytest.raises(OSError, match="not possible inside a World"):
            sock.connect(("127.0.0.1", 9))
    finally:
        sock.close()
    assert log.events == [("escaped", "socket.connect")]


def test_a_subclass_of_socket_gets_nowhere(log: Log) -> None:
    class Own(socket.socket):
        pass

    with Own() as sock, pytest.raises(OSError, match="not possible inside a World"):
        sock.connect(("127.0.0.1", 9))
    assert ("escaped", "socket.connect") in log.events


@pytest.mark.parametrize("family, kind", [(socket.AF_UNIX, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_DGRAM)])
def test_other_kinds_of_sockets(log: Log, family: Any, kind: Any) -> None:
    with pytest.raises(OSError, match="not simulated"):
        socket.socket(family, kind)
    assert log.events[0][0] == "escaped"


def test_real_addresses_are_unreachable(log: Log) -> None:
    for address in ("1.1.1.1", "127.0.0.1"):
        with pytest.raises(OSError):
            socket.create_connection((address, 443), timeout=1)


def test_processes(log: Log) -> None:
    for attempt in (lambda: subprocess.run([sys.executable, "-V"], check=False), lambda: os.system("true")):
        with pytest.raises(OSError, match="not possible inside a World"):
            attempt()
    assert [what.partition(":")[0] for _, what in log.events] == ["subprocess.Popen", "os.system"]
    assert "wire mode" in log.events[0][1]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(log: Log, method: str) -> None:
    with pytest.raises(OSError, match="World"):
        multiprocessing.get_context(method).Process(target=print).start()  # type: ignore[attr-defined]
    assert log.events


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.11 tells nobody about such starts")
def test_threads_below_the_wrappers_are_refused(log: Log) -> None:
    from outtrade.sim import threads

    with pytest.raises(OSError, match="not possible inside a World"):
        (threads._real_start_joinable or threads._real_start)(print, *([] if threads._real_start_joinable else [()]))
    assert log.events[0][0] == "escaped"


def test_thread_pools_work(log: Log) -> None:
    def get() -> bytes:
        return requests.get(f"https://{HOST}/", timeout=5).content

    with concurrent.futures.ThreadPoolExecutor() as pool:
        assert [f.result() for f in concurrent.futures.as_completed([pool.submit(get), pool.submit(get)])] == [OK, OK]
        with pytest.raises(ZeroDivisionError):
            pool.submit(lambda: 1 / 0).result()


def test_executors_of_loops_work() -> None:
    world = make()
    Server(world)

    async def agent() -> bytes:
        def get() -> bytes:
            return requests.get(f"https://{HOST}/", timeout=5).content

        def nested() -> bytes:
            return asyncio.run(asyncio.to_thread(get))

        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 / 0)
        assert await asyncio.get_running_loop().run_in_executor(None, nested) == OK
        return await asyncio.to_thread(get)

    with world:
        assert world.run_async(agent) == OK


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    world = make()
    Server(world)
    with world:
        assert world.run_blocking(lambda: requests.get(f"https://{HOST}/", timeout=5).content) == OK
    assert os.environ["HTTPS_PROXY"] == "http://proxy.example:3128"


def test_uvloop_is_replaced() -> None:
    uvloop = pytest.importorskip("uvloop")
    world = make()

    async def main() -> str:
        await asyncio.sleep(100)
        return type(asyncio.get_running_loop()).__name__

    with world:
        assert world.run_blocking(lambda: uvloop.run(main())) == "SimLoop"
        uvloop.install()
        assert world.run_blocking(lambda: asyncio.run(main())) == "SimLoop"


def test_other_threads_keep_real_time() -> None:
    import time

    world = make()
    times: list[float] = []
    go, done = threading.Event(), threading.Event()

    def other() -> None:
        go.wait()
        times.append(time.time())
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with world:
        go.set()
        thread.join()
        times.append(time.time())
    assert times[0] != pytest.approx(times[1], abs=60)


def test_one_world_at_a_time() -> None:
    first = make()
    with first:
        with first, pytest.raises(RuntimeError, match="another World"), make():
            pass
        assert first.run_blocking(lambda: 1) == 1
