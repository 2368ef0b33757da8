"""Reference data: which symbols there are and their rules, from the cassette ``exchange_info``, or from what the
configuration of the venue brings along (somebody's recording, see `recorded`).

A ``Listing`` joins the three views of one symbol: Binance's JSON, the core's integer rules, and the scale between
them. Prices and quantities on the wire are e8 (see `codec`); ``tick`` and ``step`` are e8 too, so a price is on the
grid where it divides evenly::

    >>> btc = listing("BTC/USDT")
    >>> btc.id, btc.tick, btc.step
    ('BTCUSDT', 1000000, 1000)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.core import Instrument as CoreInstrument
from outtrade_mocks.core import PriceBand
from outtrade_mocks.venues.binance_codec import e8_of
from outtrade_mocks.venues.binance_spot.errors import VENUE
from outtrade_mocks.venues.binance_spot.recorded import listing_of
from outtrade_mocks.venues.catalogue import Catalogue, Fees, once, task_fields, text
from outtrade_mocks.venues.config import VenueConfig


@dataclass(frozen=True, slots=True)
class Listing:
    """One symbol. ``raw`` is its object in exchangeInfo; ``tick`` and ``step`` in e8."""

    unified: str
    id: str
    base: str
    quote: str
    tick: int
    step: int
    raw: dict[str, Any]
    fees: Fees | None = None
    """Maker and taker, where the symbol has its own."""
    made: dict[Fees, CoreInstrument] = field(default_factory=dict, compare=False, repr=False)
    """The core's rules by fees of the venue, once they were asked for."""

    def filter(self, name: str) -> dict[str, Any]:
        """A symbol filter by type; empty where the symbol has none."""
        for entry in self.raw["filters"]:
            if entry["filterType"] == name:
                return dict(entry)
        return {}


@lru_cache(maxsize=1)
def exchange_info() -> dict[str, Any]:
    """The exchangeInfo answer of the cassette: a template, not to be changed."""
    info: dict[str, Any] = cassettes.load(VENUE, "exchange_info")["exchange_info"].json()
    return info


@lru_cache(maxsize=1)
def own_listings() -> Mapping[str, Listing]:
    """All symbols of the mock's own cassette, by unified symbol."""
    made = (_listing(raw) for raw in exchange_info()["symbols"])
    return {entry.unified: entry for entry in made}


def _listing(raw: dict[str, Any], fees: Fees | None = None) -> Listing:
    filters = {entry["filterType"]: entry for entry in raw["filters"]}
    return Listing(
        unified=f"{raw['baseAsset']}/{raw['quoteAsset']}",
        id=raw["symbol"],
        base=raw["baseAsset"],
        quote=raw["quoteAsset"],
        tick=e8_of(Decimal(filters["PRICE_FILTER"]["tickSize"])),
        step=e8_of(Decimal(filters["LOT_SIZE"]["stepSize"])),
        raw=raw,
        fees=fees,
    )


def _of_reference(raw: Any, fees: Fees | None) -> Listing:
    """Reference data may come from a file, so it is checked like a recording."""
    return _listing(listing_of(raw)[1], fees)


CATALOGUE = Catalogue(VENUE, own=own_listings, read=_of_reference)
listing, listings = CATALOGUE.one, CATALOGUE.listings
symbols = lru_cache(maxsize=1)(CATALOGUE.symbols)


def _enabled(value: object) -> Decimal | None:
    """A filter's bound: zero disables it (filters.md)."""
    number = Decimal(str(value)) if value is not None else Decimal(0)
    return number if number else None


@once
def core_instrument(entry: Listing, fees: Fees) -> CoreInstrument:
    """The core's rules for a listing; ``fees`` are those of symbols without fees of their own."""
    maker, taker = entry.fees or fees
    price, lot, market = entry.filter("PRICE_FILTER"), entry.filter("LOT_SIZE"), entry.filter("MARKET_LOT_SIZE")
    notional, percent = entry.filter("NOTIONAL"), entry.filter("PERCENT_PRICE_BY_SIDE")
    band = None
    if percent:
        band = PriceBand(
            bid_down=Decimal(percent["bidMultiplierDown"]),
            bid_up=Decimal(percent["bidMultiplierUp"]),
            ask_down=Decimal(percent["askMultiplierDown"]),
            ask_up=Decimal(percent["askMultiplierUp"]),
        )
    return CoreInstrument(
        symbol=entry.unified,
        base=entry.base,
        quote=entry.quote,
        tick=Decimal(price["tickSize"]),
        step=Decimal(lot["stepSize"]),
        price_min=_enabled(price["minPrice"]),
        price_max=_enabled(price["maxPrice"]),
        quantity_min=_enabled(lot["minQty"]),
        quantity_max=_enabled(lot["maxQty"]),
        market_step=_enabled(market.get("stepSize")),
        market_min=_enabled(market.get("minQty")),
        market_max=_enabled(market.get("maxQty")),
        notional_min=_enabled(notional.get("minNotional")),
        notional_max=_enabled(notional.get("maxNotional")),
        notional_min_market=bool(notional.get("applyMinToMarket", True)),
        notional_max_market=bool(notional.get("applyMaxToMarket", False)),
        band=band,
        max_orders=entry.filter("MAX_NUM_ORDERS").get("maxNumOrders"),
        max_algo_orders=entry.filter("MAX_NUM_ALGO_ORDERS").get("maxNumAlgoOrders"),
        max_iceberg_orders=entry.filter("MAX_NUM_ICEBERG_ORDERS").get("maxNumIcebergOrders"),
        max_order_lists=entry.filter("MAX_NUM_ORDER_LISTS").get("maxNumOrderLists"),
        max_position=_enabled(entry.filter("MAX_POSITION").get("maxPosition")),
        iceberg_parts=entry.filter("ICEBERG_PARTS").get("limit"),
        maker_fee=maker,
        taker_fee=taker,
    )


def relisted(entry: Listing, rule: str, value: Decimal) -> Listing:
    """The listing with another tick, step or least notional; ``tick`` and ``step`` stay the units of the book."""
    names = {
        "tick": {("PRICE_FILTER", "tickSize")},
        "step": {("LOT_SIZE", "stepSize")},
        "notional": {("NOTIONAL", "minNotional")},
    }[rule]
    if rule == "step" and _enabled(entry.filter("MARKET_LOT_SIZE").get("stepSize")):
        names.add(("MARKET_LOT_SIZE", "stepSize"))
    filters = [
        one | {key: f"{value:.8f}" for kind, key in names if kind == one["filterType"]} for one in entry.raw["filters"]
    ]
    return replace(entry, raw=entry.raw | {"filters": filters})


def instruments(config: VenueConfig) -> dict[str, dict[str, Any]]:
    """Unified symbol -> the fields of a task's Instrument, as plain data (decimal strings)."""
    return {unified: _plain(entry, config.fees) for unified, entry in listings(config).items()}


def _plain(entry: Listing, fees: Fees) -> dict[str, Any]:
    core = core_instrument(entry, fees)
    band = [text(core.band.bid_down), text(core.band.bid_up)] if core.band else None
    return task_fields(entry, core, types=_types(entry.raw["orderTypes"]), band=band)


def _types(order_types: Iterable[str]) -> list[str]:
    """Unified names of the listed order types (LIMIT_MAKER is a limit order that is post-only)."""
    names = {
        "LIMIT": "limit",
        "MARKET": "market",
        "STOP_LOSS": "stop",
        "STOP_LOSS_LIMIT": "stop_limit",
        "TAKE_PROFIT": "take_profit",
        "TAKE_PROFIT_LIMIT": "take_profit_limit",
    }
    return [names[name] for name in order_types if name in names]
