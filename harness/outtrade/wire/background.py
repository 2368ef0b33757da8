"""A served venue in a thread of its own, for tests and for whoever runs a client beside it.

with serving(scenario) as server:
    httpx.get(server.rest_url + "/api/v3/ping")
server.history        # once it is over
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from outtrade.model.history import History
from outtrade.model.scenario import Scenario
from outtrade.wire.server import WireServer


class Served(WireServer):
    """A server with its record, which is complete once the ``with`` block of ``serving`` is left."""

    history: History


@contextmanager
def serving(scenario: Scenario, **options: Any) -> Iterator[Served]:
    """Serve ``scenario`` while the block runs; ``options`` are those of ``WireServer``.

    Raises what ``WireServer.start`` raises, and at the end the first error of the harness, if there was one.
    """
    server = Served(scenario, **options)
    started = threading.Event()
    trouble: list[BaseException] = []
    loop = asyncio.new_event_loop()
    end = asyncio.Event()

    async def life() -> None:
        try:
            await server.start()
        except BaseException as error:
            trouble.append(error)
            return
        finally:
            started.set()
        await end.wait()
        server.history = await server.stop()

    def thread() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(life())
        except BaseException as error:
            trouble.append(error)
            started.set()

    worker = threading.Thread(target=thread, name="outtrade-wire", daemon=True)
    worker.start()
    started.wait()
    try:
        if not trouble:
            yield server
    finally:
        if worker.is_alive() and not loop.is_closed():
            with suppress(RuntimeError):  # it ended by itself
                loop.call_soon_threadsafe(end.set)
        worker.join()
    if trouble:
        raise trouble[0]
    if server.failures:
        raise server.failures[0]
