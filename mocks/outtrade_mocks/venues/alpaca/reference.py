"""Reference data: assets and their rules, from the cassette ``assets`` or from what a configuration brings along.

An asset of class ``us_equity`` has a ticker (``AAPL``), is priced in dollars and trades in the sessions of New York;
one of class ``crypto`` is a pair (``BTC/USD``) and trades round the clock. Unified symbols are base and quote of both::

    >>> apple, bitcoin = listing("AAPL/USD"), listing("BTC/USD")
    >>> apple.id, apple.equity, apple.position_id, bitcoin.id, bitcoin.position_id
    ('AAPL', True, 'AAPL', 'BTC/USD', 'BTCUSD')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from outtrade_mocks import cassettes
from outtrade_mocks.core import Instrument
from outtrade_mocks.core.instruments import REG_NMS
from outtrade_mocks.venues.alpaca.errors import VENUE
from outtrade_mocks.venues.alpaca.traits import KNOBS
from outtrade_mocks.venues.catalogue import Catalogue, Fees, once, task_fields, text
from outtrade_mocks.venues.config import VenueConfig
from outtrade_mocks.venues.knobs import knob

STEP = Decimal("0.000000001")
"""Fractions of a share, and of a coin: nine decimals."""
TICK = Decimal("0.0001")
CENT = Decimal("0.01")
LEAST_CRYPTO = Decimal(10)
"""Least cost basis of a crypto order in dollars (measured on the paper account, 2026-08)."""
MOST = {True: Decimal(1_000_000), False: Decimal(100_000)}
MOST_PRICE = Decimal(10_000_000)
"""No quantity (equity, crypto) and no price is above this (*inferred*)."""
TYPES = ("limit", "market", "stop_limit")
"""What every asset takes; equities have stops and trailing stops beside (orders)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One asset that is traded. ``raw`` is its object in /v2/assets."""

    unified: str
    id: str
    base: str
    quote: str
    equity: bool
    tick: Decimal
    raw: dict[str, Any]
    made: dict[Fees, Instrument] = field(default_factory=dict, compare=False, repr=False)

    @property
    def asset_id(self) -> str:
        """The id of the asset."""
        return str(self.raw["id"])

    @property
    def asset_class(self) -> str:
        """``us_equity`` or ``crypto``."""
        return str(self.raw["class"])

    @property
    def position_id(self) -> str:
        """The symbol of a position: pairs without the slash."""
        return self.id.replace("/", "")

    @property
    def fractionable(self) -> bool:
        """Whether parts of it can be traded."""
        return bool(self.raw["fractionable"])


def _listing(raw: dict[str, Any], fees: Fees | None = None) -> Listing:
    equity = raw["class"] == "us_equity"
    base, quote = (raw["symbol"], "USD") if equity else str(raw["symbol"]).split("/")
    entry = Listing(
        unified=f"{base}/{quote}",
        id=str(raw["symbol"]),
        base=base,
        quote=quote,
        equity=equity,
        tick=TICK if equity else Decimal(str(raw["price_increment"])),
        raw=raw | {"id": str(raw["id"])},
    )
    core_instrument(entry, (Decimal(0), Decimal(0)))
    return entry


@lru_cache(maxsize=1)
def own_listings() -> Mapping[str, Listing]:
    """All assets of the mock's own cassette, by unified symbol; crypto first, as most clients ask for it."""
    rows = sorted(cassettes.load(VENUE, "assets")["assets"].json(), key=lambda row: row["class"] != "crypto")
    return {entry.unified: entry for entry in map(_listing, rows)}


CATALOGUE = Catalogue(VENUE, own=own_listings, read=_listing)
listing = CATALOGUE.one
listings = CATALOGUE.listings
symbols = lru_cache(maxsize=1)(CATALOGUE.symbols)


def relisted(entry: Listing, rule: str, value: Decimal) -> Listing:
    """A pair with another price or trade increment; its ``tick`` stays the unit of the book."""
    key = {"tick": "price_increment", "step": "min_trade_increment"}.get(rule)
    return entry if key is None else replace(entry, raw=entry.raw | {key: text(value)})


@once
def core_instrument(entry: Listing, fees: Fees) -> Instrument:
    """The core's rules for a listing. Equities pay no fee; crypto the venue's, in the asset that is received."""
    maker, taker = (Decimal(0), Decimal(0)) if entry.equity else fees
    return Instrument(
        symbol=entry.unified,
        base=entry.base,
        quote=entry.quote,
        tick=entry.tick,
        step=STEP,
        price_max=MOST_PRICE,
        quantity_min=None if entry.equity else Decimal(str(entry.raw["min_order_size"])),
        quantity_max=MOST[entry.equity],
        notional_min=LEAST_CRYPTO if not entry.equity and entry.quote == "USD" else None,
        price_grid=REG_NMS if entry.equity else (),
        kind="equity" if entry.equity else "spot",
        calendar="XNYS" if entry.equity else "24/7",
        auctions=entry.equity,
        base_precision=9,
        quote_precision=8 if entry.quote == "USD" else 9,
        maker_fee=maker,
        taker_fee=taker,
    )


def instruments(config: VenueConfig) -> dict[str, dict[str, Any]]:
    """Unified symbol -> the fields of a task's Instrument, as plain data (decimal strings). Of equities, what every
    order may have: whole cents, and whole shares (knob ``parts_told``: what day orders may have)."""
    parts = bool(knob(KNOBS, config.knobs, "parts_told"))
    return {unified: _plain(entry, config.fees, parts) for unified, entry in listings(config).items()}


def _plain(entry: Listing, fees: Fees, parts: bool) -> dict[str, Any]:
    core = core_instrument(entry, fees)  # with the rates, also where they are booked at the day's end
    if not entry.equity:
        return task_fields(entry, core, types=TYPES)
    step = text(STEP) if parts and entry.fractionable else "1"
    return task_fields(
        entry, core, types=[*TYPES, "stop", "trailing_stop"], tick="0.01", price_min="1", step=step, quantity_min=step,
        market_step=step, market_min=step,
    )  # fmt: skip
