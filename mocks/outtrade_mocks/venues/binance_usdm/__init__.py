"""Binance USD-M futures (USDⓈ-M): perpetual contracts behind their real wire.

    errors      every error in Binance's words (from the cassette ``errors``)
    figures     numbers as they are written and read here
    names       client order ids
    reference   contracts and their rules (from the cassette ``exchange_info``)
    traits      what the venue is declared to do, and the knobs for what nobody documents
    limits      request weight, order counts, 429 and 418
    listenkeys  what opens the account's stream
    desk        exchange core + account + translation: what handlers work on
    tickets     reading and checking a new order
    shapes      the JSON objects of orders and trades
    trading, algos, queries, account, settings, market    the handlers (``holdings``, ``periods`` for them)
    endpoints   the table of endpoints
    events      the private stream's events
    feeds       market data streams
    streams     connections to the streams
    wsapi       connections to the WebSocket API
    reading     how an answer is to be read (ok, definite, ambiguous)
    front       what requests over HTTP and in frames share
    statement   what the documentation says of all this
    venue       all of it behind the seam of `outtrade_mocks.venues.api`

Sources: developers.binance.com, derivatives, USDⓈ-M Futures. What stands in ``binance_auth``, ``binance_codec``,
``binance_errors`` and ``binance_reading`` is common to Binance's venues.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.binance_usdm.reference import instruments
from outtrade_mocks.venues.binance_usdm.reference import symbols as _symbols
from outtrade_mocks.venues.binance_usdm.statement import about
from outtrade_mocks.venues.binance_usdm.traits import KNOBS, TRAITS
from outtrade_mocks.venues.binance_usdm.venue import CREDENTIALS, BinanceUsdm
from outtrade_mocks.venues.config import VenueConfig

__all__ = [
    "KNOBS",
    "BinanceUsdm",
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

rest_url = "https://fapi.binance.com"
documentation = "https://developers.binance.com/docs/derivatives/usds-margined-futures/"
"""Where the documents lie that sources name."""
stream_url = "wss://fstream.binance.com"
credentials = CREDENTIALS
market = "swap"
ccxt_id = "binanceusdm"
ccxt_options = MappingProxyType({"fetchCurrencies": False, "fetchMargins": False})
"""What ccxt's ``load_markets`` is to ask for: contracts alone (it also asks the wallet for currencies)."""
symbols: Mapping[str, str] = _symbols()
traits: Mapping[str, Trait] = TRAITS


def build(config: VenueConfig) -> BinanceUsdm:
    """The venue for one run; raises ValueError on symbols it does not list or impossible knobs."""
    return BinanceUsdm(config)
