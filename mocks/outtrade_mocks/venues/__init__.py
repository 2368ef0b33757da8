"""Venues: one module or small package for each exchange, all behind the seam of `outtrade_mocks.venues.api`.

A venue module has ``build(config) -> Venue`` and plain data beside it: ``instruments(config)``, ``symbols`` (unified
symbol -> the venue's id), ``rest_url``, ``stream_url``, ``traits``, ``credentials`` (the test account's),
``market`` (what it trades mostly: ``spot``, ``swap``), ``ccxt_id`` and ``ccxt_options`` (its class in ccxt, and what
``load_markets`` is to ask for), ``documentation`` (where the documents lie that sources name), ``KNOBS`` and
``about()`` (what its page in docs/venues is written from); for recordings ``recorded(cassette)`` (reference and market
data) and ``rules(cassette)`` (trading rules, to be compared). Every venue declares the traits that ``vocabulary``
lists. How to add a venue: docs/add-a-venue.md::

    >>> binance = load("binance_spot")
    >>> binance.symbols["BTC/USDT"]
    'BTCUSDT'
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

NAMES = tuple(sorted(entry.name for entry in iter_modules(__path__) if entry.ispkg))
"""The venues there are: every package here is one."""


class VenueError(ValueError):
    """No such venue, or a configuration that it cannot serve; the message is one line."""


def load(name: str) -> Any:
    """The module of a venue; raises VenueError where there is none of that name."""
    if name not in NAMES:
        raise VenueError(f"no venue {name!r}; there is {', '.join(NAMES)}")
    return import_module(f"outtrade_mocks.venues.{name}")
