"""Reference data: pairs and assets, from the cassette ``reference`` or from what the configuration brings along.

A pair has four names: its key ``XXBTZUSD``, its altname ``XBTUSD``, the name of WebSocket v1 ``XBT/USD`` and that of v2
``BTC/USD``, which is also the unified one. Requests may use any of them (``Book.find``)::

    >>> btc = own_listings()["BTC/USD"]
    >>> btc.id, btc.altname, btc.wsname, btc.decimals, btc.lot_decimals
    ('XXBTZUSD', 'XBTUSD', 'XBT/USD', 1, 8)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.core import Instrument
from outtrade_mocks.venues import VenueError
from outtrade_mocks.venues.catalogue import Catalogue, Fees, task_fields, text
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.kraken_spot.errors import VENUE

UNIFIED = {"XBT": "BTC", "XDG": "DOGE"}
"""Altnames of assets that the rest of the world, and WebSocket v2, calls otherwise."""
MOST = Decimal(1_000_000_000)
"""No price and no quantity is above this (*inferred*: Kraken states no limit)."""
ORDER_TYPES = ("limit", "market", "stop", "stop_limit", "take_profit", "take_profit_limit")


@dataclass(frozen=True, slots=True)
class Listing:
    """One pair. ``raw`` is its object in AssetPairs; ``tick`` in units of 10**-decimals."""

    unified: str
    id: str
    altname: str
    wsname: str
    base: str
    quote: str
    base_id: str
    quote_id: str
    decimals: int
    lot_decimals: int
    cost_decimals: int
    tick: int
    raw: dict[str, Any]


@lru_cache(maxsize=1)
def own_assets() -> Mapping[str, Mapping[str, Any]]:
    """Assets of the mock's own cassette, by the venue's code."""
    found: dict[str, Any] = cassettes.load(VENUE, "reference")["assets"].json()["result"]
    return found


@lru_cache(maxsize=1)
def own_pairs() -> Mapping[str, dict[str, Any]]:
    """Pairs of the mock's own cassette, by key."""
    found: dict[str, dict[str, Any]] = cassettes.load(VENUE, "reference")["asset_pairs"].json()["result"]
    return found


@lru_cache(maxsize=1)
def own_listings() -> Mapping[str, Listing]:
    """All pairs of the mock's own cassette, by unified symbol."""
    made = (listing_of(key, raw) for key, raw in own_pairs().items())
    return {entry.unified: entry for entry in made}


def unified_asset(asset: str) -> str:
    """The unified name of one of the venue's asset codes or altnames.

    >>> unified_asset("XXBT"), unified_asset("ZEUR"), unified_asset("XDG"), unified_asset("SOL")
    ('BTC', 'EUR', 'DOGE', 'SOL')
    """
    known = own_assets().get(asset)
    if known is not None:
        altname = str(known["altname"])
    else:
        altname = asset[1:] if len(asset) == 4 and asset[0] in "XZ" else asset
    return UNIFIED.get(altname, altname)


def listing_of(key: str, raw: Mapping[str, Any]) -> Listing:
    """A listing from its object in AssetPairs. Raises VenueError on one that cannot be played."""
    try:
        base, quote, decimals = unified_asset(raw["base"]), unified_asset(raw["quote"]), int(raw["pair_decimals"])
        ticks = Decimal(raw["tick_size"]).scaleb(decimals) if "tick_size" in raw else Decimal(1)
        if ticks != int(ticks) or ticks < 1 or not 0 <= decimals <= 12 or not 0 <= int(raw["lot_decimals"]) <= 12:
            raise VenueError(f"reference data of {key}: its tick and its decimals do not fit")
        return Listing(
            unified=f"{base}/{quote}",
            id=key,
            altname=str(raw["altname"]),
            wsname=str(raw.get("wsname", raw["altname"])),
            base=base,
            quote=quote,
            base_id=str(raw["base"]),
            quote_id=str(raw["quote"]),
            decimals=decimals,
            lot_decimals=int(raw["lot_decimals"]),
            cost_decimals=int(raw.get("cost_decimals", max(5, decimals))),
            tick=int(ticks),
            raw=dict(raw),
        )
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        if isinstance(error, VenueError):
            raise
        raise VenueError(f"reference data of {str(key)[:40]!r}: {error!r}") from None


def _of_reference(raw: Any, fees: Fees | None) -> Listing:
    return listing_of(str(raw.get("id", raw.get("altname"))), raw)


CATALOGUE = Catalogue(VENUE, own=own_listings, read=_of_reference)
listings = CATALOGUE.listings
symbols = lru_cache(maxsize=1)(CATALOGUE.symbols)


def precision(asset_id: str) -> int:
    """Decimals of an asset in the ledger."""
    known = own_assets().get(asset_id)
    return 8 if known is None else int(known["decimals"])


class Book:
    """The pairs and assets of one venue, found by any of their names."""

    def __init__(self, entries: Mapping[str, Listing], balances: Mapping[str, Any]) -> None:
        self.listings = dict(entries)
        self._names: dict[str, Listing] = {}
        for entry in entries.values():
            for name in (entry.unified.replace("/", ""), entry.unified, entry.wsname, entry.altname, entry.id):
                self._names[name] = entry
        self.asset_ids: dict[str, str] = {
            unified_asset(code): code for code in own_assets()
        }  # what is held but not traded still has a code
        for entry in entries.values():
            self.asset_ids |= {entry.base: entry.base_id, entry.quote: entry.quote_id}
        self.precisions: dict[str, int] = {}
        """Asset -> decimals in the core."""
        for entry in entries.values():
            self.precisions[entry.quote] = precision(entry.quote_id)
        for entry in entries.values():
            self.precisions[entry.base] = max(precision(entry.base_id), entry.lot_decimals)
        self.held = tuple(sorted({*balances, *(a for e in entries.values() for a in (e.base, e.quote))}))
        """Assets that the account may hold, unified."""

    def find(self, name: str) -> Listing | None:
        """The pair of that name."""
        return self._names.get(name)

    def relist(self, entry: Listing) -> None:
        """A listing takes the place of the one with its names."""
        for name in (entry.unified.replace("/", ""), entry.unified, entry.wsname, entry.altname, entry.id):
            self._names[name] = entry
        self.listings[entry.unified] = entry

    def asset_id(self, asset: str) -> str:
        """Kraken's code of a unified asset."""
        return self.asset_ids.get(asset, asset)

    def asset(self, name: str) -> str | None:
        """The unified asset of a code, an altname or a unified name; None: unknown."""
        unified = unified_asset(name)
        if unified in self.asset_ids:
            return unified
        return name if name in self.asset_ids else None

    def stated(self, asset: str) -> Mapping[str, Any]:
        """The object of an asset in Assets."""
        known = own_assets().get(self.asset_id(asset))
        if known is not None:
            return known
        return {"aclass": "currency", "altname": asset, "decimals": 8, "display_decimals": 5, "status": "enabled"}


def core_instrument(
    entry: Listing,
    fees: Fees,
    *,
    precisions: Mapping[str, int] | None = None,
) -> Instrument:
    """The core's rules for a listing; ``fees``: maker and taker, as fractions; ``precisions``: decimals of assets."""
    raw, known = entry.raw, precisions or {}
    return Instrument(
        symbol=entry.unified,
        base=entry.base,
        quote=entry.quote,
        tick=Decimal(entry.tick).scaleb(-entry.decimals),
        step=Decimal(1).scaleb(-entry.lot_decimals),
        quantity_min=Decimal(raw["ordermin"]) if "ordermin" in raw else None,
        notional_min=Decimal(raw["costmin"]) if "costmin" in raw else None,
        base_precision=known.get(entry.base, max(precision(entry.base_id), entry.lot_decimals)),
        quote_precision=known.get(entry.quote, precision(entry.quote_id)),
        maker_fee=fees[0],
        taker_fee=fees[1],
    )


def relisted(entry: Listing, rule: str, value: Decimal) -> Listing:
    """The listing with another tick, step (powers of ten: decimals say so) or least cost; ``tick`` and the decimals
    of the listing stay the units of the book."""
    if rule == "step":
        changed: dict[str, Any] = {"lot_decimals": -value.adjusted()}
    elif rule == "tick":
        changed = {"tick_size": text(value), "pair_decimals": -value.adjusted()}
    else:
        changed = {"costmin": text(value)}
    return replace(entry, raw=entry.raw | changed)


def instruments(config: VenueConfig) -> dict[str, dict[str, Any]]:
    """Unified symbol -> the fields of a task's Instrument, as plain data (decimal strings)."""
    return {unified: _plain(entry, config.fees) for unified, entry in listings(config).items()}


def _plain(entry: Listing, fees: Fees) -> dict[str, Any]:
    core, most = core_instrument(entry, fees), text(MOST)
    return task_fields(entry, core, types=ORDER_TYPES, price_max=most, quantity_max=most)
