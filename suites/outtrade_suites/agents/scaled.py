"""Scaled entries: one quantity as a ladder of limit orders over a range of prices.

No venue has to know of it: a scaled entry is many plain limit orders, so it is the agent that splits, and the venue's
rules apply to each order: tick and lot grid, least quantity, least notional, and a number of order slots (Binance spot
filters PRICE_FILTER, LOT_SIZE, NOTIONAL, MAX_NUM_ORDERS). Nothing is lost by rounding: the lots of all orders sum up to
the whole quantity, and what the grid leaves over goes to the orders whose shares were cut most (largest remainder).

    >>> from decimal import Decimal
    >>> from outtrade.model.task import Instrument
    >>> rules = Instrument(
    ...     venue_symbol="ABCUSD", base="ABC", quote="USD", tick="0.5", price_min="0.5", price_max="1000", step="0.1",
    ...     quantity_min="0.1", quantity_max="100", notional_min="5", maker_fee="0", taker_fee="0",
    ... )
    >>> for rung in scaled_entry(rules, "buy", Decimal("1.0"), Decimal(99), Decimal(97), 3, weights=(1, 2, 3)):
    ...     print(rung.price, rung.quantity)
    99.0 0.2
    98.0 0.3
    97.0 0.5
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from outtrade.model.task import Instrument, Side
from outtrade_suites.agents.sizing import Impossible, price_on_grid


@dataclass(frozen=True, slots=True)
class Rung:
    """One order of a scaled entry."""

    price: Decimal
    quantity: Decimal


def scaled_entry(
    rules: Instrument,
    side: Side,
    quantity: Decimal,
    first: Decimal,
    last: Decimal,
    count: int,
    *,
    weights: Sequence[int] | None = None,
    slots: int | None = None,
) -> list[Rung]:
    """``count`` limit orders at evenly spaced prices from ``first`` to ``last`` (both included, in quote per base, each
    moved to the passive side of the tick grid), with ``quantity`` base units in all.

    ``weights``: how the quantity is spread (None: evenly). ``slots``: open orders that the venue still takes. Raises
    Impossible, where the quantity is off the lot grid, prices collapse on the tick grid, an order would break a rule of
    ``rules``, or there are too few slots: nothing is ever shrunk or blown up.
    """
    shares = tuple(weights) if weights is not None else (1,) * count
    if count < 1 or len(shares) != count or min(shares) <= 0:
        raise Impossible(f"{count} orders need as many positive weights, not {len(shares)}")
    if slots is not None and count > slots:
        raise Impossible(f"{count} orders, and the venue takes {slots} more: scale over at most {slots}")
    prices = [price_on_grid(first + (last - first) * i / max(1, count - 1), side, rules.tick) for i in range(count)]
    if len(set(prices)) < count:
        raise Impossible(f"{count} prices from {first} to {last} do not fit on a tick of {rules.tick}")
    lots = Fraction(quantity) / Fraction(rules.step)
    if lots.denominator != 1:
        raise Impossible(f"quantity {quantity} is not a multiple of {rules.step}")
    rungs = [Rung(price, part * rules.step) for price, part in zip(prices, split(lots.numerator, shares), strict=True)]
    for rung in rungs:
        _check(rules, rung, count)
    return rungs


def split(lots: int, weights: Sequence[int]) -> list[int]:
    """``lots`` in proportion to ``weights``, as whole numbers that sum up to it; what rounding leaves goes to the
    largest remainders, the first of equals.

    >>> split(10, (1, 1, 1)), split(1_000, (1, 2, 4))
    ([4, 3, 3], [143, 286, 571])
    """
    whole = sum(weights)
    parts = [lots * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(lots * weights[i] % whole), i))
    for index in by_remainder[: lots - sum(parts)]:
        parts[index] += 1
    return parts


def _check(rules: Instrument, rung: Rung, count: int) -> None:
    """The rules that hold for one order. Raises Impossible."""
    price, quantity = rung.price, rung.quantity
    if not max(rules.price_min, rules.tick) <= price <= rules.price_max:
        raise Impossible(f"price {price} is outside {rules.price_min} to {rules.price_max}")
    if not max(rules.quantity_min, rules.step) <= quantity <= rules.quantity_max:
        raise Impossible(
            f"one of {count} orders has {quantity}, the venue takes {rules.quantity_min} to {rules.quantity_max}"
        )
    if rules.notional_min is not None and price * quantity < rules.notional_min:
        raise Impossible(f"one of {count} orders is worth {price * quantity}, the least is {rules.notional_min}")
    if rules.notional_max is not None and price * quantity > rules.notional_max:
        raise Impossible(f"one of {count} orders is worth {price * quantity}, the most is {rules.notional_max}")
