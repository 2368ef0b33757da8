"""Reference data: contracts and their rules, from the cassette ``exchange_info``, or from what the configuration of the
venue brings along.

A ``Listing`` joins three views of one symbol: Binance's JSON, the core's integer rules, and the scale between them.
Prices and quantities on the wire are e8 (see ``binance_codec``), and so are ``tick`` and ``step``. Filters differ from
spot: MIN_NOTIONAL says ``notional``, and PERCENT_PRICE bounds a buy from above and a sale from below, around the mark
price. How many decimals a number may have is ``pricePrecision`` and ``quantityPrecision``::

    >>> btc = listing("BTC/USDT:USDT")
    >>> btc.id, btc.tick, btc.step, btc.least_notional
    ('BTCUSDT', 10000000, 100000, '100')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.core import Bracket, PriceBand
from outtrade_mocks.core import Instrument as CoreInstrument
from outtrade_mocks.venues.binance_codec import e8_of
from outtrade_mocks.venues.binance_usdm.errors import VENUE
from outtrade_mocks.venues.catalogue import Catalogue, Fees, once, task_fields, text
from outtrade_mocks.venues.config import VenueConfig

EIGHT_HOURS = 8 * 3_600_000_000_000
TYPES = {
    "LIMIT": "limit",
    "MARKET": "market",
    "STOP": "stop_limit",
    "STOP_MARKET": "stop",
    "TAKE_PROFIT": "take_profit_limit",
    "TAKE_PROFIT_MARKET": "take_profit",
    "TRAILING_STOP_MARKET": "trailing_stop",
}
"""Binance's order types in unified words."""
FAR = Decimal(1_000_000)
"""A factor of the reference price that no price has: the side of PERCENT_PRICE that has no bound."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One contract. ``raw`` is its object in exchangeInfo; ``tick`` and ``step`` in e8; ``brackets`` as leverageBracket
    shows them."""

    unified: str
    id: str
    base: str
    quote: str
    margin: str
    tick: int
    step: int
    price_places: int
    quantity_places: int
    raw: dict[str, Any]
    filters: dict[str, dict[str, Any]]
    brackets: tuple[dict[str, Any], ...]
    price_bounds: tuple[int, int]
    """Least and largest price (e8)."""
    lots: tuple[int, int]
    market_lots: tuple[int, int]
    """Least and largest quantity of limit and of market orders, in lots."""
    fees: Fees | None = None
    """Maker and taker, where the symbol has its own."""
    made: dict[Fees, CoreInstrument] = field(default_factory=dict, compare=False, repr=False)
    """The core's rules by fees of the venue, once they were asked for."""

    def lot_bounds(self, market: bool) -> tuple[int, int]:
        """Least and largest quantity in lots."""
        return self.market_lots if market else self.lots

    def max_notional(self, leverage: int) -> int:
        """The largest position at a leverage, in units of the settlement asset."""
        return max((int(one["notionalCap"]) for one in self.brackets if one["initialLeverage"] >= leverage), default=0)

    @property
    def least_notional(self) -> str:
        """The least notional as -4164 names it."""
        found = str(self.filters["MIN_NOTIONAL"]["notional"])
        return "5.0" if found == "5" else found


@lru_cache(maxsize=1)
def exchange_info() -> dict[str, Any]:
    """The exchangeInfo answer of the cassette: a template, not to be changed."""
    info: dict[str, Any] = cassettes.load(VENUE, "exchange_info")["exchange_info"].json()
    return info


@lru_cache(maxsize=1)
def _own_brackets() -> Mapping[str, tuple[dict[str, Any], ...]]:
    rows = cassettes.load(VENUE, "exchange_info")["leverage_brackets"].json()
    return {row["symbol"]: tuple(row["brackets"]) for row in rows}


@lru_cache(maxsize=1)
def own_listings() -> Mapping[str, Listing]:
    """All symbols of the mock's own cassette, by unified symbol."""
    made = (_listing(raw) for raw in exchange_info()["symbols"])
    return {entry.unified: entry for entry in made}


def _listing(raw: dict[str, Any]) -> Listing:
    """Raises KeyError, TypeError, ValueError or InvalidOperation on what is no object of exchangeInfo."""
    filters = {entry["filterType"]: entry for entry in raw["filters"]}
    known = _own_brackets()
    tick, step = e8_of(Decimal(filters["PRICE_FILTER"]["tickSize"])), e8_of(Decimal(filters["LOT_SIZE"]["stepSize"]))
    if tick <= 0 or step <= 0:
        raise ValueError("tick and step are above 0")
    for name, key in (
        ("MARKET_LOT_SIZE", "stepSize"),
        ("MIN_NOTIONAL", "notional"),
        ("PERCENT_PRICE", "multiplierUp"),
    ):
        Decimal(filters[name][key])
    margin, price = raw["marginAsset"], filters["PRICE_FILTER"]

    def bounds(name: str) -> tuple[int, int]:
        return e8_of(Decimal(filters[name]["minQty"])) // step, e8_of(Decimal(filters[name]["maxQty"])) // step

    return Listing(
        unified=f"{raw['baseAsset']}/{raw['quoteAsset']}:{margin}",
        id=raw["symbol"],
        base=raw["baseAsset"],
        quote=raw["quoteAsset"],
        margin=margin,
        tick=tick,
        step=step,
        price_places=int(raw["pricePrecision"]),
        quantity_places=int(raw["quantityPrecision"]),
        raw=raw,
        filters=filters,
        brackets=known.get(raw["symbol"]) or known["SOLUSDT"],
        price_bounds=(e8_of(Decimal(price["minPrice"])), e8_of(Decimal(price["maxPrice"]))),
        lots=bounds("LOT_SIZE"),
        market_lots=bounds("MARKET_LOT_SIZE"),
    )


def _of_reference(raw: Any, fees: Fees | None) -> Listing:
    entry = replace(_listing(raw), fees=fees)
    core_instrument(entry, (Decimal(0), Decimal(0)))
    return entry


CATALOGUE = Catalogue(VENUE, own=own_listings, read=_of_reference)
listing, listings = CATALOGUE.one, CATALOGUE.listings
symbols = lru_cache(maxsize=1)(CATALOGUE.symbols)


@once
def core_instrument(entry: Listing, fees: Fees) -> CoreInstrument:
    """The core's rules for a listing; ``fees`` are those of symbols without fees of their own."""
    maker, taker = entry.fees or fees
    price, lot, market = entry.filters["PRICE_FILTER"], entry.filters["LOT_SIZE"], entry.filters["MARKET_LOT_SIZE"]
    percent = entry.filters["PERCENT_PRICE"]
    return CoreInstrument(
        symbol=entry.unified,
        base=entry.base,
        quote=entry.quote,
        tick=Decimal(price["tickSize"]),
        step=Decimal(lot["stepSize"]),
        price_min=Decimal(price["minPrice"]),
        price_max=Decimal(price["maxPrice"]),
        quantity_min=Decimal(lot["minQty"]),
        quantity_max=Decimal(lot["maxQty"]),
        market_step=Decimal(market["stepSize"]),
        market_min=Decimal(market["minQty"]),
        market_max=Decimal(market["maxQty"]),
        notional_min=Decimal(entry.filters["MIN_NOTIONAL"]["notional"]),
        band=PriceBand(
            bid_down=Decimal(0),
            bid_up=Decimal(percent["multiplierUp"]),
            ask_down=Decimal(percent["multiplierDown"]),
            ask_up=FAR,
        ),
        max_orders=entry.filters.get("MAX_NUM_ORDERS", {}).get("limit"),
        max_algo_orders=entry.filters.get("MAX_NUM_ALGO_ORDERS", {}).get("limit"),
        maker_fee=maker,
        taker_fee=taker,
        kind="perpetual",
        brackets=tuple(
            Bracket(
                cap=Decimal(one["notionalCap"]),
                leverage=one["initialLeverage"],
                rate=Decimal(str(one["maintMarginRatio"])),
            )
            for one in entry.brackets
        ),
        liquidation_fee=Decimal(entry.raw["liquidationFee"]),
        funding_interval=EIGHT_HOURS,
    )


def relisted(entry: Listing, rule: str, value: Decimal) -> Listing:
    """The listing with another tick, step or least notional; ``tick`` and ``step`` stay the units of the book."""
    keys = {
        "tick": {"PRICE_FILTER": "tickSize"},
        "step": {"LOT_SIZE": "stepSize", "MARKET_LOT_SIZE": "stepSize"},
        "notional": {"MIN_NOTIONAL": "notional"},
    }[rule]
    filters = [
        one | {keys[one["filterType"]]: text(value)} if one["filterType"] in keys else one
        for one in entry.raw["filters"]
    ]
    by_type = {one["filterType"]: one for one in filters}
    return replace(entry, raw=entry.raw | {"filters": filters}, filters=by_type)


def instruments(config: VenueConfig) -> dict[str, dict[str, Any]]:
    """Unified symbol -> the fields of a task's Instrument, as plain data (decimal strings)."""
    return {unified: _plain(entry, config.fees) for unified, entry in listings(config).items()}


def _plain(entry: Listing, fees: Fees) -> dict[str, Any]:
    percent, names = entry.filters["PERCENT_PRICE"], entry.raw["orderTypes"]
    band = [text(Decimal(percent["multiplierDown"])), text(Decimal(percent["multiplierUp"]))]
    types = (TYPES[name] for name in names if name in TYPES)
    return task_fields(entry, core_instrument(entry, fees), types=types, band=band)
