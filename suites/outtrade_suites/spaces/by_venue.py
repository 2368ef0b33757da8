"""A space for each mock venue that has none of its own: usual scenarios with instruments of the venue's reference data.

    outtrade run ccxt:kraken --space kraken_spot --scenarios 20

Which instruments: up to three of those whose price we can tell, spot where the venue has spot, else linear contracts.
Amounts are in base units; market orders by quote amount are left out, because not every venue has them for both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from outtrade.model.scenario import Scenario
from outtrade.model.units import is_inverse
from outtrade_mocks import venues
from outtrade_mocks.venues.config import VenueConfig
from outtrade_suites.spaces.draw import Draw
from outtrade_suites.spaces.markets import Product, Universe
from outtrade_suites.spaces.usual import usual

PRICES: dict[str, tuple[str, str]] = {
    "BTC": ("50000", "4000"),
    "ETH": ("3000", "2500"),
    "SOL": ("150", "2000"),
    "DOGE": ("0.12", "1500"),
    "XRP": ("0.6", "1500"),
}
"""Base asset -> its usual price and what a usual order is worth, in dollars."""
DOLLARS = ("USDT", "USD", "USDC")
MOST = 3
FUNDS, HELD = "1000000", 250
"""Quote currency of the account; what it holds of each base asset, in usual orders."""
FOREIGN = {"XRP": "900", "SOL": "140", "BNB": "12.5", "EUR": "2500"}
"""Assets that no intent concerns, where the venue has them; they are to be reported and left alone."""


def traded(symbols: Sequence[str]) -> tuple[str, ...]:
    """The symbols that scenarios use: one for each base asset, the quote currency that comes first in DOLLARS."""

    def pick(contracts: bool) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for quote in DOLLARS:
            for base in PRICES:
                symbol = f"{base}/{quote}:{quote}" if contracts else f"{base}/{quote}"
                if symbol in symbols:
                    found.setdefault(base, symbol)
        return tuple(found[base] for base in PRICES if base in found)[:MOST]

    return pick(False) or pick(True)


@lru_cache(maxsize=16)
def universe_of(venue: str, chosen: tuple[str, ...] = ()) -> Universe:
    """What a venue's scenarios may trade, by its own reference data: the ``chosen`` symbols (all of them contracts, or
    none), else those that ``traded`` picks. Raises LookupError where we know no price of what it lists."""
    module = venues.load(venue)
    symbols = chosen or traded(tuple(module.symbols))
    if not symbols:
        raise LookupError(f"{venue} lists nothing whose price is known here: {', '.join(sorted(module.symbols)[:8])}")
    rules = module.instruments(VenueConfig(symbols=symbols, balances={}, epoch_ns=0))
    lacks = getattr(module, "lacks", ())
    products = {symbol: _product(symbol, rules[symbol], lacks) for symbol in symbols}
    contracts = ":" in symbols[0]
    balances = {product.quote: FUNDS for product in products.values() if not is_inverse(product.symbol)}
    inverse = [product for product in products.values() if is_inverse(product.symbol)]
    balances |= {product.base: f"{int(Decimal(FUNDS) / product.mid)}" for product in inverse}
    if not contracts:
        balances |= {
            product.base: f"{product.quantity(product.order_value * HELD / product.mid):f}"
            for product in products.values()
        }
    listed = {part for symbol in module.symbols for part in symbol.replace(":", "/").split("/")}
    foreign = {asset: amount for asset, amount in FOREIGN.items() if asset in listed - set(balances)}
    homes = {} if contracts else {product.base: symbol for symbol, product in products.items()}
    return Universe(products, balances, foreign, homes, contracts=contracts)


def _product(symbol: str, rules: dict[str, Any], lacks: Sequence[str]) -> Product:
    base, quote = symbol.split("/")
    mid, value = PRICES[base]
    least = rules["notional_min"]
    return Product(
        symbol=symbol,
        base=base,
        quote=quote.split(":")[0],
        tick=Decimal(rules["tick"]),
        step=Decimal(rules["step"]),
        quantity_min=Decimal(rules["quantity_min"] or rules["step"]),
        notional_min=Decimal(least) if least else Decimal(0),
        mid=Decimal(mid),
        order_value=Decimal(value),
        has_band=bool(rules.get("band")),
        by_quote=False,
        lacks=frozenset(lacks),
    )


MIXED = frozenset({"alpaca"})
"""Venues that list shares beside coins: an agent for the one need not know the other."""


def _scenario(venue: str, d: Draw) -> Scenario:
    knobs = {"event_first": d.boolean("event first")} if "event_first" in venues.load(venue).KNOBS else {}
    made = usual(d, universe_of(venue), venue=venue, knobs=knobs)
    return made.model_copy(update={"needs": ("crypto",)}) if venue in MIXED else made


def space(venue: str) -> Callable[[Draw], Scenario]:
    """The space of a venue, which is called as the venue is."""
    made = partial(_scenario, venue)
    made.__doc__ = f"The usual orders and faults on {venue}; for gateways, with instruments of its own."
    return made
