"""Trade updates: what the stream tells of the account's orders, in the order of the core's changes.

    new, accepted            an order has reached its market, or waits for its session
    pending_new              before ``new``, where the knob ``pending_new_event`` is set
    fill, partial_fill       a trade, with price, quantity and the position it leaves
    canceled, expired, rejected, replaced
    pending_replace, order_replace_rejected    where replacements take their time (knob ``replace_ms``)

Each carries the whole order as it then was. There is no number and no replay: what was missed is asked for by REST.
Of orders that wait for their parent nothing is told until they come to the market (*inferred*).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from outtrade_mocks.core import Fill, OrderChange
from outtrade_mocks.core.orders import Status
from outtrade_mocks.venues.alpaca.codec import amount, encode, stamp, uuid_of
from outtrade_mocks.venues.alpaca.desk import Desk
from outtrade_mocks.venues.alpaca.holdings import net_quantity
from outtrade_mocks.venues.alpaca.notes import status_of
from outtrade_mocks.venues.alpaca.replacing import Pending
from outtrade_mocks.venues.alpaca.shapes import order_object
from outtrade_mocks.venues.api import Push

TRADE_UPDATES = "trade_updates"


class Reports:
    """Makes the events of the account's orders."""

    def __init__(self, desk: Desk, send: Callable[[Push], None], *, pending_new: bool) -> None:
        self._desk = desk
        self._send = send
        self._pending_new = pending_new
        self._count = 0
        self._net: dict[str, Decimal] = {}
        desk.replacements.tell = self.replacement

    def replacement(self, event: str, pending: Pending, now: int) -> None:
        """Tell of a replacement that is on its way, or came to nothing."""
        desk = self._desk
        old = desk.snapshot(pending.old)
        assert old is not None
        shown = pending.shown if event == "rejected" else order_object(desk, old)
        self._count += 1
        number = self._count
        data = {
            "event": event,
            "execution_id": uuid_of(desk.seed, "event", number),
            "order": shown | {"cancel_requested_at": None},
            "timestamp": stamp(now),
        }
        text = encode({"stream": TRADE_UPDATES, "data": data}).decode()
        self._send(
            Push(
                n=number,
                kind="order",
                render=lambda: text,
                client_id=shown["client_order_id"],
                venue_id=shown["id"],
                order=shown["id"],
                status=shown["status"],
                channel=TRADE_UPDATES,
                symbol=old.symbol,
            )
        )

    def on_change(self, change: OrderChange) -> None:
        """Tell what a change of an order means to its owner."""
        order, fill = change.order, change.fill
        position = None if fill is None else self._position(fill)
        for event in self._events(change):
            self._count += 1
            self._send(
                Push(
                    n=self._count,
                    kind="order" if fill is None else "fill",
                    render=self._renderer(change, event, self._count, position),
                    client_id=order.client_id,
                    venue_id=self._desk.order_id(order.order_id),
                    order=self._desk.order_id(order.order_id),
                    trade_id=None if fill is None else self._desk.activity_id(fill),
                    status=status_of(order, self._desk.notes[order.order_id]),
                    channel=TRADE_UPDATES,
                    symbol=order.symbol,
                )
            )

    def _position(self, fill: Fill) -> Decimal:
        """What is held after a trade: the books of the core move after all trades of an operation are told."""
        base = self._desk.listings[fill.symbol].base
        if base not in self._net:
            self._net[base] = self._desk.opened.get(base, Decimal(0))
            for earlier in self._desk.account.fills:
                if earlier.trade_id == fill.trade_id and earlier.order_id == fill.order_id:
                    break
                self._moved(earlier, base)
        self._moved(fill, base)
        return self._net[base]

    def _moved(self, fill: Fill, base: str) -> None:
        listing, rules = self._desk.listings[fill.symbol], self._desk.exchange.instrument(fill.symbol)
        if listing.base == base:
            quantity = rules.quantity(fill.lots)
            self._net[base] += quantity if fill.side == "buy" else -quantity
        if fill.fee_asset == base:
            self._net[base] -= self._desk.exchange.amount(base, fill.fee)

    def _events(self, change: OrderChange) -> list[str]:
        status, why = change.order.status, change.why
        if why == "fill":
            return ["fill" if status is Status.FILLED else "partial_fill"]
        if why in ("accepted", "released"):
            if status is Status.HELD:
                return []
            if status is Status.QUEUED:
                return ["accepted"]
            return ["pending_new", "new"] if self._pending_new and why == "accepted" else ["new"]
        if why in ("cancel", "expire", "prevent") and not change.order.live:
            return [status_of(change.order, self._desk.notes[change.order.order_id])]
        return {"replaced": ["replaced"], "reject": ["rejected"]}.get(why, [])

    def _renderer(self, change: OrderChange, event: str, number: int, position: Decimal | None) -> Callable[[], str]:
        return lambda: self._text(change, event, number, position)

    def _text(self, change: OrderChange, event: str, number: int, position: Decimal | None) -> str:
        desk, fill = self._desk, change.fill
        data: dict[str, Any] = {
            "event": event,
            "execution_id": uuid_of(desk.seed, "event", number) if fill is None else desk.execution_id(fill),
            "order": order_object(desk, change.order) | {"cancel_requested_at": None},
            "timestamp": stamp(change.time),
        }
        if event == "pending_new":
            data["order"]["status"] = "pending_new"
        if fill is not None:
            rules = desk.exchange.instrument(fill.symbol)
            data |= {
                "price": amount(rules.price(fill.price)),
                "qty": amount(rules.quantity(fill.lots)),
                "position_qty": amount(net_quantity(desk, rules.base) if position is None else position),
            }
        return encode({"stream": TRADE_UPDATES, "data": data}).decode()
