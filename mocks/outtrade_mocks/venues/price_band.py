"""Venues that take no order far from the market: the highest price of a buy, the lowest of a sale."""

from __future__ import annotations

from decimal import Decimal

from outtrade_mocks.core import Exchange


def price_band(exchange: Exchange, symbol: str, tick: Decimal, share: Decimal) -> tuple[Decimal, Decimal] | None:
    """Highest price of a buy and lowest price of a sale now, on the grid; None where there is no price.

    ``symbol`` is unified; ``share``: how far both lie from the reference price, as a part of it.
    """
    reference = exchange.reference_price(symbol)
    if reference is None:
        return None
    middle = exchange.instrument(symbol).price(reference)
    up, down = middle * (1 + share), middle * (1 - share)
    return up // tick * tick, -(-down // tick) * tick
