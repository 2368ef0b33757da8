"""A recorded market as plain data: what ``tape`` plays."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Literal

from outtrade_mocks.core.script import LONGEST

Levels = tuple[tuple[Decimal, Decimal], ...]
"""One side of a book: (price, quantity), best first."""
ROWS = 20_000
"""Books and trades of a tape."""
CELLS = 200_000
"""Levels of all its books."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """Order books and trades of one symbol. ``books``: (seconds, bids, asks), the first at 0; a side may be empty.
    ``trades``: (seconds, price, quantity in base units, side of the taker). ``provenance`` and ``source`` are those of
    the recording (see ``outtrade_mocks.cassettes``). Raises ValueError on what is no tape."""

    books: tuple[tuple[float, Levels, Levels], ...]
    trades: tuple[tuple[float, Decimal, Decimal, Literal["buy", "sell"]], ...] = ()
    provenance: Literal["recorded", "documented", "from-mock", "unstated"] = "unstated"
    source: str = ""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by the model of scenarios

    def __post_init__(self) -> None:
        if not self.books or self.books[0][0] != 0:
            raise ValueError("a tape begins with an order book at 0 s")
        if len(self.books) + len(self.trades) > ROWS:
            raise ValueError(f"a tape has at most {ROWS} books and trades")
        if sum(len(bids) + len(asks) for _, bids, asks in self.books) > CELLS:
            raise ValueError(f"the books of a tape have at most {CELLS} levels in all")
        for times in ([row[0] for row in self.books], [row[0] for row in self.trades]):
            if not all(isfinite(at) and 0 <= at <= LONGEST for at in times) or times != sorted(times):
                raise ValueError("the rows of a tape are in order of time, from 0 to a year")
        for _, bids, asks in self.books:
            check_book(bids, asks)
        if not all(_positive(price) and _positive(size) for _, price, size, _ in self.trades):
            raise ValueError("the trades of a tape have positive prices and quantities")


def _positive(value: Decimal) -> bool:
    return value.is_finite() and value > 0


def check_book(bids: Levels, asks: Levels) -> None:
    """Raises ValueError unless this is a book as it can stand: best first, each price once, not crossed, quantities
    above 0."""
    if not all(_positive(price) and _positive(size) for price, size in (*bids, *asks)):
        raise ValueError("an order book has positive prices and quantities")
    down, up = [price for price, _ in bids], [price for price, _ in asks]
    if down != sorted(set(down), reverse=True) or up != sorted(set(up)) or (down and up and down[0] >= up[0]):
        raise ValueError("an order book lists each price once, best first, and is not crossed")
