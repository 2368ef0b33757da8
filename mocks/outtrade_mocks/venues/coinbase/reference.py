"""Reference data: products, from the cassette ``products`` or from what the configuration brings along.

>>> btc = own_listings()["BTC/USD"]
>>> btc.id, btc.tick, btc.step, btc.raw["quote_min_size"]
('BTC-USD', Decimal('0.01'), Decimal('1E-8'), '1')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.core import Instrument
from outtrade_mocks.venues import VenueError
from outtrade_mocks.venues.catalogue import Catalogue, Fees, once, task_fields
from outtrade_mocks.venues.coinbase.codec import text
from outtrade_mocks.venues.coinbase.errors import VENUE
from outtrade_mocks.venues.config import VenueConfig

ORDER_TYPES = ("limit", "market", "stop_limit", "take_profit_limit")
"""There is no stop order that becomes a market order."""
FIAT = frozenset({"USD", "EUR", "GBP"})
"""What is money, and no crypto asset."""
MOST = Decimal(1_000_000_000)
"""No price is above this (*inferred*: no bound is stated)."""
PRECISION = 8
"""Decimals of every asset in the ledger (*inferred*: answers show up to sixteen)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One product. ``raw`` is its object in List Products."""

    unified: str
    id: str
    base: str
    quote: str
    tick: Decimal
    step: Decimal
    raw: dict[str, Any]
    made: dict[Fees, Instrument] = field(default_factory=dict, repr=False)

    def price(self, ticks: int | None) -> str:
        """A price as written; "" for none."""
        return "" if ticks is None else text(ticks * self.tick)

    def size(self, lots: int) -> str:
        """A quantity as written."""
        return text(lots * self.step)

    def increment(self, name: str) -> Decimal:
        """``price_increment``, ``base_increment`` or ``quote_increment`` as the product tells it now; ``tick`` and
        ``step`` stay the units of the book."""
        return Decimal(self.raw.get(name) or self.raw["quote_increment"])


@lru_cache(maxsize=1)
def own_listings() -> Mapping[str, Listing]:
    """All products of the mock's own cassette, by unified symbol."""
    made = (listing_of(raw) for raw in cassettes.load(VENUE, "products")["products"].json()["products"])
    return {entry.unified: entry for entry in made}


def listing_of(raw: Mapping[str, Any], fees: Fees | None = None) -> Listing:
    """A listing from its object. Raises VenueError on one that cannot be played."""
    base, quote = str(raw["base_currency_id"]), str(raw["quote_currency_id"])
    if raw.get("product_type", "SPOT") != "SPOT":
        raise VenueError(f"reference data of {raw['product_id']}: only spot products are modelled")
    tick, step = Decimal(raw.get("price_increment") or raw["quote_increment"]), Decimal(raw["base_increment"])
    if not (tick.is_finite() and step.is_finite() and tick > 0 and step > 0):
        raise VenueError(f"reference data of {raw['product_id']}: increments are positive numbers")
    return Listing(f"{base}/{quote}", str(raw["product_id"]), base, quote, tick, step, dict(raw))


CATALOGUE = Catalogue(VENUE, own=own_listings, read=listing_of)
listings = CATALOGUE.listings
symbols = lru_cache(maxsize=1)(CATALOGUE.symbols)


@once
def core_instrument(entry: Listing, fees: Fees) -> Instrument:
    """The core's rules for a product; ``fees``: maker and taker, as fractions."""
    raw = entry.raw
    return Instrument(
        symbol=entry.unified,
        base=entry.base,
        quote=entry.quote,
        tick=entry.tick,
        step=entry.step,
        quantity_min=Decimal(raw["base_min_size"]),
        quantity_max=Decimal(raw["base_max_size"]),
        notional_min=Decimal(raw["quote_min_size"]),
        notional_max=Decimal(raw["quote_max_size"]),
        base_precision=PRECISION,
        quote_precision=PRECISION,
        maker_fee=fees[0],
        taker_fee=fees[1],
    )


def relisted(entry: Listing, rule: str, value: Decimal) -> Listing:
    """The listing with another tick, step or least value of an order, as the product tells it."""
    name = {"tick": "price_increment", "step": "base_increment", "notional": "quote_min_size"}[rule]
    return replace(entry, raw=entry.raw | {name: text(value)})


def instruments(config: VenueConfig) -> dict[str, dict[str, Any]]:
    """Unified symbol -> the fields of a task's Instrument, as plain data (decimal strings)."""
    return {
        unified: task_fields(entry, core_instrument(entry, config.fees), types=ORDER_TYPES, price_max=text(MOST))
        for unified, entry in listings(config).items()
    }
