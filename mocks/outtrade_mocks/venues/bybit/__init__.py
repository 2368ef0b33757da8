"""Bybit, v5 API: one venue with spot, linear (USDT) and inverse perpetuals, a unified account, behind its real wire.

    errors      every error in Bybit's words (from the cassette ``errors``)
    codec       decimal strings, parameters, pages
    reference   symbols, categories, risk limits and fees (from the cassette ``instruments``)
    traits      what the venue is declared to do, and the knobs for what nobody documents
    auth        key, time window, signature (HMAC, RSA)
    limits      paces per endpoint and category, the limit of the address, the ban
    ids         order and execution ids
    notes       what Bybit knows of an order and the core does not
    desk        exchange core + account + translation: what handlers work on
    tickets     reading and checking a new order
    guards      take profits, stop losses and trailing stops beside orders and positions
    protection  disconnection protection (the dead man's switch)
    firm        desk, guards, protection and credentials in one hand
    shapes, holdings   the JSON objects of orders and executions, of positions and the wallet
    trading, queries, positions, account, market    the handlers
    endpoints   the table of endpoints
    asked, asking      a request as it was sent, and in unified words
    reports     the events of the private stream
    streams, public_stream, orders_stream    the WebSocket connections: private, public (``feeds``), trade
    reading     how an answer is to be read (ok, definite, ambiguous)
    statement   what the documentation says of all this (docs/venues/bybit.md)
    venue       all of it behind the seam of `outtrade_mocks.venues.api`

Sources: bybit-exchange/docs (docs/v5), the help centre where named, samples and recordings.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.bybit.reference import instruments
from outtrade_mocks.venues.bybit.reference import symbols as _symbols
from outtrade_mocks.venues.bybit.statement import about
from outtrade_mocks.venues.bybit.traits import KNOBS, TRAITS
from outtrade_mocks.venues.bybit.venue import CREDENTIALS, Bybit
from outtrade_mocks.venues.config import VenueConfig

__all__ = [
    "KNOBS",
    "Bybit",
    "about",
    "build",
    "ccxt_id",
    "ccxt_options",
    "credentials",
    "instruments",
    "market",
    "rest_url",
    "stream_url",
    "symbols",
    "traits",
]

rest_url = "https://api.bybit.com"
documentation = "https://github.com/bybit-exchange/docs/blob/main/docs/v5/"
"""Where the documents lie that sources name (``error.mdx``)."""
stream_url = "wss://stream.bybit.com"
credentials = CREDENTIALS
market = "swap"
ccxt_id = "bybit"
ccxt_options: Mapping[str, object] = MappingProxyType({})
"""ccxt's defaults ask for every category, which are all here (options: an empty list)."""
symbols: Mapping[str, str] = _symbols()
traits: Mapping[str, Trait] = TRAITS


def build(config: VenueConfig) -> Bybit:
    """The venue for one run; raises ValueError on symbols it does not list or impossible knobs."""
    return Bybit(config)
