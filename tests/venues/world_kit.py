"""Real, unmodified clients against a mock venue inside a World: their own hosts, their own sockets, no time passes.

    def body(access):                      # or: async def body(access)
        exchange = access.ccxt()
        exchange.load_markets()
        ...
    history = play("kraken_spot", body, symbols=("BTC/USD",), balances={"USD": 100_000})

What ``body`` raises, assertions above all, is raised by ``play``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from outtrade.engine.run import run
from outtrade.model.fault import Fault
from outtrade.model.history import History
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Bounds, Report
from outtrade.targets.access import VenueAccess
from outtrade.targets.naming import Target

QUIET: dict[str, Any] = {"maker_rate": 0, "taker_rate": 0, "volatility_bps": 0, "levels": 10}


def quiet(mid: str, depth: str = "0.5", taker_size: str = "0.01", **more: Any) -> Market:
    """A market with a standing book in which nothing happens by itself."""
    return Market(**(QUIET | {"mid": mid, "depth": depth, "taker_size": taker_size} | more))


def stage(
    venue: str,
    *,
    symbols: Sequence[str],
    balances: Mapping[str, Any],
    markets: Mapping[str, Market] | None = None,
    faults: Sequence[Fault] = (),
    **more: Any,
) -> Scenario:
    """A scenario without intents."""
    fields: dict[str, Any] = {"until": 3600, "bounds": Bounds(settle=0), "latency": 0.01}
    return Scenario(
        id=f"clients-{venue}",
        seed=1,
        venue=venue,
        symbols=tuple(symbols),
        balances=dict(balances),
        markets=dict(markets) if markets is not None else {symbol: quiet("50000") for symbol in symbols},
        intents=(),
        faults=tuple(faults),
        **(fields | more),
    )


def play(venue: str, body: Callable[[VenueAccess], Any], **scenario: Any) -> History:
    """Run ``body`` as the agent of a scenario (see ``stage``); returns the record."""
    failures: list[BaseException] = []
    done: list[bool] = []

    def sync(task: Any, access: VenueAccess) -> Report:
        try:
            body(access)
            done.append(True)
        except Exception as error:
            failures.append(error)
        return Report()

    async def asynchronous(task: Any, access: VenueAccess) -> Report:
        try:
            await body(access)
            done.append(True)
        except Exception as error:
            failures.append(error)
        return Report()

    is_async = inspect.iscoroutinefunction(body)
    runner: Any = asynchronous if is_async else sync
    history = run(Target(name="kit", scope="A", is_async=is_async, load=lambda: runner), stage(venue, **scenario))
    if failures:
        raise failures[0]
    assert done, [event for event in history.events if type(event).__name__ in ("Died", "Deadlocked", "Log")][-3:]
    return history
