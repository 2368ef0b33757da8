"""Leverage brackets: the larger a position, the less leverage it may have and the more margin it must keep.

A bracket says up to which position value (``cap``, inclusive) it holds, the most leverage there, and the maintenance
margin rate of the part of the value that lies in it. Venues publish the same thing in two forms: as a sum over the
brackets, or as value x rate - *maintenance amount*, where the amount makes the two agree (Binance: "maintenance
amount on level n = floor of level n x (rate on level n - rate on level n-1) + amount on level n-1"; Bybit: "maintenance
margin deduction"). Here the amount is worked out, exactly.

    >>> tiers = Tiers((Bracket(cap=Decimal(50_000), leverage=125, rate=Decimal("0.004")),
    ...                Bracket(cap=Decimal(250_000), leverage=100, rate=Decimal("0.005"))), precision=2)
    >>> tiers.maintenance(60_000_00)                    # cents: 60,000 x 0.5 % - 50
    25000
    >>> tiers.most_leverage(60_000_00), tiers.cap(125), tiers.cap(100)
    (100, 5000000, 25000000)

Rounding rule: a margin that must be there is rounded up to an atom. A value above the last cap (prices moved) is
treated as if the last bracket had no end; only *opening* there is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """One bracket. ``cap``: largest position value in it, in units of the settlement asset (None: no limit);
    ``rate``: maintenance margin rate, a fraction."""

    cap: Decimal | None
    leverage: int
    rate: Decimal


class Tier(NamedTuple):
    """A bracket in atoms: maintenance margin of a value = (value x ``rate`` - ``amount``) / common denominator."""

    cap: int | None
    leverage: int
    rate: int
    amount: int


class Tiers:
    """The brackets of an instrument, smallest first, in atoms of its settlement asset.

    Raises ValueError where there is none, caps or rates do not rise, leverage does not fall, or a position opened with
    full leverage would be liquidated at once.
    """

    __slots__ = ("denominator", "tiers")

    def __init__(self, brackets: tuple[Bracket, ...], *, precision: int) -> None:
        if not brackets:
            raise ValueError("a contract has at least one margin bracket")
        numbers = [number for bracket in brackets for number in (bracket.cap, bracket.rate) if number is not None]
        if not all(map(Decimal.is_finite, numbers)):
            raise ValueError("caps and rates of margin brackets are finite")
        caps = [None if bracket.cap is None else int(Fraction(bracket.cap) * 10**precision) for bracket in brackets]
        rates = [Fraction(bracket.rate) for bracket in brackets]
        ends = [cap for cap in caps if cap is not None]
        if ends != sorted(set(ends)) or (ends and ends[0] < 1) or None in caps[:-1]:
            raise ValueError("the caps of margin brackets rise; only the last may be open")
        for before, after in pairwise(brackets):
            if after.leverage > before.leverage or after.rate <= before.rate:
                raise ValueError("from one margin bracket to the next leverage falls and the rate rises")
        for bracket, rate in zip(brackets, rates, strict=True):
            if (
                type(bracket.leverage) is not int
                or bracket.leverage < 1
                or not 0 < rate < Fraction(1, bracket.leverage)
            ):
                raise ValueError("leverage is a whole number, and its margin is above the maintenance margin rate")
        self.denominator = lcm(*(rate.denominator for rate in rates))
        whole = [int(rate * self.denominator) for rate in rates]
        amounts = [0]
        for index in range(1, len(brackets)):
            floor = caps[index - 1]
            assert floor is not None
            amounts.append(amounts[-1] + floor * (whole[index] - whole[index - 1]))
        self.tiers = tuple(
            Tier(cap, bracket.leverage, rate, amount)
            for cap, bracket, rate, amount in zip(caps, brackets, whole, amounts, strict=True)
        )

    def index(self, value: int | Fraction) -> int:
        """Number of the bracket (from 0) that a position of ``value`` atoms lies in."""
        for number, tier in enumerate(self.tiers):
            if tier.cap is None or value <= tier.cap:
                return number
        return len(self.tiers) - 1

    def maintenance(self, value: int) -> int:
        """Maintenance margin in atoms of a position of ``value`` atoms, rounded up."""
        tier = self.tiers[self.index(value)]
        return -(-(value * tier.rate - tier.amount) // self.denominator)

    def most_leverage(self, value: int) -> int:
        """The most leverage that a position of ``value`` atoms may have."""
        return self.tiers[self.index(value)].leverage

    def cap(self, leverage: int) -> int | None:
        """The largest position value (atoms) at this leverage; None: no limit; 0: there is no such leverage."""
        found: int | None = 0
        for tier in self.tiers:
            if tier.leverage < leverage:
                break
            found = tier.cap
        return found

    def allows(self, value: int, leverage: int) -> bool:
        """Whether a position may be worth ``value`` atoms at this leverage: at most ``cap``."""
        for tier in self.tiers:
            if tier.leverage < leverage:
                return False
            if tier.cap is None or value <= tier.cap:
                return True
        return False

    def below(self, value: int) -> int:
        """The largest value (atoms) of the next bracket below that of ``value``; 0 where it is in the lowest."""
        number = self.index(value)
        cap = self.tiers[number - 1].cap if number else 0
        assert cap is not None
        return cap
