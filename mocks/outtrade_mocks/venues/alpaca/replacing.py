"""Replacements that take their time: PATCH answers at once, the market hears of it later.

With the knob ``replace_ms`` above 0 the new order is ``pending_new`` and the old one ``pending_replace`` for so long;
the old one still trades. Then the new order takes its place, or is ``rejected`` because the old one is over by then, or
because the market does not take it: 200 does not promise that the order was replaced (PATCH order). A pending new order
has an id and is found by it, but it is no order of the market yet: a cancel of it ends the old one, too (*inferred*).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from outtrade_mocks.core import Order, Reject
from outtrade_mocks.venues.alpaca.codec import stamp, uuid_of

MS = 1_000_000


@dataclass(slots=True)
class Pending:
    """A replacement on its way. ``shown``: the object of the new order, as long as the market does not know it."""

    wire: str
    client_id: str
    old: int
    changes: dict[str, Any]
    created: int
    due: int
    shown: dict[str, Any] = field(default_factory=dict)
    after: Callable[[Order], None] = lambda order: None
    """What follows once the market has the new order."""


class Replacements:
    """The replacements of one account. ``delay``: nanoseconds; 0: they happen at once, and nothing is kept here."""

    def __init__(self, delay_ms: int, seed: int) -> None:
        self.delay = delay_ms * MS
        self._seed = seed
        self._count = 0
        self.waiting: list[Pending] = []
        """Soonest first."""
        self.failed: dict[str, Pending] = {}
        """Wire id -> what never came to the market."""
        self.names: set[str] = set()
        self.tell: Callable[[str, Pending, int], None] = lambda event, pending, now: None
        """Told ``pending_replace``, ``order_replace_rejected`` (both of the old order) and ``rejected``."""

    def ask(self, old: int, client_id: str, changes: dict[str, Any], now: int) -> Pending:
        """A replacement sets out."""
        self._count += 1
        wire = uuid_of(self._seed, "replacement", self._count)
        made = Pending(wire, client_id, old, changes, now, now + self.delay)
        self.waiting.append(made)
        self.names.add(client_id)
        return made

    def of(self, old: int) -> Pending | None:
        """The replacement of an order that is on its way."""
        return next((one for one in self.waiting if one.old == old), None)

    def known(self, wire: str) -> Pending | None:
        """A new order that the market does not know (yet, or for good)."""
        return next((one for one in self.waiting if one.wire == wire), None) or self.failed.get(wire)

    def next_time(self) -> int | None:
        """When the next one arrives (UNIX ns)."""
        return self.waiting[0].due if self.waiting else None

    def arrive(self, carry_out: Callable[[Pending], Order], now: int) -> None:
        """The first one reaches the market."""
        one = self.waiting.pop(0)
        try:
            order = carry_out(one)
        except Reject:
            self.fail(one, now)
        else:
            one.after(order)

    def drop(self, one: Pending, now: int) -> None:
        """It is called back before it arrives."""
        self.waiting.remove(one)
        one.shown |= {"status": "canceled", "canceled_at": stamp(now), "updated_at": stamp(now)}
        self.failed[one.wire] = one

    def fail(self, one: Pending, now: int) -> None:
        """The new order is rejected; the old one is what it is."""
        one.shown |= {"status": "rejected", "failed_at": stamp(now), "updated_at": stamp(now)}
        self.failed[one.wire] = one
        self.tell("order_replace_rejected", one, now)
        self.tell("rejected", one, now)
