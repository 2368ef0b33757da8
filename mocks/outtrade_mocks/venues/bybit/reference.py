"""Reference data: which symbols there are and their rules, from the cassette ``instruments``, or from what the
configuration of the venue brings along.

Bybit is one venue with several categories; the same id may stand in two of them (``BTCUSDT`` is spot and linear), so a
symbol is known by category and id. Unified symbols are those of ccxt::

    >>> btc = listing("BTC/USDT:USDT")
    >>> btc.category, btc.id, btc.price_decimals, btc.tick, btc.step
    ('linear', 'BTCUSDT', 2, 10, 1)

``tick`` and ``step`` are in units of the last decimal that prices and quantities are written with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, cast

from outtrade_mocks import cassettes
from outtrade_mocks.core import Bracket
from outtrade_mocks.core import Instrument as CoreInstrument
from outtrade_mocks.venues.bybit.errors import VENUE
from outtrade_mocks.venues.catalogue import Catalogue, Fees, once, task_fields, text
from outtrade_mocks.venues.config import VenueConfig

Category = Literal["spot", "linear", "inverse"]
CATEGORIES = ("spot", "linear", "inverse", "option")
"""All that clients ask for; there are no options here."""
CONTRACT_FEES = (Decimal("0.0002"), Decimal("0.00055"))
"""Maker and taker of contracts without VIP level (help centre, trading fee structure)."""
SPOT_PRICE_MAX = Decimal(100_000_000)
"""Spot symbols state no highest price; this is beyond any (*inferred*)."""
_DEFAULT_FEES = (Decimal("0.001"), Decimal("0.001"))
MOST_ORDERS, MOST_CONDITIONAL = 500, {"spot": 30, "linear": 10, "inverse": 10}
"""Open orders of an account in a symbol (create-order.mdx, open orders up limit)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One symbol. ``raw`` is its object in instruments-info; ``risks`` its rows of risk-limit, lowest first."""

    unified: str
    category: Category
    id: str
    base: str
    quote: str
    settle: str
    price_decimals: int
    size_decimals: int
    tick: int
    step: int
    raw: dict[str, Any]
    risks: tuple[dict[str, Any], ...] = ()
    fees: Fees | None = None
    """Maker and taker, where the symbol has its own."""
    place: int = 0
    """Its place among the symbols of the venue."""
    made: dict[Fees, CoreInstrument] = field(default_factory=dict, compare=False, repr=False)
    """The core's rules by fees of the venue, once they were asked for."""

    @property
    def spot(self) -> bool:
        """Whether it is no contract."""
        return self.category == "spot"

    @property
    def inverse(self) -> bool:
        """Whether quantities are in quote, and value and margin in base."""
        return self.category == "inverse"

    @property
    def most_limit(self) -> Decimal:
        """Most of a limit order."""
        lot = self.raw["lotSizeFilter"]
        return Decimal(lot["maxLimitOrderQty"] if self.spot else lot["maxOrderQty"])

    @property
    def most_market(self) -> Decimal:
        """Most of a market order."""
        lot = self.raw["lotSizeFilter"]
        return Decimal(lot["maxMarketOrderQty"] if self.spot else lot["maxMktOrderQty"])


def _decimals(step: str) -> int:
    return max(0, -int(cast(int, Decimal(step).as_tuple().exponent)))


def _listing(category: Category, raw: dict[str, Any], risks: Iterable[dict[str, Any]] = ()) -> Listing:
    tick = raw["priceFilter"]["tickSize"]
    step = raw["lotSizeFilter"]["basePrecision" if category == "spot" else "qtyStep"]
    base, quote = raw["baseCoin"], raw["quoteCoin"]
    settle = quote if category == "spot" else raw["settleCoin"]
    price_decimals, size_decimals = _decimals(tick), _decimals(step)
    return Listing(
        unified=f"{base}/{quote}" if category == "spot" else f"{base}/{quote}:{settle}",
        category=category,
        id=raw["symbol"],
        base=base,
        quote=quote,
        settle=settle,
        price_decimals=price_decimals,
        size_decimals=size_decimals,
        tick=int(Decimal(tick).scaleb(price_decimals)),
        step=int(Decimal(step).scaleb(size_decimals)),
        raw=raw,
        risks=tuple(risks),
    )


@lru_cache(maxsize=1)
def own_listings() -> Mapping[str, Listing]:
    """All symbols of the mock's own cassette, by unified symbol."""
    tape = cassettes.load(VENUE, "instruments")
    found = {}
    kinds: tuple[Category, ...] = ("spot", "linear", "inverse")
    for category in kinds:
        risks: dict[str, list[dict[str, Any]]] = {}
        if category != "spot":
            for row in tape[f"risk_{category}"].json()["result"]["list"]:
                risks.setdefault(row["symbol"], []).append(row)
        for raw in tape[category].json()["result"]["list"]:
            entry = _listing(category, raw, risks.get(raw["symbol"], ()))
            found[entry.unified] = entry
    return found


def _of_reference(raw: Any, fees: Fees | None) -> Listing:
    """An object of instruments-info with ``contractType`` is a contract; one without risk limits has a single bracket
    of its highest leverage."""
    kind = raw.get("contractType")
    category: Category = "spot" if kind is None else "inverse" if kind.startswith("Inverse") else "linear"
    entry = replace(_listing(category, raw), fees=fees)
    core_instrument(entry, _DEFAULT_FEES)
    return entry


CATALOGUE = Catalogue(VENUE, own=own_listings, read=_of_reference)
listing = CATALOGUE.one
symbols = lru_cache(maxsize=1)(CATALOGUE.symbols)


def listings(config: VenueConfig) -> dict[str, Listing]:
    """The listings of the configured symbols, each with its place among them; raises VenueError as Catalogue does."""
    return {one.unified: _at(one, place) for place, one in enumerate(CATALOGUE.listings(config).values())}


def _at(entry: Listing, place: int) -> Listing:
    return entry if entry.place == place else replace(entry, place=place)


def fees_of(entry: Listing, fees: Fees) -> Fees:
    """Maker and taker of a symbol: its own; else ``fees``, but where these are the default of 0.1 %, which is that of
    spot, contracts have theirs."""
    if entry.fees is not None:
        return entry.fees
    return CONTRACT_FEES if not entry.spot and fees == _DEFAULT_FEES else fees


def brackets(entry: Listing) -> tuple[Bracket, ...]:
    """The risk limits of a contract as the core's brackets; the last one's cap holds."""
    if not entry.risks:
        most = int(Decimal(entry.raw["leverageFilter"]["maxLeverage"]))
        return (Bracket(cap=None, leverage=most, rate=Decimal(1) / (2 * most)),)
    return tuple(
        Bracket(
            cap=Decimal(row["riskLimitValue"]),
            leverage=int(Decimal(row["maxLeverage"])),
            rate=Decimal(row["maintenanceMargin"]),
        )
        for row in entry.risks
    )


@once
def core_instrument(entry: Listing, fees: Fees) -> CoreInstrument:
    """The core's rules for a listing."""
    maker, taker = fees_of(entry, fees)
    price, lot = entry.raw["priceFilter"], entry.raw["lotSizeFilter"]
    common: dict[str, Any] = {
        "symbol": entry.unified,
        "base": entry.base,
        "quote": entry.quote,
        "tick": Decimal(price["tickSize"]),
        "quantity_max": entry.most_limit,
        "market_max": entry.most_market,
        "max_orders": MOST_ORDERS,
        "max_algo_orders": MOST_CONDITIONAL[entry.category],
        "maker_fee": maker,
        "taker_fee": taker,
    }
    if entry.spot:
        return CoreInstrument(
            **common,
            step=Decimal(lot["basePrecision"]),
            notional_min=Decimal(lot["minOrderAmt"]),
            notional_max=Decimal(lot["maxOrderAmt"]),
            price_max=SPOT_PRICE_MAX,
        )
    least = lot.get("minNotionalValue")
    return CoreInstrument(
        **common,
        step=Decimal(lot["qtyStep"]),
        quantity_min=Decimal(lot["minOrderQty"]),
        price_min=Decimal(price["minPrice"]),
        price_max=Decimal(price["maxPrice"]),
        notional_min=Decimal(least) if least and not entry.inverse else None,
        kind="perpetual",
        inverse=entry.inverse,
        brackets=brackets(entry),
        funding_interval=int(entry.raw["fundingInterval"]) * 60 * 10**9,
        liquidation_fee=taker,
    )


def relisted(entry: Listing, rule: str, value: Decimal) -> Listing:
    """The listing with another tick, step or least notional; ``tick`` and ``step`` stay the units of the book."""
    group, key = {
        "tick": ("priceFilter", "tickSize"),
        "step": ("lotSizeFilter", "basePrecision" if entry.spot else "qtyStep"),
        "notional": ("lotSizeFilter", "minOrderAmt" if entry.spot else "minNotionalValue"),
    }[rule]
    return replace(entry, raw=entry.raw | {group: entry.raw[group] | {key: text(value)}})


TYPES = ["limit", "market", "stop", "stop_limit", "take_profit", "take_profit_limit"]


def instruments(config: VenueConfig) -> dict[str, dict[str, Any]]:
    """Unified symbol -> the fields of a task's Instrument, as plain data (decimal strings)."""
    return {unified: _plain(entry, config.fees) for unified, entry in listings(config).items()}


def _plain(entry: Listing, fees: Fees) -> dict[str, Any]:
    core = core_instrument(entry, fees)
    return task_fields(entry, core, types=TYPES, quantity_min=text(core.quantity_min or core.step))
