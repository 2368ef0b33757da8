"""Reference data: which instruments there are and their rules, from the cassette ``instruments``, or from what the
configuration of the venue brings along.

A ``Listing`` joins OKX's object of an instrument with the unified symbol and the core's integer rules. Spot counts its
sizes in base currency; a swap counts them in contracts of ``ctVal`` units of ``ctValCcy`` (base; of an inverse swap:
quote)::

    >>> swap = own_listings()["BTC/USDT:USDT"]
    >>> swap.id, swap.type, swap.contract, swap.settle
    ('BTC-USDT-SWAP', 'SWAP', Decimal('0.01'), 'USDT')
    >>> own_listings()["BTC/USD:BTC"].inverse
    True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.core import Bracket, PriceBand
from outtrade_mocks.core import Instrument as CoreInstrument
from outtrade_mocks.venues import VenueError
from outtrade_mocks.venues.catalogue import Catalogue, Fees, task_fields, text
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.okx.errors import VENUE

PRICE_LIMIT = Decimal("0.05")
"""Buys may be at most so far above the reference price, sales so far below it (public/price-limit). The real bands vary
by instrument and are not published (*inferred*)."""
BAND = PriceBand(Decimal("0.000001"), 1 + PRICE_LIMIT, 1 - PRICE_LIMIT, Decimal(1_000_000))
FUNDING_NS = 8 * 3_600_000_000_000
TYPES = ("SPOT", "SWAP")
OTHER_TYPES = ("MARGIN", "FUTURES", "OPTION", "EVENTS")
"""Instrument types that exist on the venue and have no instruments here."""
MOST = Decimal(1_000_000_000)
"""No price and no size is above this (*inferred*)."""
_NEEDED = ("instId", "instType", "tickSz", "lotSz", "minSz", "state")


@dataclass(frozen=True, slots=True)
class Listing:
    """One instrument. ``raw`` is its object in public/instruments; ``contract`` is ctVal, 1 for spot."""

    unified: str
    id: str
    type: str
    base: str
    quote: str
    settle: str
    tick: Decimal
    lot: Decimal
    contract: Decimal
    inverse: bool
    raw: Mapping[str, Any]
    fees: Fees | None = None
    """Maker and taker, where the instrument has its own."""

    @property
    def swap(self) -> bool:
        """Whether it is a perpetual."""
        return self.type == "SWAP"

    @property
    def family(self) -> str:
        """``instFamily`` (and ``uly``) of a swap; "" for spot."""
        return str(self.raw.get("instFamily", ""))


@lru_cache(maxsize=1)
def own_listings() -> Mapping[str, Listing]:
    """All instruments of the mock's own cassette, by unified symbol."""
    cassette = cassettes.load(VENUE, "instruments")
    made = [listing_of(raw) for kind in TYPES for raw in cassette[f"instruments_{kind.lower()}"].json()["data"]]
    return {entry.unified: entry for entry in made}


@lru_cache(maxsize=1)
def tiers() -> Mapping[str, list[dict[str, str]]]:
    """Position tiers by instFamily, smallest first."""
    found: dict[str, list[dict[str, str]]] = {}
    for tier in cassettes.load(VENUE, "instruments")["position_tiers"].json()["data"]:
        found.setdefault(tier["instFamily"], []).append(tier)
    return found


def listing_of(raw: Mapping[str, Any], fees: Fees | None = None) -> Listing:
    """The listing of an instrument's object. Raises VenueError where it cannot be played."""
    try:
        inst_id, kind = raw["instId"], raw["instType"]
        parts = inst_id.split("-")
        if not (raw["tickSz"] and raw["lotSz"] and raw["minSz"] and raw["state"]):
            raise KeyError
    except (KeyError, TypeError, AttributeError):
        raise VenueError(f"an instrument of OKX has {', '.join(_NEEDED)}") from None
    swap = kind == "SWAP"
    if kind not in TYPES or len(parts) != (3 if swap else 2):
        raise VenueError(f"{raw['instId']} is neither spot nor swap")
    base, quote = parts[0], parts[1]
    inverse = swap and raw.get("ctType") == "inverse"
    settle = (base if inverse else quote) if swap else quote
    try:
        tick, lot = Decimal(raw["tickSz"]), Decimal(raw["lotSz"])
        contract = Decimal(raw["ctVal"]) * Decimal(raw.get("ctMult") or 1) if swap else Decimal(1)
    except (InvalidOperation, TypeError, KeyError):
        raise VenueError(f"{raw['instId']}: tickSz, lotSz and ctVal are numbers") from None
    unified = f"{base}/{quote}:{settle}" if swap else f"{base}/{quote}"
    return Listing(unified, inst_id, kind, base, quote, settle, tick, lot, contract, inverse, raw, fees)


CATALOGUE = Catalogue(VENUE, own=own_listings, read=listing_of)
listings = CATALOGUE.listings
symbols = lru_cache(maxsize=1)(CATALOGUE.symbols)


def _bound(raw: Mapping[str, Any], name: str) -> Decimal | None:
    """A positive bound of an instrument's object; None where there is none."""
    try:
        found = Decimal(raw.get(name) or 0)
    except (InvalidOperation, TypeError):
        return None
    return found if found > 0 else None


def core_instrument(entry: Listing, fees: Fees, mid: Decimal | None) -> CoreInstrument:
    """The core's rules of an instrument; ``mid`` turns the contracts of its tiers into value."""
    maker, taker = entry.fees or fees
    common: dict[str, Any] = {
        "symbol": entry.unified,
        "base": entry.base,
        "quote": entry.quote,
        "tick": entry.tick,
        "step": entry.lot,
        "quantity_min": _bound(entry.raw, "minSz"),
        "quantity_max": _bound(entry.raw, "maxLmtSz"),
        "band": BAND,
        "maker_fee": maker,
        "taker_fee": taker,
    }
    if not entry.swap:
        return CoreInstrument(**common)
    return CoreInstrument(
        **common,
        market_max=_bound(entry.raw, "maxMktSz"),
        kind="perpetual",
        inverse=entry.inverse,
        contract_size=entry.contract,
        brackets=_brackets(entry, mid),
        funding_interval=FUNDING_NS,
        liquidation_fee=taker,
    )


def _brackets(entry: Listing, mid: Decimal | None) -> tuple[Bracket, ...]:
    """Position tiers as leverage brackets: their sizes are contracts, the core's caps are value. Without a price, or
    tiers of its own, one bracket with the instrument's leverage."""
    rows = tiers().get(entry.family, [])
    if not rows or mid is None:
        most = int(_bound(entry.raw, "lever") or 100)
        return (Bracket(cap=None, leverage=most, rate=Decimal(2) / Decimal(5 * most)),)
    each = entry.contract / mid if entry.inverse else entry.contract * mid
    return tuple(
        Bracket(cap=Decimal(row["maxSz"]) * each, leverage=int(row["maxLever"]), rate=Decimal(row["mmr"]))
        for row in rows
    )


def relisted(entry: Listing, rule: str, value: Decimal) -> Listing:
    """The listing with another tick or lot; ``tick`` and ``lot`` stay the units of the book."""
    key = {"tick": "tickSz", "step": "lotSz"}[rule]
    return replace(entry, raw=dict(entry.raw) | {key: text(value)})


def instruments(config: VenueConfig) -> dict[str, dict[str, Any]]:
    """Unified symbol -> the fields of a task's Instrument, as plain data (decimal strings). The price limits move with
    the market, on one side only, so they are no band of the task's."""
    return {unified: _plain(entry, config.fees) for unified, entry in listings(config).items()}


def _plain(entry: Listing, fees: Fees) -> dict[str, Any]:
    core = core_instrument(entry, fees, None)
    return task_fields(
        entry,
        core,
        types=["limit", "market", "stop", "stop_limit", "take_profit", "take_profit_limit"],
        status="trading" if entry.raw["state"] == "live" else "halted",
        price_max=text(MOST),
        quantity_min=text(core.quantity_min or entry.lot),
        quantity_max=text(core.quantity_max or MOST),
    )
