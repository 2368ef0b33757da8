"""Tool calls a second on one core: ``venue.tools`` in the World, over the mock's wire, every call on the record.

    python bench/tools.py               medians of several runs
    python bench/tools.py --profile     where the time goes

The mix is a model's: most calls are signed questions, some are orders. A bare httpx request through the same World is
measured beside it: the client is the user's, and the floor.
"""

from __future__ import annotations

import cProfile
import pstats
import resource
import statistics
import sys
from decimal import Decimal
from typing import Any

import httpx

from outtrade import Report, Task, VenueAccess
from outtrade.engine.run import run
from outtrade.model.scenario import Market, Scenario
from outtrade.targets import Target

CALLS = 2_000
RUNS = 7
BTC = {"symbol": "BTC/USDT"}
ORDER = BTC | {"side": "buy", "type": "limit", "quantity": "0.001", "limit_price": "40000"}


def scenario() -> Scenario:
    """A quiet market, no faults."""
    return Scenario(
        id="bench", seed=1, symbols=("BTC/USDT",), balances={"USDT": Decimal(100_000)}, intents=(), until=3600.0,
        latency=0.1,  # so that the calls keep within the venue's rate limits
        markets={"BTC/USDT": Market(mid=Decimal(50_000), depth=Decimal(1), taker_size=Decimal("0.01"))},
    )  # fmt: skip


SPENT: dict[str, float] = {}


def timed(name: str, work: Any) -> Any:
    """An agent that does ``work(tools or client, number)`` CALLS times and notes the calls a second."""

    def agent(task: Task, venue: VenueAccess) -> Report:
        tools: Any = venue.tools
        if name == "bare httpx":
            tools = httpx.Client(base_url=venue.rest_url, trust_env=False)
        work(tools, 0)  # connects
        before = _now()
        for number in range(1, CALLS + 1):
            work(tools, number)
        SPENT[name] = CALLS / (_now() - before)
        return Report(outcomes={}, orders=())

    return agent


def _now() -> float:
    """Processor time, which no World replaces."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def order_query(tools: Any, number: int) -> None:
    if not number:
        tools["place"](**ORDER, client_id="bench")
    assert "error" not in tools.call("order", BTC | {"client_id": "bench"})


def mixed(tools: Any, number: int) -> None:
    kind = number % 10
    name = f"b{number // 10}"
    if kind == 0:
        result = tools.call("place", ORDER | {"client_id": name})
    elif kind == 9 and number > 9:
        result = tools.call("cancel", BTC | {"client_id": name})
    elif kind in (3, 6):
        result = tools.call("balances", {})
    elif kind == 5:
        result = tools.call("open_orders", BTC)
    else:
        result = tools.call("order", BTC | {"client_id": name})
    assert "error" not in result, result


def bare(client: Any, number: int) -> None:
    client.get("/api/v3/time").raise_for_status()


WORK = {"order by id": order_query, "mixed": mixed, "bare httpx": bare}


def main() -> None:
    if "--profile" in sys.argv:
        profile = cProfile.Profile()
        agent = timed("mixed", mixed)
        target = Target(name="bench", scope="A", is_async=False, load=lambda: agent)
        profile.runcall(run, target, scenario())
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)
        return
    found: dict[str, list[float]] = {name: [] for name in WORK}
    for _ in range(RUNS):
        for name, work in WORK.items():
            agent = timed(name, work)
            run(Target(name="bench", scope="A", is_async=False, load=lambda agent=agent: agent), scenario())
            found[name].append(SPENT[name])
    for name, rates in found.items():
        print(f"{name:<14}{statistics.median(rates):>8,.0f} a second   ({min(rates):,.0f} to {max(rates):,.0f})")


if __name__ == "__main__":
    main()
