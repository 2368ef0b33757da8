"""A threaded agent, printed as a transcript for several seeds; run in processes with different hash seeds."""

from __future__ import annotations

import asyncio
import concurrent.futures
import hashlib
import logging
import queue
import random
import sys
import threading
import time
from typing import Any

import requests
import websockets.sync.client
from apps import HOST, Log, Server, http, make
from test_clients import WS_URL, WebSocketServer

from outtrade.sim import Conn, Killed, World

URL = f"https://{HOST}/"
log = logging.getLogger("agent")
log.addHandler(logging.NullHandler())


def agent(world: World, told: list[Any]) -> None:
    """A stream in one thread, requests in a pool, a timer, a loop in a thread, and a main thread that books."""
    news: queue.Queue[Any] = queue.Queue()
    stop, lock = threading.Event(), threading.Lock()
    books: dict[str, int] = {}
    local = threading.local()

    def stream() -> None:
        with websockets.sync.client.connect(WS_URL) as socket:
            while not stop.is_set():
                socket.send(f"ping {random.random()}")
                news.put(("stream", socket.recv(timeout=5)))
                stop.wait(random.random())

    def request(n: int) -> str:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        body = {"n": str(n), "t": str(time.time()), "by": threading.current_thread().name}
        answer = local.session.post(URL, data=body, timeout=0.9)
        with lock:
            books[answer.text[:4]] = n
            time.sleep(0.001)
        news.put(("answer", n))
        return str(answer.text)

    def beat() -> None:
        news.put(("beat", time.monotonic()))

    async def wait_for(seconds: float) -> float:
        await asyncio.gather(*(asyncio.sleep(seconds / n) for n in range(1, 5)))
        return await asyncio.to_thread(lambda: (time.sleep(seconds), time.time())[1])

    loop = asyncio.new_event_loop()
    threads = [threading.Thread(target=stream, daemon=True), threading.Thread(target=loop.run_forever)]
    threads += [threading.Timer(random.random() * 3, beat) for _ in range(3)]
    for thread in threads:
        thread.start()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        futures = {pool.submit(request, n): n for n in range(12)}
        coroutine = asyncio.run_coroutine_threadsafe(wait_for(random.random()), loop)
        for done in concurrent.futures.as_completed(futures):
            told.append((world.run_ns, futures[done], repr(done.exception()) if done.exception() else done.result()))
        told.append([futures[f] for f in concurrent.futures.wait(futures).done])
        told.append(coroutine.result(timeout=10))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:  # it joins a set of threads, some of which still sleep
        pool.map(lambda n: time.sleep(n % 5), range(20))
    stop.set()
    loop.call_soon_threadsafe(loop.stop)
    for thread in threads:
        thread.join()
    loop.close()
    while not news.empty():
        told.append(news.get())
    told.append(books)
    log.warning("over")


def transcript(seed: int, schedule: Any) -> str:
    world = make(seed, schedule=schedule)
    log = world.observer = Log()
    assert isinstance(log, Log)

    def answer(conn: Conn, request: bytes) -> None:
        if world.rng("lose").random() > 0.1:
            digest = hashlib.sha256(request).hexdigest().encode()
            world.call_later(world.rng("latency").random(), conn.send, http(digest))

    server = Server(world, answer)
    told: list[Any] = []
    world.net.listen("ws-api.binance.com", 443, WebSocketServer)
    with world:
        world.run_blocking(lambda: agent(world, told))
        world.call_later(world.rng("crash").random() * 3, world.kill)
        try:
            world.run_blocking(lambda: agent(world, told))
        except Killed:
            world.revive()
            told.append("crash")
        world.run_blocking(lambda: agent(world, told))
    return "\n".join(map(repr, [*server.transcript, *told, *log.events, world.now, world.events, world.handovers]))


if __name__ == "__main__":
    for number in range(int(sys.argv[1])):
        print(transcript(number, "fifo"))
        print(transcript(number, "random"))
