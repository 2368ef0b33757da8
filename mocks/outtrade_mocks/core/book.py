"""The order book of one symbol: price levels in order, first in, first out within a level.

Priority is price, then time: the best price trades first, and at one price whoever came first. An order that is reduced
keeps its place; one that comes back takes a new place at the end.

A level's queue is a chain: each entry knows its neighbours, so one that is cancelled leaves at once, wherever it
stands, and a level with a single order costs no more than the order.

    >>> side = BookSide(buy=True)
    >>> first, second = Entry(None, True, 100, 5), Entry(None, True, 101, 7)
    >>> side.add(first); side.add(second)
    >>> side.best.price, side.depth(10)
    (101, [(101, 7), (100, 5)])
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from outtrade_mocks.core.account import Account, Balance
from outtrade_mocks.core.ladder import Ladder
from outtrade_mocks.core.orders import Order

if TYPE_CHECKING:
    from outtrade_mocks.core.lists import OrderList
    from outtrade_mocks.core.triggers import Watch


class Special:
    """What only some entries have: the hidden part of an iceberg, a trigger, a list."""

    __slots__ = ("borrowed", "group", "hidden", "reserve", "tip", "watch")

    def __init__(self, tip: int = 0) -> None:
        self.hidden = 0
        """Lots on the book that are not shown and have no place in the queue yet."""
        self.tip = tip
        """Lots shown at a time; 0: all."""
        self.reserve = 0
        """Ticks at which a market order that waits for its trigger is reserved for."""
        self.watch: Watch | None = None
        """Its trigger while it waits."""
        self.group: OrderList | None = None
        self.borrowed = 0
        """Atoms that were borrowed for it."""


class Entry(msgspec.Struct, eq=False):
    """What is left of an order that trades or rests. ``order`` is None for orders of the house. (A Struct, because one
    is made for every order, and the C code of msgspec does it in a fourth of the time. No two are equal.)"""

    account: Account | None
    buy: bool
    price: int
    """Ticks; 0 for market orders, which never rest."""
    remaining: int
    """Lots."""
    order: Order | None = None
    pays: Balance | None = None
    """The account's balance that pays: quote for a buy, base for a sale. None for the house."""
    gets: Balance | None = None
    """The account's balance that receives, and pays the fee."""
    locked: int = 0
    """Atoms of ``pays`` that are locked for it."""
    level: Level | None = None
    """The level it rests in. ``before`` and ``after`` are its neighbours there."""
    before: Entry | None = None
    after: Entry | None = None
    special: Special | None = None

    @property
    def total(self) -> int:
        """Lots left, those that an iceberg hides included (``remaining``: those shown)."""
        special = self.special
        return self.remaining if special is None else self.remaining + special.hidden


class Level(msgspec.Struct, eq=False):
    """All orders at one price: ``lots`` in all, ``head`` has priority. A level in the book is never empty."""

    price: int
    key: int
    """Its place on its side: the higher one trades first."""
    lots: int
    head: Entry
    tail: Entry

    def __iter__(self) -> Iterator[Entry]:
        """Entries in order of priority."""
        entry: Entry | None = self.head
        while entry is not None:
            yield entry
            entry = entry.after


class BookSide:
    """Bids or asks. ``best`` is the level that trades next.

    Prices stand in a ``Ladder``, with the best at its end: what happens near the touch moves almost nothing, and a book
    of a million prices costs hardly more than one of a hundred.
    """

    __slots__ = ("_keys", "best", "buy", "levels")

    def __init__(self, *, buy: bool) -> None:
        self.buy = buy
        self._keys = Ladder()
        """Prices of bids, negated prices of asks: the best is the largest."""
        self.levels: dict[int, Level] = {}
        """Levels by price."""
        self.best: Level | None = None

    def add(self, entry: Entry) -> None:
        """Put an entry at the end of its price's queue."""
        price = entry.price
        level = self.levels.get(price)
        if level is None:
            key = price if self.buy else -price
            self.levels[price] = entry.level = level = Level(price, key, entry.remaining, entry, entry)
            self._keys.add(key)
            best = self.best
            if best is None or key > best.key:
                self.best = level
        else:
            entry.level = level
            level.lots += entry.remaining
            entry.before = last = level.tail
            last.after = level.tail = entry

    def remove(self, entry: Entry) -> None:
        """Take an entry out, wherever it stands."""
        level = entry.level
        assert level is not None
        entry.level = None
        if level.head is level.tail:
            self._drop(level)
            return
        level.lots -= entry.remaining
        before, after = entry.before, entry.after
        if before is None:
            assert after is not None
            after.before = entry.after = None
            level.head = after
        elif after is None:
            before.after = entry.before = None
            level.tail = before
        else:
            before.after, after.before = after, before
            entry.before = entry.after = None

    def fill(self, entry: Entry, lots: int) -> None:
        """Take ``lots`` from the head of its level."""
        if lots == entry.remaining:
            self.remove(entry)
            entry.remaining = 0
        else:
            self.reduce(entry, lots)

    def reduce(self, entry: Entry, lots: int) -> None:
        """Take ``lots`` from an entry that keeps its place and something of its quantity."""
        assert entry.level is not None and 0 < lots < entry.remaining
        entry.remaining -= lots
        entry.level.lots -= lots

    def enlarge(self, entry: Entry, lots: int) -> None:
        """Give an entry more than it has; it keeps its place."""
        assert entry.level is not None and lots > 0
        entry.remaining += lots
        entry.level.lots += lots

    def replenish(self, entry: Entry) -> None:
        """Show the next part of an iceberg, at the end of its price's queue (Kraken iceberg_refill, Binance icebergQty:
        each part queues anew)."""
        special = entry.special
        assert special is not None and not entry.remaining and entry.level is None
        entry.remaining = min(special.tip, special.hidden)
        special.hidden -= entry.remaining
        self.add(entry)

    def _drop(self, level: Level) -> None:
        del self.levels[level.price]
        keys = self._keys
        keys.remove(level.key)
        if level is self.best:
            near = keys.near
            self.best = self.levels[abs(near[-1])] if near else None

    def __iter__(self) -> Iterator[Level]:
        """Levels, best first."""
        levels = self.levels
        return (levels[abs(key)] for key in reversed(self._keys))

    def reaches(self, price: int) -> bool:
        """Whether an arriving order of the other side with limit ``price`` would trade."""
        best = self.best
        return best is not None and (best.price >= price if self.buy else best.price <= price)

    def entries(self, limit: int | None = None) -> Iterator[Entry]:
        """Entries in order of priority, as far as an arriving order with ``limit`` reaches (None: all)."""
        for level in self:
            if limit is not None and (level.price < limit if self.buy else level.price > limit):
                return
            yield from level

    def depth(self, limit: int) -> list[tuple[int, int]]:
        """The best ``limit`` levels as (ticks, lots)."""
        return [(level.price, level.lots) for level in islice(self, limit)]
