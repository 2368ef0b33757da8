"""Contracts: what a position is worth, and the prices at which it is in trouble. Pure arithmetic on integers.

A *linear* contract stands for ``contract_size`` units of base and is margined and settled in quote: its value at a
price is lots x step x size x price. An *inverse* contract stands for ``contract_size`` units of quote and is settled in
base: its value is lots x step x size / price. Value is always counted in atoms of the settlement asset, rounded down,
once per trade, so that it is the same for both sides.

A position is kept as ``lots`` (signed: above 0 is long) and ``carried``: atoms that its trades moved, with sign. A
linear long paid for what it holds, so its ``carried`` is negative: minus its entry value. ``worth`` is what it holds at
a price, with sign. Unrealised profit is the sum of the two, and both are zero-sum over all sides of all trades:

    linear   worth = +lots x value of a lot    long 2 at 100, mark 110:   -200 + 220 = +20
    inverse  worth = -lots x value of a lot    long 1000 USD at 100, mark 125:  10 - 8 = +2 (in base)

(Bybit help centre, "P&L calculations": quantity x (exit - entry), and quantity x (1/entry - 1/exit).)

Liquidation price: where cash + carried + worth = maintenance margin. All are linear in the price (of an inverse
contract: in one over the price), so it is a quotient; Binance prints the same one for both kinds ("How to Calculate
Liquidation Price of USDⓈ-M Futures Contracts"), with all other contracts' profit and maintenance margin in the cash.
Which bracket counts is that of the price found (same page), so it is looked up again until it fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from outtrade_mocks.core.instruments import Instrument

if TYPE_CHECKING:
    from outtrade_mocks.core.positions import Position

Leg = tuple[int, int]
"""(lots, carried) of a position."""


def worth(instrument: Instrument, lots: int, ticks: int) -> int:
    """What ``lots`` (signed) hold at a price, in atoms of the settlement asset, with sign."""
    value = instrument.notional(ticks, abs(lots))
    return value if (lots > 0) != instrument.inverse else -value


def moved(instrument: Instrument, lots: int, value: int) -> int:
    """What a trade of ``lots`` (signed: a purchase is above 0) adds to ``carried``: minus its worth."""
    return -value if (lots > 0) != instrument.inverse else value


def unrealised(instrument: Instrument, lots: int, carried: int, ticks: int) -> int:
    """Profit (atoms) that a position would make if it were closed at a price, fees not counted."""
    return worth(instrument, lots, ticks) + carried


def per_lot(instrument: Instrument) -> Fraction:
    """Atoms of value of one lot per tick of price (inverse: times ticks of price)."""
    if instrument.inverse:
        return Fraction(instrument.inverse_numerator, instrument.inverse_denominator)
    return Fraction(instrument.unit_numerator, instrument.unit_denominator)


def entry_price(instrument: Instrument, lots: int, carried: int) -> Fraction | None:
    """Average entry price in quote per base: entry value over quantity (inverse: quantity over entry value; Bybit
    help centre). None for no position. Exact for the value carried, which trades have rounded to atoms."""
    if not lots or not carried:
        return None
    value, size = abs(carried), abs(lots) * per_lot(instrument)
    ticks = size / value if instrument.inverse else value / size
    return ticks * Fraction(instrument.tick)


def break_even(instrument: Instrument, position: Position, *, costs: bool = False) -> Fraction | None:
    """The price (quote per base, exact) at which closing a position would bring back all that it ever cost, what it
    realised so far counted in: (cost - gained) / size (Binance, "How to Visualize the Breakeven Price of Open Positions
    on Binance Futures", which leaves trading fees and funding out). ``costs``: they count, too, as far as they were
    paid; those of closing do not (*inferred*). None for no position, and where there is no such price above zero."""
    gained = position.carried + position.realised + (position.funding - position.fees if costs else 0)
    size = position.lots * per_lot(instrument)
    if not size or not gained:
        return None
    ticks = size / gained if instrument.inverse else -gained / size
    return ticks * Fraction(instrument.tick) if ticks > 0 else None


def price_where(
    instrument: Instrument, legs: Sequence[Leg], cash: int, *, maintenance: int | None = None, near: int = 1
) -> Fraction | None:
    """The price in ticks (not whole) at which ``cash`` + ``legs`` are worth exactly their maintenance margin.

    ``legs``: positions in this instrument that share the cash: one, or long and short of a hedged account. ``cash``:
    wallet or isolated margin, plus the unrealised profit and minus the maintenance margin of everything else that
    shares it. ``maintenance``: a fixed amount of atoms instead of that of the brackets at the price found; 0 gives the
    *bankruptcy* price, where nothing is left. ``near``: the price now, in ticks, where the search for the bracket
    starts. None: at no price above zero.
    """
    tiers, lot = instrument.tiers, per_lot(instrument)
    assert tiers is not None
    sign = -1 if instrument.inverse else 1
    own = cash + sum(carried for _, carried in legs) - (maintenance or 0)
    slope = sum((sign * lots * lot for lots, _ in legs), Fraction(0))
    at = Fraction(1, near) if instrument.inverse else Fraction(near)
    for _ in range(4 * len(tiers.tiers) + 4):  # Newton's method on a concave broken line: ends at the right piece
        above, below = Fraction(own), -slope
        if maintenance is None:
            for lots, _ in legs:
                size = abs(lots) * lot
                tier = tiers.tiers[tiers.index(size * at)]
                above += Fraction(tier.amount, tiers.denominator)
                below += size * Fraction(tier.rate, tiers.denominator)
        if not below:
            return None
        found = above / below
        if found <= 0:
            if not at:
                return None
            found = Fraction(0)  # gone too far: from below, steps do not
        if found == at:
            break
        at = found
    if not at:
        return None
    return 1 / at if instrument.inverse else at
