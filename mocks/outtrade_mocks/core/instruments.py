"""Instruments: trading rules, and the one place where decimals become integers.

A price is stored as a number of ticks, a quantity as a number of lots (steps of the quantity grid), an amount of money
as a number of atoms of its asset. All conversions are exact or refuse::

    >>> btc = Instrument(symbol="BTC/USDT", base="BTC", quote="USDT", tick=Decimal("0.01"), step=Decimal("0.00001"))
    >>> btc.ticks(Decimal("50000.25")), btc.lots(Decimal("0.4"))
    (5000025, 40000)
    >>> btc.price(5000025), btc.quantity(40000)
    (Decimal('50000.25'), Decimal('0.40000'))
    >>> btc.notional(5000025, 40000)            # atoms of USDT: 20000.10 with 8 decimals
    2000010000000

The rules are those of Binance spot's symbol filters (filters.md), under neutral names; zero bounds are disabled there
and None here. ``price x quantity`` may be finer than an atom of the quote asset (0.00001 x 0.0001 BTC): a trade moves
the amount rounded *down* to an atom, a lock is rounded *up*, so that a lock always covers what it is for.

A *contract* (kind perpetual or future) counts its lots in contracts; what a trade of it moves is its value, in atoms of
the asset it is settled in: quote, or base where it is ``inverse`` (see ``contracts``)::

    >>> from outtrade_mocks.core.brackets import Bracket
    >>> usd = Instrument(symbol="BTC/USD", base="BTC", quote="USD", tick=Decimal("0.5"), step=Decimal(1),
    ...     kind="perpetual", inverse=True, contract_size=Decimal(100),
    ...     brackets=(Bracket(cap=None, leverage=100, rate=Decimal("0.005")),))
    >>> usd.settle, usd.notional(usd.ticks(Decimal(40_000)), 10)        # 10 contracts of 100 USD: 0.025 BTC
    ('BTC', 2500000)
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Literal

from outtrade_mocks.core.brackets import Bracket, Tiers
from outtrade_mocks.core.fees import Rate
from outtrade_mocks.core.sessions import calendar_of

_BOUNDLESS = 10**60
REG_NMS = ((Decimal(1), Decimal("0.01")),)
"""The price grid of US equities: whole cents from one dollar on, four decimals (``tick``) below (Regulation NMS, Rule
612). Half-cent increments of the rule's amendment of 2024 are not in force here."""
Kind = Literal["spot", "equity", "perpetual", "future"]


class OffGrid(ValueError):
    """A decimal that is no whole number of ticks, lots or atoms; the message is one line."""


def whole(value: Decimal, unit: Decimal, what: str) -> int:
    """``value / unit`` as an integer; raises OffGrid where it is none (NaN and infinity included)."""
    if not value.is_finite():
        raise OffGrid(f"{what} {value} is not a finite number")
    quotient = Fraction(value) / Fraction(unit)
    if quotient.denominator != 1:
        raise OffGrid(f"{what} {value} is not a multiple of {unit}")
    return quotient.numerator


def to_atoms(amount: Decimal, precision: int) -> int:
    """Atoms (10**-precision) of a decimal amount; raises OffGrid where it has more digits."""
    return whole(amount, Decimal(1).scaleb(-precision), "amount")


def from_atoms(atoms: int, precision: int) -> Decimal:
    """The decimal amount of ``atoms``, with exactly ``precision`` decimals."""
    return Decimal(atoms).scaleb(-precision)


@dataclass(frozen=True, slots=True)
class PriceBand:
    """PERCENT_PRICE_BY_SIDE: an order's price over the reference price lies within its side's factors, inclusive."""

    bid_down: Decimal
    bid_up: Decimal
    ask_down: Decimal
    ask_up: Decimal

    factors: tuple[int, int, int, int, int] = field(init=False, repr=False)
    """The same four over a common denominator, which comes last."""

    def __post_init__(self) -> None:
        exact = [Fraction(factor) for factor in (self.bid_down, self.bid_up, self.ask_down, self.ask_up)]
        common = lcm(*(factor.denominator for factor in exact))
        object.__setattr__(self, "factors", (*(int(factor * common) for factor in exact), common))

    def allows(self, side: str, ticks: int, reference: int) -> bool:
        """Whether a price of ``ticks`` on ``side`` passes against a ``reference`` price (ticks)."""
        bid_down, bid_up, ask_down, ask_up, common = self.factors
        if side == "buy":
            return reference * bid_down <= ticks * common <= reference * bid_up
        return reference * ask_down <= ticks * common <= reference * ask_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """Trading rules of one symbol. Prices in quote per base, quantities in base units, fees as fractions.

    ``market_step``, ``market_min`` and ``market_max`` are MARKET_LOT_SIZE; ``notional_min_market`` and
    ``notional_max_market`` say whether the notional bounds apply to market orders (at the reference price).
    ``max_position`` is in base units; ``max_orders`` counts open orders of one account in this symbol,
    ``max_algo_orders``, ``max_iceberg_orders`` and ``max_order_lists`` some of them (``core.limits``).

    Of contracts: quantities count contracts of ``contract_size`` base units each (inverse: quote units). ``expires``
    (ns) is that of a future. ``brackets`` are the leverage brackets, in units of the settlement asset.
    ``liquidation_fee`` is a fraction of the value that a liquidation closes, and ``funding_interval`` (ns) the time
    between two funding payments, counted from UNIX time 0 (None: no funding). Notional bounds are in quote, hence
    none on inverse contracts.

    ``price_grid`` and ``quantity_grid`` are coarser than tick and step: pairs (from that price on, increment), lowest
    first, and the multiple that quantities must be. They may change while orders rest, tick and step may not: those are
    the units in which the book counts. A sub-dollar rule for equities is ``REG_NMS``.

    ``calendar`` names the sessions (``core.sessions``); ``auctions``: they open and close with an auction, and trading
    resumes with one (``core.doors``).
    """

    symbol: str
    """Unified, ``BASE/QUOTE``."""
    base: str
    quote: str
    tick: Decimal
    step: Decimal
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    quantity_min: Decimal | None = None
    quantity_max: Decimal | None = None
    market_step: Decimal | None = None
    market_min: Decimal | None = None
    market_max: Decimal | None = None
    notional_min: Decimal | None = None
    notional_max: Decimal | None = None
    notional_min_market: bool = True
    notional_max_market: bool = False
    band: PriceBand | None = None
    max_orders: int | None = None
    max_algo_orders: int | None = None
    max_iceberg_orders: int | None = None
    max_order_lists: int | None = None
    max_position: Decimal | None = None
    iceberg_parts: int | None = None
    """Most parts of an iceberg; None: the practice's (Binance spot ICEBERG_PARTS)."""
    price_grid: tuple[tuple[Decimal, Decimal], ...] = ()
    quantity_grid: Decimal | None = None
    calendar: str = "24/7"
    auctions: bool = False
    base_precision: int = 8
    quote_precision: int = 8
    maker_fee: Decimal = Decimal(0)
    taker_fee: Decimal = Decimal(0)
    kind: Kind = "spot"
    inverse: bool = False
    contract_size: Decimal = Decimal(1)
    expires: int | None = None
    brackets: tuple[Bracket, ...] = ()
    liquidation_fee: Decimal = Decimal(0)
    funding_interval: int | None = None

    # The same in integers, computed once.
    grid: tuple[tuple[int, int], ...] = field(init=False, repr=False)
    """(from that many ticks on, increment in ticks), highest first."""
    grid_lots: int = field(init=False, repr=False)
    """Quantities are multiples of so many lots; 1: no rule of its own."""
    min_ticks: int = field(init=False, repr=False)
    max_ticks: int | None = field(init=False, repr=False)
    min_lots: int = field(init=False, repr=False)
    max_lots: int | None = field(init=False, repr=False)
    market_step_lots: int = field(init=False, repr=False)
    """0: no rule of its own."""
    market_min_lots: int = field(init=False, repr=False)
    market_max_lots: int | None = field(init=False, repr=False)
    min_units: int = field(init=False, repr=False)
    """Least ``ticks * lots`` of an order."""
    max_units: int | None = field(init=False, repr=False)
    top_ticks: int = field(init=False, repr=False)
    top_lots: int = field(init=False, repr=False)
    top_units: int = field(init=False, repr=False)
    """The three upper bounds once more, a number beyond any order where there is none."""
    max_position_lots: int | None = field(init=False, repr=False)
    lot_atoms: int = field(init=False, repr=False)
    """Atoms of base in one lot; 0 for contracts, which deliver none."""
    unit_numerator: int = field(init=False, repr=False)
    """Atoms of quote in one tick times one lot, as a fraction."""
    unit_denominator: int = field(init=False, repr=False)
    inverse_numerator: int = field(init=False, repr=False)
    """Atoms of base in one lot of an inverse contract, times ticks of its price, as a fraction."""
    inverse_denominator: int = field(init=False, repr=False)
    maker_rate: Rate = field(init=False, repr=False)
    taker_rate: Rate = field(init=False, repr=False)
    liquidation_rate: Rate = field(init=False, repr=False)
    tiers: Tiers | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name) if one.init else None
            if isinstance(value, Decimal) and not value.is_finite():
                raise ValueError(f"{self.symbol}: {one.name} is not finite")
        if self.tick <= 0 or self.step <= 0:
            raise ValueError(f"{self.symbol}: tick and step must be positive")
        self._check_kind()
        calendar_of(self.calendar)
        set_ = object.__setattr__
        tick, step, size = Fraction(self.tick), Fraction(self.step), Fraction(self.contract_size)

        def units(value: Decimal | None, unit: Fraction, *, up: bool) -> int | None:
            if not value:
                return None
            quotient = Fraction(value) / unit
            return -(-quotient.numerator // quotient.denominator) if up else quotient.numerator // quotient.denominator

        set_(self, "grid", self._grid())
        set_(self, "grid_lots", whole(self.quantity_grid, self.step, "quantity grid") if self.quantity_grid else 1)
        set_(self, "min_ticks", max(1, units(self.price_min, tick, up=True) or 1))
        set_(self, "max_ticks", units(self.price_max, tick, up=False))
        set_(self, "min_lots", max(1, units(self.quantity_min, step, up=True) or 1))
        set_(self, "max_lots", units(self.quantity_max, step, up=False))
        set_(self, "market_step_lots", whole(self.market_step, self.step, "market step") if self.market_step else 0)
        set_(self, "market_min_lots", max(1, units(self.market_min, step, up=True) or 1))
        set_(self, "market_max_lots", units(self.market_max, step, up=False))
        set_(self, "min_units", units(self.notional_min, tick * step * size, up=True) or 0)
        set_(self, "max_units", units(self.notional_max, tick * step * size, up=False))
        for name in ("ticks", "lots", "units"):
            most = getattr(self, f"max_{name}")
            set_(self, f"top_{name}", _BOUNDLESS if most is None else most)
        set_(self, "max_position_lots", units(self.max_position, step, up=False))
        set_(self, "lot_atoms", 0 if self.derivative else to_atoms(self.step, self.base_precision))
        unit = tick * step * size * 10**self.quote_precision
        set_(self, "unit_numerator", unit.numerator)
        set_(self, "unit_denominator", unit.denominator)
        set_(self, "maker_rate", Rate.of(self.maker_fee))
        set_(self, "taker_rate", Rate.of(self.taker_fee))
        unit = step * size * 10**self.base_precision / tick
        set_(self, "inverse_numerator", unit.numerator)
        set_(self, "inverse_denominator", unit.denominator)
        set_(self, "liquidation_rate", Rate.of(self.liquidation_fee))
        set_(self, "tiers", Tiers(self.brackets, precision=self.settle_precision) if self.derivative else None)

    def _grid(self) -> tuple[tuple[int, int], ...]:
        """The price grid in ticks. Raises ValueError where a part does not begin on its own increment or on the one
        before, or is not above it."""
        found: list[tuple[int, int]] = []
        before = (0, 1)
        for start, increment in self.price_grid:
            part = whole(start, self.tick, "start of a price grid"), whole(increment, self.tick, "price increment")
            if part[1] < 1 or part[0] < before[0] or (found and part[0] == before[0]):
                raise ValueError(f"{self.symbol}: a price grid has increments above 0, and parts from low to high")
            if part[0] % part[1] or part[0] % before[1]:
                raise ValueError(f"{self.symbol}: a part of a price grid begins at a price of both increments")
            found.append(part)
            before = part
        return tuple(reversed(found))

    def _check_kind(self) -> None:
        """Raises ValueError on what only some kinds have."""
        if self.kind not in ("spot", "equity", "perpetual", "future"):
            raise ValueError(f"{self.symbol}: kind {self.kind!r}")
        odd = self.inverse or self.brackets or self.contract_size != 1 or self.liquidation_fee or self.funding_interval
        if not self.derivative and odd:
            raise ValueError(f"{self.symbol}: only contracts have brackets, a size, funding and liquidation")
        if (self.kind == "future") != (self.expires is not None):
            raise ValueError(f"{self.symbol}: futures, and only they, expire")
        if self.liquidation_fee < 0:
            raise ValueError(f"{self.symbol}: nobody is paid for being liquidated")
        if self.contract_size <= 0 or (self.funding_interval is not None and self.funding_interval <= 0):
            raise ValueError(f"{self.symbol}: contract size and funding interval are positive")
        if self.derivative and self.auctions:
            raise ValueError(f"{self.symbol}: contracts have no call auctions")
        if self.inverse and (self.notional_min or self.notional_max):
            raise ValueError(f"{self.symbol}: an inverse contract has no notional bounds")

    @property
    def derivative(self) -> bool:
        """Whether it is a contract, margined and settled in ``settle``."""
        return self.kind == "perpetual" or self.kind == "future"

    @property
    def settle(self) -> str:
        """The asset in which value, margin and profit are counted."""
        return self.base if self.inverse else self.quote

    @property
    def settle_precision(self) -> int:
        """Decimals of an atom of ``settle``."""
        return self.base_precision if self.inverse else self.quote_precision

    # ------------------------------------------------------------ conversion
    def ticks(self, price: Decimal) -> int:
        """Ticks of a price; raises OffGrid where it lies off the tick grid (PRICE_FILTER)."""
        return whole(price, self.tick, "price")

    def lots(self, quantity: Decimal) -> int:
        """Lots of a quantity in base units; raises OffGrid where it lies off the step grid (LOT_SIZE)."""
        return whole(quantity, self.step, "quantity")

    def on_grid(self, ticks: int) -> bool:
        """Whether an order may have a price of ``ticks``."""
        return self.min_ticks <= ticks <= self.top_ticks and not ticks % self.increment(ticks)

    def increment(self, ticks: int) -> int:
        """Ticks between prices that are allowed, at a price of ``ticks``."""
        for start, increment in self.grid:
            if ticks >= start:
                return increment
        return 1

    def snap(self, ticks: int, *, up: bool = False) -> int:
        """The nearest price of the grid at or below ``ticks`` (``up``: at or above)."""
        increment = self.increment(ticks)
        return -(-ticks // increment) * increment if up else ticks // increment * increment

    def price(self, ticks: int) -> Decimal:
        """The price of ``ticks``, quote per base."""
        return ticks * self.tick

    def quantity(self, lots: int) -> Decimal:
        """The quantity of ``lots``, base units; of contracts: as the venue counts them."""
        return lots * self.step

    def units(self, lots: int) -> Decimal:
        """What ``lots`` are worth holding: base units, of an inverse contract quote units (``contract_size``)."""
        return lots * self.step * self.contract_size

    def base_atoms(self, lots: int) -> int:
        """Atoms of base in ``lots``."""
        return lots * self.lot_atoms

    def notional(self, ticks: int, lots: int) -> int:
        """Atoms of quote that a trade moves: price x quantity, rounded down (contracts: its value in ``settle``)."""
        if self.inverse:
            return lots * self.inverse_numerator // (self.inverse_denominator * ticks)
        return ticks * lots * self.unit_numerator // self.unit_denominator

    def cover(self, ticks: int, lots: int) -> int:
        """Atoms of quote that a buy order locks: price x quantity, rounded up (contracts: its value in ``settle``)."""
        if self.inverse:
            return -(-lots * self.inverse_numerator // (self.inverse_denominator * ticks))
        return -(-ticks * lots * self.unit_numerator // self.unit_denominator)

    def affordable(self, ticks: int, atoms: int) -> int:
        """Most lots whose price at ``ticks`` stays within ``atoms`` of quote (contracts: of ``settle``)."""
        if self.inverse:
            return atoms * self.inverse_denominator * ticks // self.inverse_numerator
        return atoms * self.unit_denominator // (ticks * self.unit_numerator)
