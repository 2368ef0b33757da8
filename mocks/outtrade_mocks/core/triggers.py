"""Trigger orders of one market: who waits for which price, and who is reached by a price that was seen.

Fixed triggers stand in heaps, so a price that reaches nobody costs one comparison; trailing ones are looked at one by
one. A price that was seen waits until the operation that made it is complete (``saw``), then ``next`` gives those that
it reached: nearest trigger price first, then first come (*inferred*: no venue states it). Every price of an operation
counts, in its order, so that a sweep through the book reaches what lies between its first and its last trade. Who was
armed after a price was seen is not reached by it.

    >>> watches = Watches()
    >>> stop = Watch("the order", "last", rising=False, price=90)
    >>> watches.add(stop, None)
    >>> watches.saw("last", 95); watches.next() is None
    True
    >>> watches.saw("last", 89); watches.next() is stop, stop.reached
    (True, 89)
"""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush
from typing import Any

from outtrade_mocks.core.orders import NewOrder, Order, terms_of

_COMPACT = 32
"""Dead watches that a heap may hold before it is looked at for compaction."""


class Watch:
    """One order's trigger: ``rising`` triggers at prices at or above, else at or below.

    A trailing watch has ``rising`` for its own direction (a buy triggers on a rise from the lowest price) and
    ``activates_rising`` for its activation at ``price``.
    """

    __slots__ = (
        "activates_rising", "active", "alive", "entry", "extreme", "price", "reached", "rising", "since", "source",
        "trail_bps", "trail_ticks",
    )  # fmt: skip

    def __init__(
        self,
        entry: Any,
        source: str,
        *,
        rising: bool,
        price: int | None,
        trail_ticks: int | None = None,
        trail_bps: int | None = None,
        activates_rising: bool = False,
    ) -> None:
        self.entry = entry
        self.source = source
        self.rising = rising
        self.price = price
        self.trail_ticks = trail_ticks
        self.trail_bps = trail_bps
        self.activates_rising = activates_rising
        self.active = price is None
        """Whether a trailing watch tracks the price."""
        self.extreme: int | None = None
        """Best price since it tracks."""
        self.alive = True
        self.since = 0
        self.reached: int | None = None
        """The price that triggered it."""

    @property
    def trailing(self) -> bool:
        """Whether it follows the price."""
        return self.trail_ticks is not None or self.trail_bps is not None

    def hits(self, price: int) -> bool:
        """Whether ``price`` triggers a fixed watch."""
        assert self.price is not None
        return price >= self.price if self.rising else price <= self.price

    def follow(self, price: int) -> bool:
        """A trailing watch sees ``price``; whether that triggers it. Exact: no trigger price is ever rounded.

        The first price that meets the activation is the first extreme (Binance spot, trailing stop FAQ).
        """
        if not self.active:
            assert self.price is not None
            if price < self.price if self.activates_rising else price > self.price:
                return False
            self.active = True
        best = self.extreme
        if best is None or (price < best if self.rising else price > best):
            self.extreme = price
            return False
        if self.trail_ticks is not None:
            return abs(price - best) >= self.trail_ticks
        assert self.trail_bps is not None
        return abs(price - best) * 10_000 >= best * self.trail_bps


def watch_of(entry: object, order: NewOrder | Order) -> Watch:
    """The watch of a trigger order: a stop buy and a take-profit sale wait for a rise, the others for a fall."""
    terms = terms_of(order) if isinstance(order, NewOrder) else order.terms
    trigger = None if terms is None else terms.trigger
    assert trigger is not None
    buy = order.side == "buy"
    rising = buy == (trigger.kind == "stop")
    return Watch(
        entry,
        trigger.source,
        rising=buy if trigger.trailing else rising,
        price=trigger.price,
        trail_ticks=trigger.trail_ticks,
        trail_bps=trigger.trail_bps,
        activates_rising=rising,
    )


class Watches:
    """All armed triggers of a market. ``armed`` is their number."""

    __slots__ = ("_count", "_fixed", "_pending", "_ready", "_trailing", "armed")

    def __init__(self) -> None:
        self.armed = 0
        self._count = 0
        """Numbers prices and watches in the order in which they came."""
        self._fixed: dict[tuple[str, bool], list[tuple[int, int, Watch]]] = {}
        """(source, rising) -> heap of (price or its negative, number, watch)."""
        self._trailing: list[Watch] = []
        self._pending: deque[tuple[int, str, int]] = deque()
        """Prices seen, not yet looked at: (number, source, ticks)."""
        self._ready: deque[Watch] = deque()

    def add(self, watch: Watch, price: int | None) -> None:
        """Arm a watch; ``price`` is what its source shows now (a trailing one without activation starts there)."""
        self._count += 1
        watch.since = self._count
        self.armed += 1
        if watch.trailing:
            if price is not None and watch.follow(price):
                raise AssertionError("a trailing order triggers on its first price")
            self._trailing.append(watch)
            return
        assert watch.price is not None
        heap = self._fixed.setdefault((watch.source, watch.rising), [])
        if len(heap) > _COMPACT + 2 * self.armed:
            heap[:] = [item for item in heap if item[2].alive]
            heapify(heap)
        heappush(heap, (watch.price if watch.rising else -watch.price, self._count, watch))

    def put_back(self, watch: Watch) -> None:
        """Arm a watch as it was (restored from a snapshot); call it in the order of ``since``."""
        active, extreme = watch.active, watch.extreme
        self.add(watch, None)
        watch.active, watch.extreme = active, extreme

    def drop(self, watch: Watch) -> None:
        """Disarm a watch."""
        if not watch.alive:
            raise AssertionError("a trigger is disarmed twice")
        watch.alive = False
        self.armed -= 1
        if watch.trailing:
            self._trailing.remove(watch)

    def saw(self, source: str, price: int) -> None:
        """A price of ``source`` was seen."""
        pending = self._pending
        if pending and pending[-1][1] == source and pending[-1][2] == price:
            return
        self._count += 1
        pending.append((self._count, source, price))

    def trigger(self, watch: Watch, price: int) -> None:
        """Have an armed watch triggered by ``price`` that came before it was armed."""
        watch.reached = price
        self._ready.append(watch)

    def forget(self) -> None:
        """No price seen so far reaches anybody: triggers wait for open trading, and for what its prices are then."""
        for watch in self._ready:
            watch.reached = None
        self._ready.clear()
        self._pending.clear()

    def next(self) -> Watch | None:
        """The next watch that was reached, disarmed; None: nobody is left that a seen price reaches."""
        while True:
            while self._ready:
                watch = self._ready.popleft()
                if watch.alive:
                    self.drop(watch)
                    return watch
            if not self._pending:
                return None
            self._reach(*self._pending.popleft())

    def _reach(self, number: int, source: str, price: int) -> None:
        for rising in (True, False):
            heap = self._fixed.get((source, rising))
            later = []
            while heap and (heap[0][0] <= price if rising else -heap[0][0] >= price):
                item = heappop(heap)
                watch = item[2]
                if not watch.alive or watch.reached is not None:
                    continue
                if watch.since > number:
                    later.append(item)
                    continue
                watch.reached = price
                self._ready.append(watch)
            for item in later:
                assert heap is not None
                heappush(heap, item)
        for watch in self._trailing:
            due = watch.source == source and watch.since < number and watch.reached is None
            if due and watch.follow(price):
                watch.reached = price
                self._ready.append(watch)
