"""The instruments that scenarios trade, and the markets they are traded in.

The trading rules repeated here (tick, step, smallest quantity, smallest notional) are those of the venue's reference
data; a test holds the two against each other. A scenario needs them to ask for quantities on the grid, beside the grid,
or below what is allowed. Prices are in quote currency, quantities in base units (``outtrade.model.units``).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from outtrade.model.scenario import Market
from outtrade.model.units import is_inverse
from outtrade_suites.spaces.draw import Draw

if TYPE_CHECKING:
    from outtrade.reference import Recorded


@dataclass(frozen=True, slots=True)
class Product:
    """One symbol: its grid, its limits, where its price roughly is, and what a usual order is worth (in quote)."""

    symbol: str
    base: str
    quote: str
    tick: Decimal
    step: Decimal
    quantity_min: Decimal
    notional_min: Decimal
    mid: Decimal
    order_value: Decimal
    has_band: bool = True
    """Whether the venue refuses prices far from the market."""
    by_quote: bool = True
    """Whether market orders may name an amount of quote currency."""
    lacks: frozenset[str] = frozenset()
    """What orders cannot be, of ``post_only`` and ``FOK``."""

    def price(self, value: Decimal, *, up: bool) -> Decimal:
        """The nearest price on the grid, not below (``up``) or not above ``value``."""
        return _grid(value, self.tick, up=up)

    def sized(self, value: Decimal, price: Decimal) -> Decimal:
        """So much of it is worth ``value`` (quote currency) at a price: on the grid, at least one step."""
        return self.quantity(value if is_inverse(self.symbol) else value / price)

    def quantity(self, value: Decimal) -> Decimal:
        """The nearest quantity on the grid, not above ``value``, at least one step."""
        return max(_grid(value, self.step, up=False), self.step)


def _grid(value: Decimal, unit: Decimal, *, up: bool) -> Decimal:
    steps = (value / unit).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR)
    return (steps * unit).quantize(unit)


def _product(symbol: str, tick: str, step: str, smallest: str, notional: str, mid: str, value: str) -> Product:
    base, quote = symbol.split("/")
    grid, least = (Decimal(tick), Decimal(step)), (Decimal(smallest), Decimal(notional))
    return Product(symbol, base, quote, *grid, *least, Decimal(mid), Decimal(value))


PRODUCTS: dict[str, Product] = {
    product.symbol: product
    for product in (
        _product("BTC/USDT", "0.01", "0.00001", "0.00001", "5", "50000", "4000"),
        _product("ETH/USDT", "0.01", "0.0001", "0.0001", "5", "3000", "2500"),
        _product("ETH/BTC", "0.00001", "0.0001", "0.0001", "0.0001", "0.06", "0.05"),
        _product("DOGE/USDT", "0.00001", "1", "1", "1", "0.12", "1500"),
    )
}

BALANCES: dict[str, str] = {"USDT": "1000000", "BTC": "20", "ETH": "300", "DOGE": "4000000"}
"""Ample for every intent that is meant to be possible."""

FOREIGN: dict[str, str] = {"BNB": "12.5", "SOL": "140", "EUR": "2500"}
"""Assets that no intent concerns; they are to be reported and left alone."""


@dataclass(frozen=True, slots=True)
class Universe:
    """What a scenario may trade, and what the account holds. ``homes``: base asset -> where it is bought first, for
    scenarios that start without it. ``recorded``: the recording that all this comes from."""

    products: dict[str, Product]
    balances: dict[str, str]
    foreign: dict[str, str]
    homes: dict[str, str]
    recorded: Recorded | None = None
    contracts: bool = False
    """Whether positions are traded, and not assets that are held."""


OWN = Universe(PRODUCTS, BALANCES, FOREIGN, {"BTC": "BTC/USDT", "ETH": "ETH/USDT", "DOGE": "DOGE/USDT"})


def universe(recorded: Recorded | None) -> Universe:
    """The space's own instruments, or those of a recording."""
    if recorded is None:
        return OWN
    products: dict[str, Product] = {}
    homes: dict[str, str] = {}
    for symbol, rules in recorded.instruments.items():
        products[symbol] = Product(
            symbol=symbol,
            base=rules.base,
            quote=rules.quote,
            tick=rules.tick,
            step=rules.step,
            quantity_min=rules.quantity_min,
            notional_min=rules.notional_min or Decimal(0),
            mid=recorded.markets[symbol].mid,
            order_value=recorded.order_value(symbol),
            has_band=rules.band is not None and rules.band[0] > Decimal("0.11") and rules.band[1] < Decimal("5.9"),
        )
        homes.setdefault(rules.base, symbol)
    balances = {asset: f"{amount:f}" for asset, amount in recorded.balances().items()}
    foreign = {asset: amount for asset, amount in FOREIGN.items() if asset not in balances}
    return Universe(products, balances, foreign, homes if len(products) > 1 else {}, recorded)


def market(d: Draw, product: Product, given: Market | None = None) -> Market:
    """A market around the product's usual price: mild volatility, a book that a large order walks through. Of a
    ``given`` one only the movement is drawn."""
    if given is not None:
        return given.model_copy(
            update={
                "maker_rate": d.number("maker_rate", 0.02, 0.06),
                "taker_rate": d.number("taker_rate", 0.02, 0.06),
                "volatility_bps": d.number("volatility_bps", 0, 4, digits=1),
            }
        )
    mid = product.price(product.mid * Decimal(str(d.number("mid", 0.9, 1.1, digits=4))), up=False)
    spread_bps = d.number("spread_bps", 2, 8, digits=1)
    thin = d.boolean("thin", 0.12)
    level_value = product.order_value * Decimal(str(d.number("depth", 0.2, 0.5) if thin else d.number("deep", 1, 4)))
    return Market(
        mid=mid,
        spread_bps=spread_bps,
        depth=product.sized(level_value, mid),
        levels=d.integer("levels", 8, 12),
        maker_rate=d.number("maker_rate", 0.02, 0.06),
        taker_rate=d.number("taker_rate", 0.02, 0.06),
        taker_size=product.sized(level_value / 3, mid),
        volatility_bps=d.number("volatility_bps", 0, 4, digits=1),
    )
