"""Events of the private streams, made of the core's changes in their order.

One trade makes three: ``order``, ``execution`` (and its short form ``execution.fast``) and, for contracts,
``position``; ``wallet`` follows where balances changed. The order between topics is not documented; this is the mock's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from outtrade_mocks.core import BalanceChange, Change, Order, OrderChange, Position, PositionChange
from outtrade_mocks.venues.api import Push
from outtrade_mocks.venues.bybit import holdings, shapes
from outtrade_mocks.venues.bybit.codec import MS, encode
from outtrade_mocks.venues.bybit.firm import Firm
from outtrade_mocks.venues.bybit.notes import NAMELESS, Execution


class Reports:
    """Makes numbered pushes, and hands them to whoever listens."""

    def __init__(self, firm: Firm) -> None:
        self._firm = firm
        self._n = 0
        self._listeners: list[Callable[[Push], None]] = []
        self.fast = 0
        """Sessions that want executions in their short form."""

    def listen(self, callback: Callable[[Push], None]) -> None:
        """Call with every push."""
        self._listeners.append(callback)

    def on_change(self, change: Change) -> None:
        """The core has changed."""
        if not self._listeners:
            return
        if isinstance(change, OrderChange):
            if change.cause == "time" and change.why == "cancel":
                self._firm.desk.note(change.order).cancel_type = "CancelByDCP"
            self._order(change)
            if change.fill is not None:
                self._execution(self._firm.desk.by_order[change.order.order_id][-1])
        elif isinstance(change, PositionChange):
            self._position(change.position)
        elif isinstance(change, BalanceChange):
            self._wallet(change)

    def _send(self, kind: Any, channel: str, time: int, rows: Callable[[], list[dict[str, Any]]], **about: Any) -> None:
        self._n += 1
        push = Push(self._n, kind, partial(self._event, self._n, channel, time, rows), channel=channel, **about)
        for listen in self._listeners:
            listen(push)

    @staticmethod
    def _event(number: int, channel: str, time: int, rows: Callable[[], list[dict[str, Any]]]) -> str:
        event: dict[str, Any] = {"topic": channel, "creationTime": time // MS, "data": rows()}
        if channel != "execution.fast":
            event = {"id": f"1000001_{channel}_{time // MS}{number:06d}"} | event
        return encode(event).decode()

    def _about(self, order: Order) -> dict[str, Any]:
        desk = self._firm.desk
        wire = desk.order_id(order.order_id)
        name = None if order.created_as.startswith(NAMELESS) else order.created_as
        status = desk.status(order)
        return {"client_id": name, "venue_id": wire, "status": status, "order": wire, "symbol": order.symbol}

    def _order(self, change: OrderChange) -> None:
        desk, order = self._firm.desk, change.order
        self._send("order", "order", change.time, lambda: [shapes.order_event(desk, order)], **self._about(order))

    def _execution(self, each: Execution) -> None:
        desk, about = self._firm.desk, self._about(each.order) | {"trade_id": self._firm.desk.execution_id(each.fill)}
        self._send("fill", "execution", each.fill.time, lambda: [shapes.execution_event(desk, each)], **about)
        if self.fast:
            self._send("fill", "execution.fast", each.fill.time, lambda: [shapes.fast_event(desk, each)], **about)

    def _position(self, position: Position) -> None:
        firm = self._firm
        data: list[dict[str, Any]] = [holdings.position_event(firm.desk, firm.guards, position)]
        self._send("position", "position", position.updated, lambda: data, symbol=position.symbol)

    def _wallet(self, change: BalanceChange) -> None:
        desk = self._firm.desk
        touched = {asset: (free, locked) for asset, free, locked in change.balances}

        def rows() -> list[dict[str, Any]]:
            held = desk.exchange.view(desk.account, change.time).balances() | touched
            return [holdings.wallet(desk, held, set(touched))]

        self._send("balance", "wallet", change.time, rows)
