"""Alpaca: a broker with equities and crypto on one account, behind its real wire.

    errors      every error in Alpaca's words (from the cassette ``errors``)
    codec       amounts, New York's time, ids, parameters
    reference   assets (from the cassette ``assets``)
    traits      what the venue is declared to do, and the knobs for what nobody documents
    auth        the two headers
    limits      200 requests a minute
    notes       what Alpaca knows of an order and the core does not; states
    desk        exchange core + account + translation: what handlers work on
    tickets     reading and checking a new order
    replacing   replacements that take their time
    dues        fees of crypto, booked at the end of the day
    guards      wash trades, pattern day trading, what an order lacks
    shapes, holdings   the JSON objects of orders, of positions
    trading, account, positions, market, data   the handlers
    endpoints   the table of endpoints
    asking      a request in unified words
    events      trade updates
    streams, feeds     the WebSocket connections: trade updates, market data
    reading     how an answer is to be read (ok, definite, ambiguous)
    statement   what the documentation says of all this (docs/venues/alpaca.md)
    venue       all of it behind the seam of `outtrade_mocks.venues.api`

Sources: docs.alpaca.markets and alpacahq/alpaca-docs, issues and source of alpaca-py, forum.alpaca.markets, what ccxt
sends and maps, a measurement of the paper account (2026-08). Not mocked: options, margin and short sales, the Broker
API.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from outtrade_mocks.venues.alpaca.reference import instruments
from outtrade_mocks.venues.alpaca.reference import symbols as _symbols
from outtrade_mocks.venues.alpaca.statement import about
from outtrade_mocks.venues.alpaca.traits import KNOBS, TRAITS
from outtrade_mocks.venues.alpaca.venue import CREDENTIALS, Alpaca
from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.config import VenueConfig

__all__ = [
    "KNOBS",
    "Alpaca",
    "about",
    "build",
    "ccxt_id",
    "ccxt_options",
    "credentials",
    "documentation",
    "instruments",
    "lacks",
    "market",
    "rest_url",
    "stream_url",
    "symbols",
    "traits",
]

rest_url = "https://api.alpaca.markets"
documentation = "https://docs.alpaca.markets/"
"""Where the documents lie that sources name (``docs/orders-at-alpaca``)."""
stream_url = "wss://api.alpaca.markets"
credentials = CREDENTIALS
market = "spot"
ccxt_id = "alpaca"
ccxt_options: Mapping[str, object] = MappingProxyType({})
lacks = ("post_only", "FOK")
"""What crypto orders cannot be (docs/crypto-trading)."""
symbols: Mapping[str, str] = _symbols()
traits: Mapping[str, Trait] = TRAITS


def build(config: VenueConfig) -> Alpaca:
    """The venue for one run; raises ValueError on symbols it does not list or impossible knobs."""
    return Alpaca(config)
