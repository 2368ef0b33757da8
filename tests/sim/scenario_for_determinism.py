"""One run through every kind of client, printed as a transcript; run in processes with different hash seeds."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
import uuid
from typing import Any

import aiohttp
import httpx
import requests
import websockets
from apps import HOST, Log, Server, http, make
from test_clients import WS_URL, WebSocketServer

from outtrade.sim import Conn, World

URL = f"https://{HOST}/"


def blocking() -> None:
    session = requests.Session()
    for _ in range(3):
        session.post(URL, data={"id": str(uuid.uuid4()), "t": time.time(), "r": random.random()}, timeout=5)
        time.sleep(random.random())
    try:
        session.get(URL + "lost", timeout=1)
    except requests.Timeout:
        session.get(URL + "after", timeout=1)


async def parallel() -> None:
    async def one(client: Any, n: int) -> int:
        await asyncio.sleep(random.random())
        await client.get(URL + f"{n}/{uuid.uuid4()}")
        return n

    async with httpx.AsyncClient() as client, aiohttp.ClientSession() as session:
        tasks = {asyncio.create_task(one(client if n % 2 else session, n)) for n in range(20)}
        while tasks:
            done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await client.get(URL + f"done/{task.result()}")
        for task in (await asyncio.wait([asyncio.create_task(asyncio.sleep(0, n)) for n in range(20)]))[0]:
            await client.get(URL + f"order/{task.result()}")
        gathered = {asyncio.gather(asyncio.sleep(0, n)) for n in range(20)}
        for future in gathered:
            await client.get(URL + f"gathered/{(await future)[0]}")


async def sockets() -> None:
    async with (
        websockets.connect(WS_URL) as socket,
        aiohttp.ClientSession() as session,
        session.ws_connect(WS_URL) as other,
    ):
        for n in range(3):
            await socket.send(f"a{n}")
            await other.send_str(f"b{n}")
            await socket.recv()
            await other.receive()


def transcript() -> str:
    world = make(seed=11)
    log = world.observer = Log()
    assert isinstance(log, Log)

    def answer(conn: Conn, request: bytes) -> None:
        if b"lost" not in request:
            world.call_later(
                world.rng("latency").random(), conn.send, http(hashlib.sha256(request).hexdigest().encode())
            )

    server = Server(world, answer)
    frames: list[Any] = []

    class Recorded(WebSocketServer):
        def on_data(self, data: bytes) -> None:
            frames.append((world.run_ns, self.conn.id, data))
            super().on_data(data)

    world.net.listen("ws-api.binance.com", 443, Recorded)
    with world:
        world.run_blocking(blocking)
        world.run_async(parallel)
        world.run_async(sockets)
        crash(world)
    return "\n".join(map(repr, [*server.transcript, *frames, *log.events, world.now]))


def crash(world: World) -> None:
    from outtrade.sim import Killed

    world.call_later(0.7, world.kill)
    try:
        world.run_async(parallel)
    except Killed:
        world.revive()
    world.run_blocking(blocking)


if __name__ == "__main__":
    print(transcript())
