"""Every venue says which parameters a new order knows, and PAR-10 is judged there: ccxt's own are among them, those of
another venue are not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from outtrade.engine.run import run
from outtrade.judge.api import Finding, judge
from outtrade.judge.index import Index
from outtrade.model.scenario import Market, Scenario
from outtrade.model.task import Report, Task
from outtrade.suites import load as suite
from outtrade.targets.access import VenueAccess
from outtrade.targets.naming import Target
from outtrade_mocks.venues import NAMES, load

SYMBOLS = {"kraken_spot": "BTC/USD", "binance_usdm": "BTC/USDT:USDT", "deribit": "BTC/USD:BTC", "alpaca": "BTC/USD",
           "coinbase": "BTC/USD"}  # fmt: skip
AMOUNT = {"deribit": 100}


def told(venue: str, **params: Any) -> Finding:
    """What PAR-10 says of one limit order that ccxt sends with some parameters more."""
    symbol = SYMBOLS.get(venue, "BTC/USDT")

    def agent(_: Task, access: VenueAccess) -> Report:
        exchange = access.ccxt()
        try:
            exchange.create_order(symbol, "limit", "buy", AMOUNT.get(venue, 0.01), 48_000, params)
        except Exception as error:  # what the venue makes of it is not asked here
            assert type(error).__module__.startswith("ccxt"), error
        return Report(outcomes={}, orders=())

    made = Scenario(
        id="named", seed=1, venue=venue, symbols=(symbol,), intents=(), until=300,
        balances={"USDT": Decimal(10_000), "USD": Decimal(10_000), "BTC": Decimal(1)},
        markets={symbol: Market(mid=Decimal(50_000), depth=Decimal(1), taker_size=Decimal("0.1"))},
    )  # fmt: skip
    history = run(Target("named", "A", False, lambda: agent), made)
    return judge(suite().property("PAR-10"), Index(history))


@pytest.mark.parametrize("venue", NAMES)
def test_ccxt_sends_what_the_venue_knows(venue: str) -> None:
    names = load(venue).TRAITS["order_parameters"].value["names"]
    assert names and all(len(set(known)) == len(known) > 5 for known in names.values())
    assert told(venue).verdict == "pass"


@pytest.mark.parametrize("venue", ["alpaca", "coinbase", "deribit"])
def test_a_parameter_of_another_venue_is_named(venue: str) -> None:
    (case,) = told(venue, timeInForceInMs="250").broken
    assert "knows no parameter timeInForceInMs" in case.message
