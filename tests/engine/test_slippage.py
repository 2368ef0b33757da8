"""Between decision and arrival the price moves: what that costs grows with the latency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from outtrade.engine.run import run
from outtrade.model.history import NS, FillTruth, OrderTruth, Request
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Report, Task
from outtrade.targets import Target
from outtrade.targets.access import VenueAccess

RISE = 0.001
"""The price rises by that fraction of the start a second."""
DECIDES = 20.0


@dataclass
class Seen:
    """When the agent sent, when the exchange accepted (seconds), the best ask it had read, and what it paid."""

    sent: float
    arrived: float
    ask: float
    paid: float


def market(**changes: object) -> Market:
    rising = {"points": [[0, "50000"], [100, "55000"]]}
    still = {"maker_rate": 0, "taker_rate": 0, "volatility_bps": 0, "levels": 30}
    return Market.model_validate({"mid": "50000", "depth": "2", "taker_size": "1", "path": rising, **still, **changes})


def trade(latency: float, kind: str = "market", **changes: object) -> Seen:
    """Read the book, decide, buy at once."""
    read: list[float] = []

    def execute(task: Task, venue: VenueAccess) -> Report:
        import time

        exchange = venue.ccxt()
        exchange.load_markets()
        time.sleep(DECIDES - (time.time() - task.epoch))
        ask = exchange.fetch_order_book("BTC/USDT", 5)["asks"][0][0]
        read.append(ask)
        exchange.create_order(
            "BTC/USDT",
            kind,
            "buy",
            0.1,
            None if kind == "market" else ask,
            {"timeInForce": "IOC"} if kind == "limit" else {},
        )
        return Report(outcomes={}, orders=())

    made = Scenario(
        id="slippage", seed=1, symbols=("BTC/USDT",), balances=TypeAdapter(dict[str, Decimal]).validate_python(
            {"USDT": "100000"}), markets={"BTC/USDT": market(**changes)}, intents=(), until=300, latency=latency,
    )  # fmt: skip
    events = run(Target("test", "A", False, lambda: execute), made).events
    sent = next(event.at for event in events if isinstance(event, Request) and event.op == "place")
    orders = [event for event in events if isinstance(event, OrderTruth)]
    fills = [event for event in events if isinstance(event, FillTruth)]
    paid = float(fills[0].price) if fills else 0.0
    return Seen(sent / NS, orders[0].at / NS, read[0], paid)


@pytest.mark.parametrize("latency", [0.01, 0.5, 3.0])
def test_an_order_meets_the_market_as_of_its_arrival(latency: float) -> None:
    seen = trade(latency)
    assert seen.arrived - seen.sent == pytest.approx(latency, abs=0.001)
    then = 50_000 * (1 + RISE * seen.arrived)
    assert abs(seen.paid - then * 1.0002) < then * 0.00025, "half a spread above the mid of then"


def test_slippage_grows_with_latency() -> None:
    """From the book's reading on the way back to the order's arrival, two ways lie: the ask has moved that long."""
    short, long = trade(0.01), trade(3.0)
    slippage = [(seen.paid / seen.ask - 1) * 10_000 for seen in (short, long)]
    ways = [2 * latency * RISE * 10_000 / (1 + RISE * DECIDES) for latency in (0.01, 3.0)]
    assert slippage[0] == pytest.approx(ways[0], abs=3) and slippage[1] == pytest.approx(ways[1], abs=3)
    assert slippage[1] > 50


def test_without_a_movement_there_is_none() -> None:
    seen = trade(3.0, path=None)
    assert seen.paid == seen.ask


def test_a_limit_at_the_price_that_was_read_comes_too_late() -> None:
    assert trade(0.0001, "limit").paid > 0
    assert trade(3.0, "limit").paid == 0
