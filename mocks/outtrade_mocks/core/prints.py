"""Prints: the public record of a symbol's trades, also of those in which no account took part.

Who did not ask pays nothing (``Exchange.keep_prints``): between two quotes that nobody looks at, the seeded takers are
forgotten unseen (``market``). Where prints are kept, they trade with the book that stood there, so that a print is
what the book did at that time, however often ``advance`` was called and whoever looked.

What is printed, in the order in which it happens:

* every trade in the book, of accounts (once, with the ``trade_id`` that both fills bear) and among the house;
* the trades of an auction one by one; nobody waited for the other, so ``taker`` is the side of the later order, where
  that is not known ``buy`` (*inferred*);
* a quote of the seeded flow that moves the last price counts as a small trade at its touch, of the least quantity; not
  where an account's order, at that price or a better one, would have been first;
* a recorded trade at its own price, with what of it no account's order took; its quantity is thus the recorded one;
* a trade-through: all that rested up to there, then the least quantity at the price it reached.

Not printed: what is traded outside of the book (a position that the insurance fund takes over, deleveraging, the last
settlement of a contract; *inferred*), and nothing while the market is halted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Literal

import msgspec

MOST = 1_000_000
"""So many prints of a symbol are kept at most."""


class Print(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One trade as the public sees it."""

    number: int
    """Gapless per symbol, from 1."""
    time: int
    """ns."""
    price: int
    """Ticks."""
    lots: int
    taker: Literal["buy", "sell"]
    """The side of who took."""
    trade_id: int | None = None
    """That of the fills, where accounts traded; None: others among each other."""


class Prints:
    """The latest prints of one symbol."""

    __slots__ = ("_gathered", "_kept", "_time", "last")

    def __init__(self, most: int, kept: Iterable[Print] = (), last: int = 0) -> None:
        """``most`` are kept; the last of those that were kept so far had the number ``last``."""
        self._kept = deque(kept, maxlen=most)
        self.last = last
        """Number of the last print."""
        self._gathered: list[Print] | None = None
        """Trades of one action of the house that is being carried out."""
        self._time = 0
        """When that action took place (ns)."""

    def after(self, number: int) -> list[Print]:
        """Those that are kept with a higher number, oldest first."""
        count = max(0, min(self.last - number, len(self._kept)))
        found = list(islice(reversed(self._kept), count))
        found.reverse()
        return found

    def add(self, now: int, price: int, lots: int, *, buy: bool, trade_id: int | None = None) -> None:
        """A trade took place at ``now`` (ns). ``buy``: the taker's side."""
        if self._gathered is not None:
            self._gathered.append(Print(0, self._time, price, lots, "buy" if buy else "sell", trade_id))
        else:
            self.last += 1
            self._kept.append(Print(self.last, now, price, lots, "buy" if buy else "sell", trade_id))

    # ------------------------------------------------- actions of the house
    def gather(self, time: int) -> None:
        """The trades that follow belong to one action of the house, at ``time`` (ns), which may lie back."""
        self._gathered, self._time = [], time

    def took(self, limit: int | None, rest: int, *, buy: bool) -> None:
        """That was a take; what of it was traded among others, and the ``rest`` that the book did not have, was traded
        at ``limit`` (ticks), where the take had one."""
        trades, self._gathered = self._gathered or [], None
        for trade in trades:
            if limit is None or trade.trade_id is not None:
                self._put(trade)
            else:
                rest += trade.lots
        if limit is not None and rest:
            self.add(self._time, limit, rest, buy=buy)

    def swept(self, house: list[tuple[int, int]], last: tuple[int, int], *, buy: bool) -> None:
        """That was a trade-through, of which accounts got their trades. The (ticks, lots) of ``house`` were traded too,
        better prices first, and the ``last``."""
        trades, self._gathered = self._gathered or [], None
        taker: Literal["buy", "sell"] = "buy" if buy else "sell"
        trades += [Print(0, self._time, price, lots, taker) for price, lots in house]
        trades.sort(key=lambda trade: trade.price if buy else -trade.price)
        for trade in trades:
            self._put(trade)
        self.add(self._time, *last, buy=buy)

    def _put(self, trade: Print) -> None:
        self.add(trade.time, trade.price, trade.lots, buy=trade.taker == "buy", trade_id=trade.trade_id)
