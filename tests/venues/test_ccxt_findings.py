"""What docs/venues say of ccxt's errors is so: findings about the client, shown without a World. When one of these
fails, ccxt was mended: take the sentence out of the page."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from direct import Wire

from outtrade.targets.ccxt_gateway import meaning_of
from outtrade_mocks.venues import load
from outtrade_mocks.venues.api import HttpRequest


def unreadable(venue: str) -> tuple[Any, str]:
    """ccxt with its markets loaded, which from here on gets answers that are no JSON (its ``fetch`` returns None)."""
    wire = Wire(venue)
    wire.load()
    if venue == "bybit":
        wire.ccxt.is_unified_enabled()  # asks the venue once
    wire.ccxt.fetch = lambda *_, **__: None
    wire.ccxt.options.setdefault("fetchOrder", {})["acknowledged"] = True
    return wire.ccxt, wire.config.symbols[0]


@pytest.mark.parametrize("venue", ["bybit", "kraken_spot"])
def test_an_answer_that_is_no_json_reads_as_an_order_that_is_not_there(venue: str) -> None:
    import ccxt

    exchange, symbol = unreadable(venue)
    with pytest.raises(ccxt.OrderNotFound):
        exchange.fetch_order("1", symbol)
    assert exchange.fetch_open_orders(symbol) == []


def test_an_asynchronous_answer_that_is_cut_off_raises_the_class_of_refusals() -> None:
    aiohttp = pytest.importorskip("aiohttp")
    from ccxt.async_support.base.exchange import Exchange

    source = inspect.getsource(Exchange.fetch)
    after = source[source.index("except aiohttp.ClientError") :]
    assert after.index("raise ExchangeError") < after.index("\n\n")
    assert issubclass(aiohttp.ClientPayloadError, aiohttp.ClientError)
    assert not issubclass(aiohttp.ClientPayloadError, aiohttp.ClientConnectionError)


def test_deadline_elapsed_is_a_refusal_to_ccxt_and_open_to_the_venue() -> None:
    wire = Wire("kraken_spot")
    wire.load()
    call = wire.venue.read(HttpRequest("POST", "/0/private/AddOrder", "api.kraken.com", {}, b""))
    wire.venue.admit = lambda *_: wire.venue.refusal("code_1007", wire.now, call=call)
    with pytest.raises(Exception, match="Deadline elapsed") as raised:
        wire.ccxt.create_order(wire.config.symbols[0], "limit", "buy", 0.01, 40_000)
    assert meaning_of(raised.value) == "rejected"
    body = wire.answer.body if wire.answer is not None else b""
    assert load("kraken_spot").build(wire.config).interpret(200, {}, body, wire.now).outcome == "ambiguous"
