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
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Literal, cast

import msgspec

from outtrade_mocks import cassettes
from outtrade_mocks.cassettes.model import one_line
from outtrade_mocks.core import Bracket, FlowConfig
from outtrade_mocks.core import Instrument as CoreInstrument
from outtrade_mocks.core.feed import config_of
from outtrade_mocks.venues import VenueError
from outtrade_mocks.venues.bybit.errors import VENUE
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
    fees: tuple[Decimal, Decimal] | None = None
    """Maker and taker, where the symbol has its own."""
    place: int = 0
    """Its place among the symbols of the venue."""
    made: dict[tuple[Decimal, Decimal], CoreInstrument] = field(default_factory=dict, compare=False, repr=False)
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


def listing(unified: str) -> Listing:
    """The mock's own listing of a unified symbol; raises VenueError with the known ones."""
    return _one(own_listings(), unified)


def listings(config: VenueConfig) -> dict[str, Listing]:
    """The listings of the configured symbols, from the configuration's reference data where it has any. Raises
    VenueError on a symbol that is not there, or one that cannot be played."""
    known = own_listings() if config.reference is None else _brought(config.reference)
    return {unified: _at(_one(known, unified), place) for place, unified in enumerate(config.symbols)}


def _at(entry: Listing, place: int) -> Listing:
    return entry if entry.place == place else replace(entry, place=place)


def _brought(reference: Mapping[str, Any]) -> Mapping[str, Listing]:
    """The listings of a configuration's reference data; the same data is read once."""
    return _read(msgspec.json.encode({"listings": reference["listings"], "fees": reference.get("fees", {})}))


@lru_cache(maxsize=4)
def _read(text: bytes) -> Mapping[str, Listing]:
    """Reference data may come from a file: what cannot be used is refused in one line. An object of instruments-info
    with ``contractType`` is a contract; one without risk limits has a single bracket of its highest leverage."""
    reference, found = msgspec.json.decode(text), {}
    for place, (unified, raw) in enumerate(reference["listings"].items()):
        try:
            kind = raw.get("contractType")
            category: Category = "spot" if kind is None else "inverse" if kind.startswith("Inverse") else "linear"
            pair = reference["fees"].get(unified)
            fees = None if pair is None else (Decimal(pair[0]), Decimal(pair[1]))
            entry = replace(_listing(category, raw), fees=fees, place=place)
            core_instrument(entry, _DEFAULT_FEES)
        except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
            raise VenueError(f"reference data of {one_line(unified, 40)}: {one_line(str(error), 80)}") from None
        if entry.unified != unified:
            raise VenueError(f"reference data of {one_line(unified, 40)}: it is that of {one_line(entry.unified, 40)}")
        found[unified] = entry
    return found


def _one(known: Mapping[str, Listing], unified: str) -> Listing:
    found = known.get(unified)
    if found is None:
        raise VenueError(f"bybit does not list {unified!r}; it lists {', '.join(known)}")
    return found


@lru_cache(maxsize=1)
def symbols() -> dict[str, str]:
    """Unified symbol -> Bybit's id, of the mock's own listings."""
    return {unified: entry.id for unified, entry in own_listings().items()}


def fees_of(entry: Listing, fees: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
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


def core_instrument(entry: Listing, fees: tuple[Decimal, Decimal]) -> CoreInstrument:
    """The core's rules for a listing."""
    found = entry.made.get(fees)
    if found is None:
        found = entry.made[fees] = _core_instrument(entry, fees)
    return found


def _core_instrument(entry: Listing, fees: tuple[Decimal, Decimal]) -> CoreInstrument:
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


def flows(config: VenueConfig) -> dict[str, FlowConfig]:
    """The market flow of each configured symbol that has one."""
    return {unified: config_of(market) for unified, market in config.markets.items() if unified in config.symbols}


def instruments(config: VenueConfig) -> dict[str, dict[str, Any]]:
    """Unified symbol -> the fields of a task's Instrument, as plain data (decimal strings)."""
    return {unified: _plain(entry, config.fees) for unified, entry in listings(config).items()}


TYPES = ["limit", "market", "stop", "stop_limit", "take_profit", "take_profit_limit"]


def _plain(entry: Listing, fees: tuple[Decimal, Decimal]) -> dict[str, Any]:
    core = core_instrument(entry, fees)

    def text(value: Decimal | None) -> str | None:
        return None if value is None else f"{value.normalize():f}"

    return {
        "venue_symbol": entry.id,
        "base": entry.base,
        "quote": entry.quote,
        "status": "trading",
        "types": TYPES,
        "tick": text(core.tick),
        "price_min": text(core.price_min or core.tick),
        "price_max": text(core.price_max),
        "step": text(core.step),
        "quantity_min": text(core.quantity_min or core.step),
        "quantity_max": text(core.quantity_max),
        "market_step": None,
        "market_min": None,
        "market_max": text(core.market_max),
        "notional_min": text(core.notional_min),
        "notional_max": text(core.notional_max),
        "band": None,
        "contract_size": "1",
        "maker_fee": text(core.maker_fee),
        "taker_fee": text(core.taker_fee),
    }
