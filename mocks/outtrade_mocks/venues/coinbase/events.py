"""Events of the ``user`` channel: an order as it is after each change, all amounts cumulative.

There is no event for a single fill and none for a balance: who wants to know what a fill was subtracts what it knew, or
asks for the fills.
"""

from __future__ import annotations

from functools import partial

from outtrade_mocks.core import OrderChange
from outtrade_mocks.venues.api import Push
from outtrade_mocks.venues.coinbase import shapes
from outtrade_mocks.venues.coinbase.codec import encode
from outtrade_mocks.venues.coinbase.desk import Desk
from outtrade_mocks.venues.coinbase.notes import Note

CHANNEL = "user"


class Events:
    """Makes numbered pushes out of the core's changes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._n = 0

    def order(self, change: OrderChange) -> Push:
        """An order has changed; what is rendered is the order alone, without the message around it."""
        self._n += 1
        order = change.order
        note = self._desk.by_core[order.order_id]
        return Push(
            self._n,
            "fill" if change.fill is not None else "order",
            partial(self._render, note, change),
            note.client_id,
            note.id,
            None,
            shapes.status(note, order),
            note.id,
            CHANNEL,
            order.symbol,
        )

    def _render(self, note: Note, change: OrderChange) -> str:
        return encode(shapes.event(self._desk, note, change.order)).decode()
