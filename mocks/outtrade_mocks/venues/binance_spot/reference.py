"""Reference data: which symbols there are and their rules, from the cassette ``exchange_info``.

A ``Listing`` joins the three views of one symbol: Binance's JSON, the core's integer rules, and the scale between
them. Prices and quantities on the wire are e8 (see `codec`); ``tick`` and ``step`` are e8 too, so a price is on the
grid where it divides evenly::

    >>> btc = listing("BTC/USDT")
    >>> btc.id, btc.tick, btc.step
    ('BTCUSDT', 1000000, 1000)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.core import FlowConfig, PriceBand
from outtrade_mocks.core import Instrument as CoreInstrument
from outtrade_mocks.venues.binance_spot.codec import e8_of
from outtrade_mocks.venues.binance_spot.errors import VENUE
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
def listings() -> Mapping[str, Listing]:
    """All symbols of the cassette, by unified symbol."""
    result = {}
    for raw in exchange_info()["symbols"]:
        filters = {entry["filterType"]: entry for entry in raw["filters"]}
        unified = f"{raw['baseAsset']}/{raw['quoteAsset']}"
        result[unified] = Listing(
            unified=unified,
            id=raw["symbol"],
            base=raw["baseAsset"],
            quote=raw["quoteAsset"],
            tick=e8_of(Decimal(filters["PRICE_FILTER"]["tickSize"])),
            step=e8_of(Decimal(filters["LOT_SIZE"]["stepSize"])),
            raw=raw,
        )
    return result


def listing(unified: str) -> Listing:
    """The listing of a unified symbol; raises ValueError with the known ones."""
    found = listings().get(unified)
    if found is None:
        raise ValueError(f"binance_spot does not list {unified!r}; it lists {', '.join(listings())}")
    return found


@lru_cache(maxsize=1)
def symbols() -> dict[str, str]:
    """Unified symbol -> Binance's id."""
    return {unified: entry.id for unified, entry in listings().items()}


def _enabled(value: object) -> Decimal | None:
    """A filter's bound: zero disables it (filters.md)."""
    number = Decimal(str(value)) if value is not None else Decimal(0)
    return number if number else None


def core_instrument(entry: Listing, fees: tuple[Decimal, Decimal]) -> CoreInstrument:
    """The core's rules for a listing."""
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
        max_position=_enabled(entry.filter("MAX_POSITION").get("maxPosition")),
        maker_fee=fees[0],
        taker_fee=fees[1],
    )


def flows(config: VenueConfig) -> dict[str, FlowConfig]:
    """The market flow of each configured symbol that has one."""
    result = {}
    for unified, market in config.markets.items():
        if unified in config.symbols:
            fields = dict(market)
            for name in ("mid", "depth", "taker_size"):
                fields[name] = Decimal(str(fields[name]))
            result[unified] = FlowConfig(**fields)
    return result


def instruments(config: VenueConfig) -> dict[str, dict[str, Any]]:
    """Unified symbol -> the fields of a task's Instrument, as plain data (decimal strings)."""
    return {unified: _plain(listing(unified), config.fees) for unified in config.symbols}


def _plain(entry: Listing, fees: tuple[Decimal, Decimal]) -> dict[str, Any]:
    core = core_instrument(entry, fees)

    def text(value: Decimal | None) -> str | None:
        return None if value is None else f"{value.normalize():f}"

    return {
        "venue_symbol": entry.id,
        "base": entry.base,
        "quote": entry.quote,
        "status": "trading",
        "types": _types(entry.raw["orderTypes"]),
        "tick": text(core.tick),
        "price_min": text(core.price_min or core.tick),
        "price_max": text(core.price_max),
        "step": text(core.step),
        "quantity_min": text(core.quantity_min),
        "quantity_max": text(core.quantity_max),
        "market_step": text(core.market_step),
        "market_min": text(core.market_min),
        "market_max": text(core.market_max),
        "notional_min": text(core.notional_min),
        "notional_max": text(core.notional_max),
        "band": [text(core.band.bid_down), text(core.band.bid_up)] if core.band else None,
        "contract_size": "1",
        "maker_fee": text(core.maker_fee),
        "taker_fee": text(core.taker_fee),
    }


def _types(order_types: Iterable[str]) -> list[str]:
    """Unified names of the listed order types (LIMIT_MAKER is a limit order that is post-only)."""
    names = {"LIMIT": "limit", "MARKET": "market"}
    return [names[name] for name in order_types if name in names]
