"""Kraken spot: the exchange behind its real wire.

    errors      every error in Kraken's words (from the cassette ``errors``)
    codec       forms and JSON, padded amounts, times
    reference   pairs and assets and their four names (from the cassette ``reference``)
    traits      what the venue is declared to do, and the knobs for what nobody documents
    auth        key, signature, nonce, lockout; WebSocket tokens
    limits      the counter of REST calls, and the engine's of each pair
    notes       what Kraken remembers of an order beside what the core does; identifiers
    ledger      every change of what the account owns
    desk        exchange core + account + translation: what handlers work on
    prices      static and relative prices
    tickets     reading and checking a new order
    shapes      the JSON objects of orders, trades and ledger entries
    trading, account, market    the handlers
    endpoints   the table of endpoints
    executions, private    events and snapshots of the account's stream
    feeds       public channels: book with checksum, ticker, trade, ohlc, instrument
    frames      requests of WebSocket v2 in the words of REST
    entry       orders in frames
    calls       requests in unified words, for HTTP and frames
    streams     one WebSocket connection
    reading     how an answer is to be read (ok, definite, ambiguous)
    statement   what the documentation says of all this (docs/venues/kraken_spot.md)
    venue       all of it behind the seam of `outtrade_mocks.venues.api`

Sources: docs.kraken.com (Spot REST, Spot WebSocket v2, guides on errors, rate limits, client order identifiers, amends,
book checksum), recordings of aiokraken (2019-2020), what ccxt sends and maps. Not mocked: margin, WebSocket v1,
level 3, funding, earn.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.kraken_spot.reference import instruments
from outtrade_mocks.venues.kraken_spot.reference import symbols as _symbols
from outtrade_mocks.venues.kraken_spot.statement import about
from outtrade_mocks.venues.kraken_spot.traits import KNOBS, TRAITS
from outtrade_mocks.venues.kraken_spot.venue import CREDENTIALS, KrakenSpot

__all__ = [
    "KNOBS",
    "KrakenSpot",
    "about",
    "build",
    "ccxt_id",
    "ccxt_options",
    "credentials",
    "documentation",
    "instruments",
    "market",
    "rest_url",
    "stream_url",
    "symbols",
    "traits",
]

rest_url = "https://api.kraken.com"
documentation = "https://docs.kraken.com/"
stream_url = "wss://ws-auth.kraken.com"
credentials = CREDENTIALS
market = "spot"
ccxt_id = "kraken"
ccxt_options: Mapping[str, object] = MappingProxyType({})
symbols: Mapping[str, str] = _symbols()
traits: Mapping[str, Trait] = TRAITS


def build(config: VenueConfig) -> KrakenSpot:
    """The venue for one run; raises ValueError on symbols it does not list or impossible knobs."""
    return KrakenSpot(config)
