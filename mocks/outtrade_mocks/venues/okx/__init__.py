"""OKX v5: spot and perpetual swaps behind their real wire.

    errors      every error in OKX's words (from the cassette ``errors``)
    codec       numbers and parameters: strings, "" for what is absent
    reference   instruments and their rules (from the cassette ``instruments``)
    traits      what the venue is declared to do, and the knobs for what nobody documents
    auth        key, passphrase, time, signature; WebSocket login
    limits      requests per endpoint, orders per sub-account
    desk        exchange core + account + translation: what handlers work on
    tickets     reading and checking a new order, attached take-profit and stop-loss
    trading     place, cancel, amend, batches, close position, cancel all after
    algos       conditional, oco, trigger and trailing orders
    history     orders and trades in pages
    shapes      the JSON objects of orders and trades
    money       balances, positions, bills;  account    the endpoints of them, settings, fees
    market      public and market data
    endpoints   the table of endpoints;  door    what REST and WebSocket requests have in common
    events      what the private channels tell;  channels    subscriptions and market data;  session    a connection
    reading     how an answer is to be read (ok, definite, ambiguous);  statement    what the documentation is made of
    venue       all of it behind the seam of `outtrade_mocks.venues.api`

Sources: okx.com/docs-v5 as of June 2026, and what client libraries recorded. See ``docs/venues/okx.md`` for what is
modelled, simplified and absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from outtrade_mocks.venues.api import Trait
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.okx.reference import instruments
from outtrade_mocks.venues.okx.reference import symbols as _symbols
from outtrade_mocks.venues.okx.statement import about
from outtrade_mocks.venues.okx.traits import KNOBS, TRAITS
from outtrade_mocks.venues.okx.venue import CREDENTIALS, Okx

__all__ = [
    "KNOBS",
    "Okx",
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

rest_url = "https://www.okx.com"
stream_url = "wss://ws.okx.com:8443"
documentation = "https://www.okx.com/docs-v5/en/"
"""Where the documents lie that sources name."""
credentials = CREDENTIALS
market = "spot"
ccxt_id = "okx"
ccxt_options = MappingProxyType({"fetchMarkets": {"types": ["spot", "swap"]}})
"""What ccxt's ``load_markets`` is to ask for: what the venue trades here."""
symbols: Mapping[str, str] = _symbols()
traits: Mapping[str, Trait] = TRAITS


def build(config: VenueConfig) -> Okx:
    """The venue for one run; raises ValueError on symbols it does not list or impossible knobs."""
    return Okx(config)
