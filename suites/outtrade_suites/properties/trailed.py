"""Protection that trails: whether an order of the venue is the stop that was asked for, and what it is worth.

A ``protect`` intent with ``trail`` wants a stop that follows the price at that distance. Others do not protect it: a
fixed stop stays behind when the price rises, and one whose distance is wrong by a factor of 100 is there in name only.
What the truth says of an order decides, not what the client meant to send: basis points within one, and distances in
quote currency (some venues know no others) within a tenth of what the basis points came to at the market as the order
left. Undecidable, and therefore taken for right: a distance in quote currency where that price is not on record, and a
stop that begins to follow only from an activation price, which may be the price of that moment.
"""

from __future__ import annotations

from decimal import Decimal

from outtrade.judge.index import Index
from outtrade.judge.records import ZERO, Order
from outtrade.model.task import Intent

WHOLE = Decimal(10_000)
"""Basis points in one."""
POINT = Decimal(1)
"""By how many basis points a distance may be off: venues have grids of their own."""
PART = Decimal("0.1")
"""The same for distances in quote currency, as a part of the distance."""


def as_asked(ix: Index, guard: Intent, order: Order) -> bool:
    """Whether an order that waits for a trigger is one by which ``guard`` wants to be protected."""
    if guard.trail is None:
        return True
    truth = order.first
    if truth.trigger != "trailing_stop":
        return False
    if truth.trail_bps is not None:
        return abs(Decimal(truth.trail_bps) - guard.trail) <= POINT
    mid = _mid(ix, order)
    if truth.trail_price is None or mid is None:
        return True
    wanted = mid * guard.trail / WHOLE
    return abs(Decimal(truth.trail_price) - wanted) <= wanted * PART


def lowest_exit(ix: Index, guard: Intent) -> Decimal:
    """A price below which no stop of ``guard`` is likely to sell, quote per base: the lowest own trade less twice the
    distance. By it is told what is too small for an order."""
    return ix.memo(f"lowest exit {guard.id}", lambda index: _lowest_exit(index, guard))


def _lowest_exit(ix: Index, guard: Intent) -> Decimal:
    prices = [Decimal(fill.price) for fill in ix.own_fills if fill.symbol == guard.symbol]
    return min(prices, default=ZERO) * max(ZERO, 1 - 2 * (guard.trail or ZERO) / WHOLE)


def _mid(ix: Index, order: Order) -> Decimal | None:
    """The last mid price on record when an order came to be; None: none."""
    marks = [mark for mark in ix.marks.get("", ()) if mark.symbol == order.symbol and mark.seq < order.first.seq]
    return Decimal(marks[-1].mid) if marks else None
