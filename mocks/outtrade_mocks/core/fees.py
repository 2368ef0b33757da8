"""Fees: a fraction of what a trade brings in, taken from the received asset.

A buyer receives base and pays the fee in base; a seller receives quote and pays in quote (Binance: "the received
amount is multiplied with the sum of the rates", commission FAQ). Both sides of a trade pay, each by its own role: the
order that rested pays the maker rate, the one that arrived the taker rate.

Rounding rule: a fee is rounded *down* to a whole atom of its asset. The venue does not state its rounding; rounding
down never charges more than the rate says, and what is not charged stays with the account, so money is conserved
either way.

    >>> Rate.of("0.001").fee(12_345)
    12
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Rate:
    """A fee rate as an exact fraction ``numerator / denominator``; 0 <= rate < 1."""

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if not 0 <= self.numerator < self.denominator:
            raise ValueError(f"a fee rate is at least 0 and below 1, not {self.numerator}/{self.denominator}")

    @classmethod
    def of(cls, rate: Decimal | str | int) -> Rate:
        """The rate of a decimal fraction (``"0.001"`` is ten basis points). Raises ValueError outside [0, 1)."""
        fraction = Fraction(Decimal(rate))
        return cls(fraction.numerator, fraction.denominator)

    def fee(self, amount: int) -> int:
        """Fee in atoms on ``amount`` atoms received, rounded down."""
        return amount * self.numerator // self.denominator
