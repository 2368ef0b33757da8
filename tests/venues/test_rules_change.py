"""Rules that change while a venue is open: new orders are held against them, and the reference data tell them."""

from __future__ import annotations

from decimal import Decimal

import ccxt
import pytest
from direct import MIDS, Wire

from outtrade_mocks.venues import NAMES

VENUES = tuple(NAMES)


def told(wire: Wire, symbol: str) -> tuple[Decimal, Decimal, Decimal | None]:
    """Tick, step and least notional as a client reads them."""
    wire.wait(10_000_000_000)  # some ask only so often
    market = wire.ccxt.load_markets(True)[symbol]
    least = market["limits"]["cost"]["min"]
    precision = market["precision"]
    return (
        Decimal(str(precision["price"])), Decimal(str(precision["amount"])), None if not least else Decimal(str(least)),
    )  # fmt: skip


def buy(wire: Wire, symbol: str, quantity: float, price: float) -> None:
    wire.wait(1_000_000_000)  # some take a number once, and make it of the time
    wire.ccxt.create_order(symbol, "limit", "buy", quantity, price)


@pytest.mark.parametrize("venue", VENUES)
def test_a_rule_is_stricter_and_says_so(venue: str) -> None:
    wire = Wire(venue, 1)
    wire.load()
    for symbol in wire.config.symbols:
        tick, step, least = told(wire, symbol)
        price = (Decimal(MIDS[symbol.split("/")[0]]) * Decimal("0.97") // (tick * 10)) * tick * 10
        size = Decimal(str(wire.ccxt.market(symbol)["contractSize"] or 1))
        quantity = max((Decimal(1_000) / price / size) // (step * 100), 1) * step * 100
        buy(wire, symbol, float(quantity + step), float(price + tick))  # it stands
        assert wire.venue.set_rule(symbol, "tick", 10) == tick * 10
        assert told(wire, symbol)[0] == tick * 10
        wire.ccxt.markets[symbol]["precision"]["price"] = float(tick)  # as one who has not asked
        with pytest.raises(ccxt.ExchangeError):
            buy(wire, symbol, float(quantity), float(price + tick))
        buy(wire, symbol, float(quantity), float(price))
        assert wire.venue.set_rule(symbol, "step", 10) == step * 10
        assert told(wire, symbol)[1] == step * 10
        wire.ccxt.markets[symbol]["precision"]["amount"] = float(step)
        with pytest.raises(ccxt.ExchangeError):
            buy(wire, symbol, float(quantity + step), float(price))
        buy(wire, symbol, float(quantity), float(price))
        now = wire.venue.set_rule(symbol, "notional", 10_000)
        assert now == (None if least is None or venue == "alpaca" else least * 10_000)
        if now is not None:
            assert told(wire, symbol)[2] == now
            with pytest.raises(ccxt.ExchangeError):
                buy(wire, symbol, float(quantity), float(price))
        wire.wait(1_000_000_000)
        assert len(wire.ccxt.fetch_open_orders(symbol)) == 3


def test_ticks_and_steps_of_kraken_are_powers_of_ten() -> None:
    wire = Wire("kraken_spot", 1)
    for rule, times in (("step", 5), ("tick", 5), ("tick", 1000)):
        assert wire.venue.set_rule(wire.config.symbols[0], rule, times) is None
    with pytest.raises(ValueError, match="no rule 'lot'"):
        wire.venue.set_rule(wire.config.symbols[0], "lot", 10)


@pytest.mark.parametrize(("state", "status"), [("halted", "HALT"), ("maintenance", "BREAK"), ("open", "TRADING")])
def test_binance_tells_the_status_of_a_market(state: str, status: str) -> None:
    wire = Wire("binance_spot", 1)
    symbol = wire.config.symbols[0]
    wire.venue.set_state(symbol, state)
    listed = {row["symbol"]: row["status"] for row in wire.ccxt.public_get_exchangeinfo()["symbols"]}
    assert listed.pop(symbol.replace("/", "")) == status and set(listed.values()) == {"TRADING"}
    chosen = wire.ccxt.public_get_exchangeinfo({"symbolStatus": "HALT"})["symbols"]
    assert len(chosen) == (status == "HALT")
