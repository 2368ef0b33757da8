"""Fees: who pays how much for a trade, and in which asset.

A symbol has a maker and a taker rate (``Instrument``). That is all most runs need: a buyer receives base and pays the
fee in base, a seller in quote (Binance: "the received amount is multiplied with the sum of the rates", commission FAQ).
The order that rested pays the maker rate, the one that arrived the taker rate. A *schedule* says more, as plain data:

* **Tiers**: rates fall with the volume an account traded in the last 30 days. Volume is counted in the schedule's
  ``reference`` asset at the fair price of the moment (OKX: "recorded in BTC equivalents according to price when
  trading"; Kraken: USD value), else in the quote of each market, quote by quote. ``review`` says when the tier is
  looked up: with each trade (Kraken: "new trades are added to your 30 day volume immediately"), or at 00:00 UTC, for
  the day (Binance, tiered trading fee program). Days are UTC days: with "trade" the present one and the 29 before it,
  with "daily" the 30 before the present one. That whole days leave the window at once is *inferred*.
* **Asset**: ``received`` (Binance, OKX, Bybit), or ``quote`` on both sides (Kraken's fciq, Coinbase). A buy then
  locks the highest fee it may have to pay beside its cost (*inferred*; released as it trades).
* **Rebate**: a rate below 0 pays the account, out of the collected fees (which may go below 0). ``rebate="paid"``: in
  the asset the account pays with (Bybit enum feeCurrency, OKX: maker rebate in the taker's fee currency).
* **Discount**: the fee is paid in a token at the token's price of the moment, times ``multiplier``, if enough of the
  token is free once the trade itself is booked; else all of it in the asset it would be paid in anyway, at the full
  rate (Binance commission FAQ). Where the token has no price, the same (*inferred*). ``full`` rates are not
  discounted (Binance: tax and special commission).

Rounding rule: a fee is rounded *down* to a whole atom of the asset it is paid in, a rebate in the account's favour too.
Binance does not state its rounding; this never charges more than the rate says, and money is conserved either way.

    >>> Rate.of("0.001").fee(12_345), Rate.of("-0.0001").fee(12_345)
    (12, -2)
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Literal

WINDOW = 30
"""Days whose volume counts."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A fee rate as an exact fraction ``numerator / denominator``; -1 < rate < 1, below 0 a rebate."""

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if not -self.denominator < self.numerator < self.denominator:
            raise ValueError(f"a fee rate is between -1 and 1, not {self.numerator}/{self.denominator}")

    @classmethod
    def of(cls, rate: Decimal | Fraction | str | int) -> Rate:
        """The rate of a fraction (``"0.001"`` is ten basis points). Raises ValueError outside (-1, 1)."""
        if not isinstance(rate, Fraction) and not Decimal(rate).is_finite():
            raise ValueError(f"a fee rate is between -1 and 1, not {rate}")
        fraction = rate if isinstance(rate, Fraction) else Fraction(Decimal(rate))
        return cls(fraction.numerator, fraction.denominator)

    def fee(self, amount: int) -> int:
        """Fee in atoms on ``amount`` atoms, rounded down."""
        return amount * self.numerator // self.denominator


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Rates by role and by side; a trade pays the sum of both (Binance: maker + buyer). Fractions; below 0: rebates."""

    maker: Decimal
    taker: Decimal
    buyer: Decimal = Decimal(0)
    seller: Decimal = Decimal(0)

    def of(self, *, maker: bool, buy: bool) -> Fraction:
        """The rate of one side of a trade."""
        return Fraction(self.maker if maker else self.taker) + Fraction(self.buyer if buy else self.seller)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTier:
    """The rates of accounts that traded at least ``volume`` (units of the asset that volume is counted in)."""

    rates: Rates
    volume: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """Fees may be paid in ``asset``; standard rates are then multiplied by ``multiplier`` (Binance BNB: 0.75)."""

    asset: str
    multiplier: Decimal = Decimal("0.75")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSchedule:
    """Who pays what; see the module. Raises ValueError where it makes no sense."""

    tiers: tuple[FeeTier, ...]
    """From the lowest volume, which is 0, upwards."""
    full: Rates = Rates(maker=Decimal(0), taker=Decimal(0))
    """Rates beside those of the tier that no discount applies to."""
    asset: Literal["received", "quote"] = "received"
    rebate: Literal["received", "paid"] = "received"
    discount: Discount | None = None
    reference: str = ""
    """The asset in which volume is counted; empty: each market's quote by itself."""
    review: Literal["trade", "daily"] = "trade"

    def __post_init__(self) -> None:
        volumes = [tier.volume for tier in self.tiers]
        if (
            not volumes
            or not all(map(Decimal.is_finite, volumes))
            or volumes[0] != 0
            or any(after <= before for before, after in pairwise(volumes))
        ):
            raise ValueError("the volumes of fee tiers begin at 0 and rise")
        if self.asset not in ("received", "quote") or self.rebate not in ("received", "paid"):
            raise ValueError(
                "a fee is charged in the asset received or in quote, a rebate paid in that received or paid"
            )
        if self.review not in ("trade", "daily"):
            raise ValueError(f"tiers are reviewed with each trade or daily, not {self.review!r}")
        multiplier = Decimal(1) if self.discount is None else self.discount.multiplier
        if not multiplier.is_finite() or not 0 <= multiplier <= 1:
            raise ValueError("a discount multiplies fees by something from 0 to 1")
        for tier in self.tiers:
            for maker in (True, False):
                for buy in (True, False):
                    Rate.of(self.rate(tier, maker=maker, buy=buy))

    def rate(self, tier: FeeTier, *, maker: bool, buy: bool, discounted: bool = False) -> Fraction:
        """What one side of a trade pays in ``tier``."""
        standard = tier.rates.of(maker=maker, buy=buy)
        if discounted and self.discount is not None:
            standard *= Fraction(self.discount.multiplier)
        return standard + self.full.of(maker=maker, buy=buy)

    @property
    def worst(self) -> Fraction:
        """The highest rate that a buy may have to pay, 0 where all are rebates."""
        rates = (self.rate(tier, maker=maker, buy=True) for tier in self.tiers for maker in (True, False))
        return max(Fraction(0), *rates)
