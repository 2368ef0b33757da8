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
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from outtrade_mocks import cassettes
from outtrade_mocks.cassettes.model import one_line
from outtrade_mocks.core import FlowConfig, PriceBand
from outtrade_mocks.core import Instrument as CoreInstrument
from outtrade_mocks.core.feed import config_of
from outtrade_mocks.venues import VenueError
from outtrade_mocks.venues.binance_codec import e8_of
from outtrade_mocks.venues.binance_spot.errors import VENUE
from outtrade_mocks.venues.binance_spot.recorded import Unusable, listing_of
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
    fees: tuple[Decimal, Decimal] | None = None
    """Maker and taker, where the symbol has its own."""
    made: dict[tuple[Decimal, Decimal], CoreInstrument] = field(default_factory=dict, compare=False, repr=False)
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


def _listing(raw: dict[str, Any], fees: tuple[Decimal, Decimal] | None = None) -> Listing:
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


def listing(unified: str) -> Listing:
    """The mock's own listing of a unified symbol; raises VenueError with the known ones."""
    return _one(own_listings(), unified)


def listings(config: VenueConfig) -> dict[str, Listing]:
    """The listings of the configured symbols, from the configuration's reference data where it has any. Raises
    VenueError on a symbol that is not there, or one that cannot be played."""
    known = own_listings() if config.reference is None else _brought(config.reference)
    return {unified: _one(known, unified) for unified in config.symbols}


def _brought(reference: Mapping[str, Any]) -> Mapping[str, Listing]:
    """The listings of a configuration's reference data; the same data is read once."""
    return _read(msgspec.json.encode({"listings": reference["listings"], "fees": reference.get("fees", {})}))


@lru_cache(maxsize=4)
def _read(text: bytes) -> Mapping[str, Listing]:
    """Reference data may come from a file, so it is checked like a recording."""
    reference, found = msgspec.json.decode(text), {}
    for unified, raw in reference["listings"].items():
        try:
            name, checked = listing_of(raw)
        except Unusable as error:
            raise VenueError(f"reference data of {one_line(unified, 40)}: {error}") from None
        if name != unified:
            raise VenueError(f"reference data of {one_line(unified, 40)}: it is that of {name}")
        pair = reference["fees"].get(unified)
        found[unified] = _listing(checked, None if pair is None else (Decimal(pair[0]), Decimal(pair[1])))
    return found


def _one(known: Mapping[str, Listing], unified: str) -> Listing:
    found = known.get(unified)
    if found is None:
        raise VenueError(f"binance_spot does not list {unified!r}; it lists {', '.join(known)}")
    return found


@lru_cache(maxsize=1)
def symbols() -> dict[str, str]:
    """Unified symbol -> Binance's id, of the mock's own listings."""
    return {unified: entry.id for unified, entry in own_listings().items()}


def _enabled(value: object) -> Decimal | None:
    """A filter's bound: zero disables it (filters.md)."""
    number = Decimal(str(value)) if value is not None else Decimal(0)
    return number if number else None


def core_instrument(entry: Listing, fees: tuple[Decimal, Decimal]) -> CoreInstrument:
    """The core's rules for a listing; ``fees`` are those of symbols without fees of their own."""
    found = entry.made.get(fees)
    if found is None:
        found = entry.made[fees] = _core_instrument(entry, fees)
    return found


def _core_instrument(entry: Listing, fees: tuple[Decimal, Decimal]) -> CoreInstrument:
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


def flows(config: VenueConfig) -> dict[str, FlowConfig]:
    """The market flow of each configured symbol that has one."""
    return {unified: config_of(market) for unified, market in config.markets.items() if unified in config.symbols}


def instruments(config: VenueConfig) -> dict[str, dict[str, Any]]:
    """Unified symbol -> the fields of a task's Instrument, as plain data (decimal strings)."""
    return {unified: _plain(entry, config.fees) for unified, entry in listings(config).items()}


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
    names = {
        "LIMIT": "limit",
        "MARKET": "market",
        "STOP_LOSS": "stop",
        "STOP_LOSS_LIMIT": "stop_limit",
        "TAKE_PROFIT": "take_profit",
        "TAKE_PROFIT_LIMIT": "take_profit_limit",
    }
    return [names[name] for name in order_types if name in names]
