"""Ten thousand Worlds in one process: does anything grow?

Run ``python bench/worlds.py``. Worlds with a blocking, an asyncio, a threaded and a killed agent and whole scenarios of
the engine take turns. Every 500 Worlds the memory in use (RSS), the objects that the garbage collector tracks, the open
descriptors and the threads of the process are printed; ``--svg FILE`` draws them (``bench/worlds.svg`` was made so).
Agents leave open what agents leave open: sessions, tasks, threads.
"""

from __future__ import annotations

import argparse
import asyncio
import concurrent.futures
import gc
import os
import queue
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import httpx
import requests

from outtrade.engine.run import run
from outtrade.sim import NS, Conn, Killed, World
from outtrade.targets import resolve
from outtrade_suites.spaces import generate

HOST = "api.example.com"
URL = f"https://{HOST}/"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n" + b'{"ok":true}'


class Venue:
    """Answers every request 20 ms later."""

    def __init__(self, conn: Conn) -> None:
        self.conn = conn

    def on_data(self, data: bytes) -> None:
        if b"\r\n\r\n" in data:
            self.conn.world.call_later(0.02, self.conn.send, ANSWER)

    def on_eof(self) -> None:
        self.conn.close()

    def on_reset(self) -> None:
        """Nothing to do."""


# ------------------------------------------------------------------ the agents
def blocking() -> None:
    """Three libraries, two of them never closed."""
    session = requests.Session()
    assert session.get(URL).json() == {"ok": True}
    assert httpx.Client(verify=False).get(URL).status_code == 200
    with urllib.request.urlopen(URL) as answer:
        answer.read()
    time.sleep(60)


async def asynchronous() -> None:
    """Two libraries at once, and a task that nobody waits for."""
    forgotten = asyncio.create_task(asyncio.sleep(3600))
    async with aiohttp.ClientSession() as session, httpx.AsyncClient(verify=False) as client:

        async def one() -> None:
            async with session.get(URL) as answer:
                assert await answer.json() == {"ok": True}

        await asyncio.gather(one(), one(), client.get(URL), asyncio.to_thread(time.sleep, 1.5))
    assert not forgotten.done()


def threaded() -> None:
    """A pool, a timer, a thread that waits for ever, and one that is in the middle of a request."""
    inbox: queue.Queue[int] = queue.Queue()
    threading.Timer(0.5, inbox.put, (1,)).start()
    threading.Thread(target=inbox.join, daemon=True).start()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert all(code == 200 for code in pool.map(lambda _: requests.get(URL).status_code, range(4)))
    threading.Thread(target=requests.get, args=(URL,), daemon=True).start()
    assert inbox.get(timeout=5) == 1


def in_world(play: Callable[[World], object]) -> Callable[[int], None]:
    """A World of its own for each turn."""

    def turn(number: int) -> None:
        world = World(epoch_ns=1_767_225_600 * NS, seed=number)
        world.net.listen(HOST, 443, Venue)
        with world:
            play(world)

    return turn


def killed(world: World) -> None:
    """A crash in the middle of everything, and a second life."""
    world.call_later(0.01, world.kill)
    try:
        world.run_blocking(threaded)
    except Killed:
        world.revive()
    world.run_async(asynchronous)


def scenario() -> Callable[[int], None]:
    """Whole runs of the engine, one scenario after the other."""
    target = resolve("agent:httpx")
    return lambda number: (run(target, generate("binance_spot", 1, number)), None)[1]


def turns() -> list[Callable[[int], None]]:
    """What takes turns."""
    return [
        in_world(lambda world: world.run_blocking(blocking)),
        in_world(lambda world: world.run_async(asynchronous)),
        in_world(lambda world: world.run_blocking(threaded)),
        in_world(killed),
        scenario(),
    ]


# ------------------------------------------------------------------ what is looked at
@dataclass(frozen=True)
class Look:
    """The process after so many ``worlds``; memory in MiB."""

    worlds: int
    memory: float
    objects: int
    descriptors: int
    threads: int


def look(worlds: int) -> Look:
    """The process as it is now (Linux)."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    descriptors, threads = (len(os.listdir(f"/proc/self/{what}")) for what in ("fd", "task"))  # noqa: PTH208
    return Look(worlds, pages * os.sysconf("SC_PAGE_SIZE") / 2**20, len(gc.get_objects()), descriptors - 1, threads)


def watch(worlds: int, every: int) -> Iterator[Look]:
    """Play ``worlds`` Worlds and look at the process after the first round and after each ``every``."""
    players = turns()
    for number in range(worlds + 1):
        if number % every == 0:
            yield look(number)
        if number < worlds:
            players[number % len(players)](number)


# ------------------------------------------------------------------ the drawing
_PANELS = ("memory", "objects", "descriptors", "threads")
_NAMES = {"memory": "memory (RSS), MiB", "objects": "objects", "descriptors": "open descriptors", "threads": "threads"}


def drawing(looks: Sequence[Look]) -> str:
    """The curves as SVG, each panel from zero."""
    width, height, left, gap = 720, 110, 70, 44
    last = looks[-1].worlds or 1
    box = f"0 0 {width + left + 20} {len(_PANELS) * (height + gap) + 24}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" font-family="sans-serif" font-size="12" fill="#333">',
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for row, name in enumerate(_PANELS):
        values = [getattr(one, name) for one in looks]
        top, base = max(values) * 1.15 or 1, (row + 1) * (height + gap)
        points = " ".join(
            f"{left + width * one.worlds / last:.1f},{base - height * value / top:.1f}"
            for one, value in zip(looks, values, strict=True)
        )
        lines += [
            f'<text x="{left}" y="{base - height - 10}" font-weight="bold">{_NAMES[name]}</text>',
            f'<path d="M{left} {base - height}V{base}H{left + width}" fill="none" stroke="#999"/>',
            f'<text x="{left - 8}" y="{base}" text-anchor="end">0</text>',
            f'<text x="{left - 8}" y="{base - height / 1.15 + 4:.1f}" text-anchor="end">{max(values):,.0f}</text>',
            f'<polyline points="{points}" fill="none" stroke="#0b62a4" stroke-width="2"/>',
        ]
    lines.append(
        f'<text x="{left + width}" y="{base + 18}" text-anchor="end">{last:,} Worlds in one process</text></svg>'
    )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table, and draw it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--worlds", type=int, default=10_000)
    parser.add_argument("--every", type=int, default=500)
    parser.add_argument("--svg", type=Path, help="draw the curves into this file")
    args = parser.parse_args()
    print(f"{'worlds':>7} {'MiB':>7} {'objects':>9} {'descriptors':>12} {'threads':>8}")
    looks = []
    for one in watch(args.worlds, args.every):
        looks.append(one)
        print(f"{one.worlds:7,} {one.memory:7.1f} {one.objects:9,} {one.descriptors:12} {one.threads:8}", flush=True)
    if args.svg:
        args.svg.write_text(drawing(looks), encoding="utf-8")


if __name__ == "__main__":
    main()
