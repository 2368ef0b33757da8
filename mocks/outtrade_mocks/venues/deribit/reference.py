"""Reference data: which instruments there are and their rules, from the cassette ``instruments``, or from what the
configuration of the venue brings along.

A *reversed* (inverse) contract is counted in dollars and settled in its coin, a *linear* one is counted in its coin and
settled in USDC. Orders say ``amount`` in these units, ``contracts`` counts contracts of ``contract_size`` units; the
core's quantity is the amount::

    >>> perpetual = own_listings()["BTC/USD:BTC"]
    >>> perpetual.id, perpetual.inverse, perpetual.settle, perpetual.least, perpetual.contract
    ('BTC-PERPETUAL', True, 'BTC', Decimal('10.0'), Decimal('10.0'))
    >>> own_listings()["BTC/USD:BTC-270625"].id
    'BTC-25JUN27'

A price lies on ``tick_size``, from ``above_price`` on each of ``tick_size_steps`` on a coarser one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.core import Bracket, PriceBand
from outtrade_mocks.core import Instrument as CoreInstrument
from outtrade_mocks.venues import VenueError
from outtrade_mocks.venues.catalogue import Catalogue, Fees, once, task_fields, text
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.deribit.errors import VENUE

BANDWIDTH = Decimal("0.05")
"""Buys may be at most so far above the reference price, sales so far below it. The venue's is 1.5 % around an average
that follows the index (contract specifications, trading bandwidth; recorded tickers agree), wider in fast markets; the
core's reference has no such average, so the bound is wider here (*simplified*)."""
BAND = PriceBand(Decimal("0.000001"), 1 + BANDWIDTH, 1 - BANDWIDTH, Decimal(1_000_000))
FUNDING_NS = 8 * 3_600_000_000_000
"""Funding is paid continuously on the venue, at a rate for eight hours; here every eight hours (*simplified*)."""
MOST = Decimal(1_000_000_000)
"""No price and no amount is above this (*inferred*)."""
_NEEDED = ("instrument_name", "kind", "base_currency", "quote_currency", "settlement_currency", "tick_size",
           "min_trade_amount", "contract_size", "settlement_period")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listing:
    """One instrument. ``raw`` is its object in public/get_instruments; ``least`` is min_trade_amount."""

    unified: str
    id: str
    base: str
    quote: str
    settle: str
    tick: Decimal
    least: Decimal
    contract: Decimal
    steps: tuple[tuple[Decimal, Decimal], ...]
    """(from that price on, tick) of ``tick_size_steps``."""
    expires: int | None
    """When a dated future expires (ns)."""
    raw: Mapping[str, Any]
    fees: Fees | None = None
    """Maker and taker, where the instrument has its own."""
    made: dict[Fees, CoreInstrument] = field(default_factory=dict, compare=False, repr=False)

    @property
    def inverse(self) -> bool:
        """Whether it is counted in dollars and settled in its coin."""
        return self.settle == self.base

    @property
    def index(self) -> str:
        """Name of its price index."""
        return str(self.raw.get("price_index") or f"{self.base}_{self.quote}".lower())

    @property
    def prefix(self) -> str:
        """Before the dash of its order and trade ids: its settlement currency, nothing for BTC (recorded ids)."""
        return "" if self.settle == "BTC" else self.settle + "-"


@lru_cache(maxsize=1)
def own_listings() -> Mapping[str, Listing]:
    """All instruments of the mock's own cassette, by unified symbol."""
    made = [listing_of(raw) for raw in cassettes.load(VENUE, "instruments")["instruments"].json()["result"]]
    return {entry.unified: entry for entry in made}


@lru_cache(maxsize=1)
def currencies() -> list[dict[str, Any]]:
    """The objects of public/get_currencies."""
    found: list[dict[str, Any]] = cassettes.load(VENUE, "instruments")["currencies"].json()["result"]
    return found


def listing_of(raw: Mapping[str, Any], fees: Fees | None = None) -> Listing:
    """The listing of an instrument's object. Raises VenueError where it cannot be played."""
    try:
        missing = [name for name in _NEEDED if raw[name] is None]
        name, kind = str(raw["instrument_name"]), raw["kind"]
        base, quote, settle = (str(raw[f"{which}_currency"]) for which in ("base", "quote", "settlement"))
        tick, least, contract = (Decimal(str(raw[one])) for one in ("tick_size", "min_trade_amount", "contract_size"))
        steps = tuple(
            (Decimal(str(step["above_price"])), Decimal(str(step["tick_size"])))
            for step in raw.get("tick_size_steps") or ()
        )
        perpetual = raw["settlement_period"] == "perpetual"
        expires = None if perpetual else int(raw["expiration_timestamp"]) * 1_000_000
    except (KeyError, TypeError, AttributeError, ValueError, InvalidOperation):
        raise VenueError(f"an instrument of Deribit has {', '.join(_NEEDED)}") from None
    if missing:
        raise VenueError(f"an instrument of Deribit has {', '.join(_NEEDED)}")
    if kind != "future" or settle not in (base, quote):
        raise VenueError(f"{name} is no future or perpetual settled in {base} or {quote}")
    unified = f"{base}/{quote}:{settle}"
    if expires is not None:
        unified += datetime.fromtimestamp(expires // 1_000_000_000, UTC).strftime("-%y%m%d")
    return Listing(unified, name, base, quote, settle, tick, least, contract, steps, expires, raw, fees)


CATALOGUE = Catalogue(VENUE, own=own_listings, read=listing_of)
listings = CATALOGUE.listings
symbols = lru_cache(maxsize=1)(CATALOGUE.symbols)


def relisted(entry: Listing, rule: str, value: Decimal) -> Listing:
    """The instrument with another tick or least amount; ``tick`` and ``least`` stay the units of the book."""
    changed = (
        {"tick_size": float(value), "tick_size_steps": []} if rule == "tick" else {"min_trade_amount": float(value)}
    )
    return replace(entry, raw=dict(entry.raw) | changed)


@once
def core_instrument(entry: Listing, fees: Fees) -> CoreInstrument:
    """The core's rules of an instrument. Margin: leverage falls with the size of a position on the venue; here it is
    the instrument's, with half of the initial margin to be maintained (*simplified*)."""
    maker, taker = entry.fees or fees
    most = int(entry.raw.get("max_leverage") or 50)
    return CoreInstrument(
        symbol=entry.unified,
        base=entry.base,
        quote=entry.quote,
        tick=entry.tick,
        price_grid=entry.steps,
        step=entry.least,
        quantity_min=entry.least,
        band=BAND,
        maker_fee=maker,
        taker_fee=taker,
        kind="perpetual" if entry.expires is None else "future",
        inverse=entry.inverse,
        expires=entry.expires,
        brackets=(Bracket(cap=None, leverage=most, rate=Decimal(1) / Decimal(2 * most)),),
        funding_interval=FUNDING_NS if entry.expires is None else None,
        liquidation_fee=Decimal(str(entry.raw.get("max_liquidation_commission") or 0)),
    )


def instruments(config: VenueConfig) -> dict[str, dict[str, Any]]:
    """Unified symbol -> the fields of a task's Instrument, as plain data (decimal strings). The price limits move with
    the market, on one side only, so they are no band of the task's."""
    return {
        unified: task_fields(
            entry,
            core_instrument(entry, config.fees),
            types=["limit", "market", "stop", "stop_limit", "take_profit", "take_profit_limit"],
            price_max=text(MOST),
            quantity_max=text(MOST),
        )
        for unified, entry in listings(config).items()
    }
