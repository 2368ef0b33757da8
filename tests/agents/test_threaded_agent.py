"""What the threaded reference agent does that the others need not: workers that never come back."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from outtrade.sim import NS, World
from outtrade_suites.agents.httpx_agent import TOTAL_TIMEOUT
from outtrade_suites.agents.pacing import Backoff
from outtrade_suites.agents.port import Doubtful, NotSent, drive
from outtrade_suites.agents.threaded_agent import WORKERS, ThreadedPort


def test_a_request_that_no_worker_took_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    def endless(self: Any, method: str, url: str, **options: Any) -> None:
        sent.append(url)
        time.sleep(1000)

    monkeypatch.setattr(httpx.Client, "request", endless)
    world = World(epoch_ns=1_767_225_600 * NS, watchdog=5)
    venue: Any = SimpleNamespace(rest_url="https://api.binance.com", stream_url=None, symbols={}, key="k", secret="s")

    def agent() -> None:
        port = ThreadedPort(venue, Backoff(world.rng("jitter")))
        for number in range(WORKERS):
            with pytest.raises(Doubtful):
                drive(port.call("POST", f"/{number}", {}))
        with pytest.raises(NotSent):
            drive(port.call("POST", "/late", {}))
        drive(port.close())

    with world:
        world.run_blocking(agent)
    assert [url.partition("?")[0] for url in sent] == [f"/{number}" for number in range(WORKERS)]
    assert world.run_ns // NS == TOTAL_TIMEOUT * (WORKERS + 1)
