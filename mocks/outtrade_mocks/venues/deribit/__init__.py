"""Deribit: perpetuals and futures, reversed and linear, over JSON-RPC 2.0.

    codec       JSON numbers, parameters of queries and objects
    errors      the core's refusals in Deribit's words (from the cassette ``errors``)
    reference   instruments and their rules (from the cassette ``instruments``)
    traits      what the venue is declared to do, and the knobs for what nobody documents
    auth        keys, signatures, tokens
    limits      pools of credits
    desk        exchange core + account + translation: what handlers work on; labels
    tickets     reading a new order
    shapes      the JSON objects of orders, trades, positions, accounts
    trading, queries, account, market    the handlers
    methods     the table of methods
    door        what HTTP requests and frames have in common
    channels    what can be subscribed to
    session     a WebSocket connection: login, subscriptions, heartbeats, cancel on disconnect
    events      the notifications of the private channels
    reading     how an answer is to be read (ok, definite, ambiguous)
    statement   what the documentation says of all this (docs/venues/deribit.md)
    venue       all of it behind the seam of `outtrade_mocks.venues.api`

Sources: docs.deribit.com (API v2.1.1 and its articles); recordings in nautilus_trader's test_data. What is not mocked
says docs/venues/deribit.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.deribit.reference import instruments
from outtrade_mocks.venues.deribit.reference import symbols as _symbols
from outtrade_mocks.venues.deribit.statement import about
from outtrade_mocks.venues.deribit.traits import KNOBS, TRAITS
from outtrade_mocks.venues.deribit.venue import CREDENTIALS, Deribit

__all__ = [
    "KNOBS",
    "Deribit",
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

rest_url = "https://www.deribit.com"
stream_url = "wss://www.deribit.com"
documentation = "https://docs.deribit.com/"
"""Where the documents lie that sources name."""
credentials = CREDENTIALS
market = "swap"
ccxt_id = "deribit"
ccxt_options: Mapping[str, Any] = MappingProxyType({})
"""What ccxt's ``load_markets`` is to ask for: its default asks for all instruments at once."""
symbols: Mapping[str, str] = _symbols()
traits: Mapping[str, Trait] = TRAITS


def build(config: VenueConfig) -> Deribit:
    """The venue for one run; raises ValueError on symbols it does not list or impossible knobs."""
    return Deribit(config)
