"""Coinbase Advanced Trade (spot): the exchange behind its real wire.

    errors      every error in Coinbase's words (from the cassette ``errors``)
    codec       JSON, plain decimals, times
    reference   products (from the cassette ``products``)
    traits      what the venue is declared to do, and the knobs for what nobody documents
    auth        tokens: ES256 and EdDSA, verified for real
    limits      requests a second
    notes       how an order was asked for: ``order_configuration``
    desk        exchange core + account + translation: what handlers work on
    tickets     reading and checking a new order
    shapes      the JSON objects of orders and fills
    estimates   previews
    trading, orders, account, market    the handlers
    endpoints   the table of endpoints
    calls       requests in unified words, refusals that are injected
    events, feeds, streams    the user's channel, market channels, one WebSocket connection
    reading     how an answer is to be read (ok, definite, ambiguous)
    statement   what the documentation says of all this (docs/venues/coinbase.md)
    venue       all of it behind the seam of `outtrade_mocks.venues.api`

Sources: docs.cdp.coinbase.com (Advanced Trade API reference and guides, WebSocket pages, API key authentication),
coinbase-advanced-py, what ccxt sends and maps, nautilus_trader's notes on the venue, threads of their issue trackers.
Not mocked: futures and perpetuals, converts, payment methods, deposits.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.coinbase.reference import instruments
from outtrade_mocks.venues.coinbase.reference import symbols as _symbols
from outtrade_mocks.venues.coinbase.statement import about
from outtrade_mocks.venues.coinbase.traits import KNOBS, TRAITS
from outtrade_mocks.venues.coinbase.venue import CREDENTIALS, Coinbase
from outtrade_mocks.venues.config import VenueConfig

__all__ = [
    "KNOBS",
    "Coinbase",
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

rest_url = "https://api.coinbase.com"
documentation = "https://docs.cdp.coinbase.com/"
stream_url = "wss://advanced-trade-ws-user.coinbase.com"
credentials = CREDENTIALS
market = "spot"
ccxt_id = "coinbase"
ccxt_options: Mapping[str, object] = MappingProxyType({})
symbols: Mapping[str, str] = _symbols()
traits: Mapping[str, Trait] = TRAITS


def build(config: VenueConfig) -> Coinbase:
    """The venue for one run; raises ValueError on symbols it does not list, impossible knobs or keys, or where
    ``cryptography`` is not installed."""
    return Coinbase(config)
