"""What one asset is worth in another: for fees paid in a token, volumes of fee tiers, and margin levels.

A market's *fair price* is its published index price, else what its orders are measured against (``Market.reference``:
the flow's mid, else the last trade). Binance values margin accounts at index prices; that the price of the symbol
itself stands in where none is published is *inferred*. An asset without a market against the other is valued over one
asset in between; markets are tried in the order in which they were listed, so that the answer never depends on
chance.

All rates are exact fractions: atoms of one asset per atom of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from outtrade_mocks.core.market import Market


def fair_price(market: Market) -> int | None:
    """Ticks at which a market's base is valued now; None while there is no price."""
    return market.published.get("index") or market.reference


class Prices:
    """Rates between assets, read from the markets as they are."""

    __slots__ = ("_markets",)

    def __init__(self, markets: Mapping[str, Market]) -> None:
        self._markets = markets

    def rate(self, asset: str, to: str) -> Fraction | None:
        """Atoms of ``to`` for one atom of ``asset``; None where no market says."""
        if asset == to:
            return Fraction(1)
        direct = self._direct(asset, to)
        if direct is not None:
            return direct
        for market in self._markets.values():
            instrument = market.instrument
            if instrument.derivative or asset not in (instrument.base, instrument.quote):
                continue
            middle = instrument.quote if asset == instrument.base else instrument.base
            first, second = _rate(market, asset), self._direct(middle, to)
            if first is not None and second is not None:
                return first * second
        return None

    def _direct(self, asset: str, to: str) -> Fraction | None:
        for market in self._markets.values():
            instrument = market.instrument
            pair = instrument.base, instrument.quote
            if not instrument.derivative and (pair == (asset, to) or pair == (to, asset)):
                found = _rate(market, asset)
                if found is not None:
                    return found
        return None

    def markets_of(self, assets: frozenset[str]) -> list[Market]:
        """Spot markets whose price counts for one of ``assets``, in the order of their listing."""
        return [
            market
            for market in self._markets.values()
            if not market.instrument.derivative
            and (market.instrument.base in assets or market.instrument.quote in assets)
        ]


def _rate(market: Market, asset: str) -> Fraction | None:
    """Atoms of the other asset of a spot market for one atom of ``asset``, at the fair price."""
    price, instrument = fair_price(market), market.instrument
    if price is None:
        return None
    quote = Fraction(price * instrument.unit_numerator, instrument.unit_denominator * instrument.lot_atoms)
    return quote if asset == instrument.base else 1 / quote
