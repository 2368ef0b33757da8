"""What a venue does to positions: it lands once, the venue's own behaviour follows, and all of it is on the record."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest

from outtrade.engine.run import run
from outtrade.model.fault import Adl, Expiry, Fault, Liquidation, Trigger
from outtrade.model.history import Charged, FillTruth, History, Ledger, OrderTruth, PositionTruth, Snapshot, Valued
from outtrade.model.scenario import AccountModes, Market, Scenario, ScenarioError
from outtrade.model.task import Report, Task
from outtrade.targets.access import VenueAccess
from outtrade.targets.naming import Target

SYMBOL = "BTC/USDT:USDT"
AT = Trigger(after=60, symbol=SYMBOL)
FUNDED = 30
"""Seconds of run time at which funding is paid."""


def scenario(*faults: Fault, venue: str = "binance_usdm", **modes: Any) -> Scenario:
    return Scenario(
        id="holding",
        seed=1,
        venue=venue,
        epoch=1_767_225_600 + 8 * 3600 - FUNDED,
        symbols=(SYMBOL,),
        balances={"USDT": Decimal(10_000)},
        markets={SYMBOL: Market(mid=Decimal(50_000), depth=Decimal(1), taker_size=Decimal("0.1"))},
        intents=(),
        until=400,
        faults=faults,
        modes=AccountModes(**{"margin_mode": "isolated", "leverage": 10} | modes),
    )


def played(wanted: Scenario) -> tuple[History, dict[str, Any]]:
    """A short of 0.1 BTC, and what the venue says of it 100 s later."""
    told: dict[str, Any] = {}

    def agent(_: Task, venue: VenueAccess) -> Report:
        exchange = venue.ccxt()
        time.sleep(5)
        exchange.create_order(SYMBOL, "market", "sell", 0.1)
        exchange.create_order(SYMBOL, "limit", "sell", 0.1, 60_000)
        time.sleep(100)
        told["held"] = [row["contracts"] for row in exchange.fetch_positions([SYMBOL]) if row["contracts"]]
        told["open"] = len(exchange.fetch_open_orders(SYMBOL))
        if venue.name == "binance_usdm":
            told["income"] = {row["incomeType"] for row in exchange.fapiPrivateGetIncome({})}
        return Report(outcomes={}, orders=())

    return run(Target("short", "A", False, lambda: agent), wanted), told


@pytest.mark.parametrize(
    ("fault", "forced", "held"),
    [
        (Liquidation(on=AT), "liquidation", []),
        (Adl(on=AT, fraction=0.5), "adl", [0.05]),
        (Expiry(on=AT), "settlement", []),
    ],
)
def test_the_venue_closes_a_position(fault: Fault, forced: str, held: list[float]) -> None:
    history, told = played(scenario(fault))
    assert [event.status for event in history.events if isinstance(event, Ledger)] == ["landed"]
    made = [event for event in history.events if isinstance(event, OrderTruth) and event.forced]
    assert {event.forced for event in made} == {forced} and all(e.foreign and e.call is None for e in made)
    assert [e.quantity for e in history.events if isinstance(e, FillTruth) and e.forced] == ["0.05" if held else "0.1"]
    assert told["held"] == held and told["open"] == 0  # the order that rested has ended, too
    last = [event for event in history.events if isinstance(event, PositionTruth)][-1]
    assert (last.quantity, last.cause) == ("-0.05" if held else "0", forced)
    booked = {event.why: Decimal(event.amount) for event in history.events if isinstance(event, Charged)}
    assert booked["funding"] > 0 and ("liquidation_fee" in booked) == (forced == "liquidation")  # a short is paid
    assert ("INSURANCE_CLEAR" in told["income"]) == (forced == "liquidation")


def test_what_was_booked_is_all_that_happened_to_the_balance() -> None:
    history, _ = played(scenario(Liquidation(on=AT)))
    moved = sum(Decimal(event.amount) for event in history.events if isinstance(event, Charged))
    for event in history.events:
        if isinstance(event, FillTruth):
            moved += Decimal(event.realised) - Decimal(event.fee)
    start, *_, end = [event for event in history.events if isinstance(event, Snapshot)]
    assert Decimal(end.balances["USDT"][0]) - Decimal(start.balances["USDT"][0]) == moved


def test_a_fault_without_a_position_is_not_exercised() -> None:
    history, _ = played(scenario(Liquidation(on=Trigger(after=60, symbol=SYMBOL)), margin_mode="cross", leverage=1))
    landed = [event.status for event in history.events if isinstance(event, Ledger)]
    empty = run(Target("idle", "A", False, lambda: lambda task, venue: Report(outcomes={}, orders=())), scenario(Adl()))
    assert landed == ["landed"]  # a short has such a price, however far
    assert [event.status for event in empty.events if isinstance(event, Ledger)] == ["not-exercised"]


@pytest.mark.parametrize("venue", ["binance_usdm", "okx", "bybit"])
def test_the_account_is_as_it_was_left(venue: str) -> None:
    history, told = played(scenario(venue=venue, leverage=7))
    start = next(event for event in history.events if isinstance(event, Snapshot))
    assert start.settings == {SYMBOL: {"leverage": 7, "isolated": True, "hedge": False}} and start.marks[SYMBOL]
    assert any(isinstance(event, Valued) for event in history.events)
    if venue == "binance_usdm":
        opened = next(event for event in history.events if isinstance(event, PositionTruth))
        assert (opened.quantity, opened.leverage, opened.isolated) == ("-0.1", 7, True) and told["held"] == [0.1]
        assert Decimal(opened.margin) > 700 and opened.entry_price is not None


def test_modes_that_the_venue_has_not_got_are_refused_in_a_line() -> None:
    with pytest.raises(ScenarioError, match="cannot play this scenario: BTC/USDT:USDT cannot be traded like that"):
        played(scenario(leverage=500))
