"""The same intent at four venues, with numbers worked by hand: what travels, what is true, what is reported."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from outtrade.engine.judging import judge_history
from outtrade.engine.run import run
from outtrade.model.history import FillTruth, OrderTruth, PositionTruth, Reported, Request
from outtrade.model.scenario import AccountModes, Market, Scenario
from outtrade.model.task import Intent, Report, Task, is_contract
from outtrade.suites import load
from outtrade.targets.access import VenueAccess
from outtrade.targets.naming import Target, resolve
from outtrade_mocks import venues
from outtrade_mocks.venues.config import VenueConfig

D = Decimal
MID = D(50_000)
ROWS = [
    # venue, symbol, intent, number on the wire, step and contract size of the task's instrument
    ("binance_usdm", "BTC/USDT:USDT", "0.05", "0.050", "0.001", "1"),
    ("bybit", "BTC/USDT:USDT", "0.05", "0.05", "0.001", "1"),
    ("okx", "BTC/USDT:USDT", "0.05", "5", "0.0001", "0.01"),  # ctVal 0.01 BTC, lotSz 0.01
    ("okx", "BTC/USD:BTC", "2500", "25", "100", "100"),  # ctVal 100 USD, lotSz 1
    ("deribit", "BTC/USD:BTC", "2500", "2500", "10", "1"),  # amount in USD
    ("deribit", "BTC/USDC:USDC", "0.05", "0.05", "0.0001", "1"),  # amount in BTC
]
PASSES = ("PAR-02", "PAR-06", "PAR-13", "RTY-01", "REC-02", "REC-04", "REC-05", "REC-09")
IDS = [f"{row[0]} {row[1]}" for row in ROWS]


def scenario(venue: str, symbol: str, quantity: str) -> Scenario:
    depth = D(50_000) if symbol.endswith(":BTC") else D(1)
    return Scenario(
        id="sizes",
        seed=3,
        venue=venue,
        symbols=(symbol,),
        balances={"USDT": D(10_000), "USDC": D(10_000), "BTC": D(1)},
        markets={symbol: Market(mid=MID, depth=depth, taker_size=depth / 10, volatility_bps=0)},
        intents=(
            Intent(id="i1", tag="AB12CD34", at=5, kind="order", symbol=symbol, side="sell", type="market",
                   quantity=D(quantity), expires=60),
        ),
        until=400,
        needs=("contracts",),
        modes=AccountModes(leverage=None if venue == "deribit" else 5),
    )  # fmt: skip


@pytest.mark.parametrize(("venue", "symbol", "quantity", "wire", "step", "size"), ROWS, ids=IDS)
def test_one_intent(venue: str, symbol: str, quantity: str, wire: str, step: str, size: str) -> None:
    history = run(resolve("agent:ccxt"), scenario(venue, symbol, quantity))
    rules = history.header.instruments[symbol]
    assert (D(rules["step"]), D(rules["contract_size"])) == (D(step), D(size))

    def of(kind: type) -> list[Any]:
        return [event for event in history.events if isinstance(event, kind)]

    (sent,) = (event.order for event in of(Request) if event.order is not None)
    assert (D(sent.quantity), sent.side) == (D(wire), "sell") and D(wire) * D(size) == D(quantity)
    last, fills = of(OrderTruth)[-1], of(FillTruth)
    assert D(last.quantity) == D(last.filled) == sum(D(fill.quantity) for fill in fills) == D(quantity)
    inverse = symbol.endswith(":BTC")
    value = sum(D(f.quantity) / D(f.price) if inverse else D(f.quantity) * D(f.price) for f in fills)
    assert abs(D(last.quote_filled) - value) < D("1e-6") * len(fills)
    assert abs(value - (D("0.05") if inverse else 2500)) < value / 100
    assert D(of(PositionTruth)[-1].quantity) == -D(quantity)
    report = of(Reported)[-1].report
    outcome = report["outcomes"]["i1"]
    assert D(report["positions"][symbol]["quantity"]) == -D(quantity) and D(outcome["filled"]) == D(quantity)
    assert abs(D(outcome["average_price"]) / MID - 1) < D("0.01")
    found = {finding.id: finding.verdict for finding in judge_history(history, load().properties)}
    assert not [name for name, verdict in found.items() if verdict in ("fail", "warn", "harness-error")]
    assert {found[name] for name in PASSES} == {"pass"}


@pytest.mark.parametrize("venue", venues.NAMES)
def test_contract_sizes_are_told_with_sizes_in_units(venue: str) -> None:
    """Every grid of quantities is a whole number of the venue's own steps, and nothing but contracts has a size."""
    module = venues.load(venue)
    rules = module.instruments(VenueConfig(symbols=tuple(module.symbols), balances={}, epoch_ns=0))
    for symbol, fields in rules.items():
        size = D(fields["contract_size"])
        assert size == 1 or is_contract(symbol)
        for name in ("quantity_min", "market_step"):
            if fields[name]:
                assert D(fields[name]) % D(fields["step"]) == 0, (symbol, name)


def test_somebody_elses_order_is_placed_in_units_too() -> None:
    made = scenario("okx", "BTC/USDT:USDT", "0.05")
    standing = {"symbol": "BTC/USDT:USDT", "side": "buy", "quantity": "0.02", "price": "45000", "name": "theirs1"}
    made = Scenario.model_validate(made.model_dump() | {"standing": [standing]})
    history = run(resolve("agent:ccxt"), made)
    truth = next(e for e in history.events if isinstance(e, OrderTruth) and e.foreign)
    assert D(truth.quantity) == D("0.02")
    report = next(e for e in history.events if isinstance(e, Reported)).report
    (theirs,) = (view for view in report["orders"] if view["intent"] is None)
    assert D(theirs["quantity"]) == D("0.02")


def test_a_number_of_contracts_is_read_as_the_amount_that_it_stands_for() -> None:
    """Deribit takes ``contracts`` as well: 250 of 10 dollars are 2,500 (private/buy)."""

    def agent(_: Task, access: VenueAccess) -> Report:
        order = {"instrument_name": "BTC-PERPETUAL", "type": "market", "contracts": "250", "label": "AB12CD34-1"}
        access.ccxt().request("sell", ["private"], "GET", order)
        return Report(outcomes={}, orders=())

    history = run(Target("counts", "A", False, lambda: agent), scenario("deribit", "BTC/USD:BTC", "2500"))
    (sent,) = (event.order for event in history.events if isinstance(event, Request) and event.order is not None)
    assert sent.quantity == "2500"
    found = {finding.id: finding.verdict for finding in judge_history(history, load().properties)}
    assert found["PAR-06"] == found["PAR-13"] == "pass"


@pytest.mark.parametrize("spec", ["ccxt:okx", "ccxt.async:okx"])
def test_a_gateway_over_ccxt_is_asked_in_units_and_answers_in_units(spec: str) -> None:
    made = scenario("okx", "BTC/USDT:USDT", "0.05")
    back = {"id": "i2", "tag": "EF34GH56", "side": "buy", "at": 20.0, "quantity": D("0.02"), "reduce_only": True}
    intents = (*made.intents, made.intents[0].model_copy(update=back))
    history = run(resolve(spec), made.model_copy(update={"intents": intents}))
    sent = [event.order for event in history.events if isinstance(event, Request) and event.order is not None]
    assert [(D(order.quantity or 0), order.reduce_only) for order in sent] == [(5, False), (2, True)]
    properties = [prop for prop in load().properties if "G" in prop.scope]
    found = {finding.id: finding.verdict for finding in judge_history(history, properties)}
    assert not [name for name, verdict in found.items() if verdict in ("fail", "warn", "harness-error")]
    assert found["PAR-06"] == found["PAR-07"] == found["REC-04"] == "pass"
