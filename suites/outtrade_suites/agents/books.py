"""The books: own orders, own fills, foreign orders.

News comes from four places (the answer to a request, a query, a list, the stream), late, twice and out of order. Three
rules make the order of arrival irrelevant:

* an order's filled quantity never shrinks, and an order that has ended stays ended;
* a fill is known by its symbol, trade id and order, and counts once (where two own orders meet, both have the trade);
* an order is recognised by the venue's id, by the client id it was placed with, or by the id that our cancel gave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from outtrade.model.units import average_price
from outtrade_suites.agents.port import Fill, OrderState
from outtrade_suites.agents.state import ZERO, Order

CANCEL_SUFFIX = "x"
"""A cancel renames the order on Binance: to its old id and this letter, so that lists still show whose it is."""

AMEND_SUFFIX = "a"
"""An amendment renames it too: to its old id and this letter."""


class Books:
    """Everything known about orders and fills."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        """Client id (as placed) -> own order."""
        self.foreign: dict[tuple[str, str], OrderState] = {}
        """(symbol, venue id) -> last news of an order that is not ours."""
        self.fills: dict[tuple[str, str, str], Fill] = {}
        """(symbol, trade id, venue id of the order) -> own fill."""
        self.others: dict[tuple[str, str, str], Fill] = {}
        """The same -> a fill of somebody else's order on the account."""
        self._by_venue_id: dict[tuple[str, str], Order] = {}

    def add(self, order: Order) -> None:
        """An own order; known before it is sent, so that nothing that is said about it can come too early."""
        self.orders[order.client_id] = order
        if order.venue_id:
            self._by_venue_id[order.terms.symbol, order.venue_id] = order

    def find(self, state: OrderState) -> Order | None:
        """The own order that ``state`` speaks of."""
        known = self._by_venue_id.get((state.symbol, state.venue_id))
        if known:
            return known
        bare = state.client_id.removesuffix(CANCEL_SUFFIX).removesuffix(AMEND_SUFFIX)
        for name in (state.placed_as, state.client_id, state.client_id.removesuffix(CANCEL_SUFFIX), bare):
            order = self.orders.get(name or "")
            if order and order.venue_id in (None, state.venue_id):
                return order
        return None

    def merge(self, order: Order, state: OrderState) -> bool:
        """Take news of an own order; returns whether it changed anything."""
        before = (order.phase, order.status, order.filled, order.quote_filled, order.venue_id)
        order.venue_id = state.venue_id
        self._by_venue_id[state.symbol, state.venue_id] = order
        order.quantity = state.quantity or order.quantity
        order.filled = max(order.filled, state.filled)
        order.quote_filled = max(order.quote_filled, state.quote_filled)
        if order.phase != "ended" or order.status == "rejected":
            order.status = state.status
            order.phase = "live" if state.status == "open" else "ended"
        return before != (order.phase, order.status, order.filled, order.quote_filled, order.venue_id)

    def own_of(self, fill: Fill) -> Order | None:
        """The own order that ``fill`` belongs to."""
        return self._by_venue_id.get((fill.symbol, fill.order))

    def fills_of(self, order: Order) -> list[Fill]:
        """What is booked for an order."""
        return [fill for fill in self.fills.values() if self.own_of(fill) is order]

    def incomplete(self, order: Order) -> bool:
        """The venue said that more was filled than the fills on the books add up to."""
        return sum((fill.quantity for fill in self.fills_of(order)), ZERO) < order.filled

    def standing(self, symbols: Iterable[str]) -> Iterator[Order]:
        """Own orders in ``symbols`` that work or may work."""
        wanted = set(symbols)
        for order in self.orders.values():
            if order.terms.symbol in wanted and order.may_stand:
                yield order

    def traded(self, symbol: str) -> list[Fill]:
        """Own fills in ``symbol``, by trade id."""
        found = [fill for fill in self.fills.values() if fill.symbol == symbol]
        return sorted(found, key=lambda fill: (len(fill.trade_id), fill.trade_id))


def average(fills: Iterable[Fill]) -> Decimal | None:
    """The volume-weighted price of some fills; None where there are none."""
    listed = list(fills)
    return average_price(listed[0].symbol, ((fill.quantity, fill.price) for fill in listed)) if listed else None


def signed(fill: Fill) -> Decimal:
    """Base units gained (or lost, negative) before fees."""
    return fill.quantity if fill.side == "buy" else -fill.quantity
