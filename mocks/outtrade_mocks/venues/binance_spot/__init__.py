"""Binance spot: the exchange behind its real wire.

    errors      the core's refusals in Binance's words (from the cassette ``errors``)
    reference   symbols and their rules (from the cassette ``exchange_info``)
    recorded    the same, and markets and fees, from somebody's recording
    tapes       its order books and trades, to be played again
    traits      what the venue is declared to do, and the knobs for what nobody documents
    limits      request weight, order counts, 429 and 418
    desk        exchange core + account + translation: what handlers work on
    tickets     reading and checking a new order
    shapes      the JSON objects of orders and trades
    tape        the public tape: everybody's trades, and candles made of them
    trading, orderlists, account, wallet, market, candles    the handlers
    endpoints   the table of endpoints
    front       the front door, and the way to the engine
    wsapi       a connection to the WebSocket API; methods: what it can be asked
    reports     the events of the private stream
    streams     a connection to the market data streams; feeds: what each stream says
    reading     how an answer is to be read (ok, definite, ambiguous)
    statement   what the documentation says of all this (docs/venues/binance_spot.md)
    venue       all of it behind the seam of `outtrade_mocks.venues.api`

Shared with Binance's other APIs: ``binance_codec`` (numbers and parameters), ``binance_auth`` (key, time window,
signature), ``binance_errors``, in the folder above.

Sources: binance/binance-spot-api-docs (rest-api.md, web-socket-api.md, web-socket-streams.md, user-data-stream.md,
errors.md, filters.md, enums.md, faqs). What is not mocked says docs/venues/binance_spot.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.binance_spot.recorded import recorded, rules
from outtrade_mocks.venues.binance_spot.reference import instruments
from outtrade_mocks.venues.binance_spot.reference import symbols as _symbols
from outtrade_mocks.venues.binance_spot.statement import about
from outtrade_mocks.venues.binance_spot.tapes import tape_of
from outtrade_mocks.venues.binance_spot.traits import KNOBS, TRAITS
from outtrade_mocks.venues.binance_spot.venue import CREDENTIALS, BinanceSpot
from outtrade_mocks.venues.config import VenueConfig

__all__ = [
    "KNOBS",
    "BinanceSpot",
    "about",
    "build",
    "ccxt_id",
    "ccxt_options",
    "credentials",
    "instruments",
    "market",
    "recorded",
    "rest_url",
    "rules",
    "stream_url",
    "symbols",
    "tape_of",
    "traits",
]

rest_url = "https://api.binance.com"
documentation = "https://github.com/binance/binance-spot-api-docs/blob/master/"
"""Where the documents lie that sources name (``errors.md``)."""
stream_url = "wss://ws-api.binance.com:443"
credentials = CREDENTIALS
market = "spot"
ccxt_id = "binance"
ccxt_options = MappingProxyType({"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}, "fetchMargins": False})
"""What ccxt's ``load_markets`` is to ask for: spot only (it also asks the futures hosts, and margin end points)."""
symbols: Mapping[str, str] = _symbols()
traits: Mapping[str, Trait] = TRAITS


def build(config: VenueConfig) -> BinanceSpot:
    """The venue for one run; raises ValueError on symbols it does not list or impossible knobs."""
    return BinanceSpot(config)
